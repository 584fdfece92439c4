package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// refreshBeforeServe is I-PX-9: a monitor sends an epoch of a map only after it has
// taken over that epoch itself. Maps of metadata servers are cut from the fsmap, whose
// first epoch nobody states; the monitors' own map is not replicated.
type refreshBeforeServe struct{ newest map[committer]uint64 }

func newRefreshBeforeServe() *refreshBeforeServe {
	return &refreshBeforeServe{newest: make(map[committer]uint64)}
}

func (*refreshBeforeServe) Name() string { return "I-PX-9 refresh before serve" }

func (c *refreshBeforeServe) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.MapCommitted:
		c.newest[committer{o.Host, o.PID, f.Map}] = f.Epoch
	case mon.MapSent:
		source := f.Map
		switch source {
		case "monmap":
			return ""
		case "mdsmap":
			source = fsMap
		}
		has := c.newest[committer{o.Host, o.PID, source}]
		if source == fsMap {
			has = max(has, 1)
		}
		if f.Epoch > has {
			return violation("%s sent %s epoch %d to gid %d, and has itself taken over epoch %d only", o.Host, f.Map, f.Epoch, f.GID, has)
		}
	}
	return ""
}

const fsMap = "fsmap"
