package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrOneWay loses what goes one way between a manager and the monitors (S-08): beacons
// while maps still come, or maps while beacons still go; or all between it and one
// monitor, which leaves its session half open (S-09). Where only maps are lost, a
// manager is active in the map and does not know, or is out of it and does not, until
// it finds its session dead.
func mgrOneWay() Scenario {
	return Scenario{
		Name:   "mgr-one-way",
		Doc:    "what goes one way between a manager and monitors is lost, or all between it and one of them: it finds its way back",
		Length: 200 * time.Second,
		Bite:   (&faults.Cut{}).Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 8*time.Second)
			for i := range d.Int("times", 2, 3) {
				who := d.Pick("who", cluster.RoleActiveMgr, cluster.RoleActiveMgr, cluster.RoleNextMgr, cluster.RoleMgrs)
				whom := cluster.RoleMons
				if i > 0 {
					whom = d.Pick("whom", append(t.MonNames(), cluster.RoleMons, cluster.RoleLeader, cluster.RolePeons)...)
				}
				direction := d.Pick("direction", string(faults.To), string(faults.From), string(faults.Both))
				cut := &faults.Cut{A: who, B: whom, Direction: faults.Direction(direction)}
				plan = append(plan, faults.Step{At: at, Fault: cut})
				if d.Chance("fail", 3) {
					at += d.Between("fail-after", 0, 5*time.Second)
					plan = append(plan, faults.Step{At: at, Fault: aFail(d, t, i)})
				}
				at += d.Between("for", 5*time.Second, 90*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Heal{Cut: cut}})
				at += d.Between("gap", 0, 20*time.Second)
			}
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}
