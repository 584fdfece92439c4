package msgr_test

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
)

type fakeNetwork fakeHost

func (n *fakeNetwork) Addrs() []netip.Addr { return []netip.Addr{n.addr} }

func (n *fakeNetwork) Listen(loop host.Loop, at netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	if at.Port() == 0 {
		n.w.nextPort++
		at = netip.AddrPortFrom(at.Addr(), n.w.nextPort)
	}
	if at.Addr() != n.addr {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrAddrNotAvailable)
	}
	if n.w.listeners[at] != nil {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrAddrInUse)
	}
	if loop.(*fakeLoop).closed {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrClosed)
	}
	l := &fakeListener{w: n.w, addr: at, loop: loop, accept: accept}
	n.w.listeners[at] = l
	loop.(*fakeLoop).adopt(l)
	return l, nil
}

func (n *fakeNetwork) Dial(loop host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	n.w.nextPort++
	from := netip.AddrPortFrom(n.addr, n.w.nextPort)
	c := &fakeConn{w: n.w, loop: loop.(*fakeLoop), h: h, local: from, remote: to, starving: true, dialling: true}
	c.loop.adopt(c)
	if n.w.onDial != nil {
		n.w.onDial(c)
	}
	if n.w.silent[to] {
		return n.w.handOut(c)
	}
	n.w.post(func() { n.answer(c) })
	return n.w.handOut(c)
}

func (n *fakeNetwork) answer(c *fakeConn) {
	l := n.w.listeners[c.remote]
	switch {
	case c.closed:
		return
	case l == nil:
		c.breaks(host.ErrRefused)
		return
	}
	c.dialling = false
	c.peer = &fakeConn{w: n.w, local: c.remote, remote: c.local, peer: c, starving: true}
	c.loop.Post(func() {
		if !c.closed {
			c.h.Opened()
		}
	})
	l.pending = append(l.pending, c.peer)
	l.loop.Post(l.acceptNext)
}

type fakeListener struct {
	w       *world
	addr    netip.AddrPort
	loop    host.Loop
	accept  func(host.Conn)
	pending []*fakeConn // not yet handed to accept
}

func (l *fakeListener) Addr() netip.AddrPort { return l.addr }
func (l *fakeListener) Close() {
	if l.w.listeners[l.addr] == l {
		delete(l.w.listeners, l.addr)
	}
	for _, c := range l.pending {
		c.Abort()
	}
	l.pending = nil
}

func (l *fakeListener) acceptNext() {
	if len(l.pending) > 0 {
		c := l.pending[0]
		l.pending = l.pending[1:]
		l.accept(l.w.handOut(c))
	}
}

// fakeConn is one end of a stream.
type fakeConn struct {
	w             *world
	loop          *fakeLoop
	h             host.ConnHandler
	local, remote netip.AddrPort
	peer          *fakeConn
	in            []byte
	first         int // in[first:] is unread
	eof           bool
	starving      bool
	choking       bool
	closed        bool
	dialling      bool
	err           error
	readPosted    bool
	vanished      bool // the network swallows what the other end does
}

func (c *fakeConn) LocalAddr() netip.AddrPort  { return c.local }
func (c *fakeConn) RemoteAddr() netip.AddrPort { return c.remote }

func (c *fakeConn) Attach(loop host.Loop, h host.ConnHandler) {
	if c.loop != nil {
		panic("attached twice")
	}
	c.loop, c.h = loop.(*fakeLoop), h
	c.loop.adopt(c)
	if c.first < len(c.in) || c.eof {
		c.notifyReadable()
	}
}

func (c *fakeConn) notifyReadable() {
	if c.loop == nil || c.readPosted {
		return
	}
	c.readPosted, c.starving = true, false
	c.loop.Post(func() {
		c.readPosted = false
		if !c.closed && c.err == nil {
			c.h.Readable()
		}
	})
}

func (c *fakeConn) failure() error {
	if c.closed {
		return host.ErrClosed
	}
	return c.err
}

func (c *fakeConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		panic("read of nothing")
	}
	if err := c.failure(); err != nil {
		return 0, err
	}
	left := len(c.in) - c.first
	if left == 0 {
		if c.eof {
			return 0, io.EOF
		}
		c.starving = true
		return 0, fmt.Errorf("read: %w", host.ErrWouldBlock)
	}
	n := copy(p, c.in[c.first:c.first+min(left, c.w.chunk(left))])
	c.first += n
	if c.first == len(c.in) {
		c.in, c.first = c.in[:0], 0
	}
	if c.peer != nil && c.peer.choking {
		c.peer.choking = false
		c.peer.loop.Post(func() {
			if !c.peer.closed && c.peer.err == nil {
				c.peer.h.Writable()
			}
		})
	}
	return n, nil
}

func (c *fakeConn) Write(p []byte) (int, error) {
	if err := c.failure(); err != nil {
		return 0, err
	}
	if c.peer.vanished {
		return len(p), nil
	}
	if c.peer.closed {
		c.breaks(host.ErrReset)
		return len(p), nil
	}
	n := min(len(p), c.w.window-(len(c.peer.in)-c.peer.first))
	n = max(n, 0)
	if c.w.tap != nil && n > 0 {
		c.w.tap(c.local, c.remote, p[:n])
	}
	c.peer.in = append(c.peer.in, p[:n]...)
	c.choking = n < len(p)
	if n > 0 && c.peer.starving {
		c.peer.notifyReadable()
	}
	return n, nil
}

func (c *fakeConn) Close() { c.shut(func() { c.peer.eof = true; c.peer.notifyReadable() }) }
func (c *fakeConn) Abort() { c.shut(func() { c.peer.breaks(host.ErrReset) }) }

func (c *fakeConn) shut(tell func()) {
	if c.closed {
		return
	}
	c.closed = true
	if c.peer != nil && !c.peer.closed && !c.vanished {
		c.w.post(tell)
	}
}

// breaks is the end of a connection that its owner has not closed.
func (c *fakeConn) breaks(err error) {
	if c.closed || c.err != nil {
		return
	}
	c.err = err
	if c.loop == nil {
		return
	}
	c.loop.Post(func() {
		if !c.closed {
			c.h.Closed(err)
		}
	})
}

// vanish breaks this end, and the other hears nothing of it.
func (c *fakeConn) vanish() {
	c.vanished = true
	c.breaks(host.ErrReset)
}

// cut breaks both ends.
func (c *fakeConn) cut() {
	c.breaks(host.ErrReset)
	c.peer.breaks(host.ErrReset)
}
