package sim

import (
	"math"
	"math/bits"
	"time"
)

// eventKind says what an event means to its target; it is part of the run hash.
type eventKind uint8

const (
	eventRun     eventKind = iota + 1 // a loop runs its next callback
	eventTimer                        // a timer is due
	eventDeliver                      // segments reach the far end of a stream
	eventCredit                       // the far end has read: window is returned
	eventRefused                      // nobody listens where a connection attempt went
	eventSYN                          // a connection attempt reaches its target
	eventStart                        // a process begins
	eventSynced                       // a disk sync is complete
	eventCall                         // a function of the simulation's owner
	eventGiveUp                       // nothing was acknowledged for too long
)

// kernel is virtual time and the order of everything that happens in it. What is
// due at one instant has no order of its own: the kernel draws which comes next,
// or asks a chooser.
type kernel struct {
	wheel   *wheel
	order   *Stream
	chooser chooser // nil draws uniformly from order
	lags    *pct    // nil lets no loop oversleep
	watch   *Watch  // nil if nobody watches
	steps   uint64
	hash    uint64
	stuck   int              // steps since time last moved
	calm    int              // more of them are suspicious,
	bound   int              // and more than this a livelock
	spins   map[uint32]*Spin // who made the suspicious ones
	waits   func() []Wait    // who waits meanwhile
	err     error            // why the run is over

	decisions  uint64  // that were drawn from order
	limitSteps uint64  // of the whole run; 0 is none
	witness    Witness // nil if there is none
}

// chooser is a strategy of choice among what is due.
type chooser interface {
	// choose is the index of the next event in the wheel's list of those that are
	// due, which is not empty.
	choose(w *wheel, steps uint64) int
}

func newKernel(config Config) *kernel {
	return &kernel{
		wheel: newWheel(), order: NewStream(config.Seed, "kernel/order"), hash: mix(config.Seed),
		watch: config.Watch, limitSteps: config.MaxSteps, bound: config.MaxStepsPerInstant, calm: max(config.MaxStepsPerInstant-spinSample, 0),
	}
}

func (k *kernel) now() instant { return k.wheel.now }

// after schedules an event d from now. Times saturate far beyond any run.
func (k *kernel) after(d time.Duration, t target, kind eventKind, actor uint32, arg uint64) handle {
	return k.add(k.limit(d), t, kind, actor, arg)
}

// add schedules an event at an instant.
func (k *kernel) add(at instant, t target, kind eventKind, actor uint32, arg uint64) handle {
	if k.witness != nil {
		k.sawEvent(ActSchedule, at, t, kind, arg)
	}
	return k.wheel.add(at, t, kind, actor, arg)
}

// cancel takes an event off the agenda again, and reports whether it was on it.
func (k *kernel) cancel(h handle, t target, kind eventKind) bool {
	if !k.wheel.cancel(h) {
		return false
	}
	if k.witness != nil {
		k.sawEvent(ActCancel, 0, t, kind, 0)
	}
	return true
}

// limit is the instant d from now: never in the past, and saturating.
func (k *kernel) limit(d time.Duration) instant {
	if at := k.wheel.now + int64(max(d, 0)); at >= k.wheel.now {
		return at
	}
	return math.MaxInt64
}

// step makes the next event happen, if one is due by limit.
func (k *kernel) step(limit instant) bool {
	if len(k.wheel.due) == 0 {
		if k.err != nil || !k.wheel.advance(limit) {
			return false
		}
		k.stuck = 0
	}
	if k.stuck++; k.stuck > k.calm && k.livelocked() {
		return false
	}
	pick := 0
	if k.chooser != nil {
		pick = k.chooser.choose(k.wheel, k.steps)
	} else if n := len(k.wheel.due); n > 1 {
		pick = k.order.IntN(n)
		k.decisions++
	}
	if k.stuck > k.calm {
		k.countSpin(pick)
	}
	e := k.wheel.take(pick)
	if k.steps++; k.steps == k.limitSteps {
		k.stop(&StuckError{Reason: ErrLivelock, At: time.Duration(k.now()), Step: k.steps, Waits: k.waits()})
	}
	k.absorb(uint64(e.at), uint64(e.actor)<<8|uint64(e.kind))
	if k.watch != nil {
		k.watch.step(k.steps, k.wheel.now, e.loop())
	}
	if k.witness != nil {
		k.sawStep(&e)
	}
	e.target.fire(e.kind, e.arg)
	return true
}

// stop ends the run: no event happens any more.
func (k *kernel) stop(err error) {
	if k.err == nil {
		k.err, k.calm = err, math.MinInt
	}
}

// absorb folds two words into the run hash. It runs at every step, so it is one
// multiplication; each half is whitened so that no input can zero it.
func (k *kernel) absorb(a, b uint64) {
	hi, lo := bits.Mul64(a^k.hash^0xa0761d6478bd642f, b^bits.RotateLeft64(k.hash, 32)^0xe7037ed1a0b428db)
	k.hash = hi ^ lo ^ bits.RotateLeft64(k.hash, 23)
}

// absorbText folds a string into the run hash.
func (k *kernel) absorbText(s string) {
	h := uint64(fnvOffset)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	k.absorb(h, uint64(len(s)))
}
