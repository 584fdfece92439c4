package faults

import (
	"fmt"
	"time"
)

// ClockOffset sets the wall clocks of the machines of everybody that Who stands for
// wrong by Offset; 0 sets them right, but for what they drifted. Timers do not
// notice.
type ClockOffset struct {
	Who    string
	Offset time.Duration
}

// Kind is "clock-offset".
func (ClockOffset) Kind() string     { return "clock-offset" }
func (f ClockOffset) String() string { return fmt.Sprintf("clock-offset %s %v", f.Who, f.Offset) }

// Aim is who is meant.
func (f ClockOffset) Aim() []string { return []string{f.Who} }

// Strike counts the machines.
func (f ClockOffset) Strike(t Target) (int, error) {
	return eachClock(t, f, f.Who, func(c ClockTarget, name string) { c.SetClockOffset(name, f.Offset) })
}

func clockOffsetWord() Word {
	return Word{
		Usage: "clock-offset WHO DURATION", Doc: "sets wall clocks wrong; 0s sets them right",
		Harm: Remaining,
		read: func(p *Phrase) Fault { return ClockOffset{Who: p.Who(), Offset: p.Duration("the offset", -longest)} },
	}
}
