package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// Stall stops what crosses a path without losing it: it waits in line, and goes
// on at once after the LinkMend.
type Stall struct {
	Path

	links
}

// Kind is "stall".
func (*Stall) Kind() string     { return "stall" }
func (f *Stall) String() string { return fmt.Sprintf("stall %v", f.Path) }

// Strike stalls the path; what lands is known only later, see Landed.
func (f *Stall) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Path, func(l *sim.Link) error {
		l.Stall()
		return nil
	})
}

// Landed counts the pieces of streams and the attempts to connect that had to
// wait.
func (f *Stall) Landed(Target) int { return f.since(stalled) }

func (f *Stall) mendLinks() int { return f.undo((*sim.Link).Unstall) }

func stallWord() Word {
	return Word{
		Usage: "stall A <->|->|<- B [on NETWORK]", Doc: "stops what crosses without losing it, until a link-mend", Simulated: lacksLinks,
		Harm: Disturbed,
		read: func(p *Phrase) Fault { return &Stall{Path: p.Path()} },
	}
}
