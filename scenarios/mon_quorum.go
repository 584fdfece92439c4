package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// What the scenarios about the monitors' quorum share: clients that read and write
// keys all the time, and what they may expect.

// commitPath are the fault points between a proposal and its effect.
var commitPath = []string{"mon.quorum.save", "mon.quorum.saved", "mon.quorum.sent", "mon.quorum.applied"}

// keysOnly deploys monitors and key clients. Snapshots come often, so that restarted
// monitors meet them.
func keysOnly(d *Draw, t *cluster.Topology) {
	t.Mons, t.Mgrs, t.KeyClients = 3, 0, 3
	if d.Chance("five-mons", 5) {
		t.Mons = 5
	}
	t.Mon.SnapshotEvery = d.Int("snapshot-every", 10, 200)
	t.Client.CommandTimeout = d.Between("command-timeout", 4*time.Second, 20*time.Second)
}

// served says that after the given step all key clients get answers, but for those that
// know no monitor which is left.
func served(step int) Goal {
	return Goal{
		Words:    "served",
		Property: "I-MC-4 command completion", Step: step, Fault: step,
		Doc:    "every client that knows a monitor has been answered a command that it gave afterwards",
		Within: func(cluster.Topology) time.Duration { return 150 * time.Second },
		Reached: func(p *Progress) bool {
			for _, name := range p.Topology().KeyClientNames() {
				if p.View().Served(name) <= p.Struck && !p.Stranded(name) {
					return false
				}
			}
			return true
		},
	}
}

// slowDisks makes each sync of the monitors take its time, in most runs, so that a
// crash finds something that is not synced.
func slowDisks(d *Draw) faults.Plan {
	if d.Chance("quick-disks", 4) {
		return nil
	}
	extra := d.Between("sync", time.Millisecond, 80*time.Millisecond)
	return faults.Plan{{At: 0, Fault: &faults.DiskSlow{Who: cluster.RoleMons, Latency: sim.DiskLatency{Extra: extra, Spread: extra}}}}
}

// drawn is n of the names, in a drawn order.
func drawn(d *Draw, names []string, n int) (out []string) {
	left := slices.Clone(names)
	for range n {
		i := d.Int("whom", 0, len(left)-1)
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return out
}

// aMon draws a monitor, by name or as the leader.
func aMon(d *Draw, t cluster.Topology) string {
	return d.Pick("who", append(t.MonNames(), cluster.RoleLeader, cluster.RoleLeader)...)
}

// aCrash draws a crash of somebody, now or at a point of the commit path.
func aCrash(d *Draw, who string) faults.Fault {
	switch how := d.Pick("how", "kill", "power", "kill-at", "power-at"); how {
	case "kill":
		return faults.Kill{Who: who}
	case "power":
		return &faults.PowerOff{Who: who}
	default:
		return &faults.CrashAt{Who: who, Point: d.Pick("point", commitPath...), Nth: d.Int("nth", 1, 12), Power: how == "power-at"}
	}
}
