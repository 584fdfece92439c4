package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// mgrPoints is mgr-failover while fault points of the messengers fire: sockets
// break at positions of their protocol, before the death of the manager and after.
// What was sent is sent again, so the bounds are the same.
func mgrPoints() Scenario {
	s := mgrFailover()
	s.Name = "mgr-points"
	s.Doc = "the active manager is killed while sockets break at fault points of the messengers"
	s.Length = 90 * time.Second
	s.Bite = faults.Kill{}.Kind()
	s.Points = sim.PointOdds{EnabledOneIn: 4, FiresOneIn: 150}
	return s
}
