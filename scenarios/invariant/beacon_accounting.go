package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// beaconAccounting is I-MGR-14: a peon does not keep beacons that it has passed on: the
// leader tells it at once to forget each of them. It keeps them through elections, and
// as long as links among monitors are disturbed or one of them stands still. A leader that
// has lost its majority takes beacons no more, and takes a while to notice; that is allowed
// for.
type beaconAccounting struct {
	timeline Timeline
	bounds   Bounds
	leadership
	changed time.Duration // when a monitor last got another role
}

func newBeaconAccounting(t Timeline, b Bounds) *beaconAccounting {
	return &beaconAccounting{timeline: t, bounds: b}
}

func (*beaconAccounting) Name() string { return "I-MGR-14 beacon accounting" }

func (c *beaconAccounting) Observe(o cluster.Observation) string {
	c.leadership.observe(o)
	switch f := o.Fact.(type) {
	case mon.Role:
		c.changed = o.At
	case mon.BeaconsKept:
		since := max(o.At-f.Oldest, c.changed)
		if realTime(o) || o.At-since <= c.bounds.Tick+c.bounds.Proposal+c.bounds.Lonely || !c.stable(c.timeline, since, o.At) ||
			c.timeline.PausedDuring(o.Host, since, o.At) > 0 || c.timeline.LinksDisturbed(since, o.At) {
			return ""
		}
		return violation("%s still keeps %d beacons of managers, the oldest for %v", o.Host, f.Count, f.Oldest)
	}
	return ""
}
