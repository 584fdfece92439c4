package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// fenceEpoch is I-MGR-6: the osdmap epoch that a manager map names as its fence never
// falls.
type fenceEpoch struct{ epoch, fencedAt uint64 }

func newFenceEpoch() *fenceEpoch { return &fenceEpoch{} }

func (*fenceEpoch) Name() string { return "I-MGR-6 the fence's epoch grows" }

func (c *fenceEpoch) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok || f.Map != cluster.MgrMap || f.Epoch <= c.epoch {
		return ""
	}
	before := *c
	c.epoch, c.fencedAt = f.Epoch, f.FencedAt
	if f.FencedAt < before.fencedAt {
		return violation("mgrmap epoch %d is fenced by osdmap epoch %d, epoch %d was by %d", f.Epoch, f.FencedAt, before.epoch, before.fencedAt)
	}
	return ""
}
