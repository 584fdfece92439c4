package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// monPromise asks whether monitors say that they have something before they do. While
// a minority is down and the disks of the peons crawl, the leader commits as soon as a
// peon has acknowledged; then the power of all goes, and those come back first who
// were down, together with as many of the others as make a majority. What they know
// between them must hold all that was acknowledged.
func monPromise() Scenario {
	return Scenario{
		Name:     "mon-promise",
		Doc:      "a bare majority with slow disks loses power, and comes back with those who were down: what was acknowledged survives",
		Length:   90 * time.Second,
		Bite:     (&faults.PowerOff{}).Kind(),
		Lacks:    "disk-slow and power-off are simulated",
		Topology: keysOnly,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := time.Duration(0)
			for range d.Int("rounds", 1, 4) {
				at += d.Between("apart", time.Second, 4*time.Second)
				down := drawn(d, t.MonNames(), (t.Mons-1)/2)
				for _, who := range down {
					plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: who}})
				}
				at += d.Between("elects", 12*time.Second, 16*time.Second) // if the leader was among them
				extra := d.Between("crawl", 20*time.Millisecond, 400*time.Millisecond)
				crawl := &faults.DiskSlow{Who: cluster.RolePeons, Latency: sim.DiskLatency{Extra: extra, Spread: extra}}
				plan = append(plan, faults.Step{At: at, Fault: crawl})
				at += d.Between("busy", time.Second, 4*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: &faults.PowerOff{Who: cluster.RoleMons}})
				plan = append(plan, faults.Step{At: at, Fault: faults.DiskMend{Of: crawl}})
				var back faults.Plan
				back, at = comeBack(d, t, at, append(down, drawn(d, others(t, down), t.Mons-len(down))...))
				plan = append(plan, back...)
			}
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}

// comeBack starts monitors again, those who are enough for a quorum some time before
// the rest.
func comeBack(d *Draw, t cluster.Topology, at time.Duration, order []string) (plan faults.Plan, last time.Duration) {
	for i, who := range order {
		if i == t.Mons/2+1 {
			at += d.Between("later", time.Second, 8*time.Second)
		}
		plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: who}})
	}
	return plan, at
}

// others are all monitors but those.
func others(t cluster.Topology, those []string) []string {
	return slices.DeleteFunc(t.MonNames(), func(who string) bool { return slices.Contains(those, who) })
}
