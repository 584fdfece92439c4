package scenarios

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mapLag lets a daemon miss epochs (S-11): a monitor or a manager stands still, is cut
// off or is not there, while the operator changes the OSD map some times, and what
// monitors keep is little: so the manager that returns asks for epochs that are gone, and
// the monitor is given a snapshot. A manager that starts afterwards may ask just that
// one. In the end the active manager is failed, and its successor needs the newest of all
// maps.
func mapLag() Scenario {
	return Scenario{
		Name:   "map-lag",
		Doc:    "a monitor or a manager misses epochs of maps, more than monitors keep: it goes on with what is new",
		Length: 120 * time.Second,
		Bite:   faults.Command{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.Mon.MaxMgrMapEpochs = d.Int("epochs-kept", 1, 20)
			t.Mon.SnapshotEvery = max(1, d.Int("snapshot-every", -10, 20)) // each commit, in a third of the runs
			t.Mon.KeepEntries = d.Int("entries-kept", 0, 10)
			t.Mon.ProposeInterval = d.Between("propose-interval", 50*time.Millisecond, time.Second)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at, changes := d.Between("first", 2*time.Second, 8*time.Second), 0
			for range d.Int("times", 1, 3) {
				begin, end := anAbsence(d, t)
				plan = append(plan, faults.Step{At: at, Fault: begin})
				for range d.Int("changes", 1, 45) {
					at += d.Between("apart", 50*time.Millisecond, 600*time.Millisecond)
					changes++
					plan = append(plan, faults.Step{At: at, Fault: aMapChange(changes)})
				}
				if d.Chance("restart-standby", 2) {
					plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: cluster.RoleNextMgr}})
				}
				plan = append(plan, faults.Step{At: at, Fault: end})
				at += d.Between("gap", time.Second, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
				at += d.Between("then", 0, 4*time.Second)
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.FailMgr{}})
			return plan, []Goal{succeeded(len(plan)-1, len(plan)-1, rediscovery), settled(len(plan) - 1)}
		},
	}
}

// anAbsence draws who misses something, and how.
func anAbsence(d *Draw, t cluster.Topology) (begin, end faults.Fault) {
	who := d.Pick("who", append(t.MonNames(), cluster.RoleActiveMgr, cluster.RoleActiveMgr, cluster.RoleNextMgr)...)
	switch d.Pick("how", "kill", "pause", "cut") {
	case "kill":
		return faults.Kill{Who: who}, faults.Restart{Who: who}
	case "pause":
		return faults.Pause{Who: who}, faults.Resume{Who: cluster.RolePaused}
	}
	cut := &faults.Cut{A: who, B: cluster.RoleMons, Direction: faults.Both}
	return cut, faults.Heal{Cut: cut}
}

// aMapChange is the n-th change of the OSD map: somebody who never was is blocked.
func aMapChange(n int) faults.Fault {
	return faults.Command{"osd blocklist", "blocklistop", "add", "addr", fmt.Sprintf("192.0.2.1:0/%d", n)}
}
