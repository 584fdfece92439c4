package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// noFalseDrop is I-MGR-10: no manager is dropped as silent whose beacons reached
// the leader, or lay in front of it, with gaps below the grace. A leader that
// stood still itself (MM-11), or has just come to lead (MM-12), has no ground to
// call anybody silent.
//
// It is not judged while links are disturbed: then a beacon that was sent may rightly not
// have arrived. Nor is it where another monitor should have passed beacons on which is gone,
// or stood still while the leader did not: by when the manager has found another one, they
// may be late.
type noFalseDrop struct {
	timeline Timeline
	bounds   Bounds
	sent     map[uint64]beacons                  // by gid
	sentTo   map[uint64]map[string]time.Duration // the last beacon, by gid and monitor
	sessions map[uint64]string                   // the monitor, by gid
	received map[string]map[uint64]time.Duration // by leader and gid
	leads    map[string]time.Duration            // since when
}

// beacons are what a manager sent: the last one, and since when none of them has been late.
type beacons struct{ last, since time.Duration }

func newNoFalseDrop(t Timeline, b Bounds) *noFalseDrop {
	return &noFalseDrop{
		timeline: t, bounds: b,
		sent:     make(map[uint64]beacons),
		sentTo:   make(map[uint64]map[string]time.Duration),
		sessions: make(map[uint64]string),
		received: make(map[string]map[uint64]time.Duration),
		leads:    make(map[string]time.Duration),
	}
}

func (*noFalseDrop) Name() string { return "I-MGR-10 no false drop" }

func (c *noFalseDrop) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case monc.SessionOpened:
		c.sessions[f.GID] = "mon." + f.Mon
	case mgr.BeaconSent:
		c.send(f.GID, o.At)
	case mon.MgrBeaconReceived:
		c.receive(o.Host, f.GID, o.At)
	case mon.Role:
		if f.Role == cluster.Leader {
			c.leads[o.Host] = o.At
			delete(c.received, o.Host)
		}
	case mon.MgrDropped:
		if f.Reason == cluster.DropTimeout {
			return c.judge(o, f)
		}
	}
	return ""
}

func (c *noFalseDrop) send(gid uint64, at time.Duration) {
	b, ok := c.sent[gid]
	if !ok || c.late(b, at) {
		b.since = at
	}
	b.last = at
	c.sent[gid] = b
	if c.sentTo[gid] == nil {
		c.sentTo[gid] = make(map[string]time.Duration)
	}
	c.sentTo[gid][c.sessions[gid]] = at
}

// late reports whether another beacon should have come before then.
func (c *noFalseDrop) late(b beacons, at time.Duration) bool {
	return at-b.last > 2*c.bounds.BeaconPeriod
}

func (c *noFalseDrop) receive(leader string, gid uint64, at time.Duration) {
	if c.received[leader] == nil {
		c.received[leader] = make(map[uint64]time.Duration)
	}
	c.received[leader][gid] = at
}

// stampError is by how much two observations may be further apart, or closer
// together, than the events they speak of: in real time a fact is stamped when it
// is published, by a thread that may have had to wait.
func stampError(o cluster.Observation) time.Duration {
	if realTime(o) {
		return 100 * time.Millisecond
	}
	return 0
}

func (c *noFalseDrop) judge(o cluster.Observation, f mon.MgrDropped) string {
	last := max(c.received[o.Host][f.GID], c.leads[o.Host])
	age := o.At - last
	if age < c.bounds.Grace-stampError(o) {
		return violation("%s dropped gid %d (mgr.%s) as silent %v after its last beacon, grace is %v",
			o.Host, f.GID, f.Name, age, c.bounds.Grace)
	}
	awake := age - c.timeline.PausedDuring(o.Host, last, o.At)
	if awake < c.bounds.Grace-c.bounds.BeaconPeriod && c.beaconing(o, f.GID, last) {
		return violation("%s dropped gid %d (mgr.%s) as silent, but was itself awake for only %v of the %v since its last beacon, and mgr.%s never stopped sending",
			o.Host, f.GID, f.Name, awake, age, f.Name)
	}
	return ""
}

// beaconing reports whether a manager has sent beacons all the time since then, and one of
// them lies in front of the leader that is not older than the grace.
func (c *noFalseDrop) beaconing(o cluster.Observation, gid uint64, since time.Duration) bool {
	sent := c.sent[gid]
	if sent.since > since || c.late(sent, o.At) || c.timeline.LinksDisturbed(since, o.At) {
		return false
	}
	var direct, passed, lost bool
	for mon, last := range c.sentTo[gid] {
		fresh := o.At-last < c.bounds.Grace
		switch {
		case mon == o.Host:
			direct = fresh
		case c.passesOn(mon, o, since):
			passed = passed || fresh
		default:
			lost = lost || last > since
		}
	}
	return direct || passed && !lost
}

// passesOn reports whether a monitor could pass on to the leader what it got since then.
func (c *noFalseDrop) passesOn(mon string, o cluster.Observation, since time.Duration) bool {
	return c.timeline.HostRuns(mon) && c.timeline.PausedApart(mon, o.Host, since, o.At) < c.bounds.BeaconPeriod
}
