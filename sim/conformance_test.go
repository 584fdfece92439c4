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
	hosttest.Run(t, func(*testing.T) hosttest.World {
		return conformanceWorld{New(Config{Seed: 1})}
	})
}

// TestNetconn holds package net's face on simulated streams to its promises.
func TestNetconn(t *testing.T) {
	netconntest.Run(t, func(*testing.T) hosttest.World {
		return conformanceWorld{New(Config{Seed: 1})}
	})
}

type conformanceWorld struct{ *Sim }

func (w conformanceWorld) NewHost(name string) hosttest.Machine {
	for w.Host(name) != nil { // the suite may use a name again
		name += "'"
	}
	return conformanceMachine{w.AddHost(name)}
}

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
