package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrReset breaks every connection between the managers and the monitors, and
// among the monitors, several times in a row. Nobody is silent for the grace, so
// nobody may be dropped.
func mgrReset() Scenario {
	return Scenario{
		Name:   "mgr-reset",
		Doc:    "connections between managers and monitors are reset again and again: no failover may come of it",
		Length: 90 * time.Second,
		Bite:   faults.Reset{}.Kind(),
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", 2*time.Second, 6*time.Second)
			var plan faults.Plan
			for range d.Int("resets", 1, 4) {
				who := d.Pick("who", cluster.RoleMgrs, cluster.RoleActiveMgr, cluster.RoleMons, cluster.RoleLeader)
				plan = append(plan, faults.Step{At: at, Fault: faults.Reset{A: cluster.RoleMons, B: who}})
				at += d.Between("gap", 50*time.Millisecond, 6*time.Second)
			}
			return plan, []Goal{undisturbed(len(plan)-1, 45*time.Second)}
		},
	}
}
