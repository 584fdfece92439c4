package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// mgrSwizzle clogs machines one after another and unclogs them in another order,
// while the paths between monitors and managers may be slow besides. What they have
// to say comes all at once, and late; but nobody is silent for the grace, so nobody
// may be dropped.
func mgrSwizzle() Scenario {
	return Scenario{
		Name:   "mgr-swizzle",
		Doc:    "machines are clogged one after another and unclogged in another order within the grace: no failover may come of it",
		Length: 120 * time.Second,
		Bite:   (&faults.Clog{}).Kind(),
		Lacks:  "bandwidth and delay are simulated",
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", 2*time.Second, 12*time.Second)
			who := slices.Concat(t.MonNames(), t.MgrNames())[d.Int("spared", 0, 2):]
			apart := d.Between("apart", time.Second, t.Grace()*2/3/time.Duration(2*len(who)))
			plan := faults.Swizzle(who, at, apart, func(n int) int { return d.intN("order", n) })
			d.note("swizzle", plan)
			if slow := slowDown(d); slow != nil {
				mend := faults.Step{At: plan[len(plan)-1].At, Fault: faults.LinkMend{Of: slow}}
				plan = append(slices.Insert(plan, 0, faults.Step{At: at, Fault: slow}), mend)
			}
			return plan, []Goal{undisturbed(len(plan)-1, 60*time.Second)}
		},
	}
}

// slowDown draws what makes the paths between monitors and managers slow, but for
// not longer than beacons may take; nil is nothing.
func slowDown(d *Draw) faults.LinkFault {
	direction := d.Pick("direction", string(faults.Both), string(faults.To), string(faults.From))
	path := faults.Path{A: cluster.RoleMons, B: cluster.RoleMgrs, Direction: faults.Direction(direction)}
	switch d.Pick("slow", "not", "delay", "bandwidth") {
	case "delay":
		scale := d.Between("scale", time.Millisecond, 100*time.Millisecond)
		return &faults.Delay{Path: path, Delay: sim.Delay{Shape: sim.DelayPareto, Scale: scale, Tail: 1200, Max: time.Second}}
	case "bandwidth":
		return &faults.Bandwidth{Path: path, BytesPerSecond: int64(d.Int("rate", 5_000, 500_000))}
	}
	return nil
}
