package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// agreement is I-PX-1: what is at one place of the quorum's log is the same on every
// monitor, for ever and across restarts.
type agreement struct{ hashes map[uint64]uint64 }

func newAgreement() *agreement { return &agreement{hashes: make(map[uint64]uint64)} }

func (*agreement) Name() string { return "I-PX-1 agreement" }

func (c *agreement) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.Applied)
	if !ok {
		return ""
	}
	if want, seen := c.hashes[f.Index]; seen && want != f.Hash {
		return violation("%s applied batch %d with content %016x, elsewhere it is %016x", o.Host, f.Index, f.Hash, want)
	}
	c.hashes[f.Index] = f.Hash
	return ""
}
