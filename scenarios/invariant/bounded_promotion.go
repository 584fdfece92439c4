package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// boundedPromotion is I-MGR-12: as long as managers send beacons and monitors can
// commit, there is an active manager that serves, or it has not been long since one was
// named, or since the place fell vacant and somebody was there to take it.
//
// It is not judged while links are disturbed: then a manager may be heard and not know
// what it is to do.
type boundedPromotion struct {
	timeline Timeline
	bounds   Bounds
	leadership
	newest mon.MapCommitted
	since  time.Duration // when that map's active manager, or that there is none, was new
	alive  bool          // a beacon of that active manager, or of anybody if none, has come since
	heard  time.Duration // when the last beacon of anybody came
}

func newBoundedPromotion(t Timeline, b Bounds) *boundedPromotion {
	return &boundedPromotion{timeline: t, bounds: b}
}

func (*boundedPromotion) Name() string { return "I-MGR-12 bounded promotion" }

func (c *boundedPromotion) Observe(o cluster.Observation) string {
	c.leadership.observe(o)
	switch f := o.Fact.(type) {
	case mon.MapCommitted:
		if f.Map == cluster.MgrMap && f.Epoch > c.newest.Epoch {
			if f.ActiveGID != c.newest.ActiveGID || f.Available != c.newest.Available {
				c.since, c.alive = o.At, false
			}
			c.newest = f
		}
	case mon.MgrBeaconReceived:
		if c.newest.ActiveGID == 0 && o.At-c.heard > c.bounds.Tick {
			c.since = o.At // nobody was there to be named
		}
		c.heard = o.At
		c.alive = c.alive || c.newest.ActiveGID == 0 || f.GID == c.newest.ActiveGID
		return c.judge(o)
	}
	return ""
}

func (c *boundedPromotion) judge(o cluster.Observation) string {
	since := max(c.since, c.leadership.since)
	limit := c.bounds.Grace + 2*c.bounds.Tick + 2*c.bounds.Proposal
	if realTime(o) || c.newest.Available || !c.alive || o.At-since <= limit || !c.stable(c.timeline, since, o.At) {
		return ""
	}
	name := "mgr." + c.newest.ActiveName
	if c.newest.ActiveGID != 0 && c.timeline.PausedDuring(name, since, o.At) > 0 || c.timeline.LinksDisturbed(since, o.At) {
		return ""
	}
	return violation("nobody serves, though beacons come and %s has led for %v: mgrmap epoch %d has been about gid %d (%s) since %v",
		c.leader, o.At-c.leadership.since, c.newest.Epoch, c.newest.ActiveGID, c.newest.ActiveName, c.since)
}
