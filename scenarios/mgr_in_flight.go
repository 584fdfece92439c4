package scenarios

import (
	"strconv"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// mgrInFlight is the operator's "ceph mgr fail" while beacons of the active manager are
// on their way (S-03): they are held where they begin, and arrive when the manager is
// out of the map, or has respawned. There are no, one or three standbys.
func mgrInFlight() Scenario {
	return Scenario{
		Name:   "mgr-in-flight",
		Doc:    "the operator fails the active manager while its beacons are held up: they do not bring it back",
		Length: 90 * time.Second,
		Lacks:  "rule is simulated", Decode: true,
		Bite: (&faults.Rule{}).Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			standbys, _ := strconv.Atoi(d.Pick("standbys", "0", "1", "3"))
			t.Mgrs = 1 + standbys
		},
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 8*time.Second)
			for range d.Int("times", 1, 3) {
				hold := &faults.Rule{From: cluster.RoleActiveMgr, To: cluster.RoleMons, Unit: "MMgrBeacon", Verdict: sim.HoldBack()}
				plan = append(plan, faults.Step{At: at, Fault: hold})
				at += d.Between("fail-after", 0, 5*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.FailMgr{}})
				at += d.Between("lift-after", 0, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.LinkMend{Of: hold}})
				at += d.Between("apart", 0, 6*time.Second)
			}
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}
