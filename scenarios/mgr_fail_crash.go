package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrFailCrash takes the leader of the monitors out of the middle of a failover (S-04):
// it crashes at a point of its commit path while it fences one manager and promotes
// another. Whatever of that survives, it is all of it or nothing.
func mgrFailCrash() Scenario {
	return Scenario{
		Name:   "mgr-fail-crash",
		Doc:    "the leader crashes on its way from the drop of a manager to the commit: fence and map stay together",
		Length: 100 * time.Second,
		Bite:   (&faults.CrashAt{}).Kind(),
		Lacks:  "crash-at and disk-slow are simulated",
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan := slowDisks(d)
			at := d.Between("first", 2*time.Second, 8*time.Second)
			for i := range d.Int("times", 1, 4) {
				crash := &faults.CrashAt{
					Who: cluster.RoleLeader, Point: d.Pick("point", commitPath...), Nth: d.Int("nth", 1, 3), Power: d.Chance("power", 2),
				}
				plan = append(plan, faults.Step{At: at, Fault: crash}, faults.Step{At: at, Fault: aFail(d, t, i)})
				at += d.Between("down", time.Millisecond, 20*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
				at += d.Between("apart", 0, 10*time.Second)
			}
			plan = append(plan, faults.Step{At: at + 5*time.Second, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}
