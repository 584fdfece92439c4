package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// mgrPartition cuts the active manager off from all monitors, in one direction
// or both, and heals the cut when the cluster has moved on (S-08, S-09).
func mgrPartition() Scenario {
	return Scenario{
		Name:   "mgr-partition",
		Doc:    "the active manager is cut from all monitors, then healed: it is replaced, and comes back as a standby",
		Length: 180 * time.Second,
		Bite:   (&faults.Cut{}).Kind(),
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("cut", 2*time.Second, 12*time.Second)
			heal := at + d.Between("heal-after", 50*time.Second, 70*time.Second)
			// Towards the monitors only, maps still arrive: the manager learns of its
			// fall at once. The other way round it goes on beaconing and is not dropped,
			// which is another scenario.
			direction := faults.Direction(d.Pick("direction", string(faults.Both), string(faults.To)))
			cut := &faults.Cut{A: cluster.RoleActiveMgr, B: cluster.RoleMons, Direction: direction}
			return faults.Plan{{At: at, Fault: cut}, {At: heal, Fault: faults.Heal{Cut: cut}}},
				[]Goal{replaced(0), succeeded(0, 0, detection), cameBack(0, 1, rediscovery)}
		},
	}
}

// rediscovery bounds how long a manager that was cut off takes to learn of the
// world again: its dead session is noticed by keepalives (MC-5), the hunt for the
// next one may have backed off (MC-4), and TCP retransmits late.
func rediscovery(t cluster.Topology) time.Duration {
	c := t.Client
	hunt := time.Duration(float64(c.HuntInterval) * c.HuntMaxMultiple)
	return c.PingTimeout + c.PingInterval + 2*hunt + returning(t)
}
