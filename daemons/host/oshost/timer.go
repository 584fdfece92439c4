package oshost

import (
	"container/heap"
	"math"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// timer implements host.Timer. It belongs to its loop's goroutine; being set is
// being in the loop's heap, so a stopped timer has nothing left that could fire.
type timer struct {
	loop  *loop
	fn    func()
	at    time.Duration // monotonic
	order uint64        // the how-manieth setting of the loop this is
	index int           // in the heap, or unset
}

const unset = -1

func (l *loop) NewTimer(fn func()) host.Timer {
	return &timer{loop: l, fn: fn, index: unset}
}

func (t *timer) Reset(d time.Duration) {
	l := t.loop
	if l.over.Load() {
		return
	}
	t.at = deadline(l.host.clock.Monotonic(), d)
	l.armed++
	t.order = l.armed
	if t.index == unset {
		heap.Push(&l.timers, t)
	} else {
		heap.Fix(&l.timers, t.index)
	}
	l.setAlarm()
}

func (t *timer) Stop() {
	if t.index != unset {
		heap.Remove(&t.loop.timers, t.index)
	}
}

func (t *timer) Armed() bool { return t.index != unset }

// deadline is d after now, or now if d is negative, or the end of time if that
// comes first.
func deadline(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + max(d, 0)
}

// timerHeap has the earliest deadline first, and of equal ones the one set
// first. It implements heap.Interface.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = unset
	return t
}
