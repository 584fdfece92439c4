package faults_test

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// The map that makes a manager active is held at its first byte. The manager goes on
// as a standby, for all it knows, until the rule is taken back.
func ExampleRule() {
	w := cluster.NewSim(cluster.SimConfig{Seed: 7, Decode: true})
	defer w.Close()
	c := cluster.Deploy(w, cluster.DefaultTopology())
	c.Start()
	w.Until(time.Minute, func() bool { return c.View().Available() && c.View().NextMgr() != "" })
	next := c.View().NextMgr()

	hold := &faults.Rule{From: cluster.RoleMons, To: cluster.RoleNextMgr, Unit: "MMgrMap", Verdict: sim.HoldBack()}
	heal := faults.LinkMend{Of: hold}
	fmt.Println(hold)
	for _, f := range []faults.Fault{hold, faults.FailMgr{}, heal} {
		if _, err := f.Strike(c); err != nil {
			fmt.Println(err)
		}
		w.Run(5 * time.Second)
		fmt.Printf("%v: active in the map: %v, in its own mind: %v\n", f.Kind(), c.View().ActiveMgr() == next, c.View().Mode(next))
	}
	// Output:
	// rule mons -> next-mgr MMgrMap hold
	// rule: active in the map: false, in its own mind: standby
	// mgr-fail: active in the map: true, in its own mind: standby
	// link-mend: active in the map: true, in its own mind: active
}
