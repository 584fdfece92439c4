package cluster

import (
	"net/netip"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// tap is the decorator that puts faults between a daemon and its network at the
// seam: the process sees a host.Host whose connections obey the world's cuts and
// resets, and whose loops stand still while the machine is paused.
type tap struct {
	host.Host
	world *TCPWorld
	self  *tcpHost

	mu    sync.Mutex
	loops []host.Loop
	conns map[*tapConn]struct{}
	gate  chan struct{} // closed by Resume; nil while not paused

	asked  host.Loop // on which answer answers; nil if nobody does
	answer func(request []byte) []byte
}

func newTap(h host.Host, self *tcpHost) *tap {
	return &tap{Host: h, world: self.world, self: self, conns: make(map[*tapConn]struct{})}
}

// System implements host.SystemHost.
func (t *tap) System() host.System { return host.SystemOf(t.Host) }

// NewLoop makes a loop that pause knows of.
func (t *tap) NewLoop(name string) host.Loop {
	l := t.Host.NewLoop(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loops = append(t.loops, l)
	if gate := t.gate; gate != nil {
		l.Post(func() { <-gate })
	}
	return l
}

// Network is the decorated network.
func (t *tap) Network() host.Network { return &tapNetwork{Network: t.Host.Network(), tap: t} }

// ServeAdmin is that of the host: no fault comes between a daemon and its operator.
func (t *tap) ServeAdmin(loop host.Loop, answer func(request []byte) []byte) error {
	t.mu.Lock()
	t.asked, t.answer = loop, answer
	t.mu.Unlock()
	return host.ServeAdmin(t.Host, loop, answer)
}

// admin has the process answer a question, whatever that is.
func (t *tap) admin(request string) bool {
	t.mu.Lock()
	loop, answer := t.asked, t.answer
	t.mu.Unlock()
	if loop == nil {
		return false
	}
	loop.Post(func() { answer([]byte(request)) })
	return true
}

// pause makes every loop wait at a gate, as SIGSTOP stops the threads of a
// process: what the loops had begun they finish.
func (t *tap) pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gate != nil {
		return
	}
	gate := make(chan struct{})
	t.gate = gate
	for _, l := range t.loops {
		l.Post(func() { <-gate })
	}
}

func (t *tap) resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gate != nil {
		close(t.gate)
		t.gate = nil
	}
}

// each calls fn for every connection with the given peer.
func (t *tap) each(peer *tcpHost, fn func(*tapConn)) {
	t.mu.Lock()
	conns := make([]*tapConn, 0, len(t.conns))
	for c := range t.conns {
		if c.peer == peer {
			conns = append(conns, c)
		}
	}
	t.mu.Unlock()
	for _, c := range conns {
		fn(c)
	}
}

func (t *tap) track(c *tapConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[c] = struct{}{}
}

func (t *tap) forget(c *tapConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
}

// tapNetwork decorates host.Network.
type tapNetwork struct {
	host.Network
	tap *tap
}

func (n *tapNetwork) Listen(l host.Loop, addr netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	return n.Network.Listen(l, addr, func(inner host.Conn) {
		c := &tapConn{tap: n.tap, inner: inner, peer: n.tap.world.hostAt(inner.RemoteAddr().Addr()), open: true}
		n.tap.track(c)
		accept(c)
	})
}

// connectTimeout is how long an attempt to connect waits for a cut to heal: what
// Linux does with six repetitions of SYN.
const connectTimeout = 127 * time.Second

func (n *tapNetwork) Dial(l host.Loop, addr netip.AddrPort, h host.ConnHandler) host.Conn {
	c := &tapConn{
		tap: n.tap, loop: l, handler: h, remote: addr,
		peer: n.tap.world.hostAt(addr.Addr()),
	}
	n.tap.track(c)
	if !n.tap.world.connectable(n.tap.self, c.peer) {
		n.tap.world.countAttempt(n.tap.self, c.peer)
		c.post(c.awaitHeal) // the caller may be on another loop
		return c
	}
	c.dial()
	return c
}
