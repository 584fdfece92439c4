// Package montest is a small deterministic world for the monitor's own tests:
// virtual time, loops, disks that can lose what was not synced, recorded facts.
// It has no network: tests carry messages themselves. Nothing but tests imports
// it. (The real simulator knows daemons; daemons must not know the simulator.)
package montest

import (
	"container/heap"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// World is one run: a queue of callbacks in virtual time. One goroutine only.
type World struct {
	now    time.Duration
	seq    uint64
	queue  eventHeap
	seed   uint64
	logger *slog.Logger
}

// NewWorld makes a world whose random streams derive from seed.
func NewWorld(seed uint64) *World {
	return &World{now: time.Hour, seed: seed, logger: slog.New(slog.DiscardHandler)}
}

// Now is the virtual monotonic time.
func (w *World) Now() time.Duration { return w.now }

// After runs fn once, d from now, outside any process.
func (w *World) After(d time.Duration, fn func()) { w.push(d, fn) }

func (w *World) push(d time.Duration, fn func()) *event {
	e := &event{at: w.now + max(d, 0), seq: w.seq, fn: fn}
	w.seq++
	heap.Push(&w.queue, e)
	return e
}

// Run lets d of virtual time pass.
func (w *World) Run(d time.Duration) {
	end := w.now + d
	for len(w.queue) > 0 && w.queue[0].at <= end {
		e := heap.Pop(&w.queue).(*event)
		w.now = e.at
		if e.fn != nil {
			e.fn()
		}
	}
	w.now = end
}

// Until lets time pass until cond holds, and reports whether it did within limit.
func (w *World) Until(limit time.Duration, cond func() bool) bool {
	for end := w.now + limit; w.now < end; {
		if cond() {
			return true
		}
		w.Run(time.Millisecond)
	}
	return cond()
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

var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func (c clock) Now() time.Time                  { return epoch.Add(c.w.now) }
func (c clock) Monotonic() time.Duration        { return c.w.now }
func (c clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

var _ host.Clock = clock{}
