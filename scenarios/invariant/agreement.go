package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
)

// agreement is I-PX-1: what monitors execute at an index of their log is the same on
// all of them, for ever and across restarts. So nothing that one has executed is lost.
type agreement struct{ at map[uint64]executed }

// executed is an entry, and who has executed it first.
type executed struct {
	quorum.Applied
	by string
}

func newAgreement() *agreement { return &agreement{at: make(map[uint64]executed)} }

func (*agreement) Name() string { return "I-PX-1 agreement" }

func (c *agreement) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case quorum.Applied:
		first, seen := c.at[f.Index]
		if !seen {
			c.at[f.Index] = executed{f, o.Host}
		} else if first.Applied != f {
			return violation("%s executed entry %d of term %d (checksum %08x), %s one of term %d (%08x)",
				o.Host, f.Index, f.Term, f.Sum, first.by, first.Term, first.Sum)
		}
	case quorum.Restored:
		if first, seen := c.at[f.Index]; seen && first.Term != f.Term {
			return violation("%s has a snapshot at entry %d of term %d, %s executed one of term %d",
				o.Host, f.Index, f.Term, first.by, first.Term)
		}
	}
	return ""
}

// noGaps is I-PX-2: a monitor executes entries one after another, and jumps forward
// only by a whole snapshot.
type noGaps struct{ last map[process]uint64 }

func newNoGaps() *noGaps { return &noGaps{last: make(map[process]uint64)} }

func (*noGaps) Name() string { return "I-PX-2 no gaps and no rollback" }

func (c *noGaps) Observe(o cluster.Observation) string {
	me := process{o.Host, o.PID}
	last := c.last[me]
	switch f := o.Fact.(type) {
	case quorum.Applied:
		if c.last[me] = f.Index; f.Index != last+1 {
			return violation("%s executed entry %d after %d", o.Host, f.Index, last)
		}
	case quorum.Restored:
		if c.last[me] = f.Index; f.Index <= last {
			return violation("%s went back to a snapshot at entry %d after %d", o.Host, f.Index, last)
		}
	}
	return ""
}
