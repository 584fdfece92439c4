package loopclock

import (
	"math"
	"reflect"
	"slices"
	"time"
	"weak" //wavetank:allow a timer that was collected can no longer be reset, so nothing can tell

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
)

// alarm is what makes one clock.Timer or clock.Ticker come due.
type alarm struct {
	clock  *Clock
	timer  *clock.Timer  // nil if it is a ticker, or idle
	ticker *clock.Ticker // nil if it is a timer, or idle
	ring   func()
	drain  func() // nil if there is no channel

	weakTimer  weak.Pointer[clock.Timer] // of an idle one
	weakTicker weak.Pointer[clock.Ticker]

	at     host.Timer
	due    time.Duration // monotonic
	period time.Duration // of a ticker
}

// untouched is the duration that a timer is left with on its Mock, whatever it was
// set to: if another one is found there, Reset was called.
const untouched time.Duration = math.MaxInt64 - 4711

func (c *Clock) add(a *alarm, d time.Duration) {
	a.clock, a.at = c, c.loop.NewTimer(a.fire)
	if a.timer != nil {
		a.weakTimer = weak.Make(a.timer)
	} else {
		a.weakTicker = weak.Make(a.ticker)
	}
	c.armed = append(c.armed, a)
	a.set(d)
}

// set lets the alarm come due when d has passed.
func (a *alarm) set(d time.Duration) {
	a.due, a.period = a.clock.Monotonic()+max(d, 0), d
	if a.due < 0 {
		a.due = math.MaxInt64
	}
	a.at.Reset(d)
}

// fire is called when the alarm comes due.
func (a *alarm) fire() {
	c := a.clock
	c.look()
	switch {
	case a.at.Armed() || !slices.Contains(c.armed, a): // it was touched where nobody looked
		return
	case a.ticker != nil:
		a.due += a.period
		a.at.Reset(a.due - c.Monotonic())
	default:
		a.timer.Stop()
	}
	c.Do(a.ring)
}

// look finds out which timers were stopped or reset.
func (c *Clock) look() {
	c.idle = slices.DeleteFunc(c.idle, func(a *alarm) bool {
		if !a.revive() {
			return true
		}
		if stopped(a.value()) {
			a.timer, a.ticker = nil, nil
			return false
		}
		c.armed = append(c.armed, a)
		return true
	})
	c.armed = slices.DeleteFunc(c.armed, func(a *alarm) bool {
		if stopped(a.value()) {
			a.at.Stop()
			a.timer, a.ticker = nil, nil
			c.idle = append(c.idle, a)
			return true
		}
		if d := setTo(a.value()); d != untouched {
			if a.drain != nil {
				a.drain()
			}
			a.touch()
			a.set(d)
		}
		return false
	})
}

// revive finds the timer or ticker of an idle alarm, unless nobody has it any more.
func (a *alarm) revive() bool {
	a.timer, a.ticker = a.weakTimer.Value(), a.weakTicker.Value()
	return a.timer != nil || a.ticker != nil
}

// touch leaves the mark by which a later Reset is seen.
func (a *alarm) touch() {
	if a.timer != nil {
		a.timer.Reset(untouched)
	} else {
		a.ticker.Reset(untouched)
	}
}

// value is the clock.Timer or clock.Ticker.
func (a *alarm) value() reflect.Value {
	if a.timer != nil {
		return reflect.ValueOf(a.timer).Elem()
	}
	return reflect.ValueOf(a.ticker).Elem()
}

// stopped reads the hidden field of a clock.Timer or clock.Ticker: it was stopped, or
// a timer that has fired.
func stopped(v reflect.Value) bool { return v.FieldByName("stopped").Bool() }

// setTo is the duration that it was last set to: its hidden deadline, counted from
// the time at which its Mock stands.
func setTo(v reflect.Value) time.Duration {
	seconds, nanoseconds := reading(v.FieldByName("next"))
	zeroSeconds, zeroNanoseconds := reading(reflect.ValueOf(clock.NewMock().Now()))
	return time.Duration((seconds-zeroSeconds)*int64(time.Second) + nanoseconds - zeroNanoseconds)
}

// reading is what a time.Time without a monotonic reading has in its first two fields:
// nanoseconds, and seconds since the year 1.
func reading(t reflect.Value) (seconds, nanoseconds int64) {
	return t.Field(1).Int(), int64(t.Field(0).Uint())
}
