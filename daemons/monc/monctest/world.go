// Package monctest is what tests of monitor clients stand on: a small world in
// virtual time, with processes, loops and byte streams, and scripted monitors
// that speak the real protocol over a real messenger.
//
//	w := monctest.NewWorld(1)
//	mons := w.NewMons(3)
//	p := w.NewProcess("mgr.x")
//	// start a daemon on p with mons.MonMap()
//	w.Until(time.Minute, func() bool { return len(mons.All(msg.TypeMgrBeacon)) > 0 })
//	mons.List[0].Process.Silence(true) // bytes to and from it are held back
//
// Nothing but tests imports it. It is no substitute for the simulator: the order
// of events is fixed, and there is no fault but silence and death. Daemons must
// not know the simulator, so their tests cannot use it.
package monctest

import (
	"container/heap"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// delay is how long bytes travel.
const delay = 100 * time.Microsecond

// World is one run: a queue of callbacks in virtual time. It is used by one
// goroutine.
type World struct {
	// Logger is what every process logs to; it discards at first.
	Logger *slog.Logger

	now       time.Duration
	seq       uint64
	queue     eventHeap
	seed      uint64
	processes []*Process
	listeners map[netip.AddrPort]*listener
	lastPort  uint16
	held      []held
}

// held is a delivery that waits for the end of a silence.
type held struct {
	from, to *Process
	deliver  func()
}

// NewWorld makes an empty world whose random streams derive from seed.
func NewWorld(seed uint64) *World {
	return &World{
		Logger: slog.New(slog.DiscardHandler), now: time.Hour, seed: seed,
		listeners: make(map[netip.AddrPort]*listener), lastPort: 40000,
	}
}

// Now is the virtual monotonic time.
func (w *World) Now() time.Duration { return w.now }

// Run lets d of virtual time pass.
func (w *World) Run(d time.Duration) {
	end := w.now + d
	for len(w.queue) > 0 && w.queue[0].at <= end {
		e := heap.Pop(&w.queue).(*event)
		w.now = e.at
		e.fn()
	}
	w.now = end
}

// Until lets time pass, for no longer than limit, until cond holds, and reports
// whether it does. It asks after each callback.
func (w *World) Until(limit time.Duration, cond func() bool) bool {
	end := w.now + limit
	for !cond() {
		if len(w.queue) == 0 || w.queue[0].at > end {
			w.now = end
			return false
		}
		e := heap.Pop(&w.queue).(*event)
		w.now = e.at
		e.fn()
	}
	return true
}

func (w *World) after(d time.Duration, fn func()) *event {
	e := &event{at: w.now + max(d, 0), seq: w.seq, fn: fn}
	w.seq++
	heap.Push(&w.queue, e)
	return e
}

// carry delivers something from one process to another, unless one of them is
// silent: then when neither is any more.
func (w *World) carry(from, to *Process, deliver func()) {
	w.after(delay, func() {
		if from.silent || to.silent {
			w.held = append(w.held, held{from, to, deliver})
			return
		}
		deliver()
	})
}

func (w *World) releaseHeld() {
	waiting := w.held
	w.held = nil
	for _, h := range waiting {
		w.carry(h.from, h.to, h.deliver)
	}
}

type event struct {
	at  time.Duration
	seq uint64
	fn  func()
}

type eventHeap []*event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(*event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

type clock struct{ w *World }

func (c clock) Now() time.Time                  { return time.Unix(1_700_000_000, 0).UTC().Add(c.w.now) }
func (c clock) Monotonic() time.Duration        { return c.w.now }
func (c clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

var _ host.Clock = clock{}
