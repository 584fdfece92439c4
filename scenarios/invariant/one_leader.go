package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// oneLeader is I-EL-1: in each term at most one monitor leads, for ever and
// across restarts. (Where Ceph has election epochs, our quorum has raft terms.)
type oneLeader struct{ leaders map[uint64]string }

func newOneLeader() *oneLeader { return &oneLeader{leaders: make(map[uint64]string)} }

func (*oneLeader) Name() string { return "I-EL-1 one leader per term" }

func (c *oneLeader) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.Role)
	if !ok || f.Role != cluster.Leader {
		return ""
	}
	if other, taken := c.leaders[f.Term]; taken && other != o.Host {
		return violation("%s leads in term %d, in which %s has led", o.Host, f.Term, other)
	}
	c.leaders[f.Term] = o.Host
	return ""
}
