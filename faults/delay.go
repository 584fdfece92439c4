package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// Delay draws the delay of what goes over a path from another distribution than
// usual.
type Delay struct {
	Path
	Delay sim.Delay

	links
}

// Kind is "delay".
func (*Delay) Kind() string     { return "delay" }
func (f *Delay) String() string { return fmt.Sprintf("delay %v %v", f.Path, &f.Delay) }

// Strike slows the path down; what lands is known only later, see Landed.
func (f *Delay) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Path, func(l *sim.Link) error { return l.SetDelay(&f.Delay) })
}

// Landed counts what was sent with such a delay.
func (f *Delay) Landed(Target) int { return f.since(shaped) }

func (f *Delay) mendLinks() int {
	return f.undo(func(l *sim.Link) {
		if err := l.SetDelay(nil); err != nil { // the usual delay is always right
			panic(err)
		}
	})
}
