package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrClog is mgr-swizzle past the grace: machines are clogged for so long that managers
// are dropped, promoted, and dropped again before they hear of any of it. What they had
// to say meanwhile arrives when it is no longer true.
func mgrClog() Scenario {
	return Scenario{
		Name:   "mgr-clog",
		Doc:    "machines are clogged one after another past the grace: whoever was dropped meanwhile does not come back as it was",
		Length: 150 * time.Second,
		Bite:   (&faults.Clog{}).Kind(),
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			who := slices.Concat(t.MgrNames(), t.MonNames())
			who = who[:d.Int("clogged", 1, len(who)-1)]
			apart := d.Between("apart", 500*time.Millisecond, 2*t.Grace()/time.Duration(len(who)))
			plan := faults.Swizzle(who, d.Between("first", 2*time.Second, 8*time.Second), apart, func(n int) int { return d.intN("order", n) })
			for i := range d.Int("fails", 0, 3) {
				at := plan[0].At + d.Between("fail", 0, plan[len(plan)-1].At-plan[0].At)
				plan = insertStep(plan, faults.Step{At: at, Fault: aFail(d, t, i)})
			}
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}

// insertStep puts a step where its time has it.
func insertStep(plan faults.Plan, s faults.Step) faults.Plan {
	at := slices.IndexFunc(plan, func(o faults.Step) bool { return o.At > s.At })
	if at < 0 {
		at = len(plan)
	}
	return slices.Insert(plan, at, s)
}

// aFail draws a command of the operator that fails a manager: the active one, mostly at
// first, or any.
func aFail(d *Draw, t cluster.Topology, i int) faults.Fault {
	if i == 0 || d.Chance("fail-active", 2) {
		return faults.FailMgr{}
	}
	return faults.FailMgr{Who: d.Pick("failed", t.MgrNames()...)}
}
