package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// stableGID is I-MC-1 with the uniqueness of global ids: a global id is given to
// one process only, for ever, and is never 0, and a process keeps the one it was given.
type stableGID struct {
	owner map[uint64]process
	given map[process]uint64
}

type process struct {
	host string
	pid  uint32
}

func newStableGID() *stableGID {
	return &stableGID{owner: make(map[uint64]process), given: make(map[process]uint64)}
}

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
	if before := c.given[me]; before != 0 && before != f.GID {
		return violation("process %d of %s has global id %d now, and had %d", me.pid, me.host, f.GID, before)
	}
	c.owner[f.GID], c.given[me] = me, f.GID
	return ""
}
