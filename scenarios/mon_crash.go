package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monCrash kills monitors, takes their power, or crashes them at a point of the
// commit path, the leader more often than others, and starts them again soon: often
// several are down at once, or one again before the others have noticed. Disks keep
// what was synced, so nothing acknowledged may be lost.
func monCrash() Scenario {
	return Scenario{
		Name:     "mon-crash",
		Doc:      "monitors crash and restart at random moments and at points of the commit path: what was acknowledged survives",
		Length:   100 * time.Second,
		Bite:     faults.Kill{}.Kind(),
		Lacks:    "crash-at, disk-slow and power-off are simulated",
		Topology: keysOnly,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan := slowDisks(d)
			at := d.Between("first", time.Second, 6*time.Second)
			plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: cluster.RoleLeader}})
			for range d.Int("crashes", 2, 8) {
				at += d.Between("apart", 0, 6*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: aCrash(d, aMon(d, t))})
				at += d.Between("down", 0, 5*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			}
			// An armed point may have struck since.
			plan = append(plan, faults.Step{At: at + 5*time.Second, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}
