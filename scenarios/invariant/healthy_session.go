package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// healthySession is the other side of I-MC-3: a session with a monitor that nothing is
// wrong with is not lost, neither for want of answers to keepalives nor by a reset.
//
// It is not judged until the damage is over for as long as it takes to notice a dead
// session and more, nor if a monitor has changed its role since the session began: one
// that leaves the quorum ends its sessions (SV-7). Sessions that the owner ends, or
// whose monitor has left the map, are none of its business.
type healthySession struct {
	timeline Timeline
	bounds   Bounds
	opened   map[process]time.Duration
	elected  time.Duration // last change among the monitors
}

func newHealthySession(t Timeline, b Bounds) *healthySession {
	return &healthySession{timeline: t, bounds: b, opened: make(map[process]time.Duration)}
}

func (*healthySession) Name() string { return "I-MC-3 a healthy session is kept" }

func (c *healthySession) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Role:
		c.elected = o.At
	case monc.SessionOpened:
		c.opened[process{o.Host, o.PID}] = o.At
	case monc.SessionLost:
		opened := c.opened[process{o.Host, o.PID}]
		if (f.Reason == monc.LostReset || f.Reason == monc.LostSilent) && c.elected <= opened && c.healthyAt(o) {
			return violation("%s has lost its session with mon.%s after %v, %s, and nothing was wrong",
				o.Host, f.Mon, o.At-opened, f.Reason)
		}
	}
	return ""
}

// healthyAt reports whether the damage is over for long enough: a dead session is
// noticed within the time-out and an interval of keepalives.
func (c *healthySession) healthyAt(o cluster.Observation) bool {
	calm, isCalm := c.timeline.CalmSince()
	dead := c.bounds.Client.PingTimeout + 2*c.bounds.Client.PingInterval
	return isCalm && !realTime(o) && o.At-calm > dead
}
