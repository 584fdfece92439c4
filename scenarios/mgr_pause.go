package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrPause pauses the active manager (S-01): for less than the grace, and nothing
// must happen; or for longer, and it is replaced, and respawns once it is resumed.
func mgrPause() Scenario {
	return Scenario{
		Name:   "mgr-pause",
		Doc:    "the active manager is paused, within the grace or past it, and resumed",
		Length: 150 * time.Second,
		Bite:   faults.Pause{}.Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("pause", 2*time.Second, 12*time.Second)
			if d.Chance("short", 4) {
				// The last beacon can be one period old when the pause begins.
				most := t.Mon.MgrBeaconGrace - t.Mgr.TickPeriod - time.Second
				resume := at + d.Between("resume-after", 5*time.Second, most)
				return pausePlan(at, resume), []Goal{undisturbed(1, 20*time.Second)}
			}
			resume := at + d.Between("resume-after", 55*time.Second, 80*time.Second)
			return pausePlan(at, resume), []Goal{replaced(0), succeeded(0, 0, detection), cameBack(0, 1, rediscovery)}
		},
	}
}

func pausePlan(at, resume time.Duration) faults.Plan {
	return faults.Plan{
		{At: at, Fault: faults.Pause{Who: cluster.RoleActiveMgr}},
		{At: resume, Fault: faults.Resume{Who: cluster.RolePaused}},
	}
}
