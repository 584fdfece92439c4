package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// moncOutage takes all monitors away, for so long that clients hunt less and less often,
// and brings back one, which has no quorum, and then the others. When all has been well
// for a while they are gone once more: by then clients must hunt as eagerly as at first.
func moncOutage() Scenario {
	return Scenario{
		Name:     "monc-outage",
		Doc:      "all monitors are gone, then one is back, then all; and once more when all was well for long",
		Length:   150 * time.Second,
		Bite:     faults.Kill{}.Kind(),
		Topology: manyClients,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 20*time.Second)
			strike := func(after time.Duration, f faults.Fault) {
				at += after
				plan = append(plan, faults.Step{At: at, Fault: f})
			}
			strike(0, faults.Kill{Who: cluster.RoleMons})
			strike(d.Between("gone", 5*time.Second, 80*time.Second), faults.Restart{Who: d.Pick("back", t.MonNames()...)})
			strike(d.Between("alone", 2*time.Second, 25*time.Second), faults.Restart{Who: cluster.RoleDead})
			strike(d.Between("well", 60*time.Second, 110*time.Second), faults.Kill{Who: cluster.RoleMons})
			strike(d.Between("gone-again", 10*time.Second, 40*time.Second), faults.Restart{Who: cluster.RoleDead})
			return plan, []Goal{
				sessions(2, afterElection(huntBound)), sessions(4, afterElection(huntBound)), served(4),
			}
		},
	}
}
