package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/budget"
)

// monReplace spoils the disks of monitors, one after another, and has an operator replace
// each before the next: removed, and added again on an empty disk. In the end perhaps none
// of the disks is left on which something was acknowledged. It goes as slowly as package
// budget says that it must; so there is a time by which each has to be back.
func monReplace() Scenario {
	return Scenario{
		Name:     "mon-replace",
		Doc:      "disks of monitors rot or lose what they lied about, one after another, and an operator replaces them: what was acknowledged survives",
		Length:   120 * time.Second,
		Bite:     faults.AddMon{}.Kind(),
		Lacks:    "disk-rot, disk-lie and power-off are simulated",
		Topology: keysOnly,
		Plan: func(d *Draw, t cluster.Topology) (plan faults.Plan, goals []Goal) {
			at, b := d.Between("first", time.Second, 20*time.Second), budget.Of(t)
			for range d.Int("replaced", 1, 3) {
				who := d.Pick("whose", t.MonNames()...)
				plan = append(plan, aRuin(d, who, at)...)
				last := plan[len(plan)-1]
				at = last.At
				if _, runs := last.Fault.(faults.DiskRot); !runs {
					at += b.Recovery + slack
				}
				plan = append(plan, faults.Step{At: at, Fault: faults.RemoveMon{Who: who}})
				at += b.Change + slack
				plan = append(plan, faults.Step{At: at, Fault: faults.AddMon{Who: who}})
				goals = append(goals, rejoined(len(plan)-1, changed, who))
				at += b.Change + slack
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, append(goals, served(len(plan)-1), caughtUp(len(plan)-1))
		},
	}
}

// slack is what is waited for longer than needs be, in which the rounding of times is lost.
const slack = time.Second

// changed is how long a change of the monitors may take.
func changed(t cluster.Topology) time.Duration { return budget.Of(t).Change }

// aRuin draws what becomes of a monitor that has to be replaced: its disk rots, and perhaps
// it dies then; or its disk lies until the power goes; or it dies with a good disk.
func aRuin(d *Draw, who string, at time.Duration) (plan faults.Plan) {
	strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
	switch d.Pick("ruin", "unnoticed", "unnoticed", "rot", "lie", "death") {
	case "lie":
		lie := &faults.DiskLie{Who: who, OneIn: d.Int("lies", 1, 4)}
		strike(lie)
		at += d.Between("lying", 500*time.Millisecond, 15*time.Second)
		strike(&faults.PowerOff{Who: who})
		strike(faults.DiskMend{Of: lie})
	case "rot":
		strike(faults.DiskRot{Who: who, Bits: d.Int("bits", 1, 20)})
		at += d.Between("rotten", 500*time.Millisecond, 15*time.Second)
		strike(aDeath(d, who))
	case "unnoticed":
		strike(faults.DiskRot{Who: who, Bits: d.Int("bits", 1, 20)})
	default:
		strike(aDeath(d, who))
	}
	return plan
}
