package realceph_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

// proxy passes TCP connections on to a target, and cuts each of them after a
// number of bytes: whatever the bytes are part of, they end there.
type proxy struct {
	listener net.Listener
	target   netip.AddrPort

	mu      sync.Mutex
	budgets []int // bytes that the next connections may carry; then there is no limit
	cuts    int
	conns   []net.Conn
	closed  bool
}

func newProxy(t *testing.T, target netip.AddrPort, budgets []int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, budgets: budgets}
	var running sync.WaitGroup
	running.Go(func() { p.serve(&running) })
	t.Cleanup(func() {
		l.Close()
		p.closeAll()
		running.Wait()
	})
	return p
}

func (p *proxy) addr() netip.AddrPort { return netip.MustParseAddrPort(p.listener.Addr().String()) }

func (p *proxy) serve(running *sync.WaitGroup) {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target.String())
		if err != nil {
			near.Close()
			continue
		}
		c := &proxied{p: p, near: near.(*net.TCPConn), far: far.(*net.TCPConn), left: p.adopt(near, far)}
		running.Go(func() { c.pass(c.near, c.far) })
		running.Go(func() { c.pass(c.far, c.near) })
	}
}

// adopt takes the next budget, -1 for none.
func (p *proxy) adopt(conns ...net.Conn) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed { // since these were accepted
		for _, c := range conns {
			c.Close()
		}
	}
	p.conns = append(p.conns, conns...)
	if len(p.budgets) == 0 {
		return -1
	}
	n := p.budgets[0]
	p.budgets = p.budgets[1:]
	return n
}

func (p *proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.conns {
		c.Close()
	}
}

// cutSoFar is how many connections have used their budgets up.
func (p *proxy) cutSoFar() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// proxied is one connection through a proxy.
type proxied struct {
	p         *proxy
	near, far *net.TCPConn

	mu   sync.Mutex
	left int // of the budget of both directions together; below 0: no limit
}

// pass copies one direction until it ends.
func (c *proxied) pass(from, to *net.TCPConn) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		allowed, cut := c.spend(n)
		if _, werr := to.Write(buf[:allowed]); werr != nil && err == nil {
			err = werr
		}
		switch {
		case cut:
			c.cut()
			return
		case err == io.EOF:
			to.CloseWrite()
			return
		case err != nil:
			c.reset()
			return
		}
	}
}

// spend takes n bytes from the budget and reports how many of them may pass, and
// whether the connection ends behind them.
func (c *proxied) spend(n int) (allowed int, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.left < 0:
		return n, false
	case n < c.left:
		c.left -= n
		return n, false
	}
	allowed, c.left = c.left, 0
	return allowed, true
}

func (c *proxied) cut() {
	c.p.mu.Lock()
	c.p.cuts++
	c.p.mu.Unlock()
	c.reset()
}

// reset ends both sockets with RST.
func (c *proxied) reset() {
	for _, s := range []*net.TCPConn{c.near, c.far} {
		s.SetLinger(0)
		s.Close()
	}
}

// detour is a machine whose connections to some addresses go through proxies
// without its knowing.
type detour struct {
	host.Host
	mu   sync.Mutex
	over map[netip.AddrPort]netip.AddrPort
}

// send lets connections to target go through p.
func (d *detour) send(target netip.AddrPort, p *proxy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over[target] = p.addr()
}

// Network is the decorated network.
func (d *detour) Network() host.Network { return detourNetwork{d.Host.Network(), d} }

type detourNetwork struct {
	host.Network
	d *detour
}

// Dial dials the proxy where there is one.
func (n detourNetwork) Dial(loop host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	n.d.mu.Lock()
	if over, ok := n.d.over[to]; ok {
		to = over
	}
	n.d.mu.Unlock()
	return n.Network.Dial(loop, to, h)
}
