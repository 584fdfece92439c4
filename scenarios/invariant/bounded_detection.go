package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// boundedDetection is I-MGR-11: an active manager from which the leader has heard
// nothing for the grace, a tick and a proposal is out of the map, and where there is a
// standby its place is taken in that epoch or the next one.
//
// The time counts anew with each leader, from its first tick (MM-12), and does not while
// the leader stands still. A leader that has lost its majority takes a while to notice;
// that is allowed for. One that hears its majority late, over paths that are disturbed, does
// not notice, and its changes take as long.
type boundedDetection struct {
	timeline Timeline
	bounds   Bounds
	leadership
	members membership
	newest  mon.MapCommitted
	since   time.Duration            // when the active manager of that map became so
	heard   map[uint64]time.Duration // by gid, its last beacon that a leader has taken
}

func newBoundedDetection(t Timeline, b Bounds) *boundedDetection {
	return &boundedDetection{
		timeline: t, bounds: b, members: membership{names: b.Founders}, heard: make(map[uint64]time.Duration),
	}
}

func (*boundedDetection) Name() string { return "I-MGR-11 bounded detection" }

func (c *boundedDetection) Observe(o cluster.Observation) string {
	c.leadership.observe(o)
	c.members.observe(o)
	switch f := o.Fact.(type) {
	case mon.MgrBeaconReceived:
		c.heard[f.GID] = o.At
	case mon.MapCommitted:
		if f.Map == cluster.MgrMap && f.Epoch > c.newest.Epoch {
			return c.commit(o, f)
		}
	}
	return c.judge(o)
}

// commit takes the newest map, and looks whether a vacancy has lasted.
func (c *boundedDetection) commit(o cluster.Observation, f mon.MapCommitted) string {
	before := c.newest
	c.newest = f
	if f.ActiveGID != before.ActiveGID {
		c.since = o.At
	}
	if before.Epoch+1 == f.Epoch && before.ActiveGID == 0 && f.ActiveGID == 0 && before.Standbys != "" && f.Standbys != "" {
		return violation("mgrmap epoch %d still names nobody, there were standbys: %s", f.Epoch, before.Standbys)
	}
	return ""
}

func (c *boundedDetection) judge(o cluster.Observation) string {
	gid := c.newest.ActiveGID
	last := max(c.heard[gid], c.leadership.since, c.since)
	limit := c.bounds.Grace + 2*c.bounds.Tick + c.bounds.Proposal + c.bounds.Lonely
	if gid == 0 || realTime(o) || o.At-last <= limit || !c.stable(c.timeline, last, o.At) || c.hearsLate(last, o.At) {
		return ""
	}
	return violation("gid %d (mgr.%s) is still active, %s has led and heard nothing from it for %v", gid, c.newest.ActiveName, c.leader, o.At-last)
}

// hearsLate reports whether the leader may have heard its majority late since a time: the
// paths to some of the members were disturbed, and with those that run and are left it is
// no majority.
func (c *boundedDetection) hearsLate(since, now time.Duration) bool {
	late, soon := 0, 0
	for _, name := range c.members.names {
		switch {
		case name == c.leader:
			soon++
		case c.timeline.PathDisturbed(c.leader, name, since, now):
			late++
		case c.timeline.HostRuns(name) && c.timeline.PausedDuring(name, since, now) == 0:
			soon++
		}
	}
	return late > 0 && 2*soon <= len(c.members.names)
}
