package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcTwins has two processes with one name, and so one row: it is up while either lives.
// They die in the middle of their work and start at once again, and what they have left
// is cleaned up by one of them.
func svcTwins() Scenario {
	return Scenario{
		Name:   "svc-twins",
		Doc:    "two volume services of Cinder have one name: up while either lives, and unfinished work is claimed once",
		Length: 120 * time.Second,
		Cloud:  true,
		Bite:   faults.CreateVolume{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			cloud(d, t)
			t.Cinder.Twins = 1
		},
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", time.Second, 20*time.Second)
			first := d.Pick("who", "volume.0", "twin.0")
			other := map[string]string{"volume.0": "twin.0", "twin.0": "volume.0"}[first]
			plan := faults.Plan{{At: at, Fault: faults.Kill{Who: first}}}
			goals := []Goal{stayUp(0, 100*time.Second, "volume.0")}
			at += 101 * time.Second
			plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			at += d.Between("both", 2*time.Second, 20*time.Second)
			for range d.Int("volumes", 1, 4) {
				plan = append(plan, faults.Step{At: at, Fault: faults.CreateVolume{Who: "volume.0"}})
				at += d.Between("gap", 10*time.Millisecond, 500*time.Millisecond)
			}
			quick := d.Chance("quick", 2) // all within a second
			if quick {
				at += d.Between("work", 10*time.Millisecond, 200*time.Millisecond)
			} else {
				at += d.Between("work", 2*time.Second, 30*time.Second)
			}
			for _, who := range []string{first, other} {
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: who}})
			}
			if quick {
				at += d.Between("dead", 10*time.Millisecond, 300*time.Millisecond)
			} else {
				at += d.Between("dead", 300*time.Millisecond, 10*time.Second)
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, append(goals, listed(len(plan)-1, afterRestart))
		},
	}
}
