package sim

import (
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
)

// network implements host.Network for a process.
type network Process

func (n *network) process() *Process { return (*Process)(n) }

func (n *network) Addrs() []netip.Addr { return []netip.Addr{n.host.addr} }

func (n *network) Listen(l host.Loop, addr netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	p := n.process()
	if p.ended {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrStopped)
	}
	if ip := addr.Addr(); ip.IsValid() && !ip.IsUnspecified() && ip != p.host.addr {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrAddrNotAvailable)
	}
	if l.(*loop).closed {
		return nil, fmt.Errorf("listen %v: loop %s: %w", addr, l.Name(), host.ErrClosed)
	}
	port := addr.Port()
	if port == 0 {
		port = p.host.port()
	}
	if p.host.ports[port] != nil {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrAddrInUse)
	}
	ls := &listener{proc: p, loop: l.(*loop), addr: netip.AddrPortFrom(p.host.addr, port), accept: accept}
	p.host.ports[port] = ls
	p.listens = append(p.listens, ls)
	return ls, nil
}

func (n *network) Dial(l host.Loop, addr netip.AddrPort, h host.ConnHandler) host.Conn {
	p := n.process()
	c := newConn(p, addr)
	c.loop, c.handler, c.dialling = l.(*loop), h, true
	if p.ended || c.loop.closed {
		c.closed = true
		c.leave()
		return c
	}
	c.local = netip.AddrPortFrom(p.host.addr, p.host.port())
	s := p.sim()
	d := loopbackDelay
	if target := s.byAddr[addr.Addr()]; target != nil {
		d = s.link(p.host, target).delayDraw()
	}
	s.kernel.after(d, c, eventSYN, c.id, 0)
	return c
}

// listener is a listening socket. It implements host.Listener.
type listener struct {
	proc    *Process
	loop    *loop
	addr    netip.AddrPort
	accept  func(host.Conn)
	backlog []*conn // opened and not yet handed to accept
	closed  bool
}

func (l *listener) Addr() netip.AddrPort { return l.addr }
func (l *listener) Close()               { l.close(endedByExit) }

func (l *listener) close(how ending) {
	if l.closed {
		return
	}
	l.closed = true
	if l.proc.host.ports[l.addr.Port()] == l {
		delete(l.proc.host.ports, l.addr.Port())
	}
	for _, c := range l.backlog {
		if how == endedByExit {
			c.Abort()
		}
	}
	l.backlog = nil
	for i, other := range l.proc.listens {
		if other == l && !l.proc.ended {
			l.proc.listens = append(l.proc.listens[:i], l.proc.listens[i+1:]...)
			break
		}
	}
}

// connect opens a connection: the machine's kernel answers, whether or not the
// process is awake to accept.
func (l *listener) connect(dialler *conn) {
	s := l.proc.sim()
	local := dialler.proc.host
	c := newConn(l.proc, dialler.local)
	c.local = l.addr
	c.peer, dialler.peer = dialler, c
	forth := &pipe{link: s.link(local, l.proc.host), from: dialler, to: c}
	back := &pipe{link: s.link(l.proc.host, local), from: c, to: dialler}
	dialler.out, dialler.in = forth, back
	c.out, c.in = back, forth
	back.control(segmentOpen)
	l.backlog = append(l.backlog, c)
	l.loop.Post(l.hand)
}

// hand gives the oldest waiting connection to accept.
func (l *listener) hand() {
	if l.closed || len(l.backlog) == 0 {
		return
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	l.accept(c)
}
