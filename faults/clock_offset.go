package faults

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// ClockOffset sets the wall clocks of the machines of everybody that Who stands for
// wrong by Offset; 0 sets them right, but for what they drifted. Timers do not
// notice. Only simulated machines have clocks of their own: in another world Strike
// fails with errors.ErrUnsupported.
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
	return eachMachine(t, f, f.Who, func(h *sim.Host) error { h.SetClockOffset(f.Offset); return nil })
}

func clockOffsetWord() Word {
	return Word{
		Usage: "clock-offset WHO DURATION", Doc: "sets wall clocks wrong; 0s sets them right",
		read: func(p *Phrase) Fault { return ClockOffset{Who: p.Who(), Offset: p.Duration("the offset", -longest)} },
	}
}
