package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// MTU makes a path a black hole for segments with more than Payload bytes: small
// messages pass, large ones stop their connection.
type MTU struct {
	Path
	Payload int // at least 1

	links
}

// Kind is "mtu".
func (*MTU) Kind() string     { return "mtu" }
func (f *MTU) String() string { return fmt.Sprintf("mtu %v %d B", f.Path, f.Payload) }

// Strike makes the black hole; what lands is known only later, see Landed.
func (f *MTU) Strike(t Target) (int, error) {
	if f.Payload < 1 {
		return 0, fmt.Errorf("%v: a segment has at least 1 byte", f)
	}
	return f.strike(t, f, f.Path, func(l *sim.Link) error {
		l.SetMTU(f.Payload)
		return nil
	})
}

// Landed counts the times that a segment was too large.
func (f *MTU) Landed(Target) int { return f.since(swallowed) }

func (f *MTU) mendLinks() int {
	return f.undo(func(l *sim.Link) { l.SetMTU(0) })
}

func mtuWord() Word {
	return Word{
		Usage: "mtu A <->|->|<- B [on NETWORK] N B", Doc: "swallows segments that are larger, until a link-mend", Simulated: lacksLinks,
		Harm: Disturbed,
		read: func(p *Phrase) Fault {
			f := &MTU{Path: p.Path(), Payload: int(p.Int("the payload", 1, 1<<30))}
			p.Expect("B")
			return f
		},
	}
}
