package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// respawnOnLoss is I-MGR-8: a manager that is active, or on the way, and applies
// a map that names another, sends no beacon any more: it respawns.
type respawnOnLoss struct {
	mode map[uint64]mgr.Mode
	lost map[uint64]uint64 // gid to the epoch by which it lost
}

func newRespawnOnLoss() *respawnOnLoss {
	return &respawnOnLoss{mode: make(map[uint64]mgr.Mode), lost: make(map[uint64]uint64)}
}

func (*respawnOnLoss) Name() string { return "I-MGR-8 respawn on loss" }

func (c *respawnOnLoss) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mgr.ModeChanged:
		c.mode[f.GID] = f.Mode
	case mgr.MapApplied:
		if mode := c.mode[f.GID]; f.Map != cluster.OSDMap && mode != "" && mode != mgr.ModeStandby && f.ActiveGID != f.GID {
			c.lost[f.GID] = uint64(f.Epoch)
		}
	case mgr.BeaconSent:
		if epoch, lost := c.lost[f.GID]; lost {
			return violation("%s (gid %d) sent a beacon after mgrmap epoch %d, in which it is not active", o.Host, f.GID, epoch)
		}
	}
	return ""
}
