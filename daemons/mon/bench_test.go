package mon

import (
	"testing"
	"time"
)

// BenchmarkQuietCluster is 120 virtual seconds of three monitors and three mgrs
// in the tests' little world: what the monitors cost a simulation, without
// messenger and network.
func BenchmarkQuietCluster(b *testing.B) {
	for b.Loop() {
		c := newCluster(&testing.T{}, 3, 1).startAll()
		c.settle()
		var mgrs []*client
		for rank := range 3 {
			cl := c.login(rank)
			cl.subscribe("mgrmap", 0, false)
			mgrs = append(mgrs, cl)
		}
		for range 60 {
			for i, cl := range mgrs {
				cl.beacon(string(rune('x'+i)), cl.last.ActiveGID == cl.gid)
			}
			c.world.Run(2 * time.Second)
		}
	}
}
