package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcFailover makes a replica of the database the primary, which may have heard nothing
// for up to some minutes: rows are as they were then. Statements, work of a volume service
// and operators' requests may be under way when the primary dies. It comes back and follows,
// as does that service. Every service must beat in the new primary's rows, or make its own anew.
func svcFailover() Scenario {
	return Scenario{
		Name:   "svc-failover",
		Doc:    "a replica of the database of Cinder's services, perhaps a stale one, becomes the primary: they beat on",
		Length: 120 * time.Second,
		Cloud:  true,
		Bite:   faults.DBFailover{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			cloud(d, t)
			t.Cinder.Replicas = d.Int("replicas", 1, 2)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 20*time.Second)
			strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
			if d.Chance("work", 2) { // which is broken off and found again
				strike(faults.CreateVolume{Who: "volume.0"})
				at += d.Between("creating", time.Second, 10*time.Second)
				strike(faults.Kill{Who: "volume.0"})
			}
			for range d.Int("requests", 0, 3) {
				action := d.Pick("action", "freeze", "thaw", "failover_host", "failover_host")
				strike(faults.OSService{Action: action, Who: d.Pick("of", t.Cinder.VolumeNames()...)})
				at += d.Between("between", 10*time.Millisecond, 5*time.Second)
			}
			var cut *faults.Cut
			if d.Chance("stale", 2) {
				cut = &faults.Cut{A: cluster.DatabaseName, B: "db.1", Direction: faults.Both}
				strike(cut)
				at += d.Between("lag", time.Second, 150*time.Second)
			}
			if d.Chance("remove", 2) {
				strike(faults.ServiceRemove{Who: d.Pick("whose", t.Cinder.ServiceNames()...)})
				at += d.Between("after", 10*time.Millisecond, 20*time.Second)
			}
			if d.Chance("in the middle", 2) { // of statements, which take long
				strike(faults.DBSlow{Who: cluster.DatabaseName, By: d.Between("slow", 2*time.Second, 9*time.Second)})
				at += d.Between("slowly", 5*time.Second, 20*time.Second)
			}
			strike(faults.Kill{Who: cluster.DatabaseName})
			at += d.Between("nobody", 10*time.Millisecond, 70*time.Second)
			strike(faults.DBFailover{To: "db.1"})
			if cut != nil {
				strike(faults.Heal{Cut: cut})
			}
			at += d.Between("alone", 10*time.Millisecond, 30*time.Second)
			strike(faults.Restart{Who: cluster.RoleDead})
			return plan, []Goal{listed(len(plan)-1, afterOutage)}
		},
	}
}
