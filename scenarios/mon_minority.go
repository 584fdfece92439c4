package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monMinority leaves a monitor, mostly the leader, without the others, while clients
// still reach it: by a cut of both directions or of one, or by a pause, shorter and
// longer than its lease. The rest elects another leader and goes on. What the one that
// is left behind tells its clients must not be of the past.
func monMinority() Scenario {
	return Scenario{
		Name:     "mon-minority",
		Doc:      "a leader or another monitor is cut off from the others, or paused past its lease: nobody reads the past",
		Length:   120 * time.Second,
		Bite:     (&faults.Cut{}).Kind(),
		Lacks:    "disk-slow is simulated",
		Topology: keysOnly,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan, at := slowDisks(d), d.Between("first", time.Second, 6*time.Second)
			for i := range d.Int("times", 1, 4) {
				begin, end := aSeparation(d, aMon(d, t), i > 0 && d.Chance("pause", 3))
				plan = append(plan, faults.Step{At: at, Fault: begin})
				at += d.Between("apart", 3*time.Second, 30*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: end})
				at += d.Between("together", 0, 10*time.Second)
			}
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}

// aSeparation draws what separates a monitor from the others, and what ends it.
func aSeparation(d *Draw, who string, pause bool) (begin, end faults.Fault) {
	if pause {
		return faults.Pause{Who: who}, faults.Resume{Who: cluster.RolePaused}
	}
	direction := d.Pick("direction", string(faults.Both), string(faults.To), string(faults.From))
	cut := &faults.Cut{A: who, B: cluster.RoleMons, Direction: faults.Direction(direction)}
	return cut, faults.Heal{Cut: cut}
}
