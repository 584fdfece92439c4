package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monPower takes the power of all monitors at once while clients write, some times,
// and gives it back to one after another. Each disk keeps, loses or tears what was
// not synced.
func monPower() Scenario {
	return Scenario{
		Name:     "mon-power",
		Doc:      "all monitors lose power at once, some times, and restart one after another: what was acknowledged survives",
		Length:   90 * time.Second,
		Bite:     (&faults.PowerOff{}).Kind(),
		Lacks:    "power-off and disk-slow are simulated",
		Topology: keysOnly,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan := slowDisks(d)
			at := time.Duration(0)
			for range d.Int("blackouts", 1, 4) {
				at += d.Between("apart", 2*time.Second, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: &faults.PowerOff{Who: cluster.RoleMons}})
				at += d.Between("dark", 0, 5*time.Second)
				mons := t.MonNames()
				for range t.Mons {
					i := d.Int("back", 0, len(mons)-1)
					plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: mons[i]}})
					mons = append(mons[:i:i], mons[i+1:]...)
					at += d.Between("later", 0, 2*time.Second)
				}
			}
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}
