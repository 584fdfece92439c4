package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monPause pauses monitors while every manager is well (S-05): the leader alone, or all
// of them. Whoever leads afterwards has heard of nobody for longer than the grace, and
// must not conclude anything from that (BUG-03).
//
// Where the leader alone is paused for longer than the grace, a failover is right if it
// comes: a manager whose session is with it finds that out by keepalives after 30 to
// 40 s, and the next leader may have been there for the grace by then.
func monPause() Scenario {
	return Scenario{
		Name:   "mon-pause",
		Doc:    "monitors are paused for 12 to 70 s and resumed while all managers are well: none is dropped that could be heard",
		Length: 150 * time.Second,
		Bite:   faults.Pause{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mons = 3
			if d.Chance("one-mon", 3) {
				t.Mons = 1
			}
			t.Mgrs = d.Int("mgrs", 1, 3)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("pause", 2*time.Second, 12*time.Second)
			after := d.Between("resume-after", 12*time.Second, 70*time.Second)
			who := cluster.RoleMons
			if t.Mons > 1 {
				who = d.Pick("who", cluster.RoleMons, cluster.RoleMons, cluster.RoleLeader)
			}
			goal := undisturbed(1, 45*time.Second)
			if who == cluster.RoleLeader && after > t.Grace() {
				goal = settled(1)
			}
			return faults.Plan{
				{At: at, Fault: faults.Pause{Who: who}},
				{At: at + after, Fault: faults.Resume{Who: cluster.RolePaused}},
			}, []Goal{goal}
		},
	}
}
