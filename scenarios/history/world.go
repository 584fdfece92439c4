package history

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
)

// World is the one of which a history tells: time passes in it by what is read, and its
// machines stand as they stood. Nothing runs in it, and what is done to it does nothing.
// It is used by one goroutine.
type World struct {
	kind      string
	addrs     map[string]netip.Addr
	hosts     map[string]*machine
	observers []func(cluster.Observation)
	now       time.Duration
	step      uint64
	fired     bool
	strangers []string // machines that were added and are not in the history
}

// NewWorld is the world of a history before its first line.
func NewWorld(h Header) *World {
	w := &World{kind: h.World, addrs: make(map[string]netip.Addr), hosts: make(map[string]*machine)}
	for _, m := range h.Machines {
		w.addrs[m.Machine] = m.Addr
	}
	return w
}

// Strangers are the machines that were added and are not in the history.
func (w *World) Strangers() []string { return w.strangers }

// Pass lets happen what a record tells: time goes on, machines stand otherwise, observers
// are told facts. Error: ErrSyntax, about a machine that there is not.
func (w *World) Pass(r Record) error {
	w.PassTo(r.At)
	w.step = r.Step
	switch r.Kind {
	case KindFact:
		if r.Observation.Fact == nil {
			return nil
		}
		for _, fn := range w.observers {
			fn(r.Observation)
		}
	case KindMachine:
		m := w.hosts[r.Name]
		if m == nil {
			return fmt.Errorf("%w: there is no machine %q", ErrSyntax, r.Name)
		}
		m.Machine = r.Machine
	case KindPoints:
		w.fired = true
	}
	return nil
}

// PassTo lets time go on to a moment, if that is not past.
func (w *World) PassTo(t time.Duration) { w.now = max(w.now, t) }

// Machine is how a machine stands; the zero value if there is none of that name.
func (w *World) Machine(name string) Machine {
	if m := w.hosts[name]; m != nil {
		return m.Machine
	}
	return Machine{}
}

// DiskFaults are what the disk of a machine has given cause to end with so far.
func (w *World) DiskFaults(name string) []error { return w.Machine(name).DiskCauses() }

// Fired reports whether any fault point has fired.
func (w *World) Fired() bool { return w.fired }

// Kind is that of the world of which the history tells.
func (w *World) Kind() string { return w.kind }

// AddHost adds a machine, which has the address that it had.
func (w *World) AddHost(name string) cluster.Host {
	addr, known := w.addrs[name]
	if !known {
		w.strangers = append(w.strangers, name)
		addr = netip.AddrFrom4([4]byte{10, 255, 255, 254})
	}
	m := &machine{name: name, addr: addr}
	w.hosts[name] = m
	return m
}

// Host finds a machine.
func (w *World) Host(name string) cluster.Host {
	if m := w.hosts[name]; m != nil {
		return m
	}
	return nil
}

// Now is the time of the last line.
func (w *World) Now() time.Duration { return w.now }

// Step is the step of the last line.
func (w *World) Step() uint64 { return w.step }

// Observe registers an observer.
func (w *World) Observe(fn func(cluster.Observation)) { w.observers = append(w.observers, fn) }

// Run does nothing: time passes by reading.
func (w *World) Run(time.Duration) {}

// Until lets no time pass.
func (w *World) Until(_ time.Duration, done func() bool) bool { return done() }

// Halt does nothing.
func (w *World) Halt() {}

// Cut does nothing, as Heal, ReleaseAll, Reset and Close.
func (w *World) Cut(_, _ cluster.Host) {}

// Heal does nothing.
func (w *World) Heal(_, _ cluster.Host) {}

// Held is 0.
func (w *World) Held(_, _ cluster.Host) int { return 0 }

// Hold holds nothing.
func (w *World) Hold(_, _ cluster.Host, _ string, _ uint64) (cluster.Hold, error) {
	return hold{}, nil
}

// ReleaseAll does nothing.
func (w *World) ReleaseAll(_, _ cluster.Host) {}

// Reset breaks nothing.
func (w *World) Reset(_, _ cluster.Host) int { return 0 }

// Close does nothing.
func (w *World) Close() {}

type hold struct{}

func (hold) Struck() int { return 0 }
func (hold) Release()    {}

// machine implements cluster.Host.
type machine struct {
	Machine
	name string
	addr netip.Addr
}

func (m *machine) Name() string                 { return m.name }
func (m *machine) Addr() netip.Addr             { return m.addr }
func (m *machine) Start(func(host.Host))        {}
func (m *machine) Restart()                     {}
func (m *machine) Kill() bool                   { return m.Machine.Running }
func (m *machine) Clog() bool                   { return true }
func (m *machine) Unclog()                      {}
func (m *machine) Stalled() int                 { return 0 }
func (m *machine) SetClockOffset(time.Duration) {}
func (m *machine) StepClock(time.Duration)      {}
func (m *machine) Admin(string) bool            { return m.Machine.Running }
func (m *machine) Running() bool                { return m.Machine.Running }
func (m *machine) Pause()                       {}
func (m *machine) Resume()                      {}
func (m *machine) Paused() bool                 { return m.Machine.Paused }
