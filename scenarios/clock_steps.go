package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// clockSteps moves wall clocks, forth and back, by a second to an hour, on the leader, on
// peons and on managers (S-10), and may fail a manager meanwhile. Ages of beacons and
// leases follow monotonic clocks, so nothing comes of the steps.
func clockSteps() Scenario {
	return Scenario{
		Name:   "clock-steps",
		Doc:    "wall clocks of monitors and managers jump by up to an hour, either way: no failover may come of it",
		Length: 120 * time.Second,
		Bite:   faults.ClockStep{}.Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 6*time.Second)
			for range d.Int("steps", 1, 8) {
				who := d.Pick("who", cluster.RoleLeader, cluster.RolePeons, cluster.RoleMons, cluster.RoleActiveMgr, cluster.RoleMgrs)
				plan = append(plan, faults.Step{At: at, Fault: faults.ClockStep{Who: who, By: aStep(d)}})
				at += d.Between("gap", 10*time.Millisecond, 8*time.Second)
			}
			if d.Chance("fail", 2) {
				plan = append(plan, faults.Step{At: at, Fault: faults.FailMgr{}})
				return plan, []Goal{succeeded(len(plan)-1, len(plan)-1, afterFall), settled(len(plan) - 1)}
			}
			return plan, []Goal{undisturbed(len(plan)-1, 60*time.Second)}
		},
	}
}

// aStep draws by how much a clock jumps.
func aStep(d *Draw) time.Duration {
	by := d.Between("by", time.Millisecond, 2*time.Second)
	switch d.Pick("size", "seconds", "tens", "minutes", "hour") {
	case "tens":
		by *= 10
	case "minutes":
		by *= 60
	case "hour":
		by += time.Hour
	}
	if d.Chance("back", 2) {
		return -by
	}
	return by
}
