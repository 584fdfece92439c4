package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// ClockDrift lets the clocks of the machines of everybody that Who stands for run
// fast by PPM parts per million, or slow if it is negative; 0 makes them run true
// again, from what they show. Timers follow. Only simulated machines have clocks of
// their own: in another world Strike fails with errors.ErrUnsupported.
type ClockDrift struct {
	Who string
	PPM int
}

// Kind is "clock-drift".
func (ClockDrift) Kind() string     { return "clock-drift" }
func (f ClockDrift) String() string { return fmt.Sprintf("clock-drift %s %+d ppm", f.Who, f.PPM) }

// Aim is who is meant.
func (f ClockDrift) Aim() []string { return []string{f.Who} }

// Strike counts the machines. Error: PPM is beyond sim.MaxClockDrift.
func (f ClockDrift) Strike(t Target) (int, error) {
	return eachMachine(t, f, f.Who, func(h *sim.Host) error { return h.SetClockDrift(f.PPM) })
}

// eachMachine does something to the simulated machines of everybody that who stands
// for, and counts them.
func eachMachine(t Target, f Fault, who string, do func(*sim.Host) error) (int, error) {
	hosts, err := machines(t, f, who)
	if err != nil {
		return 0, err
	}
	for i, h := range hosts {
		if err := do(h); err != nil {
			return i, fmt.Errorf("%v: %w", f, err)
		}
	}
	return len(hosts), nil
}

func clockDriftWord() Word {
	return Word{
		Usage: "clock-drift WHO PPM ppm", Doc: "lets clocks run fast or slow; 0 ends it", Simulated: lacksDrift,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := ClockDrift{Who: p.Who(), PPM: int(p.Int("the drift", -sim.MaxClockDrift, sim.MaxClockDrift))}
			p.Expect("ppm")
			return f
		},
	}
}
