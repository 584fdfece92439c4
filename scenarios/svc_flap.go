package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcFlap kills, pauses and restarts services, and the broker, again and again, for times
// about service_down_time. Who is away for less is not missed, and all are up in the end.
func svcFlap() Scenario {
	return Scenario{
		Name:     "svc-flap",
		Doc:      "Cinder's services, its broker and its APIs come and go",
		Length:   120 * time.Second,
		Cloud:    true,
		Topology: cloud,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 20*time.Second)
			for range d.Int("rounds", 1, 5) {
				who := d.Pick("who", append(append(t.Cinder.ServiceNames(), t.Cinder.APINames()...), cluster.BrokerName)...)
				away := d.Pick("away", "kill", "pause")
				if away == "kill" {
					plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: who}})
				} else {
					plan = append(plan, faults.Step{At: at, Fault: faults.Pause{Who: who}})
				}
				at += d.Between("for", time.Second, 80*time.Second)
				if away == "kill" {
					plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
				} else {
					plan = append(plan, faults.Step{At: at, Fault: faults.Resume{Who: cluster.RolePaused}})
				}
				at += d.Between("gap", 100*time.Millisecond, 30*time.Second)
			}
			return plan, []Goal{listed(len(plan)-1, afterOutage)}
		},
	}
}
