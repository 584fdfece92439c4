package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
)

// boundedDetection is I-MGR-11: an active manager from which the leader has heard
// nothing for the grace, a tick and a proposal is out of the map, and where there is a
// standby its place is taken in that epoch or the next one.
//
// The time counts anew with each leader, from its first tick (MM-12), and does not while
// the leader stands still. A leader that has lost its majority takes a while to notice;
// that is allowed for. One that hears its majority late, over paths that are disturbed, does
// not notice, and its changes take as long. It makes one after another, so the second that
// is through after the manager was due was made after that, and should have been its end.
type boundedDetection struct {
	timeline Timeline
	bounds   Bounds
	leadership
	members membership
	newest  mon.MapCommitted
	through [2]time.Duration         // when the leader executed its last entries of the log, the last one first
	woken   time.Duration            // when it last did so after a time in which it may not have looked at its clocks
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
	case quorum.Applied:
		if o.Host == c.leader {
			c.execute(o.At)
		}
	case mon.MapCommitted:
		if f.Map == cluster.MgrMap && f.Epoch > c.newest.Epoch {
			return c.commit(o, f)
		}
	}
	return c.judge(o)
}

// execute notes that the leader has executed an entry. While one was under way it did not
// look at its clocks, and when that took long it starts all ages anew (MM-11).
func (c *boundedDetection) execute(now time.Duration) {
	if now-c.through[0] > c.bounds.Grace-c.bounds.BeaconPeriod-c.bounds.Tick {
		c.woken = now
	}
	c.through = [2]time.Duration{now, c.through[0]}
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
	limit := c.due() + c.bounds.Proposal + c.bounds.Lonely
	if gid == 0 || realTime(o) || o.At-last <= limit || !c.stable(c.timeline, last, o.At) {
		return ""
	}
	if c.hearsLate(last, o.At) && !c.hadTurn(max(last, c.woken), o.At) {
		return ""
	}
	return violation("gid %d (mgr.%s) is still active, %s has led and heard nothing from it for %v", gid, c.newest.ActiveName, c.leader, o.At-last)
}

// due is how long a leader may take to notice that a manager is silent.
func (c *boundedDetection) due() time.Duration { return c.bounds.Grace + 2*c.bounds.Tick }

// hadTurn reports whether the leader has executed an entry, before now, that it can only
// have made after a manager was due which was silent since a time. Of what it executes right
// now it has not told everything yet.
func (c *boundedDetection) hadTurn(since, now time.Duration) bool {
	return c.through[1] > since+c.due() && c.through[0] < now
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
