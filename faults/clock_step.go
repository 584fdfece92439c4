package faults

import (
	"fmt"
	"time"
)

// ClockTarget is a Target whose machines have wall clocks that can be wrong.
type ClockTarget interface {
	Target
	// SetClockOffset sets the wall clock of a daemon's machine wrong by d, StepClock moves
	// it by d.
	SetClockOffset(name string, d time.Duration)
	StepClock(name string, d time.Duration)
}

// ClockStep moves the wall clocks of the machines of everybody that Who stands for
// by By, either way. Timers do not notice.
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
	return eachClock(t, f, f.Who, func(c ClockTarget, name string) { c.StepClock(name, f.By) })
}

// eachClock does something to the wall clocks of everybody that who stands for, and
// counts them.
func eachClock(t Target, f Fault, who string, do func(ClockTarget, string)) (int, error) {
	in, ok := t.(ClockTarget)
	if !ok {
		return 0, unsupported(f, "the target has no clocks of its own")
	}
	return count(t, f, who, func(name string) bool { do(in, name); return true })
}

func clockStepWord() Word {
	return Word{
		Usage: "clock-step WHO by DURATION", Doc: "moves wall clocks",
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := ClockStep{Who: p.Who()}
			p.Expect("by")
			f.By = p.Duration("the step", -longest)
			return f
		},
	}
}
