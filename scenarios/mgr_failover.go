package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrFailover kills the active manager, and may start it again when its successor
// has long taken over.
func mgrFailover() Scenario {
	return Scenario{
		Name:   "mgr-failover",
		Doc:    "the active manager is killed; a standby must take over within the grace and a tick",
		Length: 120 * time.Second,
		Bite:   faults.Kill{}.Kind(),
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			kill := d.Between("kill", 2*time.Second, 12*time.Second)
			plan := faults.Plan{{At: kill, Fault: faults.Kill{Who: cluster.RoleActiveMgr}}}
			goals := []Goal{replaced(0), succeeded(0, 0, detection)}
			if d.Chance("restart", 2) {
				later := kill + d.Between("restart-after", 55*time.Second, 70*time.Second)
				plan = append(plan, faults.Step{At: later, Fault: faults.Restart{Who: cluster.RoleDead}})
				goals = append(goals, cameBack(0, 1, returning))
			}
			return plan, goals
		},
	}
}

// returning bounds the time from the start of a manager's process to its entry
// in the map: it finds a monitor, authenticates, sends a beacon.
func returning(t cluster.Topology) time.Duration {
	return 3*t.Client.HuntInterval + t.Mgr.TickPeriod + 2*proposal
}
