package cluster

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// tapClock decorates the clock of a machine: its wall clock may be wrong. Timers, and the
// monotonic clock, do not notice.
type tapClock struct {
	host.Clock
	self *tcpHost
}

// Clock is the decorated clock.
func (t *tap) Clock() host.Clock { return tapClock{t.Host.Clock(), t.self} }

func (c tapClock) Now() time.Time {
	return c.Clock.Now().Add(time.Duration(c.self.wrong.Load()))
}

func (c tapClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c tapClock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// SetClockOffset sets the wall clock wrong by d.
func (h *tcpHost) SetClockOffset(d time.Duration) { h.wrong.Store(int64(d)) }

// StepClock moves it by d.
func (h *tcpHost) StepClock(d time.Duration) { h.wrong.Add(int64(d)) }
