package hosttest

import (
	"time"
)

func clockChecks() []check {
	return []check{
		{"monotonic time never goes back", clockMonotonic},
		{"both clocks move as time passes", clockMoves},
		{"since and until measure with the wall clock", clockSince},
		{"a step moves the wall clock and nothing else", clockStep},
	}
}

func clockMonotonic(r *rig) {
	p := r.process("a")
	var last time.Duration
	for range 20 {
		p.do(func() {
			for range 100 {
				now := p.Clock().Monotonic()
				if now < last || now < 0 {
					r.Errorf("monotonic time went from %v to %v", last, now)
				}
				last = now
			}
		})
		r.world.Run(time.Millisecond)
	}
}

func clockMoves(r *rig) {
	p := r.process("a")
	var wall time.Time
	var monotonic time.Duration
	p.do(func() { wall, monotonic = p.Clock().Now(), p.Clock().Monotonic() })
	var j journal
	p.do(func() { p.main.NewTimer(j.noting("fired")).Reset(20 * time.Millisecond) })
	r.await("20ms have passed", j.has(1))
	p.do(func() {
		if got := p.Clock().Monotonic() - monotonic; got < 20*time.Millisecond {
			r.Errorf("a timer of 20ms fired and monotonic time moved by %v", got)
		}
		// The wall clock may drift, but not stand still.
		if !p.Clock().Now().After(wall) {
			r.Errorf("a timer of 20ms fired and the wall clock still shows %v", wall)
		}
	})
}

func clockSince(r *rig) {
	p := r.process("a")
	p.do(func() {
		c := p.Clock()
		past := c.Now().Add(-time.Hour)
		before := c.Now().Sub(past)
		since := c.Since(past)
		after := c.Now().Sub(past)
		if since < before || since > after {
			r.Errorf("Since = %v, not between %v and %v", since, before, after)
		}
		future := c.Now().Add(time.Hour)
		after = future.Sub(c.Now())
		until := c.Until(future)
		before = future.Sub(c.Now())
		if until > after || until < before {
			r.Errorf("Until = %v, not between %v and %v", until, before, after)
		}
	})
}

func clockStep(r *rig) {
	m := r.world.NewHost("a")
	p := r.start(m)
	for _, step := range []time.Duration{24 * time.Hour, -48 * time.Hour} {
		var wall time.Time
		var monotonic time.Duration
		p.do(func() { wall, monotonic = p.Clock().Now(), p.Clock().Monotonic() })
		if !m.Step(step) {
			r.Skip("the wall clock cannot be stepped here")
		}
		p.do(func() {
			c := p.Clock()
			near := func(what string, got time.Duration) {
				if got-step > time.Hour || step-got > time.Hour {
					r.Errorf("after a step of %v %s moved by %v", step, what, got)
				}
			}
			near("Now", c.Now().Sub(wall))
			near("Since", c.Since(wall))
			near("Until", -c.Until(wall))
			if moved := c.Monotonic() - monotonic; moved < 0 || moved > time.Hour {
				r.Errorf("a step of %v moved the monotonic clock by %v", step, moved)
			}
		})
	}
}
