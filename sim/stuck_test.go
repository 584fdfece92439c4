package sim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// spinner is a program whose two loops post to each other for ever.
func spinner(h host.Host) {
	a, b := h.NewLoop("ping"), h.NewLoop("pong")
	var ping, pong func()
	ping = func() { b.Post(pong) }
	pong = func() { a.Post(ping) }
	a.NewTimer(ping).Reset(time.Second)
	h.NewLoop("idle").Go("sleeper", func(t host.Task) { t.Sleep(time.Minute) })
}

func TestLivelock(t *testing.T) {
	s := New(Config{Seed: 1, MaxStepsPerInstant: 20_000})
	defer s.Close()
	s.AddHost("a").Start(spinner)
	err := s.Run(time.Hour)
	var stuck *StuckError
	if !errors.Is(err, ErrLivelock) || errors.Is(err, ErrDeadlock) || !errors.As(err, &stuck) || s.Err() != err {
		t.Fatalf("error %v", err)
	}
	if s.Now() != time.Second || stuck.At != time.Second || s.Steps() > 20_100 {
		t.Errorf("ended at %v after %d steps: %+v", s.Now(), s.Steps(), stuck)
	}
	if n := len(stuck.Spins); n != 2 || stuck.Spins[0].Steps+stuck.Spins[1].Steps != stuck.Sample || stuck.Spins[1].Steps < stuck.Sample/3 {
		t.Errorf("%d of %+v", n, stuck.Spins)
	}
	for _, want := range []string{"livelock at 1s, step 2", "a loop ping: ", "a loop pong: ", `a idle: task "sleeper" sleeps from 0s until 1m0s`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	steps := s.Steps()
	if s.RunUntil(time.Hour, func() bool { return false }) || s.Step(time.Hour) || s.Steps() != steps || s.Now() != time.Second {
		t.Errorf("it goes on after its end")
	}
}

// A burst of work at one instant is no livelock, and the next instant counts anew.
func TestLivelock_notABurst(t *testing.T) {
	s := New(Config{Seed: 1, MaxStepsPerInstant: 12_000})
	defer s.Close()
	s.AddHost("a").Start(func(h host.Host) {
		l := h.NewLoop("l")
		left := 0
		var again func()
		again = func() {
			if left--; left > 0 {
				l.Post(again)
			}
		}
		var timer host.Timer
		timer = l.NewTimer(func() { left = 11_000; again(); timer.Reset(time.Second) })
		timer.Reset(time.Second)
	})
	if err := s.Run(10 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestDeadlock(t *testing.T) {
	never := func() bool { return false }
	program := func(h host.Host) {
		h.NewLoop("main").Go("asker", func(t host.Task) {
			t.Sleep(3 * time.Second)
			t.ParkFor("an answer")
		})
	}
	t.Run("nothing is left", func(t *testing.T) {
		s := New(Config{Seed: 1, StopOnDeadlock: true})
		defer s.Close()
		s.AddHost("a").Start(program)
		if s.RunUntil(time.Hour, never) || !errors.Is(s.Err(), ErrDeadlock) || s.Now() != 3*time.Second {
			t.Fatalf("%v at %v", s.Err(), s.Now())
		}
		if want := `a main: task "asker" waits for an answer since 3s`; !strings.Contains(s.Err().Error(), want) {
			t.Errorf("no %q in: %v", want, s.Err())
		}
	})
	for name, do := range map[string]func(*Sim, *Host){
		"not asked for":            func(s *Sim, _ *Host) { s.config.StopOnDeadlock = false },
		"the machine is paused":    func(s *Sim, h *Host) { s.AddHost("b").Pause() },
		"a timer is set":           func(s *Sim, h *Host) { s.At(time.Hour, func() {}) },
		"the program is not there": func(s *Sim, h *Host) { h.Kill() },
		"a rule holds what may come": func(s *Sim, h *Host) {
			s.rules = append(s.rules, &Rule{sim: s, held: make([]*pipe, 1)})
		},
		"a cut holds what may come": func(s *Sim, h *Host) { s.Link(h, s.AddHost("b")).held = make([]heldEvent, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Seed: 1, StopOnDeadlock: true})
			defer s.Close()
			h := s.AddHost("a")
			h.Start(program)
			s.Run(time.Second)
			do(s, h)
			s.RunUntilFact(time.Minute, never)
			if s.Err() != nil || s.Now() != time.Minute+time.Second {
				t.Errorf("%v at %v", s.Err(), s.Now())
			}
		})
	}
}

// A watch knows where the run is, and can give it up.
func TestWatch(t *testing.T) {
	w := new(Watch)
	s := New(Config{Seed: 1, Watch: w})
	defer s.Close()
	if w.Position() != (Position{}) {
		t.Errorf("before the run: %+v", w.Position())
	}
	s.AddHost("a").Start(func(h host.Host) {
		h.NewLoop("main").NewTimer(func() {
			if got, want := w.Position(), (Position{Step: 2, At: time.Second, Host: "a", Loop: "main"}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}).Reset(time.Second)
		h.NewLoop("spare").NewTimer(func() { t.Error("it goes on after it was given up") }).Reset(time.Minute)
	})
	s.Run(2 * time.Second)
	w.Abandon()
	defer func() {
		if _, ok := recover().(Abandoned); !ok {
			t.Error("the run was not given up")
		}
	}()
	s.Run(time.Hour)
}
