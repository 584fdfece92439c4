package novelty

import (
	"slices"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// damage is which faults are in force.
type damage struct{ now []blow }

// blow is a fault that lasts. One that ended or stopped processes is in force as long as
// one of them has not come back.
type blow struct {
	fault   faults.Fault
	victims []string
	over    func(cluster.Host) bool // nil if a step takes it back
}

// counts reports whether a step does damage, and not away with it.
func (d *damage) counts(f faults.Fault) bool {
	switch f := f.(type) {
	case faults.Restart, faults.Resume, *faults.Mend, faults.DBFast, faults.Undoing:
		return false
	case faults.ClockOffset:
		return f.Offset != 0
	case faults.ClockDrift:
		return f.PPM != 0
	}
	return true
}

// struck takes a fault that has struck. What does not last is in force at no time but its
// own.
func (d *damage) struck(f faults.Fault, victims []string) {
	switch f := f.(type) {
	case faults.Undoing:
		d.end(func(b blow) bool { return b.fault == f.Undoes() })
	case *faults.Mend:
		d.now = nil // what follows is no trouble any more
	case faults.DBFast:
		d.end(func(b blow) bool { _, slow := b.fault.(faults.DBSlow); return slow })
	case faults.ClockOffset, faults.ClockDrift, faults.DBSlow:
		d.end(func(b blow) bool { return b.fault.Kind() == f.Kind() && slices.Equal(b.victims, victims) })
		if d.counts(f) {
			d.now = append(d.now, blow{fault: f, victims: victims})
		}
	case faults.Kill, *faults.PowerOff:
		d.now = append(d.now, blow{fault: f, victims: victims, over: cluster.Host.Running})
	case faults.Pause:
		d.now = append(d.now, blow{fault: f, victims: victims, over: func(h cluster.Host) bool { return !h.Paused() }})
	case faults.Lasting:
		d.now = append(d.now, blow{fault: f, victims: victims})
	}
}

func (d *damage) end(is func(blow) bool) { d.now = slices.DeleteFunc(d.now, is) }

// inForce are the kinds of the faults that last, one for each.
func (d *damage) inForce(c *cluster.Cluster) (kinds []string) {
	d.end(func(b blow) bool {
		return b.over != nil && !slices.ContainsFunc(b.victims, func(v string) bool { return !b.over(c.World().Host(v)) })
	})
	for _, b := range d.now {
		kinds = append(kinds, b.fault.Kind())
	}
	return kinds
}
