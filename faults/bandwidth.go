package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// Bandwidth lets no more than so many bytes a second over each link of a path.
type Bandwidth struct {
	Path
	BytesPerSecond int64 // at least 1

	links
}

// Kind is "bandwidth".
func (*Bandwidth) Kind() string { return "bandwidth" }

func (f *Bandwidth) String() string {
	return fmt.Sprintf("bandwidth %v %d B/s", f.Path, f.BytesPerSecond)
}

// Strike narrows the path; what lands is known only later, see Landed.
func (f *Bandwidth) Strike(t Target) (int, error) {
	if f.BytesPerSecond < 1 {
		return 0, fmt.Errorf("%v: a bandwidth is at least 1 B/s", f)
	}
	return f.strike(t, f, f.Path, func(l *sim.Link) error {
		l.SetBandwidth(f.BytesPerSecond)
		return nil
	})
}

// Landed counts the segments that took longer.
func (f *Bandwidth) Landed(Target) int { return f.since(shaped) }

func (f *Bandwidth) mendLinks() int {
	return f.undo(func(l *sim.Link) { l.SetBandwidth(0) })
}

func bandwidthWord() Word {
	return Word{
		Usage: "bandwidth A <->|->|<- B [on NETWORK] N B/s", Doc: "narrows links, until a link-mend", Simulated: lacksLinks,
		Harm: Disturbed,
		read: func(p *Phrase) Fault {
			f := &Bandwidth{Path: p.Path(), BytesPerSecond: p.Int("the bandwidth", 1, 1<<40)}
			p.Expect("B/s")
			return f
		},
	}
}
