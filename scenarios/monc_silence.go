package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// moncSilence cuts clients off from one monitor, in one direction or both, for longer
// than a session may be silent. Nobody tells them: they have to notice by themselves,
// and find another monitor. The monitors have each other all the time.
func moncSilence() Scenario {
	return Scenario{
		Name:     "monc-silence",
		Doc:      "clients are cut off from one monitor without a word, and have to notice",
		Length:   120 * time.Second,
		Bite:     (&faults.Cut{}).Kind(),
		Topology: manyClients,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			var goals []Goal
			at := d.Between("first", 2*time.Second, 15*time.Second)
			strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
			for range d.Int("times", 1, 2) {
				mon := d.Pick("mon", t.MonNames()...)
				direction := faults.Direction(d.Pick("direction", string(faults.Both), string(faults.To), string(faults.From)))
				who := []string{cluster.RoleMonClients}
				if d.Chance("managers-too", 2) {
					who = append(who, cluster.RoleMgrs)
				}
				var cuts []*faults.Cut
				for _, clients := range who {
					cuts = append(cuts, &faults.Cut{A: clients, B: mon, Direction: direction})
					strike(cuts[len(cuts)-1])
				}
				goals = append(goals, abandoned(len(plan)-1, mon, who))
				at += d.Between("apart", silence, 2*silence)
				for _, cut := range cuts {
					strike(faults.Heal{Cut: cut})
				}
				goals = append(goals, sessions(len(plan)-1, deadSessionBound))
				at += d.Between("together", 5*time.Second, 30*time.Second)
			}
			return plan, goals
		},
	}
}
