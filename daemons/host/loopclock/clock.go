package loopclock

import (
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
)

// Clock implements clock.Clock for what runs on one loop. All its methods are called
// there.
type Clock struct {
	host.Clock
	loop  host.Loop
	armed []*alarm // that are to come due, in the order they were set
	idle  []*alarm // that are not, as long as somebody may set them again
}

var _ clock.Clock = (*Clock)(nil)

// New makes a clock for what runs on loop, on the machine whose clock is machine.
func New(machine host.Clock, loop host.Loop) *Clock {
	return &Clock{Clock: machine, loop: loop}
}

// Do calls a function that uses this clock, and then sees to it that what it did to
// timers comes true.
func (c *Clock) Do(fn func()) {
	defer c.look()
	fn()
}

// For is the same clock with a Sleep that waits in the given task.
func (c *Clock) For(t host.Task) clock.Clock { return taskClock{c, t} }

// taskClock is a Clock in a task.
type taskClock struct {
	*Clock
	task host.Task
}

// Sleep implements clock.Clock.
func (c taskClock) Sleep(d time.Duration) {
	c.look() // time passes now
	c.task.Sleep(d)
}

// Sleep panics: only a task can sleep, see For.
func (c *Clock) Sleep(time.Duration) {
	panic("loopclock: Sleep outside a task would block loop " + c.loop.Name() + "; use the clock of Clock.For")
}

// AfterFunc runs f on the loop when d has passed.
func (c *Clock) AfterFunc(d time.Duration, f func()) *clock.Timer {
	t := clock.NewMock().AfterFunc(untouched, nil)
	c.add(&alarm{timer: t, ring: f}, d)
	return t
}

// Timer sends the time on the timer's channel when d has passed.
func (c *Clock) Timer(d time.Duration) *clock.Timer {
	t := clock.NewMock().Timer(untouched)
	ch := make(chan time.Time, 1)
	t.C = ch
	c.add(&alarm{timer: t, ring: c.sending(ch), drain: draining(ch)}, d)
	return t
}

// After is the channel of a Timer.
func (c *Clock) After(d time.Duration) <-chan time.Time { return c.Timer(d).C }

// Ticker sends the time on the ticker's channel each time d has passed; a time that
// nobody has taken is kept, and later ones are dropped. It panics if d is not
// positive.
func (c *Clock) Ticker(d time.Duration) *clock.Ticker {
	if d <= 0 {
		panic("loopclock: non-positive interval for a ticker")
	}
	t := clock.NewMock().Ticker(untouched)
	ch := make(chan time.Time, 1)
	t.C = ch
	c.add(&alarm{ticker: t, ring: c.sending(ch), drain: draining(ch)}, d)
	return t
}

// Tick is the channel of a Ticker that cannot be stopped.
func (c *Clock) Tick(d time.Duration) <-chan time.Time { return c.Ticker(d).C }

// sending puts the time into a channel that has room for one.
func (c *Clock) sending(ch chan time.Time) func() {
	return func() {
		if len(ch) == 0 {
			ch <- c.Now() //wavetank:allow the loop is the only sender and there is room
		}
	}
}

// draining takes what is left in a channel.
func draining(ch chan time.Time) func() {
	return func() {
		if len(ch) > 0 {
			<-ch //wavetank:allow the loop is the only receiver and something is there
		}
	}
}
