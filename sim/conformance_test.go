package sim

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/hosttest"
	"github.com/wavetank/wavetank/daemons/host/netconn/netconntest"
)

// TestHost holds the simulated host to the promises of package host, the same
// that the real machine is held to.
func TestHost(t *testing.T) {
	for name, config := range map[string]Config{
		"plain": {Seed: 1},
		"pct":   {Seed: 1, Schedule: Schedule{Kind: PCT, Depth: 4, Steps: 100, Lag: time.Millisecond}},
		"fair":  {Seed: 1, Schedule: Schedule{Kind: Fair}},
		"busy":  {Seed: 1, CPU: CPU{PerCallback: time.Microsecond, Jitter: time.Microsecond}},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.Run(t, func(*testing.T) hosttest.World { return conformanceWorld{Sim: New(config)} })
		})
	}
	t.Run("drifting", func(t *testing.T) {
		hosttest.Run(t, func(*testing.T) hosttest.World { return driftingWorld{conformanceWorld{Sim: New(Config{Seed: 1})}} })
	})
}

// driftingWorld has machines whose clocks are fast.
type driftingWorld struct{ conformanceWorld }

func (w driftingWorld) NewHost(name string) hosttest.Machine {
	m := w.conformanceWorld.NewHost(name)
	if err := m.(conformanceMachine).h.SetClockDrift(123_457); err != nil {
		panic(err)
	}
	return m
}

// TestNetconn holds package net's face on simulated streams to its promises.
func TestNetconn(t *testing.T) {
	netconntest.Run(t, func(*testing.T) hosttest.World {
		return conformanceWorld{Sim: New(Config{Seed: 1})}
	})
}

// TestHost_onABadNetwork: the promises hold wherever writes are split, and however
// slow and unsteady the links are.
func TestHost_onABadNetwork(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config Config
		harm   func(*Link)
	}{
		{"split", Config{Seed: 2, Split: 1000}, nil},
		{"narrow", Config{Seed: 3}, func(l *Link) { l.SetBandwidth(20 << 20) }},
		{"slow", Config{Seed: 4, Split: 10_000}, func(l *Link) {
			if err := l.SetDelay(&Delay{Shape: DelayPareto, Scale: 10 * time.Microsecond, Tail: 900}); err != nil {
				panic(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hosttest.Run(t, func(*testing.T) hosttest.World {
				return conformanceWorld{Sim: New(tt.config), harm: tt.harm}
			})
		})
	}
}

type conformanceWorld struct {
	*Sim
	harm func(*Link) // done to every link; may be nil
}

func (w conformanceWorld) NewHost(name string) hosttest.Machine {
	for w.Host(name) != nil { // the suite may use a name again
		name += "'"
	}
	h := w.AddHost(name)
	if w.harm != nil {
		for _, l := range h.Links() {
			w.harm(l)
		}
	}
	return conformanceMachine{h}
}

func (w conformanceWorld) Run(d time.Duration) { w.Sim.Run(d) }

func (w conformanceWorld) Until(limit time.Duration, cond func() bool) bool {
	return w.RunUntil(limit, cond)
}

type conformanceMachine struct{ h *Host }

// Start starts a process that does nothing by itself, and lets it begin.
func (m conformanceMachine) Start() host.Host {
	var started host.Host
	m.h.Start(func(h host.Host) { started = h })
	m.h.sim.RunUntil(time.Minute, func() bool { return started != nil })
	return started
}

func (m conformanceMachine) Kill()             { m.h.Kill() }
func (m conformanceMachine) CanPowerCut() bool { return true }
func (m conformanceMachine) PowerCut()         { m.h.PowerOff() }

func (m conformanceMachine) Step(d time.Duration) bool {
	m.h.StepClock(d)
	return true
}
