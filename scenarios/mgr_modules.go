package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// mgrModules changes which modules managers load while one of them is on its way to be
// active (S-13): the map that makes it so and the one with other modules arrive close to
// each other, in either order. Slow links draw out the time that it needs before it
// serves.
func mgrModules() Scenario {
	return Scenario{
		Name:   "mgr-modules",
		Doc:    "modules are switched on and off while a manager takes over: one comes to serve",
		Length: 120 * time.Second,
		Lacks:  "delay is simulated",
		Bite:   faults.Command{}.Kind(),
		Topology: func(_ *Draw, t *cluster.Topology) {
			t.MgrModules = modules.All()
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			at := d.Between("first", 2*time.Second, 8*time.Second)
			path := faults.Path{A: cluster.RoleMons, B: cluster.RoleMgrs}
			slow := &faults.Delay{Path: path, Delay: sim.Delay{Shape: sim.DelayUniform, Scale: d.Between("slow", 0, 400*time.Millisecond)}}
			plan := faults.Plan{{At: at, Fault: slow}}
			for i := range d.Int("times", 1, 4) {
				plan = append(plan, faults.Step{At: at, Fault: aFail(d, t, i)})
				for range d.Int("switches", 1, 3) {
					at += d.Between("apart", 0, 3*time.Second)
					what := d.Pick("switch", "mgr module enable", "mgr module disable")
					plan = append(plan, faults.Step{At: at, Fault: faults.Command{what, "module", d.Pick("module", names(t.MgrModules)...)}})
				}
				at += d.Between("gap", 0, 10*time.Second)
			}
			plan = append(plan, faults.Step{At: at, Fault: faults.LinkMend{Of: slow}})
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
