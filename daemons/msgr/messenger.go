package msgr

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Errors of [Messenger.Bind] and [Messenger.Start].
var (
	// ErrShutdown: the messenger was shut down.
	ErrShutdown = errors.New("messenger is shut down")
	// ErrBound: the messenger is bound already.
	ErrBound = errors.New("messenger is bound already")
	// ErrStarted: the messenger was started already.
	ErrStarted = errors.New("messenger is started already")
)

// acceptBacklog bounds the connections that arrive between Bind and Start
// (ms_tcp_listen_backlog).
const acceptBacklog = 512

// Messenger sends and receives messages for one entity. Its life is: New,
// policies and dispatchers, Bind (if others dial it), Start, Shutdown. Its
// methods may be called from any loop of the process, except where they say
// otherwise.
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
	listener      host.Listener
	early         []host.Conn // accepted before Start
	nextWorker    int
	started       bool
	stopped       bool
}

// New makes a messenger that belongs to the daemon whose dispatchers run on
// dispatch, and its worker loops. It does nothing until Bind, Start or
// ConnectTo is called. The default policy is [LossyClient].
func New(h host.Host, dispatch host.Loop, cfg Config) *Messenger {
	if cfg.Workers == 0 {
		cfg.Workers = 3
	}
	m := &Messenger{
		host:          h,
		log:           h.Log().With("messenger", cfg.Label),
		cfg:           cfg,
		opt:           cfg.Options.withDefaults(),
		name:          cfg.Name,
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
	return m
}

// AddDispatcherHead puts d before the others.
func (m *Messenger) AddDispatcherHead(d Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.dispatchers.Load()
	m.dispatchers.Store(old.with(append([]Dispatcher{d}, old.all...)))
}

// AddDispatcherTail puts d behind the others.
func (m *Messenger) AddDispatcherTail(d Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.dispatchers.Load()
	m.dispatchers.Store(old.with(append(append([]Dispatcher{}, old.all...), d)))
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

// Bind listens at an address; port 0 takes a free one, see Addr. Connections
// wait until Start. Errors: ErrBound, ErrShutdown, those of
// [host.Network.Listen].
func (m *Messenger) Bind(at netip.AddrPort) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return fmt.Errorf("%s: bind %v: %w", m.cfg.Label, at, ErrShutdown)
	}
	if m.listener != nil {
		return fmt.Errorf("%s: bind %v: %w", m.cfg.Label, at, ErrBound)
	}
	l, err := m.host.Network().Listen(m.workers[0].loop, at, m.accept)
	if err != nil {
		return fmt.Errorf("%s: bind %v: %w", m.cfg.Label, at, err)
	}
	m.listener = l
	m.addr.IP = l.Addr()
	return nil
}

// Start begins to accept connections. Errors: ErrStarted, ErrShutdown, and what
// is wrong with the Config.
func (m *Messenger) Start() error {
	if err := m.cfg.Validate(); err != nil {
		return err
	}
	m.mu.Lock()
	early := m.early
	started, stopped := m.started, m.stopped
	if !stopped {
		m.started, m.early = true, nil
	}
	m.mu.Unlock()
	switch {
	case stopped:
		return fmt.Errorf("%s: start: %w", m.cfg.Label, ErrShutdown)
	case started:
		return fmt.Errorf("%s: start: %w", m.cfg.Label, ErrStarted)
	}
	for _, conn := range early {
		m.accept(conn)
	}
	return nil
}

// Shutdown closes the listener, every connection and the worker loops. Nothing
// is told to the dispatchers about it, and nothing at all after Shutdown has
// returned if it was called on the dispatch loop. What was sent and not yet
// written is lost. Calling it again does nothing.
func (m *Messenger) Shutdown() {
	m.mu.Lock()
	if m.stopped {
		m.mu.Unlock()
		return
	}
	m.stopped = true
	all, early, listener := m.all, m.early, m.listener
	m.all, m.early = nil, nil
	m.mu.Unlock()

	m.queue.stop()
	if listener != nil {
		listener.Close()
	}
	for _, conn := range early {
		m.workers[0].refuse(conn)
	}
	for _, c := range all {
		c.MarkDown()
	}
	for _, w := range m.workers {
		w.loop.Post(w.loop.Close)
	}
}

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
// earlier ones and above atLeast.
func (m *Messenger) nextGlobalSeq(atLeast uint32) uint32 {
	for {
		old := m.globalSeq.Load()
		next := max(old, atLeast) + 1
		if m.globalSeq.CompareAndSwap(old, next) {
			return next
		}
	}
}
