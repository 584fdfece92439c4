package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcDelete removes rows of services that live, at any moment of their beats, and may kill
// the database meanwhile (S-25). A live service makes its row anew with its next beat.
func svcDelete() Scenario {
	return Scenario{
		Name:     "svc-delete",
		Doc:      "the rows of Cinder's services are removed while they live: each is back with the next beat",
		Length:   120 * time.Second,
		Cloud:    true,
		Bite:     faults.ServiceRemove{}.Kind(),
		Topology: cloud,
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 20*time.Second)
			for range d.Int("removals", 1, 5) {
				who := d.Pick("who", "volume.0", "scheduler.0", "backup.0", cluster.RoleServices)
				plan = append(plan, faults.Step{At: at, Fault: faults.ServiceRemove{Who: who}})
				at += d.Between("gap", 10*time.Millisecond, 15*time.Second)
			}
			if d.Chance("outage", 3) {
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: cluster.DatabaseName}})
				at += d.Between("for", 10*time.Millisecond, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			}
			return plan, []Goal{listed(len(plan)-1, afterOutage)}
		},
	}
}
