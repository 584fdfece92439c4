package faults

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/sim"
)

// PowerOff takes the power of the machines of everybody that Who stands for:
// nobody hears of it, and what their disks had not synced may be gone. It
// remembers whom it struck, for PowerOn. Only simulated machines can lose power:
// in another world Strike fails with errors.ErrUnsupported.
type PowerOff struct {
	Who string

	struck []string
}

// Kind is "power-off".
func (*PowerOff) Kind() string     { return "power-off" }
func (p *PowerOff) String() string { return fmt.Sprintf("power-off %s", p.Who) }

func (p *PowerOff) words() string { return p.Who }

// Aim is who is meant.
func (p *PowerOff) Aim() []string { return []string{p.Who} }

// Strike counts the machines on which a daemon was running.
func (p *PowerOff) Strike(t Target) (int, error) {
	hosts, err := machines(t, p, p.Who)
	running := slices.DeleteFunc(hosts, func(h *sim.Host) bool { return h.Process() == nil })
	for _, h := range running {
		h.PowerOff()
		p.struck = append(p.struck, h.Name())
	}
	return len(running), err
}

// PowerOn gives the machines of a PowerOff of the same plan their power back, and
// starts their daemons.
type PowerOn struct{ Of *PowerOff }

// Kind is "power-on".
func (PowerOn) Kind() string     { return "power-on" }
func (p PowerOn) String() string { return fmt.Sprintf("power-on %s", p.Of.Who) }

// Undoes is the fault that is over.
func (p PowerOn) Undoes() Fault { return p.Of }

// Strike counts the daemons started.
func (p PowerOn) Strike(t Target) (int, error) {
	landed := 0
	for _, name := range p.Of.struck {
		if t.Restart(name) {
			landed++
		}
	}
	return landed, nil
}

func powerOffWord() Word {
	return Word{
		Usage: "power-off WHO", Doc: "no power: what was not synced may be lost", Simulated: lacksPower,
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return &PowerOff{Who: p.Who()} },
	}
}

func powerOnWord() Word {
	return Word{
		Usage: "power-on WHO", Doc: "ends a power-off", Simulated: lacksPower,
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return PowerOn{Of: undone[*PowerOff](p)} },
	}
}
