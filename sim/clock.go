package sim

import (
	"fmt"
	"log/slog"
	"math"
	"math/bits"
	"time"
)

// epoch is the wall time at which every simulation begins.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// MaxClockDrift bounds the drift of a clock, in parts per million either way. Real
// machines stay below 500, and below 100 with NTP.
const MaxClockDrift = 500_000

const million = 1_000_000

// clock implements host.Clock for one machine. The monotonic clock runs at a rate
// of 1 + ppm/10^6 since the last change of the rate, rounded down to a nanosecond;
// the wall clock is that and an offset. All of it is integer arithmetic, exact and
// the same on every machine.
type clock struct {
	sim    *Sim
	offset time.Duration // by how much the wall clock is ahead of the monotonic one
	ppm    int64
	since  instant       // when the rate changed last
	shown  time.Duration // what the monotonic clock showed then
}

func (c *clock) Now() time.Time                  { return epoch.Add(later(c.Monotonic(), c.offset)) }
func (c *clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c *clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

func (c *clock) Monotonic() time.Duration {
	passed := time.Duration(c.sim.kernel.wheel.now - c.since)
	if c.ppm != 0 {
		passed = later(passed, drifted(passed, c.ppm))
	}
	return later(c.shown, passed)
}

// drifted is d*ppm/10^6, rounded down. It does not overflow: whole millions and the
// rest are multiplied apart.
func drifted(d time.Duration, ppm int64) time.Duration {
	whole, rest := int64(d)/million, int64(d)%million
	part := rest * ppm
	down := part / million
	if part%million < 0 {
		down--
	}
	return time.Duration(whole*ppm + down)
}

// when is the first instant at which the monotonic clock shows t or more. It may be
// past.
func (c *clock) when(t time.Duration) instant {
	left := t - c.shown
	if c.ppm != 0 && left > 0 {
		left = undrifted(left, c.ppm)
	}
	return int64(later(time.Duration(c.since), left))
}

// undrifted is how long a clock with that drift takes to show that d has passed:
// d*10^6/(10^6+ppm), rounded up, or the end of time.
func undrifted(d time.Duration, ppm int64) time.Duration {
	rate := uint64(million + ppm)
	hi, lo := bits.Mul64(uint64(d), million)
	lo, carry := bits.Add64(lo, rate-1, 0)
	hi += carry
	if hi >= rate {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, rate)
	return time.Duration(min(quotient, math.MaxInt64))
}

// later is d after t. It stops at the ends of time.
func later(t, d time.Duration) time.Duration {
	sum := t + d
	switch {
	case d > 0 && sum < t:
		return math.MaxInt64
	case d < 0 && sum > t:
		return math.MinInt64
	}
	return sum
}

// StepClock moves the machine's wall clock by d, either way. Timers and the
// monotonic clock do not notice.
func (h *Host) StepClock(d time.Duration) {
	h.clock.offset = later(h.clock.offset, d)
	h.sim.trace.host(h, "clock-step")
}

// SetClockOffset sets the machine's wall clock d ahead of its monotonic clock, or
// behind. On a machine whose clock has never drifted that is how wrong it is; 0 is
// what every machine begins with.
func (h *Host) SetClockOffset(d time.Duration) {
	h.clock.offset = d
	h.note("host.clock-offset", slog.Duration("offset", d))
}

// SetClockDrift lets both clocks of the machine run fast from now on by so many
// parts per million, or slow if ppm is negative; 0 makes them run true again, from
// what they show. Timers follow: one that is set comes due when the machine's
// monotonic clock shows its deadline. What does not belong to the machine, its
// network and its disk, takes as long as before. A clock that runs fast skips
// nanoseconds, and deadlines that it comes to at one instant count as equal. Error:
// more than [MaxClockDrift].
func (h *Host) SetClockDrift(ppm int) error {
	if ppm < -MaxClockDrift || ppm > MaxClockDrift {
		return fmt.Errorf("host %s: clock drift of %d ppm: at most %d either way", h.name, ppm, MaxClockDrift)
	}
	c := &h.clock
	then := *c
	c.shown, c.since = c.Monotonic(), h.sim.kernel.now()
	c.ppm = int64(ppm)
	if h.process != nil {
		for _, l := range h.process.loops {
			l.rescheduleTimers(&then)
		}
	}
	h.note("host.clock-drift", slog.Int("ppm", ppm))
	return nil
}

// rescheduleTimers puts the deadlines of armed timers on the agenda anew, after the
// clock was another.
func (l *loop) rescheduleTimers(then *clock) {
	for t := l.armed; t != nil; t = t.next {
		if then.ppm == 0 { // they have no deadline of their own
			t.deadline = later(then.shown, t.Deadline()-time.Duration(then.since))
		}
		l.kernel.wheel.cancel(t.pending)
		t.schedule()
	}
}
