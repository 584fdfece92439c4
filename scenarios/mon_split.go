package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monSplit parts a monitor, mostly the leader, from the others, with some managers on
// either side (S-06, S-07), and heals that after some seconds or long after the grace.
// It does so again and again, so that who has led comes to lead once more, and takes
// nothing from then for news. Managers on the side without a quorum, or killed
// meanwhile, are rightly dropped, each after a full grace of whoever leads.
func monSplit() Scenario {
	return Scenario{
		Name:   "mon-split",
		Doc:    "a monitor is parted from the others with some of the managers, several times: leadership goes round and nobody is dropped early",
		Length: 150 * time.Second,
		Bite:   (&faults.Cut{}).Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mons = 3 + 2*d.Int("two-more-mons", 0, 1)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 8*time.Second)
			for range d.Int("times", 1, 4) {
				cuts := aSplit(d, t)
				for _, c := range cuts {
					plan = append(plan, faults.Step{At: at, Fault: c})
				}
				if d.Chance("kill", 3) {
					at += d.Between("kill-after", 0, 10*time.Second)
					plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: d.Pick("killed", t.MgrNames()...)}})
				}
				at += d.Between("apart", 3*time.Second, 45*time.Second)
				for _, c := range cuts {
					plan = append(plan, faults.Step{At: at, Fault: faults.Heal{Cut: c}})
				}
				at += d.Between("together", 0, 15*time.Second)
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}

// aSplit draws a monitor and the managers that are on its side, and the cuts between
// them and all others.
func aSplit(d *Draw, t cluster.Topology) []*faults.Cut {
	alone := d.Pick("alone", append(t.MonNames(), cluster.RoleLeader, cluster.RoleLeader, cluster.RoleLeader)...)
	others := []string{cluster.RolePeons}
	if alone != cluster.RoleLeader {
		others = slices.DeleteFunc(t.MonNames(), func(name string) bool { return name == alone })
	}
	var cuts []*faults.Cut
	cut := func(a string, bs ...string) {
		for _, b := range bs {
			cuts = append(cuts, &faults.Cut{A: a, B: b, Direction: faults.Both})
		}
	}
	cut(alone, others...)
	for _, mgr := range t.MgrNames() {
		if d.Chance("with-it", 3) {
			cut(mgr, others...)
		} else {
			cut(mgr, alone)
		}
	}
	return cuts
}
