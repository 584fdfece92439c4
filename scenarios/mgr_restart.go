package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrRestart kills the active manager and starts it again before its grace is over
// (S-02): its first beacon, of the same name under a new gid, tells the monitors of
// its death (MM-3) and makes it active again in the same change (MM-8). Standbys
// stay what they are.
func mgrRestart() Scenario {
	return Scenario{
		Name:   "mgr-restart",
		Doc:    "the active manager is killed and started again at once: it is active again as a new process",
		Length: 90 * time.Second,
		Bite:   faults.Restart{}.Kind(),
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			kill := d.Between("kill", 2*time.Second, 12*time.Second)
			restart := kill + d.Between("restart-after", 10*time.Millisecond, 20*time.Second)
			return faults.Plan{
				{At: kill, Fault: faults.Kill{Who: cluster.RoleActiveMgr}},
				{At: restart, Fault: faults.Restart{Who: cluster.RoleDead}},
			}, []Goal{reinstated(0, 1)}
		},
	}
}

// reinstated says that the manager that was active when the fault struck is active
// again, under its name and another gid.
func reinstated(fault, step int) Goal {
	return Goal{
		Words:    "reinstated",
		Property: "MM-3 a restarted active stays active", Fault: fault, Step: step,
		Doc:    "the killed manager is active and available again, as a new process",
		Within: func(t cluster.Topology) time.Duration { return returning(t) + initialisation(t) },
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			return m.Available && m.ActiveName == p.Before.ActiveName && m.ActiveGID != p.Before.ActiveGID
		},
	}
}
