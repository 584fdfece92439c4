package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// majorityQuorum is I-EL-2: a monitor serves as leader only once more than half of the
// monitors, itself included, have followed it in its term. (Our quorum has no list of
// members: who acknowledges what a leader says in its term is in it, and states so
// before it acknowledges anything.)
type majorityQuorum struct {
	monitors  int
	followers map[uint64]map[string]bool // by term, of its leader
}

func newMajorityQuorum(b Bounds) *majorityQuorum {
	return &majorityQuorum{monitors: b.Monitors, followers: make(map[uint64]map[string]bool)}
}

func (*majorityQuorum) Name() string { return "I-EL-2 majority quorum" }

func (c *majorityQuorum) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.Role)
	if !ok || f.Leader == "" {
		return ""
	}
	all := c.followers[f.Term]
	if all == nil {
		all = make(map[string]bool)
		c.followers[f.Term] = all
	}
	all[o.Host] = true
	if f.Role == cluster.Leader && f.Active && 2*len(all) <= c.monitors {
		return violation("%s serves as leader in term %d with %d of %d monitors", o.Host, f.Term, len(all), c.monitors)
	}
	return ""
}
