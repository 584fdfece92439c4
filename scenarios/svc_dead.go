package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcDead kills a service, and once it is down an operator disables it, enables it,
// freezes and thaws it (S-25). None of that revives it; it must be down until it is
// started, and then come up with its first beat.
func svcDead() Scenario {
	return Scenario{
		Name:     "svc-dead",
		Doc:      "operators disable and freeze a dead service of Cinder: it stays down until it beats",
		Length:   120 * time.Second,
		Cloud:    true,
		Bite:     faults.OSService{}.Kind(),
		Topology: cloud,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			who := d.Pick("who", "volume.0", "volume.0", "backup.0")
			at := d.Between("first", time.Second, 20*time.Second)
			plan := faults.Plan{{At: at, Fault: faults.Kill{Who: who}}}
			at += d.Between("dead", 20*time.Second, 100*time.Second)
			for range d.Int("requests", 1, 5) {
				action := d.Pick("action", "disable", "enable", "freeze", "thaw", "failover_host")
				plan = append(plan, faults.Step{At: at, Fault: faults.OSService{Action: action, Who: who}})
				at += d.Between("gap", 10*time.Millisecond, 30*time.Second)
			}
			last := len(plan) - 1
			plan = append(plan, faults.Step{At: plan[last].At + downBound(t) + time.Second, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{goesDown(last, who), listed(last+1, afterRestart)}
		},
	}
}
