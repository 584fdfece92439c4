package sim

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
)

const year = 365 * 24 * time.Hour

// The arithmetic of drift against rational numbers, up to the end of time.
func TestDrift_isExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(0, math.MaxInt64).Draw(t, "d")
		ppm := rapid.Int64Range(-MaxClockDrift, MaxClockDrift).Draw(t, "ppm")
		want := new(big.Int).Mul(big.NewInt(d), big.NewInt(ppm))
		want.Div(want, big.NewInt(million)) // Euclidean: rounds down, as the divisor is positive
		if got := drifted(time.Duration(d), ppm); int64(got) != want.Int64() {
			t.Fatalf("drifted(%d, %d) = %d, want %v", d, ppm, got, want)
		}
		up := new(big.Int).Mul(big.NewInt(d), big.NewInt(million))
		up.Add(up, big.NewInt(million+ppm-1)).Div(up, big.NewInt(million+ppm))
		if up.IsInt64() {
			want = up
		} else {
			want = big.NewInt(math.MaxInt64)
		}
		if got := undrifted(time.Duration(d), ppm); int64(got) != want.Int64() {
			t.Fatalf("undrifted(%d, %d) = %d, want %v", d, ppm, got, want)
		}
	})
}

// A clock that is set again and again never goes back, and a deadline is met at the
// first instant at which it shows it, over ten years.
func TestClock_property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{})
		defer s.Close()
		h := s.AddHost("a")
		var last time.Duration
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			if err := h.SetClockDrift(rapid.IntRange(-MaxClockDrift, MaxClockDrift).Draw(t, "ppm")); err != nil {
				t.Fatal(err)
			}
			deadline := last + time.Duration(rapid.Int64Range(0, int64(year)).Draw(t, "deadline"))
			at := h.clock.when(deadline)
			for _, now := range []instant{at - 1, at} {
				if now < s.kernel.wheel.now {
					continue
				}
				s.kernel.wheel.now = now
				got := h.clock.Monotonic()
				if got < last || (got >= deadline) != (now == at) {
					t.Fatalf("at %d the clock shows %d; it was %d, and is to show %d first at %d", now, got, last, deadline, at)
				}
				last = got
			}
		}
	})
}

// timerRun sets timers of a second, one after another, and notes kernel times.
func timerRun(s *Sim, h *Host) *[]time.Duration {
	var fired []time.Duration
	h.Start(func(p host.Host) {
		var timer host.Timer
		timer = p.NewLoop("l").NewTimer(func() {
			fired = append(fired, s.Now())
			timer.Reset(time.Second)
		})
		timer.Reset(time.Second)
	})
	return &fired
}

// Timers follow the machine's monotonic clock, also those that are set when its rate
// changes.
func TestSetClockDrift_timersFollow(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	h := s.AddHost("a")
	fired := timerRun(s, h)
	s.Run(500 * time.Millisecond)
	drift := func(ppm int) {
		if err := h.SetClockDrift(ppm); err != nil {
			t.Fatal(err)
		}
	}
	drift(250_000) // half of the second is left, at 5/4 of the speed
	s.Run(400 * time.Millisecond)
	if len(*fired) != 1 || (*fired)[0] != 900*time.Millisecond {
		t.Fatalf("fired at %v, want 900ms", *fired)
	}
	drift(-500_000)
	s.Run(2 * time.Second)
	drift(0)
	if h.clock.Monotonic() != 2*time.Second {
		t.Fatalf("shows %v", h.clock.Monotonic())
	}
	s.Run(time.Second)
	want := []time.Duration{900 * time.Millisecond, 2900 * time.Millisecond, 3900 * time.Millisecond}
	if len(*fired) != 3 || (*fired)[1] != want[1] || (*fired)[2] != want[2] {
		t.Errorf("fired at %v, want %v", *fired, want)
	}
	if wall := h.clock.Now().Sub(epoch); wall != 3*time.Second {
		t.Errorf("the wall clock is at %v: it drifts with the other", wall)
	}
}

func TestSetClockDrift_refusesTooMuch(t *testing.T) {
	h := New(Config{}).AddHost("a")
	for _, ppm := range []int{MaxClockDrift + 1, -MaxClockDrift - 1, math.MinInt, math.MaxInt} {
		if h.SetClockDrift(ppm) == nil {
			t.Errorf("%d ppm were taken", ppm)
		}
	}
}

// A clock at its extremes stops at the end of time, and does not go back.
func TestClock_saturates(t *testing.T) {
	s := New(Config{})
	h := s.AddHost("a")
	fired := timerRun(s, h)
	s.Run(1)
	if err := h.SetClockDrift(MaxClockDrift); err != nil {
		t.Fatal(err)
	}
	h.StepClock(math.MaxInt64)
	h.StepClock(math.MaxInt64)
	h.SetClockOffset(math.MinInt64)
	h.SetClockOffset(math.MaxInt64)
	s.kernel.wheel.now = math.MaxInt64 - 10
	if got := h.clock.Monotonic(); got != math.MaxInt64 {
		t.Errorf("shows %v", got)
	}
	if h.clock.Now().Before(epoch) {
		t.Errorf("the wall clock shows %v", h.clock.Now())
	}
	if len(*fired) != 0 {
		t.Errorf("fired %v", *fired)
	}
}

func TestSetClockOffset_movesTheWallClockAlone(t *testing.T) {
	s := New(Config{})
	h := s.AddHost("a")
	s.Run(time.Second)
	h.SetClockOffset(time.Hour)
	h.SetClockOffset(-time.Minute)
	if got := h.clock.Now().Sub(epoch); got != time.Second-time.Minute {
		t.Errorf("the wall clock is at %v", got)
	}
	if got := h.clock.Monotonic(); got != time.Second {
		t.Errorf("the monotonic clock is at %v", got)
	}
}
