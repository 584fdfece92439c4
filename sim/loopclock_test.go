package sim_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/loopclock"
	"github.com/wavetank/wavetank/sim"
)

// A library that knows nothing of loops, on a simulated machine: its timers follow
// virtual time, a drifting clock included.
func Example_loopclock() {
	s := sim.New(sim.Config{Seed: 1})
	defer s.Close()
	a := s.AddHost("a")
	a.SetClockDrift(-500_000) // at half the speed
	a.Start(func(h host.Host) {
		c := loopclock.New(h.Clock(), h.NewLoop("main"))
		c.Do(func() { startLease(c, func() { fmt.Println("expired at", s.Now()) }) })
	})
	s.Run(time.Hour)
	// Output:
	// expired at 14s
}

// startLease stands for the library: a lease of 5 s that is renewed once, after 2 s.
func startLease(c clock.Clock, expired func()) {
	lease := c.AfterFunc(5*time.Second, expired)
	c.AfterFunc(2*time.Second, func() { lease.Reset(5 * time.Second) })
}

// onLoop runs a program on a loop of a simulated machine and returns what it noted.
func onLoop(t *testing.T, program func(c *loopclock.Clock, l host.Loop, note func(string))) []string {
	t.Helper()
	s := sim.New(sim.Config{Seed: 1})
	defer s.Close()
	var notes []string
	s.AddHost("a").Start(func(h host.Host) {
		l := h.NewLoop("main")
		c := loopclock.New(h.Clock(), l)
		l.Post(func() {
			c.Do(func() {
				program(c, l, func(what string) { notes = append(notes, fmt.Sprint(what, " ", s.Now())) })
			})
		})
	})
	before := runtime.NumGoroutine()
	if err := s.Run(time.Hour); err != nil {
		t.Fatal(err)
	}
	if after := runtime.NumGoroutine(); after > before+1 { // a task is a coroutine
		t.Errorf("%d goroutines, %d before", after, before)
	}
	return notes
}

func TestLoopclock(t *testing.T) {
	const s = time.Second
	poll := func(l host.Loop, note func(string), ch <-chan time.Time) func() {
		return func() {
			select {
			case <-ch:
				note("got")
			default:
				note("nothing")
			}
		}
	}
	at := func(c *loopclock.Clock, l host.Loop, d time.Duration, fn func()) {
		l.NewTimer(func() { c.Do(fn) }).Reset(d)
	}
	for _, tt := range []struct {
		what    string
		program func(c *loopclock.Clock, l host.Loop, note func(string))
		want    []string
	}{
		{"AfterFunc", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			c.AfterFunc(3*s, func() { note("fired") })
			c.AfterFunc(-s, func() { note("at once") })
		}, []string{"at once 0s", "fired 3s"}},
		{"Stop", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(3*s, func() { note("fired") })
			at(c, l, 2*s, func() { note(fmt.Sprint(timer.Stop(), timer.Stop())) })
		}, []string{"true false 2s"}},
		{"Stop where nobody looks", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(3*s, func() { note("fired") })
			l.NewTimer(func() { timer.Stop() }).Reset(2 * s)
		}, nil},
		{"Stop after it fired", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(3*s, func() { note("fired") })
			at(c, l, 4*s, func() { note(fmt.Sprint(timer.Stop())) })
		}, []string{"fired 3s", "false 4s"}},
		{"Reset to later", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(3*s, func() { note("fired") })
			at(c, l, 2*s, func() { note(fmt.Sprint(timer.Reset(3 * s))) })
		}, []string{"true 2s", "fired 5s"}},
		{"Reset to sooner", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(30*s, func() { note("fired") })
			at(c, l, 2*s, func() { timer.Reset(s) })
		}, []string{"fired 3s"}},
		{"Reset in its own function", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			var timer *clock.Timer
			left := 3
			timer = c.AfterFunc(s, func() {
				note("fired")
				if left--; left > 0 {
					note(fmt.Sprint(timer.Reset(s)))
				}
			})
		}, []string{"fired 1s", "false 1s", "fired 2s", "false 2s", "fired 3s"}},
		{"Reset long after it fired", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.AfterFunc(s, func() { note("fired") })
			at(c, l, 10*s, func() { runtime.GC(); timer.Reset(s) })
		}, []string{"fired 1s", "fired 11s"}},
		{"Timer", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.Timer(3 * s)
			look := poll(l, note, timer.C)
			at(c, l, 2*s, look)
			at(c, l, 4*s, look)
			at(c, l, 5*s, look)
		}, []string{"nothing 2s", "got 4s", "nothing 5s"}},
		{"Reset drops what nobody took", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			timer := c.Timer(s)
			look := poll(l, note, timer.C)
			at(c, l, 2*s, func() { timer.Reset(3 * s) })
			at(c, l, 4*s, look)
			at(c, l, 6*s, look)
		}, []string{"nothing 4s", "got 6s"}},
		{"Ticker", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			ticker := c.Ticker(2 * s)
			look := poll(l, note, ticker.C)
			for i := range 4 {
				at(c, l, time.Duration(2*i+1)*s, look)
			}
			at(c, l, 8*s, func() { ticker.Reset(10 * s) })
			at(c, l, 17*s, look)
			at(c, l, 19*s, look)
			at(c, l, 20*s, ticker.Stop)
			at(c, l, 50*s, look)
		}, []string{"nothing 1s", "got 3s", "got 5s", "got 7s", "nothing 17s", "got 19s", "nothing 50s"}},
		{"Sleep in a task", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			l.Go("t", func(task host.Task) {
				c.Do(func() {
					timer := c.AfterFunc(time.Minute, func() { note("meanwhile") })
					timer.Reset(s)
					c.For(task).Sleep(3 * s)
					note("slept")
				})
			})
		}, []string{"meanwhile 1s", "slept 3s"}},
		{"WithTimeout", func(c *loopclock.Clock, l host.Loop, note func(string)) {
			ctx, cancel := c.WithTimeout(context.Background(), 3*s)
			child, cancelChild := c.WithTimeout(ctx, 5*s)
			other, _ := c.WithDeadline(context.Background(), c.Now().Add(4*s))
			past, _ := c.WithDeadline(context.Background(), c.Now().Add(-s))
			note(fmt.Sprint(ctx.Err(), past.Err() == context.DeadlineExceeded))
			at(c, l, 3500*time.Millisecond, func() {
				note(fmt.Sprint(errors.Is(ctx.Err(), context.DeadlineExceeded), child.Err(), context.Cause(child), other.Err()))
				cancel()
				cancelChild()
			})
			at(c, l, 5*s, func() { note(fmt.Sprint(other.Err(), ctx.Err())) })
		}, []string{
			"<nil> true 0s", "true context canceled context deadline exceeded <nil> 3.5s",
			"context deadline exceeded context deadline exceeded 5s",
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := onLoop(t, tt.program); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A timer keeps to the machine's monotonic clock when its wall clock is set.
func TestLoopclock_stepsMoveNowAlone(t *testing.T) {
	s := sim.New(sim.Config{Seed: 1})
	defer s.Close()
	a := s.AddHost("a")
	var fired time.Duration
	var wall time.Time
	a.Start(func(h host.Host) {
		c := loopclock.New(h.Clock(), h.NewLoop("main"))
		c.AfterFunc(10*time.Second, func() { fired, wall = s.Now(), c.Now() })
	})
	s.Run(time.Second)
	a.StepClock(-time.Hour)
	s.Run(time.Minute)
	if want := a.Process().Clock().Now().Add(-51 * time.Second); fired != 10*time.Second || !wall.Equal(want) {
		t.Errorf("fired at %v, %v, want %v", fired, wall, want)
	}
}
