package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrEdge pauses managers for about the grace (S-01), several times: some are dropped
// and some not, some wake up in the very moment in which they are, or while their
// successor is starting. Either is right, and one serves at the end.
func mgrEdge() Scenario {
	return Scenario{
		Name:   "mgr-edge",
		Doc:    "managers are paused for about the grace, again and again: each pause ends well, with a failover or without",
		Length: 120 * time.Second,
		Bite:   faults.Pause{}.Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 12*time.Second)
			for range d.Int("pauses", 1, 4) {
				who := d.Pick("who", cluster.RoleActiveMgr, cluster.RoleActiveMgr, cluster.RoleNextMgr, cluster.RoleMgrs)
				plan = append(plan, faults.Step{At: at, Fault: faults.Pause{Who: who}})
				at += d.Between("for", t.Grace()-3*time.Second, t.Grace()+t.Mon.TickInterval+3*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Resume{Who: cluster.RolePaused}})
				at += d.Between("gap", 100*time.Millisecond, 20*time.Second)
			}
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}
