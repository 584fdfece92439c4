package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/faults"
)

// mgrModules changes which modules managers load while one of them is on its way to be
// active (S-13): the map that makes it so and the one with other modules arrive close to
// each other, in either order.
func mgrModules() Scenario {
	return Scenario{
		Name:   "mgr-modules",
		Doc:    "modules are switched on and off while a manager takes over: one comes to serve",
		Length: 120 * time.Second,
		Bite:   faults.Command{}.Kind(),
		Topology: func(d *Draw, t *cluster.Topology) {
			t.MgrModules = modules.All()
			t.Mgr.InitDuration = d.Between("init", 100*time.Millisecond, 5*time.Second)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 8*time.Second)
			for i := range d.Int("times", 1, 4) {
				plan = append(plan, faults.Step{At: at, Fault: aFail(d, t, i)})
				for range d.Int("switches", 1, 3) {
					at += d.Between("apart", 0, 3*time.Second)
					what := d.Pick("switch", "mgr module enable", "mgr module disable")
					plan = append(plan, faults.Step{At: at, Fault: faults.Command{what, "module", d.Pick("module", names(t.MgrModules)...)}})
				}
				at += d.Between("gap", 0, 10*time.Second)
			}
			return plan, []Goal{settled(len(plan) - 1)}
		},
	}
}

func names(classes []module.Class) (list []string) {
	for _, c := range classes {
		list = append(list, c.Name)
	}
	return list
}
