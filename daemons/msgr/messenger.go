package msgr

import (
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Messenger sends and receives messages for one entity. Its life is: New,
// policies, Bind (if others dial it), Start and a first dispatcher, in either
// order, from when on it accepts connections, then Shutdown, and Wait for the end
// of that. Its methods may be called from any loop of the process, except where
// they say otherwise.
type Messenger struct {
	host    host.Host
	log     *slog.Logger
	cfg     Config
	opt     Options
	workers []*worker

	queue            dispatchQueue
	dispatchThrottle throttle
	dispatchers      atomic.Pointer[dispatchers]
	globalSeq        atomic.Uint32

	mu            sync.Mutex // guards what follows; taken before a Connection's, never after
	name          msg.EntityName
	addr          msg.EntityAddr
	auth          Authorizer
	policies      map[msg.EntityType]*policyEntry
	defaultPolicy *policyEntry
	registered    map[sessionKey]*Connection
	all           []*Connection // every connection that has not ended, for Shutdown
	local         *Connection   // to ourselves
	nonce         uint32
	bound         binding
	listener      host.Listener
	early         []host.Conn // accepted before we were ready for them
	nextWorker    int
	started       bool
	stopped       bool
	working       int      // worker loops that have not ended
	waiting       []waiter // for the end
}

// New makes a messenger that belongs to the daemon whose dispatchers run on
// dispatch, and its worker loops. It does nothing until Bind, Start or
// ConnectTo is called. The default policy is [LossyClient].
func New(h host.Host, dispatch host.Loop, cfg Config) *Messenger {
	if cfg.Workers == 0 {
		cfg.Workers = 3
	}
	if cfg.Features == 0 {
		cfg.Features = msg.FeaturesAll
	}
	m := &Messenger{
		host:          h,
		log:           h.Log().With("messenger", cfg.Label),
		cfg:           cfg,
		opt:           cfg.Options.withDefaults(),
		name:          cfg.Name,
		nonce:         cfg.Nonce,
		addr:          msg.EntityAddr{Type: msg.AddrLegacy, Nonce: cfg.Nonce, IP: netip.AddrPortFrom(netip.IPv4Unspecified(), 0)},
		policies:      map[msg.EntityType]*policyEntry{},
		defaultPolicy: newPolicyEntry(LossyClient()),
		registered:    map[sessionKey]*Connection{},
	}
	if m.auth = cfg.Auth; m.auth == nil {
		m.auth = AuthNone{Own: cfg.Name.Type}
	}
	m.SetAuthorizer(m.auth)
	// Start refuses what is out of range; until then it must not do harm.
	m.opt.DispatchBatch = max(1, m.opt.DispatchBatch)
	m.opt.FlushBytes = max(1, m.opt.FlushBytes)
	m.opt.ReceiveBufferBytes = max(minReceiveBuffer, m.opt.ReceiveBufferBytes)
	m.dispatchThrottle.limit = m.opt.DispatchThrottleBytes
	m.dispatchers.Store(&dispatchers{})
	m.queue.init(m, dispatch)
	for i := range max(1, cfg.Workers) {
		m.workers = append(m.workers, newWorker(m, h.NewLoop(fmt.Sprintf("%s/worker-%d", cfg.Label, i))))
	}
	m.working = len(m.workers)
	return m
}

// AddDispatcherHead puts d before the others. The first dispatcher makes a
// messenger that was started accept connections.
func (m *Messenger) AddDispatcherHead(d Dispatcher) {
	m.setDispatchers(func(all []Dispatcher) []Dispatcher { return slices.Insert(all, 0, d) })
}

// AddDispatcherTail puts d behind the others. The first dispatcher makes a
// messenger that was started accept connections.
func (m *Messenger) AddDispatcherTail(d Dispatcher) {
	m.setDispatchers(func(all []Dispatcher) []Dispatcher { return append(all, d) })
}

func (m *Messenger) setDispatchers(change func([]Dispatcher) []Dispatcher) {
	m.mu.Lock()
	m.dispatchers.Store(newDispatchers(change(slices.Clone(m.dispatchers.Load().all))))
	m.mu.Unlock()
	m.acceptEarly()
}

// SetPolicy sets the policy towards peers of a type. Connections that exist
// keep theirs.
func (m *Messenger) SetPolicy(peer msg.EntityType, p Policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.policies[peer] = newPolicyEntry(p)
}

// SetDefaultPolicy sets the policy towards peers of types that have none of
// their own.
func (m *Messenger) SetDefaultPolicy(p Policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.defaultPolicy = newPolicyEntry(p)
}

// SetAuthorizer replaces Config.Auth, for handshakes from now on. A daemon does
// so when it has got its global id.
func (m *Messenger) SetAuthorizer(a Authorizer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if none, ok := a.(AuthNone); ok && none.Own == 0 {
		none.Own = m.name.Type
		a = none
	}
	m.auth = a
}

// SetName changes the entity that messages sent from now on come from.
func (m *Messenger) SetName(n msg.EntityName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name = n
}

// Name is the entity that messages come from.
func (m *Messenger) Name() msg.EntityName {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name
}

// Addr is our address. Before Bind, and for a messenger that only dials, its
// port is 0, and its IP is 0.0.0.0 until a peer has told us (in the opening
// exchange) what it is.
func (m *Messenger) Addr() msg.EntityAddr {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.addr
}

// Addrs is Addr as the vector that maps and messages carry.
func (m *Messenger) Addrs() msg.AddrVec { return msg.AddrVec{m.Addr()} }

// learn takes the IP that a peer sees us come from, if we know none. Ceph:
// AsyncMessenger::learned_addr.
func (m *Messenger) learn(seen msg.EntityAddr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if blankIP(m.addr) && !blankIP(seen) {
		m.addr.IP = netip.AddrPortFrom(seen.IP.Addr(), m.addr.IP.Port())
	}
}

// authorizer is the Authorizer in force.
func (m *Messenger) authorizer() Authorizer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.auth
}

// nextGlobalSeq is a number for a new connection attempt or grant, above all
// earlier ones and above atLeast. A peer can ask for the last one: it is given
// again and again, because nothing works below a number that was used.
func (m *Messenger) nextGlobalSeq(atLeast uint32) uint32 {
	for {
		old := m.globalSeq.Load()
		next := max(old, atLeast)
		if next < math.MaxUint32 {
			next++
		}
		if m.globalSeq.CompareAndSwap(old, next) {
			return next
		}
	}
}
