package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcSkew sets clocks wrong, of services and of who judges them, by seconds to an hour,
// either way, and in the end right again (S-10). Who is judged by a clock that is far off
// may be down, but by one rule, and only as long as that.
func svcSkew() Scenario {
	return Scenario{
		Name:     "svc-skew",
		Doc:      "clocks of Cinder's services and APIs are wrong, either way, and set right again",
		Length:   120 * time.Second,
		Cloud:    true,
		Bite:     faults.ClockOffset{}.Kind(),
		Topology: cloud,
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", time.Second, 20*time.Second)
			for range d.Int("steps", 1, 4) {
				who := d.Pick("who", cluster.RoleVolumes, "volume.0", "scheduler.0", cluster.RoleServices, cluster.RoleAPIs, "api.0", cluster.DatabaseName)
				plan = append(plan, faults.Step{At: at, Fault: faults.ClockOffset{Who: who, Offset: aSkew(d)}})
				at += d.Between("gap", time.Second, 100*time.Second)
			}
			if d.Chance("kill", 3) {
				plan = append(plan, faults.Step{At: at, Fault: faults.Kill{Who: "volume.0"}})
				at += d.Between("dead", 60*time.Second, 200*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.ClockOffset{Who: cluster.RoleCloud}})
			return plan, []Goal{listed(len(plan)-1, afterRestart)}
		},
	}
}

// aSkew draws by how much a clock is wrong: often by about what matters.
func aSkew(d *Draw) time.Duration {
	by := d.Between("by", 0, 2*time.Second)
	switch d.Pick("size", "little", "border", "border", "minutes", "hour") {
	case "border":
		by = d.Between("near", 45*time.Second, 75*time.Second)
	case "minutes":
		by = d.Between("minutes", time.Minute, 10*time.Minute)
	case "hour":
		by += time.Hour
	}
	if d.Chance("behind", 2) {
		return -by
	}
	return by
}
