package monctest

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
)

type network Process

func (n *network) Addrs() []netip.Addr { return []netip.Addr{n.addr} }

func (n *network) port() uint16 {
	n.world.lastPort++
	return n.world.lastPort
}

func (n *network) Listen(l host.Loop, at netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	if at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), n.port())
	}
	if at.Addr() != n.addr {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrAddrNotAvailable)
	}
	if n.world.listeners[at] != nil {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrAddrInUse)
	}
	lis := &listener{process: (*Process)(n), addr: at, loop: l.(*loop), accept: accept}
	n.world.listeners[at] = lis
	return lis, nil
}

func (n *network) Dial(l host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	p := (*Process)(n)
	c := &conn{process: p, loop: l.(*loop), h: h, local: netip.AddrPortFrom(n.addr, n.port()), remote: to}
	p.conns = append(p.conns, c)
	lis := n.world.listeners[to]
	if lis == nil {
		n.world.after(delay, func() { c.breaks(host.ErrRefused) })
		return c
	}
	n.world.carry(p, lis.process, func() { lis.answer(c) })
	return c
}

type listener struct {
	process *Process
	addr    netip.AddrPort
	loop    *loop
	accept  func(host.Conn)
}

func (l *listener) Addr() netip.AddrPort { return l.addr }
func (l *listener) Close()               { delete(l.process.world.listeners, l.addr) }

func (l *listener) answer(c *conn) {
	switch {
	case c.closed:
	case l.process.world.listeners[l.addr] != l:
		c.breaks(host.ErrRefused)
	default:
		c.peer = &conn{process: l.process, local: c.remote, remote: c.local, peer: c}
		l.process.conns = append(l.process.conns, c.peer)
		l.loop.Post(func() { l.accept(c.peer) })
		l.process.world.carry(l.process, c.process, func() { c.tell(func() { c.h.Opened() }) })
	}
}

// conn is one end of a stream without bounds.
type conn struct {
	process       *Process
	loop          *loop
	h             host.ConnHandler
	local, remote netip.AddrPort
	peer          *conn
	in            []byte
	eof           bool
	closed        bool
	err           error
}

func (c *conn) LocalAddr() netip.AddrPort  { return c.local }
func (c *conn) RemoteAddr() netip.AddrPort { return c.remote }

func (c *conn) Attach(l host.Loop, h host.ConnHandler) {
	c.loop, c.h = l.(*loop), h
	switch {
	case c.err != nil:
		c.loop.Post(func() { c.closedBy(c.err) })
	case len(c.in) > 0 || c.eof:
		c.tell(func() { c.h.Readable() })
	}
}

// tell calls the handler, if the connection is still there by then.
func (c *conn) tell(fn func()) {
	if c.loop == nil {
		return
	}
	c.loop.Post(func() {
		if !c.closed && c.err == nil {
			fn()
		}
	})
}

func (c *conn) failure() error {
	if c.closed {
		return host.ErrClosed
	}
	return c.err
}

func (c *conn) Read(p []byte) (int, error) {
	switch err := c.failure(); {
	case err != nil:
		return 0, err
	case len(c.in) == 0 && c.eof:
		return 0, io.EOF
	case len(c.in) == 0:
		return 0, host.ErrWouldBlock
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.failure(); err != nil {
		return 0, err
	}
	b := append([]byte(nil), p...)
	c.process.world.carry(c.process, c.peer.process, func() { c.peer.receive(b) })
	return len(p), nil
}

func (c *conn) receive(b []byte) {
	if c.closed {
		return
	}
	c.in = append(c.in, b...)
	c.tell(func() { c.h.Readable() })
}

func (c *conn) Close() {
	c.shut(func() {
		c.peer.eof = true
		c.peer.tell(func() { c.peer.h.Readable() })
	})
}

func (c *conn) Abort() { c.shut(func() { c.peer.breaks(host.ErrReset) }) }

func (c *conn) shut(told func()) {
	if c.closed {
		return
	}
	c.closed = true
	if c.peer != nil {
		c.process.world.carry(c.process, c.peer.process, told)
	}
}

// breaks is the end of a connection that its owner has not closed.
func (c *conn) breaks(err error) {
	if c.closed || c.err != nil {
		return
	}
	c.err = err
	if c.loop != nil {
		c.loop.Post(func() { c.closedBy(err) })
	}
}

func (c *conn) closedBy(err error) {
	if !c.closed {
		c.h.Closed(err)
	}
}
