package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcCluster has volume services that are members of one cluster. Some or all of them are
// away for long, or their database is, and meanwhile operators disable, freeze and fail over
// the cluster, by its own name and by that of its members, now and then twice at once. The
// cluster is up as long as one member is, and comes back when one does.
func svcCluster() Scenario {
	return Scenario{
		Name:   "svc-cluster",
		Doc:    "members of a cluster of Cinder's volume services die, and operators disable, freeze and fail it over: up while one member is",
		Length: 120 * time.Second,
		Cloud:  true,
		Bite:   faults.OSCluster{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			cloud(d, t)
			t.Cinder.Volumes = d.Int("members", 2, 3)
			t.Cinder.Service.Cluster = "c"
			t.Cinder.Service.PeriodicInterval, t.Cinder.Service.PeriodicFuzzyDelay = 10*time.Second, 10*time.Second
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan, within := clusterDamage(d, t)
			last := plan[len(plan)-1]
			for range d.Int("requests", 2, 8) {
				at := d.Between("when", time.Second, last.At+time.Minute)
				f := clusterRequest(d, t.Cinder.VolumeNames())
				plan = append(plan, faults.Step{At: at, Fault: f})
				if d.Chance("twice", 3) {
					plan = append(plan, faults.Step{At: at + d.Between("apart", 0, 50*time.Millisecond), Fault: f})
				}
			}
			plan = append(plan, faults.Step{At: d.Between("whole", time.Second, last.At+20*time.Second), Fault: faults.OSCluster{
				Action: d.Pick("of all", "disable", "enable", "freeze", "thaw", "failover"), Who: "volume.0",
			}})
			slices.SortStableFunc(plan, func(a, b faults.Step) int { return int(a.At - b.At) })
			return plan, clusterGoals(plan, last, within)
		},
	}
}

// clusterDamage draws who is away: one member or all, dead or standing still, or the
// database; and how long everybody may take afterwards.
func clusterDamage(d *Draw, t cluster.Topology) (faults.Plan, func(cluster.Topology) time.Duration) {
	at := d.Between("first", time.Second, 30*time.Second)
	back := at + d.Between("away", 70*time.Second, 100*time.Second)
	who := d.Pick("who", t.Cinder.VolumeNames()...)
	switch d.Pick("damage", "kill", "kill", "pause", "all", "database", "blink") {
	case "kill":
		return faults.Plan{{At: at, Fault: faults.Kill{Who: who}}, {At: back, Fault: faults.Restart{Who: who}}}, afterRestart
	case "pause":
		return faults.Plan{{At: at, Fault: faults.Pause{Who: who}}, {At: back, Fault: faults.Resume{Who: who}}}, afterOutage
	case "blink":
		back = at + d.Between("blink", 10*time.Millisecond, 10*time.Second)
		return faults.Plan{{At: at, Fault: faults.Kill{Who: who}}, {At: back, Fault: faults.Restart{Who: who}}}, afterRestart
	case "database":
		back = at + d.Between("no database", time.Second, 40*time.Second)
		return faults.Plan{{At: at, Fault: faults.Kill{Who: cluster.DatabaseName}}, {At: back, Fault: faults.Restart{Who: cluster.DatabaseName}}}, afterOutage
	}
	return faults.Plan{{At: at, Fault: faults.Kill{Who: cluster.RoleVolumes}}, {At: back, Fault: faults.Restart{Who: cluster.RoleDead}}}, afterRestart
}

// clusterRequest draws what an operator asks for.
func clusterRequest(d *Draw, volumes []string) faults.Fault {
	who := d.Pick("whose", volumes...)
	action := d.Pick("action", "disable", "enable", "freeze", "thaw", "failover", "failback", "astray", "cleanup", "create")
	whole := d.Chance("by name", 2)
	to := failoverTarget(action)
	switch {
	case action == "create": // which takes a minute, and may be broken off
		return faults.CreateVolume{Who: who}
	case action == "cleanup":
		return faults.WorkCleanup{Who: who}
	case to != "":
		action = "failover"
	}
	if whole || action == "disable" || action == "enable" {
		return faults.OSCluster{Action: action, Who: who, To: to}
	}
	return faults.OSService{Action: action, Who: who, To: to}
}

// failoverTarget is where a failover goes that is back, or to what there is not; else it is
// empty, and the backend chooses.
func failoverTarget(action string) string {
	return map[string]string{"failback": "default", "astray": "nowhere"}[action]
}

// clusterGoals are about the cluster just before the members that were away come back, and
// about everybody once they have.
func clusterGoals(plan faults.Plan, back faults.Step, within func(cluster.Topology) time.Duration) []Goal {
	var goals []Goal
	before := slices.Index(plan, back) - 1
	left := back.At - plan[before].At - time.Millisecond
	switch f := back.Fault.(type) {
	case faults.Resume:
		goals = append(goals, clusterStaysUp(before, left, f.Who))
	case faults.Restart:
		if f.Who == cluster.RoleDead {
			goals = append(goals, clusterDown(before, "volume.0"))
		} else if f.Who != cluster.DatabaseName && back.At > 20*time.Second { // clusters were listed since members have beaten
			goals = append(goals, clusterStaysUp(before, left, f.Who))
		}
	}
	return append(goals, listed(len(plan)-1, within), clusterUp(len(plan)-1, within, "volume.0"))
}
