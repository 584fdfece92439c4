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

// sessionKey is what tells peers apart: Ceph's conns table is keyed by address
// too.
type sessionKey struct {
	nonce uint32
	ip    netip.AddrPort
}

func keyOf(a msg.EntityAddr) sessionKey {
	return sessionKey{a.Nonce, netip.AddrPortFrom(a.IP.Addr().Unmap(), a.IP.Port())}
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

// ConnectTo is the connection to the peer at addr: the one that exists, or a
// new one, which is dialled at once and goes on trying until it is open or
// marked down. Messages may be sent on it right away. A connection to our own
// address delivers to our own dispatchers, and gets no events.
func (m *Messenger) ConnectTo(peer msg.EntityType, addr msg.EntityAddr) *Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !blankIP(addr) && sameEndpoint(addr, m.addr) {
		return m.loopback()
	}
	if c := m.lookup(addr); c != nil {
		return c
	}
	c := newConnection(m, m.policyFor(peer))
	c.peerType, c.peerAddr, c.dialled = peer, addr, true
	if m.stopped {
		c.down.Store(true)
		c.closed.Store(true)
		return c
	}
	m.enroll(c)
	m.registered[keyOf(addr)] = c
	c.dial(m.pickWorker())
	return c
}

// loopback is the connection to ourselves. m.mu is held.
func (m *Messenger) loopback() *Connection {
	if m.local == nil {
		m.local = newConnection(m, m.policyFor(m.name.Type))
		m.local.local = true
		m.local.peerType, m.local.peerAddr = m.name.Type, m.addr
		m.local.peerNum.Store(m.name.Num)
		m.local.features.Store(msg.FeaturesAll)
		m.local.ready.Store(true)
	}
	return m.local
}

// lookup finds the live session with the peer at addr. m.mu is held.
func (m *Messenger) lookup(addr msg.EntityAddr) *Connection {
	c := m.registered[keyOf(addr)]
	if c == nil || c.closed.Load() {
		return nil
	}
	return c
}

// enroll puts c on the list that Shutdown goes through. m.mu is held.
func (m *Messenger) enroll(c *Connection) {
	c.index = len(m.all)
	m.all = append(m.all, c)
}

// register makes c the session with its peer's address, unless there is one:
// then it returns that one.
func (m *Messenger) register(c *Connection) (existing *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.lookup(c.peerAddr); e != nil && e != c {
		return e
	}
	m.registered[keyOf(c.peerAddr)] = c
	return nil
}

// forget removes a connection that has ended.
func (m *Messenger) forget(c *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key := keyOf(c.peerAddr); m.registered[key] == c {
		delete(m.registered, key)
	}
	if c.index >= len(m.all) || m.all[c.index] != c {
		return
	}
	last := len(m.all) - 1
	m.all[c.index] = m.all[last]
	m.all[c.index].index = c.index
	m.all[last] = nil
	m.all = m.all[:last]
}

// policyFor is the policy in force for a type. m.mu is held.
func (m *Messenger) policyFor(peer msg.EntityType) *policyEntry {
	if p := m.policies[peer]; p != nil {
		return p
	}
	return m.defaultPolicy
}

// pickWorker goes round the workers. m.mu is held.
func (m *Messenger) pickWorker() *worker {
	w := m.workers[m.nextWorker%len(m.workers)]
	m.nextWorker++
	return w
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
