package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
)

// monotoneCommit is I-PX-2 as far as maps show it: the epochs that a monitor
// commits grow. A restarted monitor may state earlier ones again, which must be
// the same (I-MAP-1).
type monotoneCommit struct{ newest map[committer]uint64 }

type committer struct {
	host string
	pid  uint32
	name string
}

func newMonotoneCommit() *monotoneCommit {
	return &monotoneCommit{newest: make(map[committer]uint64)}
}

func (*monotoneCommit) Name() string { return "I-PX-2 committed epochs grow" }

func (c *monotoneCommit) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok {
		return ""
	}
	key := committer{o.Host, o.PID, f.Map}
	if before := c.newest[key]; f.Epoch <= before {
		return violation("%s committed %s epoch %d after epoch %d", o.Host, f.Map, f.Epoch, before)
	}
	c.newest[key] = f.Epoch
	return ""
}

// monotoneApply is I-MAP-2: the epochs of a map that a daemon applies grow; none
// is applied twice in the life of a process.
type monotoneApply struct{ newest map[applier]uint64 }

type applier struct {
	host string
	gid  uint64
	name string
}

func newMonotoneApply() *monotoneApply { return &monotoneApply{newest: make(map[applier]uint64)} }

func (*monotoneApply) Name() string { return "I-MAP-2 monotone apply" }

func (c *monotoneApply) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mgr.MapApplied)
	if !ok {
		return ""
	}
	key := applier{o.Host, f.GID, f.Map}
	if before, seen := c.newest[key]; seen && uint64(f.Epoch) <= before {
		return violation("%s (gid %d) applied %s epoch %d after epoch %d", o.Host, f.GID, f.Map, f.Epoch, before)
	}
	c.newest[key] = uint64(f.Epoch)
	return ""
}
