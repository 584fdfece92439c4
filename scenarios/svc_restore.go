package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcRestore puts a backup in the database's place, in which rows are as they were seconds
// or minutes ago: services that were removed and have come back meanwhile have their old
// rows again, or none, and what operators have done since is undone. All beat on.
func svcRestore() Scenario {
	return Scenario{
		Name:     "svc-restore",
		Doc:      "the database of Cinder's services is restored from a backup: they beat on in its rows",
		Length:   120 * time.Second,
		Cloud:    true,
		Bite:     faults.DBRestore{}.Kind(),
		Topology: cloud,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			const name = "yesterday"
			at := d.Between("first", time.Second, 20*time.Second)
			plan := faults.Plan{{At: at, Fault: faults.DBBackup{Who: cluster.DatabaseName, Name: name}}}
			for range d.Int("changes", 0, 4) {
				at += d.Between("gap", time.Second, 30*time.Second)
				who := d.Pick("who", t.Cinder.ServiceNames()...)
				var f faults.Fault = faults.OSService{Action: d.Pick("action", "disable", "enable"), Who: who}
				if d.Chance("remove", 2) {
					f = faults.ServiceRemove{Who: who}
				}
				plan = append(plan, faults.Step{At: at, Fault: f})
			}
			at += d.Between("age", time.Second, 150*time.Second)
			plan = append(plan, faults.Step{At: at, Fault: faults.DBRestore{Who: cluster.DatabaseName, Name: name}})
			return plan, []Goal{listed(len(plan)-1, afterOutage)}
		},
	}
}
