package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// stableGID is I-MC-1 with the uniqueness of global ids: a global id is given to
// one process only, for ever, and is never 0.
type stableGID struct{ owner map[uint64]process }

type process struct {
	host string
	pid  uint32
}

func newStableGID() *stableGID { return &stableGID{owner: make(map[uint64]process)} }

func (*stableGID) Name() string { return "I-MC-1 global ids are unique" }

func (c *stableGID) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(monc.SessionOpened)
	if !ok {
		return ""
	}
	if f.GID == 0 {
		return violation("%s authenticated with global id 0", o.Host)
	}
	me := process{o.Host, o.PID}
	if owner, taken := c.owner[f.GID]; taken && owner != me {
		return violation("process %d of %s was given global id %d, which is that of process %d of %s",
			me.pid, me.host, f.GID, owner.pid, owner.host)
	}
	c.owner[f.GID] = me
	return ""
}
