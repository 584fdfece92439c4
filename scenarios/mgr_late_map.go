package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// mgrLateMap is a race of map epochs. The manager that is next in line is promoted,
// but the maps to it are held where they begin, so that it does not know; everybody
// else goes on. Then it is failed and another one promoted, and only after that does
// it hear all of it at once: that it is active, and in the same breath that it is
// not any more. A cut between the two would hold its session too; a rule holds what
// it is about.
func mgrLateMap() Scenario {
	return Scenario{
		Name:   "mgr-late-map",
		Doc:    "a manager learns that it was made active when another one already is",
		Length: 120 * time.Second,
		Lacks:  "rule is simulated", Decode: true,
		Bite: (&faults.Rule{}).Kind(),
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			hold := &faults.Rule{From: cluster.RoleMons, To: cluster.RoleNextMgr, Unit: "MMgrMap", Verdict: sim.HoldBack()}
			at := d.Between("hold", 3*time.Second, 12*time.Second)
			promoted := at + 100*time.Millisecond
			replaced := promoted + d.Between("replaced-after", 3*time.Second, 8*time.Second)
			lift := replaced + d.Between("lift-after", 2*time.Second, 10*time.Second)
			return faults.Plan{
				{At: at, Fault: hold},
				{At: promoted, Fault: faults.FailMgr{}},
				{At: replaced, Fault: faults.FailMgr{}},
				{At: lift, Fault: faults.LinkMend{Of: hold}},
			}, []Goal{cameBack(2, 3, rediscovery), succeeded(2, 3, rediscovery)}
		},
	}
}
