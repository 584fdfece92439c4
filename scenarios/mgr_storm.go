package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrStorm does to managers whatever a bad day has for them, in any order: deaths and
// restarts, pauses, resets, and an operator who fails them besides. Monitors are well.
func mgrStorm() Scenario {
	return Scenario{
		Name:   "mgr-storm",
		Doc:    "managers die, stand still, lose connections and are failed, many times in a row: one serves in the end",
		Length: 150 * time.Second,
		Bite:   faults.Kill{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mgrs = d.Int("mgrs", 2, 4)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", 2*time.Second, 8*time.Second)
			plan := faults.Plan{{At: at, Fault: faults.Kill{Who: cluster.RoleActiveMgr}}}
			for i := range d.Int("blows", 3, 12) {
				at += d.Between("apart", 10*time.Millisecond, 12*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: aBlow(d, t, i)})
			}
			at += d.Between("calm-after", 0, 10*time.Second)
			plan = append(plan,
				faults.Step{At: at, Fault: faults.Resume{Who: cluster.RolePaused}}, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}

// aBlow draws one thing that happens to managers.
func aBlow(d *Draw, t cluster.Topology, i int) faults.Fault {
	who := d.Pick("who", append(t.MgrNames(), cluster.RoleActiveMgr, cluster.RoleNextMgr)...)
	switch d.Pick("blow", "kill", "restart", "pause", "resume", "fail", "reset") {
	case "kill":
		return faults.Kill{Who: who}
	case "restart":
		return faults.Restart{Who: cluster.RoleDead}
	case "pause":
		return faults.Pause{Who: who}
	case "resume":
		return faults.Resume{Who: cluster.RolePaused}
	case "fail":
		return aFail(d, t, i)
	default:
		return faults.Reset{A: cluster.RoleMons, B: who}
	}
}
