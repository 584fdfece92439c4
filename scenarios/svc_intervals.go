package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// svcIntervals gives services an interval that is longer than service_down_time, or
// nearly as long (S-25), and restarts them. They set that right for themselves.
func svcIntervals() Scenario {
	return Scenario{
		Name:   "svc-intervals",
		Doc:    "Cinder's services are told to beat less often than beats expire: they know better",
		Length: 120 * time.Second,
		Cloud:  true,
		Bite:   faults.Restart{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			cloud(d, t)
			t.Cinder.Service.ReportInterval = d.Between("interval", 2*time.Second, 20*time.Second)
			t.Cinder.Service.ServiceDownTime = d.Between("down", time.Second, 20*time.Second)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", time.Second, 20*time.Second)
			who := d.Pick("who", append(t.Cinder.ServiceNames(), cluster.RoleServices)...)
			return faults.Plan{
				{At: at, Fault: faults.Kill{Who: who}},
				{At: at + d.Between("dead", 100*time.Millisecond, 30*time.Second), Fault: faults.Restart{Who: cluster.RoleDead}},
			}, []Goal{listed(1, afterRestart), stayUp(1, 4*time.Minute, t.Cinder.ServiceNames()...)}
		},
	}
}
