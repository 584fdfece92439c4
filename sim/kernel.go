package sim

import (
	"fmt"
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
// due at one instant has no order of its own: the kernel draws which comes next.
type kernel struct {
	wheel *wheel
	order *Stream
	steps uint64
	hash  uint64
	stuck int // steps since time last moved
}

// maxStuck bounds the steps at one instant: a callback that posts itself would
// otherwise hang the run for ever. A whole campaign step takes a few thousand.
const maxStuck = 10_000_000

func newKernel(seed uint64) *kernel {
	return &kernel{wheel: newWheel(), order: NewStream(seed, "kernel/order"), hash: mix(seed)}
}

func (k *kernel) now() instant { return k.wheel.now }

// after schedules an event d from now. Times saturate far beyond any run.
func (k *kernel) after(d time.Duration, t target, kind eventKind, actor uint32, arg uint64) handle {
	return k.wheel.add(k.limit(d), t, kind, actor, arg)
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
		if !k.wheel.advance(limit) {
			return false
		}
		k.stuck = 0
	}
	if k.stuck++; k.stuck > maxStuck {
		panic(fmt.Sprintf("sim: %d steps at virtual time %v, step %d: something goes round without time passing",
			maxStuck, time.Duration(k.now()), k.steps))
	}
	pick := 0
	if n := len(k.wheel.due); n > 1 {
		pick = k.order.IntN(n)
	}
	e := k.wheel.take(pick)
	k.steps++
	k.absorb(uint64(e.at), uint64(e.actor)<<8|uint64(e.kind))
	e.target.fire(e.kind, e.arg)
	return true
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
