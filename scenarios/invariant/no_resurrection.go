package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// noResurrection is I-MGR-7: a gid once removed as active is never active again.
type noResurrection struct {
	epoch   uint64
	active  uint64
	removed map[uint64]uint64 // gid to the epoch that removed it
}

func newNoResurrection() *noResurrection {
	return &noResurrection{removed: make(map[uint64]uint64)}
}

func (*noResurrection) Name() string { return "I-MGR-7 no resurrection" }

func (c *noResurrection) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok || f.Map != cluster.MgrMap || uint64(f.Epoch) <= c.epoch {
		return ""
	}
	c.epoch = uint64(f.Epoch)
	if f.ActiveGID == c.active {
		return ""
	}
	if c.active != 0 {
		c.removed[c.active] = c.epoch
	}
	c.active = f.ActiveGID
	if epoch, was := c.removed[f.ActiveGID]; was && f.ActiveGID != 0 {
		return violation("mgrmap epoch %d makes gid %d active, which epoch %d removed", f.Epoch, f.ActiveGID, epoch)
	}
	return ""
}
