package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monRolling restarts all monitors one after another, as an upgrade does, while clients
// read and write keys and managers send beacons. There is a majority all the time, so
// no manager may be dropped, and whatever was acknowledged stays.
func monRolling() Scenario {
	return Scenario{
		Name:   "mon-rolling",
		Doc:    "all monitors are restarted one after another under load: no manager is dropped and no key is lost",
		Length: 120 * time.Second,
		Bite:   faults.Kill{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.KeyClients = 2
			t.Mon.SnapshotEvery = d.Int("snapshot-every", 10, 200)
			t.Client.CommandTimeout = d.Between("command-timeout", 4*time.Second, 20*time.Second)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 6*time.Second)
			for range d.Int("rounds", 1, 2) {
				for mons := t.MonNames(); len(mons) > 0; {
					i := d.Int("next", 0, len(mons)-1)
					plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: mons[i]}})
					at += d.Between("down", 10*time.Millisecond, 8*time.Second)
					plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: mons[i]}})
					at += d.Between("apart", time.Second, 8*time.Second)
					mons = append(mons[:i:i], mons[i+1:]...)
				}
			}
			last := len(plan) - 1
			return plan, []Goal{served(last), undisturbed(last, 60*time.Second)}
		},
	}
}
