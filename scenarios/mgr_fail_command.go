package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrFailCommand is the operator's "ceph mgr fail" (S-03), with no, one or more
// standbys, while the maps on their way to the active manager may be held back:
// then beacons of a manager that does not yet know of its fall reach the monitors
// after it (BUG-01).
func mgrFailCommand() Scenario {
	return Scenario{
		Name:   "mgr-fail-command",
		Doc:    "the operator fails the active manager, with 0 to 2 standbys, while maps to it may be delayed",
		Length: 90 * time.Second,
		Bite:   faults.FailMgr{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mgrs = d.Int("mgrs", 1, 3)
		},
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("fail", 3*time.Second, 12*time.Second)
			if !d.Chance("hold-maps", 2) {
				return faults.Plan{{At: at, Fault: faults.FailMgr{}}},
					[]Goal{succeeded(0, 0, afterFall), cameBack(0, 0, afterFall)}
			}
			// The cut begins a moment before the command and ends before the manager's
			// client gives its session up.
			heal := at + d.Between("hold", time.Second, 8*time.Second)
			cut := &faults.Cut{A: cluster.RoleMons, B: cluster.RoleActiveMgr, Direction: faults.To}
			return faults.Plan{
				{At: at - 100*time.Millisecond, Fault: cut},
				{At: at, Fault: faults.FailMgr{}},
				{At: heal, Fault: faults.Heal{Cut: cut}},
			}, []Goal{cameBack(0, 2, rediscovery), succeeded(0, 2, rediscovery)}
		},
	}
}

// afterFall bounds the time from the operator's command to the successor in the
// map, which without a standby is the fallen manager itself: it learns of its
// fall, respawns, and enlists.
func afterFall(t cluster.Topology) time.Duration { return 2*proposal + returning(t) }
