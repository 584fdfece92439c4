package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcOutage takes the database away for some seconds, a minute or five (S-25): its
// process is killed, stands still, or its machine is cut off. Heartbeats survive it, and
// nobody is down when it is over for an interval and somebody looks.
func svcOutage() Scenario {
	return Scenario{
		Name:     "svc-outage",
		Doc:      "the database of Cinder's services is away for 5 s to 5 min: they beat again at once",
		Length:   120 * time.Second,
		Cloud:    true,
		Topology: cloud,
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			var goals []Goal
			at := d.Between("first", time.Second, 20*time.Second)
			for range d.Int("outages", 1, 2) {
				gone, back := aDatabaseOutage(d)
				plan = append(plan, faults.Step{At: at, Fault: gone})
				at += anOutage(d)
				plan = append(plan, faults.Step{At: at, Fault: back})
				goals = append(goals, listed(len(plan)-1, afterOutage))
				at += d.Between("gap", 4*time.Minute, 5*time.Minute)
			}
			return plan, goals
		},
	}
}

// anOutage draws for how long something is away.
func anOutage(d *Draw) time.Duration {
	switch d.Pick("length", "seconds", "minute", "minutes") {
	case "minute":
		return d.Between("for", 50*time.Second, 70*time.Second)
	case "minutes":
		return d.Between("for", 4*time.Minute, 6*time.Minute)
	}
	return d.Between("for", time.Second, 10*time.Second)
}

// aDatabaseOutage draws how the database goes, and comes back.
func aDatabaseOutage(d *Draw) (gone, back faults.Fault) {
	switch d.Pick("how", "kill", "pause", "cut", "cut-services", "one-way") {
	case "pause":
		return faults.Pause{Who: cluster.DatabaseName}, faults.Resume{Who: cluster.RolePaused}
	case "cut":
		cut := &faults.Cut{A: cluster.DatabaseName, B: cluster.RoleCloud, Direction: faults.Both}
		return cut, faults.Heal{Cut: cut}
	case "cut-services":
		cut := &faults.Cut{A: cluster.DatabaseName, B: cluster.RoleServices, Direction: faults.Both}
		return cut, faults.Heal{Cut: cut}
	case "one-way":
		way := faults.To
		if d.Chance("answers", 2) {
			way = faults.From
		}
		cut := &faults.Cut{A: cluster.DatabaseName, B: cluster.RoleCloud, Direction: way}
		return cut, faults.Heal{Cut: cut}
	}
	return faults.Kill{Who: cluster.DatabaseName}, faults.Restart{Who: cluster.RoleDead}
}
