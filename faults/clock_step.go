package faults

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// ClockStep moves the wall clocks of the machines of everybody that Who stands for
// by By, either way. Timers do not notice. Only simulated machines have clocks of
// their own: in another world Strike fails with errors.ErrUnsupported.
type ClockStep struct {
	Who string
	By  time.Duration
}

// Kind is "clock-step".
func (ClockStep) Kind() string     { return "clock-step" }
func (f ClockStep) String() string { return fmt.Sprintf("clock-step %s by %v", f.Who, f.By) }

// Aim is who is meant.
func (f ClockStep) Aim() []string { return []string{f.Who} }

// Strike counts the machines.
func (f ClockStep) Strike(t Target) (int, error) {
	return eachMachine(t, f, f.Who, func(h *sim.Host) error { h.StepClock(f.By); return nil })
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

func clockStepWord() Word {
	return Word{
		Usage: "clock-step WHO by DURATION", Doc: "moves wall clocks",
		read: func(p *Phrase) Fault {
			f := ClockStep{Who: p.Who()}
			p.Expect("by")
			f.By = p.Duration("the step", -longest)
			return f
		},
	}
}
