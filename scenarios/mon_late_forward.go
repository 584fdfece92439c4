package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// monLateForward holds what peons pass on to the leader (S-12), and lets leadership go
// round meanwhile: peons pass it on again, to the next leader and the one after, and in
// the end the first one gets it too, when it leads no more, or does again. At first the
// managers are driven away from the leader, so that there is something to pass on.
func monLateForward() Scenario {
	return Scenario{
		Name:   "mon-late-forward",
		Doc:    "beacons that peons pass on arrive late and several times, over two elections: they prove nothing about later",
		Length: 150 * time.Second,
		Lacks:  "rule is simulated", Decode: true,
		Bite: (&faults.Rule{}).Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			hold := &faults.Rule{From: cluster.RolePeons, To: cluster.RoleLeader, Unit: "MForward", Verdict: sim.HoldBack()}
			at := d.Between("first", 2*time.Second, 8*time.Second)
			away := &faults.Cut{A: cluster.RoleLeader, B: cluster.RoleMgrs, Direction: faults.Both}
			plan := faults.Plan{
				{At: at, Fault: away}, {At: at, Fault: faults.Reset{A: cluster.RoleLeader, B: cluster.RoleMgrs}},
				{At: at + time.Second, Fault: faults.Heal{Cut: away}},
			}
			at += time.Second
			plan = append(plan, faults.Step{At: at, Fault: hold})
			if d.Chance("kill", 2) {
				at += d.Between("kill-after", 0, 3*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: d.Pick("killed", cluster.RoleActiveMgr, cluster.RoleNextMgr)}})
			}
			for range d.Int("elections", 1, 2) {
				at += d.Between("pause-after", 0, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Pause{Who: cluster.RoleLeader}})
				at += d.Between("pause", 11*time.Second, 25*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Resume{Who: cluster.RolePaused}})
			}
			at += d.Between("lift-after", 0, 20*time.Second)
			plan = append(plan, faults.Step{At: at, Fault: faults.LinkMend{Of: hold}}, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}
