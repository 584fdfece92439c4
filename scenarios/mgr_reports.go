package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrReports breaks the sessions on which daemons report to the active manager, in bursts,
// while the daemons' machines are slow: what a report began with is not what it ends
// with, if anything can come in between (BUG-10). The operator has questions for the
// manager meanwhile, which the monitors pass on over the same sessions.
func mgrReports() Scenario {
	return Scenario{
		Name:   "mgr-reports",
		Doc:    "sessions with the active manager are reset while slow daemons report to it every second: they report on, no failover comes of it, and what the operator asks is answered",
		Length: 90 * time.Second,
		Bite:   faults.Reset{}.Kind(),
		Lacks:  "slow is simulated",
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mgrs = d.Int("mgrs", 2, 4)
			t.Mgr.StatsPeriod = time.Second
		},
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", 4*time.Second, 8*time.Second)
			who := d.Pick("slow", cluster.RoleMons, cluster.RoleMgrs, cluster.RolePeons)
			slow := &faults.Slow{Who: who, Factor: d.Int("factor", 500, 4000)}
			plan := faults.Plan{{At: at, Fault: slow}}
			for range d.Int("bursts", 1, 5) {
				at += d.Between("calm", 500*time.Millisecond, 4*time.Second)
				for range d.Int("resets", 2, 12) {
					at += d.Between("gap", 10*time.Millisecond, 900*time.Millisecond)
					if d.Chance("question", 4) { // a moment before, so that it is under way or has to wait
						plan = append(plan, faults.Step{At: at, Fault: faults.Command{"service dump"}})
						at += d.Between("moment", 0, 80*time.Millisecond)
					}
					from := d.Pick("from", cluster.RoleMons, cluster.RoleMgrs)
					plan = append(plan, faults.Step{At: at, Fault: faults.Reset{A: from, B: cluster.RoleActiveMgr}})
				}
			}
			at += d.Between("calm-after", 0, time.Second)
			plan = append(plan, faults.Step{At: at, Fault: faults.Fast{Of: slow}})
			return plan, []Goal{undisturbed(len(plan)-1, 15*time.Second), answered(len(plan) - 1)}
		},
	}
}
