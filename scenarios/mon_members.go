package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monMembers adds and removes monitors while clients read and write keys: up to five
// and down to three, leaders and others, and names that had been removed before, which
// come back on an empty disk. Meanwhile monitors crash, are cut off or paused, often one
// that then does not know who the members are. Changes are commands of one operator,
// who gives each when the one before is answered; so many of them may be waiting.
func monMembers() Scenario {
	return Scenario{
		Name:   "mon-members",
		Doc:    "monitors are added and removed, leaders too, with crashes, cuts and pauses in between: nothing acknowledged is lost",
		Length: 120 * time.Second,
		Bite:   faults.AddMon{}.Kind(),
		Lacks:  "crash-at, disk-slow and power-off are simulated",
		Topology: func(d *Draw, t *cluster.Topology) {
			keysOnly(d, t)
			t.Mons, t.SpareMons = 3, 2
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan, at := slowDisks(d), d.Between("first", time.Second, 5*time.Second)
			strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
			size := 3
			for range d.Int("changes", 3, 9) {
				var undo faults.Fault
				if d.Chance("trouble", 2) {
					var begin faults.Fault
					begin, undo = aTrouble(d, t)
					strike(begin)
					at += d.Between("before", 0, 3*time.Second)
				}
				size += aChange(d, size, strike)
				at += d.Between("until", 0, 12*time.Second)
				if undo != nil {
					strike(undo)
					at += d.Between("after", 0, 5*time.Second)
				}
			}
			strike(faults.Resume{Who: cluster.RolePaused})
			at += 5 * time.Second // an armed point may have struck since
			strike(faults.Restart{Who: cluster.RoleDead})
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}

// aChange draws who is added or removed next, and by how much that changes the number
// of monitors if it comes about.
func aChange(d *Draw, size int, strike func(faults.Fault)) int {
	if size == 3 || size < 5 && d.Chance("add", 2) {
		strike(faults.AddMon{Who: cluster.RoleNextMon})
		return 1
	}
	strike(faults.RemoveMon{Who: d.Pick("leaves", cluster.RoleLeader, cluster.RoleLeader, "mon.a", "mon.b", "mon.c", "mon.d", "mon.e")})
	return -1
}

// aTrouble draws what happens to a monitor around a change, and what ends it.
func aTrouble(d *Draw, t cluster.Topology) (begin, end faults.Fault) {
	who := d.Pick("who", append(t.MonNames(), cluster.RoleLeader)...)
	switch d.Pick("trouble-of", "crash", "cut", "pause") {
	case "crash":
		return aCrash(d, who), faults.Restart{Who: cluster.RoleDead}
	case "pause":
		return faults.Pause{Who: who}, faults.Resume{Who: cluster.RolePaused}
	}
	return aSeparation(d, who, false)
}
