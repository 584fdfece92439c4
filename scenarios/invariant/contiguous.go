package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// contiguous is I-MAP-3: what has changed with an epoch is applied to the epoch before
// and to no other; a daemon that has missed one goes on with a whole map.
type contiguous struct{ newest map[applier]uint32 }

func newContiguous() *contiguous { return &contiguous{newest: make(map[applier]uint32)} }

func (*contiguous) Name() string { return "I-MAP-3 incrementals are contiguous" }

func (c *contiguous) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mgr.MapApplied)
	if !ok || f.Map != cluster.OSDMap {
		return ""
	}
	key := applier{o.Host, f.GID, f.Map}
	before := c.newest[key]
	c.newest[key] = f.Epoch
	if f.Incremental && f.Epoch != before+1 {
		return violation("%s (gid %d) applied what changed with osdmap epoch %d to epoch %d", o.Host, f.GID, f.Epoch, before)
	}
	return ""
}
