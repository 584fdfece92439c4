package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// oneContent is I-MAP-1: an epoch of a map has the same content on every monitor.
type oneContent struct{ hashes map[mapEpoch]uint64 }

type mapEpoch struct {
	name  string
	epoch uint32
}

func newOneContent() *oneContent { return &oneContent{hashes: make(map[mapEpoch]uint64)} }

func (*oneContent) Name() string { return "I-MAP-1 one content per epoch" }

func (c *oneContent) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok {
		return ""
	}
	key := mapEpoch{f.Map, uint32(f.Epoch)}
	if want, seen := c.hashes[key]; seen && want != f.Hash {
		return violation("%s committed %s epoch %d with content %016x, elsewhere it is %016x",
			o.Host, f.Map, f.Epoch, f.Hash, want)
	}
	c.hashes[key] = f.Hash
	return ""
}
