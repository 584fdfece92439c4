package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// What a core must do that was mended, see faults.Mend, with the rest as broken as it was.

// coreQuorum says that one of those monitors leads, and that each of them has executed what
// any monitor had executed by the given step. It is not looked at before a leader that has
// lost its majority must have noticed. Roles are asked when it is looked at.
func coreQuorum(step int, within func(cluster.Topology) time.Duration, who ...string) Goal {
	return Goal{
		Words:    "quorum " + strings.Join(who, " "),
		Property: "I-EL-5 quorum of the core", Step: step, Fault: step,
		Doc:    "one of " + strings.Join(who, ", ") + " leads, and each has executed what any had",
		Within: within,
		Reached: func(p *Progress) bool {
			m := p.Topology().Mon
			lonely := time.Duration(2 * float64(m.Lease) * m.LeaseAckTimeoutFactor) // it looks once in half of that
			if p.World().Now()-p.Struck <= lonely {
				return false
			}
			names := p.named(who)
			behind := func(name string) bool { return p.View().Executed(name) < p.Executed }
			return slices.Contains(names, p.View().Leader()) && !slices.ContainsFunc(names, behind)
		},
	}
}

// coreActive says that one of those managers is active and available, and knows it.
func coreActive(step int, within func(cluster.Topology) time.Duration, who ...string) Goal {
	return Goal{
		Words:    "active " + strings.Join(who, " "),
		Property: "I-MGR-12 bounded promotion", Step: step, Fault: step,
		Doc:    "one of " + strings.Join(who, ", ") + " is active and available",
		Within: within,
		Reached: func(p *Progress) bool {
			name := p.View().ActiveMgr()
			return p.View().Available() && slices.Contains(p.named(who), name) && p.View().Mode(name) == mgr.ModeActive
		},
	}
}

// named are those whom names and roles stand for now. The plan has named them before.
func (p *Progress) named(who []string) (all []string) {
	for _, w := range who {
		names, _ := p.Resolve(w)
		all = append(all, names...)
	}
	return all
}
