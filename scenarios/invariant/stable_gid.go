package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// stableGID is I-MC-1 with the uniqueness of global ids: a global id is given to
// one host only, for ever, and is never 0.
type stableGID struct{ owner map[uint64]string }

func newStableGID() *stableGID { return &stableGID{owner: make(map[uint64]string)} }

func (*stableGID) Name() string { return "I-MC-1 global ids are unique" }

func (c *stableGID) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(monc.SessionOpened)
	if !ok {
		return ""
	}
	if f.GID == 0 {
		return violation("%s authenticated with global id 0", o.Host)
	}
	if owner, taken := c.owner[f.GID]; taken && owner != o.Host {
		return violation("%s was given global id %d, which is %s's", o.Host, f.GID, owner)
	}
	c.owner[f.GID] = o.Host
	return ""
}
