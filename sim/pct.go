package sim

import (
	"math/bits"
	"slices"
	"time"
)

// pct is the strategy PCT. A priority is a number, the least goes first. Those that
// loops begin with are a hash of their number and lie below fallen; the i-th loop to
// fall gets fallen+i.
type pct struct {
	schedule Schedule
	salt     uint64
	changes  []uint64 // the steps at which the loop that runs falls, ascending
	falls    []uint32 // the loops that fell, in that order; one may be there twice
	draws    *Stream
}

// fallen is the first priority of loops that fell.
const fallen = 1 << 32

func newPCT(s Schedule, draws *Stream, now uint64) *pct {
	p := &pct{schedule: s, draws: draws}
	p.salt = p.draws.Uint64()
	for range s.Depth - 1 {
		p.changes = append(p.changes, now+uint64(p.draws.IntN(s.Steps)))
	}
	slices.Sort(p.changes)
	return p
}

func (p *pct) priority(thread uint32) uint64 {
	for i := len(p.falls) - 1; i >= 0; i-- {
		if p.falls[i] == thread {
			return fallen + uint64(i)
		}
	}
	if thread == 0 {
		return 0
	}
	return mix(p.salt^uint64(thread)) >> 32
}

// lag is for how long the loop of that number oversleeps: the first half of Lag is
// for those that have not fallen, the second for those that have.
func (p *pct) lag(thread uint32) time.Duration {
	half, priority := uint64(p.schedule.Lag)/2, p.priority(thread)
	if priority < fallen {
		hi, _ := bits.Mul64(half, priority<<32)
		return time.Duration(hi)
	}
	return time.Duration(half + half*(priority-fallen+1)/uint64(p.schedule.Depth))
}

func (p *pct) choose(w *wheel, steps uint64) int {
	pick := p.first(w)
	if len(p.changes) > 0 && steps >= p.changes[0] {
		p.changes = p.changes[1:]
		p.fall(&w.slab[w.due[pick]])
		return p.first(w)
	}
	return pick
}

// first is the due event of the loop that goes first.
func (p *pct) first(w *wheel) int {
	pick, best, same := -1, uint64(0), 0
	for i, index := range w.due {
		priority := p.priority(w.slab[index].thread())
		switch {
		case pick < 0 || priority < best:
			pick, best, same = i, priority, 1
		case priority == best:
			if same++; p.draws.IntN(same) == 0 {
				pick = i
			}
		}
	}
	return pick
}

// fall puts the loop that would have run below all others, and stops it.
func (p *pct) fall(e *event) {
	id := e.thread()
	if id == 0 {
		return
	}
	p.falls = append(p.falls, id)
	if l := e.loop(); l != nil {
		l.hold(p.lag(id))
	}
}

// waits reports whether what is due for the loop has to wait: an earlier callback
// still takes time, or the loop was idle and oversleeps.
func (l *loop) waits() bool {
	return l.busy() || l.kernel.lags != nil && l.oversleeps()
}

// oversleeps lets an idle loop take up late what is due for it.
func (l *loop) oversleeps() bool {
	if l.scheduled || l.proc.sim().running == l {
		return false // it is awake
	}
	l.hold(l.kernel.lags.lag(l.id))
	return l.busy()
}

// hold lets nothing run on the loop for at least d.
func (l *loop) hold(d time.Duration) {
	l.busyUntil = max(l.busyUntil, int64(later(time.Duration(l.kernel.now()), d)))
}
