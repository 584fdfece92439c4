package cluster_test

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// A cluster loses its active manager; a standby takes over within the grace of
// 30 s, one tick of the monitors and a proposal.
func Example() {
	w := cluster.NewSim(cluster.SimConfig{Seed: 7})
	defer w.Close()
	c := cluster.Deploy(w, cluster.DefaultTopology())
	c.Start()
	fmt.Println("available:", w.Until(time.Minute, c.View().Available))

	first := c.View().ActiveMgr()
	died := w.Now()
	c.Kill(first)
	replaced := func() bool { return c.View().Available() && c.View().ActiveMgr() != first }
	fmt.Println("replaced:", w.Until(time.Minute, replaced))
	fmt.Println("in time:", w.Now()-died < 40*time.Second)
	// Output:
	// available: true
	// replaced: true
	// in time: true
}
