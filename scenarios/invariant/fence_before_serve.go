package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// fenceBeforeServe is I-MGR-2: a manager is active only after it has applied the OSD
// map that fences its predecessor, whose epoch is in the manager map that made it
// active; that is 0 for the first manager ever.
type fenceBeforeServe struct {
	osd   map[uint64]uint32 // by gid: epoch of its OSD map
	fence map[uint64]uint32 // by gid: the epoch that it has to wait for
}

func newFenceBeforeServe() *fenceBeforeServe {
	return &fenceBeforeServe{osd: make(map[uint64]uint32), fence: make(map[uint64]uint32)}
}

func (*fenceBeforeServe) Name() string { return "I-MGR-2 fence before serve" }

func (c *fenceBeforeServe) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mgr.MapApplied:
		if f.Map == cluster.OSDMap {
			c.osd[f.GID] = f.Epoch
		} else if _, known := c.fence[f.GID]; !known && f.ActiveGID == f.GID {
			c.fence[f.GID] = f.FencedAt
		}
	case mgr.ModeChanged:
		if f.Mode == mgr.ModeActive && c.osd[f.GID] < c.fence[f.GID] {
			return violation("%s (gid %d) is active at osdmap epoch %d, epoch %d fences its predecessor",
				o.Host, f.GID, c.osd[f.GID], c.fence[f.GID])
		}
	}
	return ""
}
