package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monRot lets the log of a monitor rot that the others rely on: a minority is down
// while a bare majority commits, then all end, and those who were down come back first,
// with the one whose disk has rotted. If it came up with a part of its past, they would
// be a quorum that has forgotten; so it must stay out until the rest is back.
func monRot() Scenario {
	return Scenario{
		Name:     "mon-rot",
		Doc:      "one of a bare majority comes back with a rotten log, and those who were down: what was acknowledged survives",
		Length:   60 * time.Second,
		Bite:     faults.DiskRot{}.Kind(),
		Lacks:    "disk-rot and power-off are simulated",
		Topology: keysOnly,
		Marks:    []string{MarkLeftOut},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", time.Second, 4*time.Second)
			down := drawn(d, t.MonNames(), (t.Mons-1)/2)
			var plan faults.Plan
			for _, who := range down {
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: who}})
			}
			at += d.Between("busy", 15*time.Second, 30*time.Second) // with an election, if the leader was among them
			rest := drawn(d, others(t, down), t.Mons-len(down))
			plan = append(plan, faults.Step{At: at, Fault: faults.DiskRot{Who: rest[0], Bits: d.Int("bits", 1, 4)}})
			at += d.Between("unnoticed", 0, 200*time.Millisecond)
			for _, who := range rest {
				plan = append(plan, faults.Step{At: at, Fault: aDeath(d, who)})
			}
			back, at := comeBack(d, t, at, append(down, rest...))
			plan = append(append(plan, back...), faults.Step{At: at + time.Second, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}
