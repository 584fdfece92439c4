package msgr_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// world is a small deterministic machine room: one goroutine, virtual time,
// callbacks in the order they were posted. Loops run in one shared order.
type world struct {
	now       time.Duration
	posted    []func()
	head      int
	timers    []*fakeTimer
	listeners map[netip.AddrPort]*fakeListener
	chunk     func(n int) int // how much of n bytes one Read returns
	window    int             // bytes in flight per direction
	nextPort  uint16
	silent    map[netip.AddrPort]bool // dialling these gets no answer
	tap       func(from, to netip.AddrPort, b []byte)
	onDial    func(*fakeConn)
}

func newWorld() *world {
	return &world{
		listeners: map[netip.AddrPort]*fakeListener{},
		chunk:     func(n int) int { return n },
		window:    256 << 10,
		nextPort:  40000,
		silent:    map[netip.AddrPort]bool{},
	}
}

func (w *world) post(fn func()) { w.posted = append(w.posted, fn) }

// step runs one callback, or moves time to the next timer, not beyond until.
func (w *world) step(until time.Duration) bool {
	if w.head < len(w.posted) {
		fn := w.posted[w.head]
		w.posted[w.head] = nil
		w.head++
		if w.head == len(w.posted) {
			w.posted, w.head = w.posted[:0], 0
		}
		fn()
		return true
	}
	var next *fakeTimer
	for _, t := range w.timers {
		if next == nil || t.at < next.at {
			next = t
		}
	}
	if next == nil || next.at > until {
		return false
	}
	w.now = next.at
	next.Stop()
	if !next.loop.closed {
		next.fn()
	}
	return true
}

// run lets d pass.
func (w *world) run(d time.Duration) {
	until := w.now + d
	for w.step(until) {
	}
	w.now = until
}

// settle runs what is posted, without letting time pass.
func (w *world) settle() { w.run(0) }

type fakeHost struct {
	w      *world
	name   string
	addr   netip.Addr
	log    strings.Builder
	logger *slog.Logger
	loops  map[string]bool
}

func (w *world) host(name, addr string) *fakeHost {
	h := &fakeHost{w: w, name: name, addr: netip.MustParseAddr(addr), loops: map[string]bool{}}
	h.logger = slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	return h
}

func (h *fakeHost) Name() string          { return h.name }
func (h *fakeHost) PID() uint32           { return 7 }
func (h *fakeHost) Clock() host.Clock     { return fakeClock{h.w} }
func (h *fakeHost) Rand(string) host.Rand { panic("no randomness here") }
func (h *fakeHost) Log() *slog.Logger     { return h.logger }
func (h *fakeHost) Network() host.Network { return (*fakeNetwork)(h) }
func (h *fakeHost) Disk() host.Disk       { panic("no disk here") }
func (h *fakeHost) Point(string) bool     { return false }
func (h *fakeHost) Probe(host.Fact)       {}
func (h *fakeHost) Exit(int, string)      {}
func (h *fakeHost) Respawn(string)        {}
func (h *fakeHost) quiet() *fakeHost      { h.logger = slog.New(quietHandler{}); return h }
func (h *fakeHost) NewLoop(n string) host.Loop {
	if h.loops[n] {
		panic("loop " + n + " exists")
	}
	h.loops[n] = true
	return &fakeLoop{w: h.w, name: n}
}

type quietHandler struct{}

func (quietHandler) Enabled(context.Context, slog.Level) bool  { return false }
func (quietHandler) Handle(context.Context, slog.Record) error { return nil }
func (q quietHandler) WithAttrs([]slog.Attr) slog.Handler      { return q }
func (q quietHandler) WithGroup(string) slog.Handler           { return q }

type fakeClock struct{ w *world }

func (c fakeClock) Now() time.Time                  { return time.Unix(1_700_000_000, 0).Add(c.w.now) }
func (c fakeClock) Monotonic() time.Duration        { return c.w.now + time.Hour }
func (c fakeClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c fakeClock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

type fakeLoop struct {
	w      *world
	name   string
	closed bool
}

func (l *fakeLoop) Name() string { return l.name }
func (l *fakeLoop) Post(fn func()) {
	if l.closed {
		return
	}
	l.w.posted = append(l.w.posted, func() {
		if !l.closed {
			fn()
		}
	})
}
func (l *fakeLoop) NewTimer(fn func()) host.Timer { return &fakeTimer{loop: l, fn: fn} }
func (l *fakeLoop) Go(string, func(host.Task))    { panic("no tasks here") }
func (l *fakeLoop) Close()                        { l.closed = true }

type fakeTimer struct {
	loop  *fakeLoop
	fn    func()
	at    time.Duration
	armed bool
}

func (t *fakeTimer) Reset(d time.Duration) {
	t.Stop()
	t.at, t.armed = t.loop.w.now+max(d, 0), true
	t.loop.w.timers = append(t.loop.w.timers, t)
}
func (t *fakeTimer) Stop() {
	if !t.armed {
		return
	}
	t.armed = false
	i := slices.Index(t.loop.w.timers, t)
	t.loop.w.timers = slices.Delete(t.loop.w.timers, i, i+1)
}
func (t *fakeTimer) Armed() bool { return t.armed }

type fakeNetwork fakeHost

func (n *fakeNetwork) Addrs() []netip.Addr { return []netip.Addr{n.addr} }

func (n *fakeNetwork) Listen(loop host.Loop, at netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	if at.Port() == 0 {
		n.w.nextPort++
		at = netip.AddrPortFrom(at.Addr(), n.w.nextPort)
	}
	if n.w.listeners[at] != nil {
		return nil, fmt.Errorf("listen %v: %w", at, host.ErrAddrInUse)
	}
	l := &fakeListener{w: n.w, addr: at, loop: loop, accept: accept}
	n.w.listeners[at] = l
	return l, nil
}

func (n *fakeNetwork) Dial(loop host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	n.w.nextPort++
	from := netip.AddrPortFrom(n.addr, n.w.nextPort)
	c := &fakeConn{w: n.w, loop: loop.(*fakeLoop), h: h, local: from, remote: to, starving: true, dialling: true}
	if n.w.onDial != nil {
		n.w.onDial(c)
	}
	if n.w.silent[to] {
		return c
	}
	n.w.post(func() { n.answer(c) })
	return c
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
	l.loop.Post(func() { l.accept(c.peer) })
}

type fakeListener struct {
	w      *world
	addr   netip.AddrPort
	loop   host.Loop
	accept func(host.Conn)
}

func (l *fakeListener) Addr() netip.AddrPort { return l.addr }
func (l *fakeListener) Close()               { delete(l.w.listeners, l.addr) }

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
}

func (c *fakeConn) LocalAddr() netip.AddrPort  { return c.local }
func (c *fakeConn) RemoteAddr() netip.AddrPort { return c.remote }

func (c *fakeConn) Attach(loop host.Loop, h host.ConnHandler) {
	if c.loop != nil {
		panic("attached twice")
	}
	c.loop, c.h = loop.(*fakeLoop), h
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
	if c.peer != nil && !c.peer.closed {
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

// cut resets every connection between the two hosts' ends.
func (c *fakeConn) cut() {
	c.breaks(host.ErrReset)
	c.peer.breaks(host.ErrReset)
}

func wantLog(t *testing.T, h *fakeHost, part string) {
	t.Helper()
	if !strings.Contains(h.log.String(), part) {
		t.Errorf("log of %s does not say %q:\n%s", h.name, part, h.log.String())
	}
}

// watchConns collects the dialling ends of connections made from now on.
func (w *world) watchConns() *[]*fakeConn {
	var conns []*fakeConn
	w.onDial = func(c *fakeConn) { conns = append(conns, c) }
	return &conns
}

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
