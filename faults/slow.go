package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// Slow makes everything that the machines of everybody that Who stands for compute
// take Factor times as long, see sim.Host.SetSlow. Only simulated machines can be
// slowed down: in another world Strike fails with errors.ErrUnsupported.
type Slow struct {
	Who    string
	Factor int

	struck []slowed
}

type slowed struct {
	host   *sim.Host
	before uint64 // slow callbacks
}

// Kind is "slow".
func (*Slow) Kind() string     { return "slow" }
func (f *Slow) String() string { return fmt.Sprintf("slow %s %d times", f.Who, f.Factor) }

func (f *Slow) words() string { return f.Who }

// Aim is who is meant.
func (f *Slow) Aim() []string { return []string{f.Who} }

// Strike slows the machines down; what lands is known only later, see Landed.
func (f *Slow) Strike(t Target) (int, error) {
	hosts, err := machines(t, f, f.Who)
	for _, h := range hosts {
		f.struck = append(f.struck, slowed{host: h, before: h.CPUCounts().Slow})
		h.SetSlow(f.Factor)
	}
	return 0, err
}

// Landed counts the callbacks that took longer.
func (f *Slow) Landed(Target) int {
	n := uint64(0)
	for _, s := range f.struck {
		n += s.host.CPUCounts().Slow - s.before
	}
	return int(n)
}

// Fast gives the machines of a Slow of the same plan their speed back.
type Fast struct{ Of *Slow }

// Kind is "fast".
func (Fast) Kind() string     { return "fast" }
func (f Fast) String() string { return fmt.Sprintf("fast %s", f.Of.Who) }

// Undoes is the fault that is over.
func (f Fast) Undoes() Fault { return f.Of }

// Strike counts the machines.
func (f Fast) Strike(Target) (int, error) {
	for _, s := range f.Of.struck {
		s.host.SetSlow(1)
	}
	return len(f.Of.struck), nil
}

func slowWord() Word {
	return Word{
		Usage: "slow WHO N times", Doc: "all that is computed takes N times as long", Simulated: lacksSpeed,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := &Slow{Who: p.Who(), Factor: int(p.Int("the factor", 1, 1_000_000))}
			p.Expect("times")
			return f
		},
	}
}

func fastWord() Word {
	return Word{
		Usage: "fast WHO", Doc: "ends a slow", Simulated: lacksSpeed,
		Harm: Undone,
		read: func(p *Phrase) Fault { return Fast{Of: undone[*Slow](p)} },
	}
}
