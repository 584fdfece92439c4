package msgr_test

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// world is a small deterministic machine room: one goroutine, virtual time. It
// runs callbacks in the order they were posted, or, if pick is set, those of the
// loops interleaved as that says.
type world struct {
	now       time.Duration
	posted    []posting
	head      int
	running   *fakeLoop       // whose callback is under way, nil for the network's
	pick      func(n int) int // which of n loops runs next
	starved   *fakeLoop       // runs only when nothing else can, and its timers fire late
	timers    []*fakeTimer
	listeners map[netip.AddrPort]*fakeListener
	chunk     func(n int) int // how much of n bytes one Read returns
	window    int             // bytes in flight per direction
	nextPort  uint16
	silent    map[netip.AddrPort]bool // dialling these gets no answer
	tap       func(from, to netip.AddrPort, b []byte)
	onDial    func(*fakeConn)
	lends     bool                                // connections lend their memory
	seed      uint64                              // of all random streams, 0: nobody may draw
	point     func(h *fakeHost, name string) bool // whether a fault strikes, nil: never
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

// posting is a callback of a loop, or of the network if that is nil.
type posting struct {
	loop *fakeLoop
	fn   func()
}

func (w *world) post(fn func()) { w.posted = append(w.posted, posting{nil, fn}) }

// next takes the posting that runs next.
func (w *world) next() posting {
	at := w.head
	if w.pick != nil || w.starved != nil {
		at = w.pickLoop()
	}
	p := w.posted[at]
	if at > w.head {
		w.posted = slices.Delete(w.posted, at, at+1)
		return p
	}
	w.posted[at] = posting{}
	if w.head++; w.head == len(w.posted) {
		w.posted, w.head = w.posted[:0], 0
	}
	return p
}

// pickLoop is the place of the first posting of the loop that is picked.
func (w *world) pickLoop() int {
	var firsts []int
	seen := map[*fakeLoop]bool{}
	for i := w.head; i < len(w.posted); i++ {
		if l := w.posted[i].loop; !seen[l] && (l == nil || l != w.starved) {
			seen[l] = true
			firsts = append(firsts, i)
		}
	}
	switch {
	case len(firsts) == 0:
		return w.head
	case w.pick == nil:
		return firsts[0]
	}
	return firsts[w.pick(len(firsts))]
}

// step runs one callback, or moves time to the next timer, not beyond until.
func (w *world) step(until time.Duration) bool {
	if w.head < len(w.posted) {
		p := w.next()
		w.call(p.loop, p.fn)
		return true
	}
	next := w.nextTimer(until)
	if next == nil {
		return false
	}
	w.now = w.fires(next)
	next.Stop()
	w.call(next.loop, next.fn)
	return true
}

// call runs a callback, unless its loop was closed.
func (w *world) call(l *fakeLoop, fn func()) {
	if l == nil || !l.closed {
		w.running = l
		fn()
		w.running = nil
	}
}

// nextTimer is the timer that fires next, not beyond until.
func (w *world) nextTimer(until time.Duration) (next *fakeTimer) {
	for _, t := range w.timers {
		if w.fires(t) <= until && (next == nil || w.fires(t) < w.fires(next)) {
			next = t
		}
	}
	return next
}

// fires is when a timer fires: late if its loop is starved.
func (w *world) fires(t *fakeTimer) time.Duration {
	if t.loop == w.starved {
		return t.at + 50*time.Millisecond
	}
	return t.at
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
	loops  map[string]*fakeLoop
	rands  map[string]*rand.Rand
}

func (w *world) host(name, addr string) *fakeHost {
	h := &fakeHost{w: w, name: name, addr: netip.MustParseAddr(addr), loops: map[string]*fakeLoop{}, rands: map[string]*rand.Rand{}}
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
func (h *fakeHost) Log() *slog.Logger     { return h.logger }
func (h *fakeHost) Network() host.Network { return (*fakeNetwork)(h) }
func (h *fakeHost) Disk() host.Disk       { panic("no disk here") }
func (h *fakeHost) Point(n string) bool   { return h.w.point != nil && h.w.point(h, n) }
func (h *fakeHost) Probe(host.Fact)       {}
func (h *fakeHost) Exit(int, string)      {}
func (h *fakeHost) Respawn(string)        {}
func (h *fakeHost) quiet() *fakeHost      { h.logger = slog.New(quietHandler{}); return h }
func (h *fakeHost) NewLoop(n string) host.Loop {
	if h.loops[n] != nil {
		panic("loop " + n + " exists")
	}
	h.loops[n] = &fakeLoop{w: h.w, name: n}
	return h.loops[n]
}

func (h *fakeHost) Rand(stream string) host.Rand {
	if h.w.seed == 0 {
		panic("no randomness here")
	}
	if h.rands[stream] == nil {
		name := fnv.New64a()
		name.Write([]byte(h.name + "/" + stream))
		h.rands[stream] = rand.New(rand.NewPCG(h.w.seed, name.Sum64()))
	}
	return h.rands[stream]
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
	w       *world
	name    string
	closed  bool
	sockets []socket // some closed
}

func (l *fakeLoop) Name() string { return l.name }
func (l *fakeLoop) Post(fn func()) {
	if l.closed {
		return
	}
	l.w.posted = append(l.w.posted, posting{l, fn})
}
func (l *fakeLoop) NewTimer(fn func()) host.Timer { return &fakeTimer{loop: l, fn: fn} }
func (l *fakeLoop) Go(string, func(host.Task))    { panic("no tasks here") }
func (l *fakeLoop) Running() host.Task            { return nil }
func (l *fakeLoop) Close() {
	l.closed = true
	for _, s := range l.sockets {
		s.Close()
	}
}

// socket is a listener or a connection.
type socket interface{ Close() }

// adopt makes a socket end with the loop.
func (l *fakeLoop) adopt(s socket) {
	if l.closed {
		s.Close()
		return
	}
	l.sockets = append(l.sockets, s)
}

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
