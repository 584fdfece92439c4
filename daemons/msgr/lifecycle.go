package msgr

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Errors of [Messenger.Bind] and [Messenger.Start].
var (
	// ErrShutdown: the messenger was shut down.
	ErrShutdown = errors.New("messenger is shut down")
	// ErrBound: the messenger is bound already.
	ErrBound = errors.New("messenger is bound already")
	// ErrNotBound: the messenger never was bound.
	ErrNotBound = errors.New("messenger is not bound")
	// ErrStarted: the messenger was started already.
	ErrStarted = errors.New("messenger is started already")
)

// acceptBacklog bounds the connections that arrive between Bind and the moment
// the messenger is ready for them (ms_tcp_listen_backlog).
const acceptBacklog = 512

// nonceStep is what a new identity adds to the nonce (AsyncMessenger::rebind).
const nonceStep = 1000000

// binding is where a messenger listens: at a port of a range, 0 for any.
type binding struct {
	ip        netip.Addr
	low, high uint16
}

func (b binding) String() string {
	if b.low == b.high {
		return netip.AddrPortFrom(b.ip, b.low).String()
	}
	return fmt.Sprintf("%v ports %d to %d", b.ip, b.low, b.high)
}

// Bind listens at an address; port 0 takes a free one, see Addr. Connections
// wait until the messenger is started and has a dispatcher. Errors: ErrBound,
// ErrShutdown, those of [host.Network.Listen].
func (m *Messenger) Bind(at netip.AddrPort) error {
	return m.BindRange(at.Addr(), at.Port(), at.Port())
}

// BindRange listens at the first free port from low to high (ms_bind_port_min,
// ms_bind_port_max) that is not to be avoided. If there is none the error is
// [host.ErrAddrInUse]; otherwise the errors are those of Bind. Ceph tries again
// after a while (ms_bind_retry_count); here that is up to the caller.
func (m *Messenger) BindRange(ip netip.Addr, low, high uint16, avoid ...uint16) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := binding{ip, low, high}
	err := m.mayListen()
	if err == nil {
		err = m.listen(at, avoid)
	}
	if err != nil {
		return fmt.Errorf("%s: bind %v: %w", m.cfg.Label, at, err)
	}
	m.bound = at
	return nil
}

func (m *Messenger) mayListen() error {
	switch {
	case m.stopped:
		return ErrShutdown
	case m.listener != nil:
		return ErrBound
	}
	return nil
}

// listen opens the listener. m.mu is held.
func (m *Messenger) listen(at binding, avoid []uint16) error {
	err := host.ErrAddrInUse
	for port := int(at.low); port <= int(at.high); port++ {
		if port != 0 && slices.Contains(avoid, uint16(port)) {
			continue
		}
		var l host.Listener
		l, err = m.host.Network().Listen(m.workers[0].loop, netip.AddrPortFrom(at.ip, uint16(port)), m.accept)
		if err == nil {
			m.listener, m.addr.IP = l, l.Addr()
			return nil
		}
		if !errors.Is(err, host.ErrAddrInUse) {
			break
		}
	}
	return err
}

// Rebind takes another identity at another port: it stops listening, ends every
// session and tells the dispatchers so (as MarkDownAll does), adds 1,000,000 to
// the nonce, and listens again as it did before, but at none of the ports to be
// avoided. An OSD does so when the map says wrongly that it is down. Errors:
// ErrNotBound and those of BindRange; after one the messenger listens nowhere.
func (m *Messenger) Rebind(avoid ...uint16) error {
	m.mu.Lock()
	old, at := m.listener, m.bound
	if old == nil {
		m.mu.Unlock()
		return fmt.Errorf("%s: rebind: %w", m.cfg.Label, ErrNotBound)
	}
	m.listener = nil
	m.mu.Unlock()
	old.Close()
	m.ClientReset()
	if at.low == 0 { // a free port that is to be avoided would be offered again
		return m.bindAnew(at.ip, avoid)
	}
	return m.BindRange(at.ip, at.low, at.high, avoid...)
}

// bindAnew takes free ports until one is not to be avoided. Those before it are
// held meanwhile, so that it comes to an end.
func (m *Messenger) bindAnew(ip netip.Addr, avoid []uint16) error {
	var held []host.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for {
		if err := m.BindRange(ip, 0, 0); err != nil {
			return err
		}
		m.mu.Lock()
		if !slices.Contains(avoid, m.addr.IP.Port()) {
			m.mu.Unlock()
			return nil
		}
		held = append(held, m.listener)
		m.listener = nil
		m.mu.Unlock()
	}
}

// ClientReset takes another identity: it ends every session and tells the
// dispatchers so (as MarkDownAll does), and adds 1,000,000 to the nonce. Peers
// take the messenger for another instance from then on.
func (m *Messenger) ClientReset() {
	m.MarkDownAll()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nonce += nonceStep
	m.addr.Nonce = m.nonce
	m.local = nil
}

// Start begins to accept connections, if there is a dispatcher; else the first
// one begins it. Errors: ErrStarted, ErrShutdown, and what is wrong with the
// Config.
func (m *Messenger) Start() error {
	if err := m.cfg.Validate(); err != nil {
		return err
	}
	m.mu.Lock()
	err := ErrStarted
	switch {
	case m.stopped:
		err = ErrShutdown
	case !m.started:
		m.started, err = true, nil
	}
	m.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: start: %w", m.cfg.Label, err)
	}
	m.acceptEarly()
	return nil
}

// serving reports whether accepted connections are served. m.mu is held.
func (m *Messenger) serving() bool { return m.started && len(m.dispatchers.Load().all) > 0 }

// acceptEarly serves the connections that came too early, once it may.
func (m *Messenger) acceptEarly() {
	m.mu.Lock()
	var early []host.Conn
	if m.serving() {
		early, m.early = m.early, nil
	}
	m.mu.Unlock()
	for _, conn := range early {
		m.accept(conn)
	}
}

// MarkDownAll ends every session. Unlike [Connection.MarkDown] it tells the
// dispatchers with a reset of each connection that they can know.
func (m *Messenger) MarkDownAll() {
	m.mu.Lock()
	all := slices.Clone(m.all)
	m.mu.Unlock()
	for _, c := range all {
		c.stop()
	}
}

// MarkDownAddr ends the session with the peer at addr, if there is one. Unlike
// [Connection.MarkDown] it tells the dispatchers with a reset.
func (m *Messenger) MarkDownAddr(addr msg.EntityAddr) {
	m.mu.Lock()
	c := m.lookup(addr)
	m.mu.Unlock()
	if c != nil {
		c.stop()
	}
}

// Shutdown closes the listener, every connection and the worker loops. Nothing
// is told to the dispatchers about it, and nothing at all after Shutdown has
// returned if it was called on the dispatch loop. What was sent and not yet
// written is lost. It does not wait for all that to be done, see Wait. Calling
// it again does nothing.
func (m *Messenger) Shutdown() {
	m.mu.Lock()
	if m.stopped {
		m.mu.Unlock()
		return
	}
	m.stopped = true
	all, early, listener := slices.Clone(m.all), m.early, m.listener
	m.early, m.local = nil, nil
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
		w.loop.Post(w.end)
	}
}

// waiter is somebody who waits for the end of a messenger.
type waiter struct {
	loop host.Loop
	done func()
}

// Wait runs done on loop, once, when the messenger was shut down and everything
// of it has ended: its sockets are closed and none of its callbacks, the
// dispatchers' included, is under way or will follow. The dispatch loop must
// live until then. Ceph's wait blocks; here a [host.Task] parks and done wakes
// it, if that is wanted.
func (m *Messenger) Wait(loop host.Loop, done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.working > 0 {
		m.waiting = append(m.waiting, waiter{loop, done})
		return
	}
	m.tellEnd([]waiter{{loop, done}})
}

// workerEnded notes that a worker's last callback is over.
func (m *Messenger) workerEnded() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.working--; m.working == 0 {
		m.tellEnd(m.waiting)
		m.waiting = nil
	}
}

// tellEnd goes by the dispatch loop, so that what runs there now has ended.
func (m *Messenger) tellEnd(all []waiter) {
	for _, w := range all {
		m.queue.loop.Post(func() { w.loop.Post(w.done) })
	}
}
