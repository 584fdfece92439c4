package hosttest

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func timerChecks() []check {
	return []check{
		{"a new timer is not set", timerIsBornUnset},
		{"a timer fires once per reset", timerFiresOnce},
		{"a timer does not fire early", timerIsNotEarly},
		{"timers fire in the order of their deadlines", timerOrder},
		{"a stopped timer does not fire", timerStop},
		{"a timer stopped when already due does not fire", timerStopWhenDue},
		{"a stopped timer can be set again", timerStopThenReset},
		{"reset to later forgets the earlier setting", timerResetLater},
		{"reset to sooner forgets the later setting", timerResetSooner},
		{"reset of a due timer puts it off", timerResetWhenDue},
		{"reset with zero or less never fires inside", timerZero},
		{"a timer may reset itself", timerPeriodic},
		{"a timer that resets itself to zero keeps nobody out", timerIsFair},
		{"the longest duration does not overflow", timerForEver},
		{"armed tells whether the timer will fire", timerArmed},
		{"stop of an unset timer does nothing", timerStopUnset},
		{"steps of the wall clock do not move timers", timerIgnoresSteps},
	}
}

func timerIsBornUnset(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		if p.main.NewTimer(j.noting("fired")).Armed() {
			r.Error("a new timer is armed")
		}
	})
	r.settle()
	j.wants(r)
}

func timerFiresOnce(r *rig) {
	p := r.process("a")
	var j journal
	var t host.Timer
	p.do(func() {
		t = p.main.NewTimer(j.noting("fired"))
		t.Reset(time.Millisecond)
	})
	r.await("the timer has fired", j.has(1))
	r.settle()
	j.wants(r, "fired")
	p.do(func() { t.Reset(time.Millisecond) })
	r.await("it has fired again", j.has(2))
	r.settle()
	j.wants(r, "fired", "fired")
}

func timerIsNotEarly(r *rig) {
	p := r.process("a")
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, 17 * time.Millisecond, 60 * time.Millisecond} {
		var took atomic.Int64
		p.do(func() {
			set := p.Clock().Monotonic()
			p.main.NewTimer(func() { took.Store(int64(p.Clock().Monotonic() - set)) }).Reset(d)
		})
		r.await("the timer has fired", func() bool { return took.Load() != 0 })
		if got := time.Duration(took.Load()); got < d {
			r.Errorf("a timer of %v fired after %v", d, got)
		}
	}
}

// shot is a timer, or a sleep, that was set somewhere between two moments, and so has a
// deadline between two others: real machines pause between any two statements.
type shot struct {
	delay       time.Duration
	first, last time.Duration // its deadline is one of these or between
}

func timerOrder(r *rig) {
	p := r.process("a")
	var mu sync.Mutex
	var fired []*shot
	delays := []time.Duration{50, 10, 30, 20, 40, 15, 45, 25, 35, 5, 12, 3, 48, 7, 33, 0, 1, -1}
	p.do(func() {
		for _, d := range delays {
			s := &shot{delay: d * time.Millisecond}
			t := p.main.NewTimer(func() {
				mu.Lock()
				defer mu.Unlock()
				fired = append(fired, s)
			})
			s.first = p.Clock().Monotonic() + max(s.delay, 0)
			t.Reset(s.delay)
			s.last = p.Clock().Monotonic() + max(s.delay, 0)
		}
	})
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(fired)
	}
	r.await("all timers have fired", func() bool { return count() == len(delays) })
	wantsOrder(r, fired)
}

// wantsOrder fails the check if one fired before another that was surely due earlier.
func wantsOrder(r *rig, fired []*shot) {
	r.Helper()
	for i, s := range fired {
		for _, earlier := range fired[:i] {
			if earlier.first > s.last {
				r.Errorf("what was set to %v fired before what was set to %v", earlier.delay, s.delay)
			}
		}
	}
}

func timerStop(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		stopped := p.main.NewTimer(j.noting("stopped"))
		stopped.Reset(10 * time.Millisecond)
		p.main.NewTimer(j.noting("kept")).Reset(10 * time.Millisecond)
		stopped.Stop()
	})
	r.await("the other timer has fired", j.has(1))
	r.settle()
	j.wants(r, "kept")
}

// timerStopWhenDue has two timers due at once; whichever fires first stops the
// other. On a real machine a timer that merely posts itself fails here.
func timerStopWhenDue(r *rig) {
	p := r.process("a")
	for range 20 {
		var fired atomic.Int32
		p.do(func() {
			var a, b host.Timer
			a = p.main.NewTimer(func() { fired.Add(1); b.Stop() })
			b = p.main.NewTimer(func() { fired.Add(1); a.Stop() })
			a.Reset(0)
			b.Reset(0)
		})
		r.await("one timer has fired", func() bool { return fired.Load() > 0 })
		r.world.Run(2 * time.Millisecond)
		if n := fired.Load(); n != 1 {
			r.Fatalf("%d timers fired, though the first stopped the second", n)
		}
	}
	stopDueFromPost(r, p)
}

// stopDueFromPost stops a timer that came due while the loop was busy. Only
// where time passes by itself does the callback take any.
func stopDueFromPost(r *rig, p *process) {
	var j journal
	p.do(func() {
		t := p.main.NewTimer(j.noting("fired"))
		t.Reset(time.Microsecond)
		spin(p, 2*time.Millisecond)
		t.Stop()
	})
	r.settle()
	j.wants(r)
}

// spin keeps the loop busy for d, or not at all where time stands still during
// a callback.
func spin(p *process, d time.Duration) {
	spinUntil(p, d, func() bool { return false })
}

// spinUntil is spin, but ends when cond holds.
func spinUntil(p *process, d time.Duration, cond func() bool) {
	const motionless = 1000 // readings of a clock without a difference
	start := p.Clock().Monotonic()
	for n := 0; !cond(); n++ {
		if past := p.Clock().Monotonic() - start; past >= d || past == 0 && n > motionless {
			return
		}
	}
}

func timerStopThenReset(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		t := p.main.NewTimer(j.noting("fired"))
		t.Reset(0)
		t.Stop()
		t.Reset(time.Millisecond)
	})
	r.await("the timer has fired", j.has(1))
	r.settle()
	j.wants(r, "fired")
}

func timerResetLater(r *rig) {
	p := r.process("a")
	var took atomic.Int64
	var j journal
	p.do(func() {
		set := p.Clock().Monotonic()
		t := p.main.NewTimer(func() {
			took.Store(int64(p.Clock().Monotonic() - set))
			j.note("fired")
		})
		t.Reset(5 * time.Millisecond)
		t.Reset(50 * time.Millisecond)
	})
	r.await("the timer has fired", j.has(1))
	r.settle()
	j.wants(r, "fired")
	if got := time.Duration(took.Load()); got < 50*time.Millisecond {
		r.Errorf("it fired after %v, the last setting was 50ms", got)
	}
}

func timerResetSooner(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		t := p.main.NewTimer(j.noting("fired"))
		t.Reset(1000 * time.Hour)
		t.Reset(time.Millisecond)
	})
	r.await("the timer has fired", j.has(1))
}

func timerResetWhenDue(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		t := p.main.NewTimer(j.noting("fired"))
		t.Reset(time.Microsecond)
		spin(p, 2*time.Millisecond)
		t.Reset(1000 * time.Hour)
	})
	r.settle()
	j.wants(r)
}

func timerZero(r *rig) {
	for _, d := range []time.Duration{0, -1, -time.Hour, math.MinInt64} {
		p := r.process("a")
		var j journal
		p.do(func() {
			p.main.NewTimer(j.noting("fired")).Reset(d)
			j.note("returned")
		})
		r.await("the timer has fired", j.has(2))
		j.wants(r, "returned", "fired")
	}
}

func timerPeriodic(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		var t host.Timer
		t = p.main.NewTimer(func() {
			j.note("tick")
			t.Reset(time.Millisecond)
		})
		t.Reset(time.Millisecond)
	})
	r.await("it has ticked ten times", j.has(10))
}

func timerIsFair(r *rig) {
	p := r.process("a")
	const rounds = 100000
	var j journal
	p.do(func() {
		left := rounds
		var t host.Timer
		t = p.main.NewTimer(func() {
			if left--; left > 0 {
				t.Reset(0)
			}
		})
		t.Reset(0)
		p.main.Post(func() {
			if left == 0 {
				r.Errorf("a post waited until a timer had fired %d times", rounds)
			}
			left = 1
			j.note("post has run")
		})
	})
	r.await("the post has run", j.has(1))
}

func timerForEver(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		p.main.NewTimer(j.noting("the longest")).Reset(math.MaxInt64)
		p.main.NewTimer(j.noting("a short one")).Reset(time.Millisecond)
		p.main.NewTimer(j.noting("nearly the longest")).Reset(math.MaxInt64 - 1)
	})
	r.await("the short timer has fired", j.has(1))
	r.settle()
	j.wants(r, "a short one")
}

func timerArmed(r *rig) {
	p := r.process("a")
	var j journal
	var t host.Timer
	p.do(func() {
		t = p.main.NewTimer(func() { j.note("in the callback %v", t.Armed()) })
		t.Reset(time.Hour)
		j.note("after Reset %v", t.Armed())
		t.Stop()
		j.note("after Stop %v", t.Armed())
		t.Reset(0)
		j.note("after Reset to 0 %v", t.Armed())
	})
	r.await("the timer has fired", j.has(4))
	p.do(func() { j.note("after it fired %v", t.Armed()) })
	want := []string{
		"after Reset true", "after Stop false", "after Reset to 0 true",
		"in the callback false", "after it fired false",
	}
	if got := j.all(); !slices.Equal(got, want) {
		r.Errorf("got %q, want %q", got, want)
	}
}

func timerStopUnset(r *rig) {
	p := r.process("a")
	var j journal
	var t host.Timer
	p.do(func() {
		t = p.main.NewTimer(j.noting("fired"))
		t.Stop()
		t.Reset(0)
	})
	r.await("the timer has fired", j.has(1))
	p.do(func() {
		t.Stop()
		t.Stop()
	})
}

func timerIgnoresSteps(r *rig) {
	m := r.world.NewHost("a")
	p := r.start(m)
	var j journal
	p.do(func() {
		p.main.NewTimer(j.noting("in an hour")).Reset(time.Hour)
		p.main.NewTimer(j.noting("soon")).Reset(20 * time.Millisecond)
	})
	if !m.Step(2 * time.Hour) {
		r.Skip("the wall clock cannot be stepped here")
	}
	r.await("the short timer has fired", j.has(1))
	r.settle()
	j.wants(r, "soon")

	p.do(func() { p.main.NewTimer(j.noting("after stepping back")).Reset(20 * time.Millisecond) })
	m.Step(-50 * time.Hour)
	r.await("a timer has fired though the wall clock went back", j.has(2))
}
