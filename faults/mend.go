package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/sim"
)

// Mend makes a core of the cluster whole, and leaves all else as broken as it is: its
// daemons run, and what is wrong with their machines and with the paths between any two
// of them is over, whatever step did it. What goes between the core and the rest stays as
// it is. From here on the core must do what the cluster is there for.
//
// A process that its disk has failed is started anew: it may be about to end by that, as
// soon as it is told or goes on.
//
// Bits that have rotted, and what a database has lost, are gone: nothing mends them.
type Mend struct{ Core []string }

// Kind is "mend".
func (*Mend) Kind() string     { return "mend" }
func (m *Mend) String() string { return "mend " + strings.Join(m.Core, " ") }

// Aim is the core.
func (m *Mend) Aim() []string { return m.Core }

// Members names the daemons of the core, each once.
func (m *Mend) Members(t Target) ([]string, error) {
	var all []string
	for _, who := range m.Core {
		names, err := resolve(t, m, who)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all, nil
}

// Strike counts the daemons of the core. Machines first, so that daemons that are started
// find them well.
func (m *Mend) Strike(t Target) (int, error) {
	core, err := m.Members(t)
	if err != nil {
		return 0, err
	}
	if err := m.mendMachines(t, core); err != nil {
		return 0, err
	}
	for _, a := range core {
		for _, b := range core {
			if a != b {
				t.Heal(a, b)
			}
		}
		if diskFailed(t, a) {
			t.Kill(a)
		}
		t.Resume(a)
		t.Restart(a)
	}
	return len(core), nil
}

// diskFailed reports whether a simulated disk has failed the process that runs on it.
func diskFailed(t Target, name string) bool {
	in, ok := t.(Simulated)
	if !ok {
		return false
	}
	h, err := in.Machine(name)
	return err == nil && h.DiskFailed()
}

// mendReal mends what can be wrong with real machines.
func (m *Mend) mendReal(t Target, core []string) error {
	for _, a := range core {
		if in, ok := t.(ClogTarget); ok {
			in.Unclog(a)
		}
		if in, ok := t.(ClockTarget); ok {
			in.SetClockOffset(a, 0)
		}
		for _, b := range core {
			if in, ok := t.(Holding); ok {
				in.ReleaseAll(a, b)
			}
		}
	}
	return m.speedUp(t, core)
}

// mendMachines mends simulated ones, with all that only they can have.
func (m *Mend) mendMachines(t Target, core []string) error {
	var hosts []*sim.Host
	for _, name := range core {
		h, err := machines(t, m, name)
		if errors.Is(err, errors.ErrUnsupported) {
			return m.mendReal(t, core)
		}
		if err != nil {
			return err
		}
		hosts = append(hosts, h...)
	}
	for _, h := range hosts {
		if err := mendMachine(h); err != nil {
			return fmt.Errorf("%v: %w", m, err)
		}
		for _, to := range hosts {
			for _, l := range h.LinksTo(to) {
				l.Mend()
			}
		}
	}
	if len(hosts) > 0 {
		hosts[0].Sim().RemoveRules(hosts)
	}
	return m.speedUp(t, core)
}

func mendMachine(h *sim.Host) error {
	h.Unclog()
	h.SetSlow(1)
	h.SetDiskErrors(sim.DiskErrors{})
	h.SetDiskLatency(sim.DiskLatency{})
	h.SetDiskCapacity(0)
	h.SetSyncLies(0)
	h.Sim().DisablePoints(h)
	h.SetClockOffset(0)
	return h.SetClockDrift(0)
}

// speedUp ends what DBSlow did to the core's databases.
func (m *Mend) speedUp(t Target, core []string) error {
	databases, err := resolve(t, m, "databases")
	if err != nil {
		return err
	}
	for _, name := range databases {
		if slices.Contains(core, name) {
			if _, err := (DBFast{Who: name}).Strike(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func mendWord() Word {
	return Word{
		Usage: "mend WHO ...", Doc: "makes a core whole: its daemons run, their machines and the paths between them are well, and the rest stays as it is",
		Harm: Interrupted,
		read: func(p *Phrase) Fault {
			m := &Mend{Core: []string{p.Who()}}
			for p.More() {
				m.Core = append(m.Core, p.Who())
			}
			return m
		},
	}
}
