package sim

import (
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
)

// network implements host.Network for a process.
type network Process

func (n *network) process() *Process { return (*Process)(n) }

func (n *network) Addrs() []netip.Addr { return n.host.Addrs() }

func (n *network) Listen(l host.Loop, addr netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	p := n.process()
	if p.ended {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrStopped)
	}
	ls := &listener{proc: p, loop: l.(*loop), accept: accept, everywhere: addr.Addr().IsUnspecified()}
	ip := addr.Addr()
	if !ip.IsValid() || ls.everywhere {
		ip = p.host.Addr()
	}
	if !p.host.has(ip) {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrAddrNotAvailable)
	}
	if ls.loop.closed {
		return nil, fmt.Errorf("listen %v: loop %s: %w", addr, l.Name(), host.ErrClosed)
	}
	port := addr.Port()
	if port == 0 {
		port = p.host.port()
	}
	ls.addr = netip.AddrPortFrom(ip, port)
	if !p.host.bind(ls) {
		return nil, fmt.Errorf("listen %v: %w", addr, host.ErrAddrInUse)
	}
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
	s := p.sim()
	target := s.byAddr[addr.Addr()]
	c.local = netip.AddrPortFrom(p.host.source(target), p.host.port())
	c.dialled = s.kernel.now()
	d := loopbackDelay
	if target != nil {
		d = s.link(target.subnet, p.host, target.host).transit(0)
	}
	s.kernel.after(d, c, eventSYN, c.id, 0)
	return c
}

// listener is a listening socket. It implements host.Listener.
type listener struct {
	proc       *Process
	loop       *loop
	addr       netip.AddrPort
	everywhere bool // at every address of the machine
	accept     func(host.Conn)
	backlog    []*conn // opened and not yet handed to accept
	closed     bool
	next       *listener // of those at the same port
}

func (l *listener) Addr() netip.AddrPort { return l.addr }
func (l *listener) Close()               { l.close(endedByExit) }

func (l *listener) close(how ending) {
	if l.closed {
		return
	}
	l.closed = true
	l.proc.host.unbind(l)
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
func (l *listener) connect(dialler *conn, n *subnet) {
	s := l.proc.sim()
	local := dialler.proc.host
	c := newConn(l.proc, dialler.local)
	c.local = dialler.remote
	c.peer, dialler.peer = dialler, c
	forth := &pipe{link: s.link(n, local, l.proc.host), from: dialler, to: c}
	back := &pipe{link: s.link(n, l.proc.host, local), from: c, to: dialler}
	dialler.out, dialler.in = forth, back
	c.out, c.in = back, forth
	forth.nth = forth.link.countConnection()
	back.nth = forth.nth
	forth.opened, back.opened = s.kernel.now(), s.kernel.now()
	s.decode(forth, back)
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

// bind makes l listen; false if its port is taken.
func (h *Host) bind(l *listener) bool {
	first := h.ports[l.addr.Port()]
	for other := first; other != nil; other = other.next {
		if l.everywhere || other.everywhere || other.addr == l.addr {
			return false
		}
	}
	l.next, h.ports[l.addr.Port()] = first, l
	return true
}

// unbind undoes bind.
func (h *Host) unbind(l *listener) {
	port := l.addr.Port()
	if first := h.ports[port]; first == l {
		h.ports[port] = l.next
	} else {
		for other := first; other != nil; other = other.next {
			if other.next == l {
				other.next = l.next
			}
		}
	}
	if h.ports[port] == nil {
		delete(h.ports, port)
	}
}
