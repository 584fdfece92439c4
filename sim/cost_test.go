package sim

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// startTicking starts a process in which a task sleeps, a timer fires and 64 bytes
// go to and fro, without end.
func startTicking(s *Sim) {
	got := 0
	a, b := s.AddHost("a"), s.AddHost("b")
	addr := startEchoServer(b, &got)
	a.Start(func(h host.Host) {
		l := h.NewLoop("l")
		e := &echo{buf: make([]byte, 64), got: &got}
		e.conn = h.Network().Dial(l, addr, e)
		var tick host.Timer
		tick = l.NewTimer(func() { tick.Reset(time.Millisecond) })
		tick.Reset(0)
		l.Go("sleeper", func(t host.Task) {
			for {
				t.Sleep(time.Millisecond)
			}
		})
	})
}

// TestStep_allocatesNothing holds the promise behind the benchmarks, which nobody
// reads each day: once a simulation is warm, its events cost no garbage.
func TestStep_allocatesNothing(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	startTicking(s)
	s.Run(time.Second)
	const events = 10_000
	got := testing.AllocsPerRun(10, func() {
		for range events {
			s.Step(time.Second)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations in %d events, want none", got, events)
	}
}

// TestStep_idleHostsAreFree compares two runs that differ in hosts with nothing to
// do: they take the same number of events.
func TestStep_idleHostsAreFree(t *testing.T) {
	steps := func(idle int) uint64 {
		s := New(Config{Seed: 1})
		defer s.Close()
		startTicking(s)
		idleHosts(s, idle)
		s.Run(time.Second)
		started := s.Steps()
		s.Run(time.Minute)
		return s.Steps() - started
	}
	if alone, crowd := steps(0), steps(1000); alone != crowd {
		t.Errorf("%d events alone, %d beside 1000 idle hosts", alone, crowd)
	}
}
