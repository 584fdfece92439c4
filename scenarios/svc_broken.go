package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/faults"
)

// svcBroken starts volume services whose backend does not answer: their processes run and
// cannot work, so they must be down, however often they are started.
func svcBroken() Scenario {
	return Scenario{
		Name:     "svc-broken",
		Doc:      "volume services of Cinder run without their backend, and may crash again and again: they are down",
		Length:   120 * time.Second,
		Cloud:    true,
		Bite:     faults.Kill{}.Kind(),
		Lacks:    "fire is simulated",
		Topology: cloud,
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", time.Second, 20*time.Second)
			plan := faults.Plan{
				{At: at, Fault: &faults.Fire{Who: "volume.0", Point: cinder.PointSetup}},
				{At: at, Fault: faults.Kill{Who: "volume.0"}},
			}
			for range d.Int("starts", 1, 5) {
				at += d.Between("dead", 100*time.Millisecond, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
				at += d.Between("alive", time.Second, 40*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: "volume.0"}})
			}
			plan = append(plan, faults.Step{At: at + time.Second, Fault: faults.Restart{Who: cluster.RoleDead}})
			return plan, []Goal{goesDown(len(plan)-1, "volume.0")}
		},
	}
}
