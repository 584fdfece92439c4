package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/faults"
)

// moncQuorum cuts monitors off from each other while their clients authenticate: one of
// them drops out of the quorum, or there is none any more. All of them still listen.
// They keep clients waiting, or tell them to try again.
func moncQuorum() Scenario {
	return Scenario{
		Name:     "monc-quorum",
		Doc:      "monitors drop out of the quorum while clients authenticate with them",
		Length:   120 * time.Second,
		Lacks:    "fire is simulated",
		Bite:     (&faults.Cut{}).Kind(),
		Topology: manyClients,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			if !d.Chance("patient", 3) {
				plan = append(plan, faults.Step{Fault: &faults.Fire{Who: cluster.RoleMons, Point: mon.PointTryAgain, OneIn: d.Int("tries", 1, 2)}})
			}
			at := d.Between("first", 2*time.Second, 6*time.Second)
			for range d.Int("times", 1, 3) {
				cut := &faults.Cut{A: d.Pick("off", cluster.RoleMons, cluster.RoleMons, cluster.RoleLeader, "mon.b"), B: cluster.RoleMons, Direction: faults.Both}
				plan = append(plan, faults.Step{At: at, Fault: cut})
				heal := at + d.Between("apart", 5*time.Second, 60*time.Second)
				for range d.Int("resets", 1, 3) {
					at = min(at+d.Between("until-reset", 0, 16*time.Second), heal)
					plan = append(plan, faults.Step{At: at, Fault: faults.Reset{A: cluster.RoleMons, B: aClient(d)}})
				}
				plan = append(plan, faults.Step{At: heal, Fault: faults.Heal{Cut: cut}})
				at = heal + d.Between("together", 5*time.Second, 30*time.Second)
			}
			last := len(plan) - 1
			return plan, []Goal{sessions(last, afterHeal), served(last)}
		},
	}
}

// afterHeal leaves time for what a cut has held back: the monitors' own connections are
// sent on by TCP's timer, which has doubled each time.
func afterHeal(t cluster.Topology) time.Duration {
	return time.Minute + afterElection(deadSessionBound)(t)
}
