package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// svcSlow makes statements of the database take long, up to 70 s, for some minutes (S-25),
// or everything on the way to it, or its disk, in which case it may die meanwhile. Beats end with their interval, and come in
// time when it is over.
func svcSlow() Scenario {
	return Scenario{
		Name:     "svc-slow",
		Doc:      "the database of Cinder's services takes up to 70 s for a statement: beats end with their interval, and go on",
		Length:   120 * time.Second,
		Cloud:    true,
		Lacks:    "delay and disk-slow are simulated",
		Topology: cloud,
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			if d.Chance("dies", 3) {
				plan := deaths(d)
				return plan, []Goal{listed(len(plan)-1, afterOutage)}
			}
			slow, fast := aSlowness(d)
			at := d.Between("first", time.Second, 20*time.Second)
			end := at + d.Between("for", 10*time.Second, 4*time.Minute)
			return faults.Plan{{At: at, Fault: slow}, {At: end, Fault: fast}}, []Goal{listed(1, afterOutage)}
		},
	}
}

// deaths draws a database whose disk takes so long that it dies in the middle of commits,
// now and then.
func deaths(d *Draw) faults.Plan {
	disk := &faults.DiskSlow{Who: cluster.DatabaseName, Latency: sim.DiskLatency{Extra: d.Between("sync of", 200*time.Millisecond, 1200*time.Millisecond)}}
	at := d.Between("first", time.Second, 20*time.Second)
	plan := faults.Plan{{At: at, Fault: disk}}
	for range d.Int("deaths", 1, 4) {
		at += d.Between("alive", 10*time.Second, 30*time.Second)
		plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: cluster.DatabaseName}})
		at += d.Between("dead", 100*time.Millisecond, 5*time.Second)
		plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
	}
	return append(plan, faults.Step{At: at + 20*time.Second, Fault: faults.DiskMend{Of: disk}})
}

// aSlowness draws what is slow, and how that ends.
func aSlowness(d *Draw) (slow, fast faults.Fault) {
	path := faults.Path{A: cluster.DatabaseName, B: cluster.RoleCloud, Direction: faults.Both}
	if d.Chance("services-only", 2) {
		path.B = cluster.RoleServices
	}
	switch d.Pick("what", "link", "disk", "server") {
	case "server":
		by := d.Between("by", time.Second, 70*time.Second)
		if d.Chance("writes-late", 2) { // beats read in time, and write too late
			by = d.Between("late", 5*time.Second, 10*time.Second)
		}
		return faults.DBSlow{Who: cluster.DatabaseName, By: by}, faults.DBFast{Who: cluster.DatabaseName}
	case "disk":
		disk := &faults.DiskSlow{Who: cluster.DatabaseName, Latency: sim.DiskLatency{Extra: d.Between("sync", time.Second, 20*time.Second)}}
		return disk, faults.DiskMend{Of: disk}
	default:
		delay := &faults.Delay{Path: path, Delay: sim.Delay{Min: d.Between("by", time.Second, 70*time.Second)}}
		return delay, faults.LinkMend{Of: delay}
	}
}
