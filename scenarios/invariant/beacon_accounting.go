package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// beaconAccounting is I-MGR-14: a peon does not keep beacons that it has passed on: the
// leader tells it to forget each of them once the change that is under way and that of the
// beacon itself are through. It keeps them through elections, and as long as links among
// monitors are disturbed or one of them stands still. A leader without a majority takes
// nothing in, until it notices.
type beaconAccounting struct {
	timeline Timeline
	bounds   Bounds
	leadership
	members membership
	changed time.Duration // when a monitor last got another role, or no majority was seen
}

func newBeaconAccounting(t Timeline, b Bounds) *beaconAccounting {
	return &beaconAccounting{timeline: t, bounds: b, members: membership{names: b.Founders}}
}

func (*beaconAccounting) Name() string { return "I-MGR-14 beacon accounting" }

func (c *beaconAccounting) Observe(o cluster.Observation) string {
	c.leadership.observe(o)
	c.members.observe(o)
	switch f := o.Fact.(type) {
	case mon.Role:
		c.changed = o.At
	case mon.BeaconsKept: // at each tick
		if !c.members.majorityRuns(c.timeline) {
			c.changed = o.At
		}
		return c.judge(o, f)
	}
	return ""
}

func (c *beaconAccounting) judge(o cluster.Observation, f mon.BeaconsKept) string {
	since := max(o.At-f.Oldest, c.changed)
	if realTime(o) || o.At-since <= c.bounds.Tick+2*c.bounds.Proposal || !c.stable(c.timeline, since, o.At) ||
		c.timeline.PausedDuring(o.Host, since, o.At) > 0 || c.timeline.LinksDisturbed(since, o.At) {
		return ""
	}
	return violation("%s still keeps %d beacons of managers, the oldest for %v", o.Host, f.Count, f.Oldest)
}
