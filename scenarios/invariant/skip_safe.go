package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// skipSafe is I-MAP-6 for managers: what a process is follows from the last map that
// it has applied, whichever it has missed before. Judged when it says what it is, in
// its beacons: one that the map names is starting or active, any other one stands by.
type skipSafe struct {
	mode   map[uint64]mgr.Mode
	active map[uint64]mgr.MapApplied // by gid, its newest manager map
}

func newSkipSafe() *skipSafe {
	return &skipSafe{mode: make(map[uint64]mgr.Mode), active: make(map[uint64]mgr.MapApplied)}
}

func (*skipSafe) Name() string { return "I-MAP-6 skipped epochs do not matter" }

func (c *skipSafe) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mgr.ModeChanged:
		c.mode[f.GID] = f.Mode
	case mgr.MapApplied:
		if f.Map == cluster.MgrMap {
			c.active[f.GID] = f
		}
	case mgr.BeaconSent:
		m, seen := c.active[f.GID]
		if named := m.ActiveGID == f.GID; seen && named == (c.mode[f.GID] == mgr.ModeStandby) {
			return violation("%s (gid %d) is %s after mgrmap epoch %d, in which gid %d is active", o.Host, f.GID, c.mode[f.GID], m.Epoch, m.ActiveGID)
		}
	}
	return ""
}
