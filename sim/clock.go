package sim

import "time"

// epoch is the wall time at which every simulation begins.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// clock implements host.Clock for one machine.
type clock struct {
	sim    *Sim
	offset time.Duration // by how much the wall clock is wrong
}

func (c *clock) Now() time.Time                  { return epoch.Add(c.sim.Now() + c.offset) }
func (c *clock) Monotonic() time.Duration        { return c.sim.Now() }
func (c *clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c *clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// StepClock moves the machine's wall clock by d, either way. Timers and the
// monotonic clock do not notice.
func (h *Host) StepClock(d time.Duration) {
	h.clock.offset += d
	h.sim.trace.host(h, "clock-step")
}
