package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// clusterIsFreshest is I-SVC-16: a cluster is as alive as the member that was heard of
// last. Its last heartbeat is not older than that of any member which was committed before
// it was looked for; whether it is up follows from it by the rule for services, or, if it is
// too far ahead, from the other members; and a cluster that is up has a member that is not
// down. A database that was put back has old heartbeats. A member has none from when an
// operator begins to remove its row until it has sent one after that was done.
type clusterIsFreshest struct {
	timeline Timeline
	bounds   Bounds
	members  map[cinder.Who]heard
	pending  stamps // that were sent and may yet be written
	removals removals
}

// heard is a member's last heartbeat that was committed.
type heard struct{ at, stamp time.Duration }

func newClusterIsFreshest(t Timeline, b Bounds) *clusterIsFreshest {
	return &clusterIsFreshest{timeline: t, bounds: b, members: make(map[cinder.Who]heard), pending: make(stamps), removals: make(removals)}
}

func (*clusterIsFreshest) Name() string { return "I-SVC-16 a cluster is its freshest member" }

func (c *clusterIsFreshest) Observe(o cluster.Observation) string {
	if who, ok := c.removals.observe(o); ok {
		delete(c.members, who)
		return ""
	}
	switch f := o.Fact.(type) {
	case cinder.Beat:
		if c.bounds.Cinder.Service.Cluster != "" && f.Binary == cinder.BinaryVolume {
			c.beaten(o.At, f)
		}
	case cinder.BeatSent:
		if c.bounds.Cinder.Service.Cluster != "" && f.Binary == cinder.BinaryVolume {
			c.pending.observe(o)
		}
	case cinder.RowCreated:
		delete(c.members, f.Who)
	case api.ClusterJudged:
		if f.Name == c.bounds.Cinder.Service.Cluster+"@"+c.bounds.Cinder.Backend.Name {
			return c.check(o.At-f.Took, f)
		}
	}
	return ""
}

// beaten notes a heartbeat that was committed, unless its row may have gone since.
func (c *clusterIsFreshest) beaten(now time.Duration, f cinder.Beat) {
	sent, ok := c.pending[f.Who][f.UpdatedAt]
	delete(c.pending[f.Who], f.UpdatedAt)
	if ok && !c.removals.mayStrike(f.Who, sent.at) {
		c.members[f.Who] = heard{now, f.UpdatedAt}
	}
}

func (c *clusterIsFreshest) check(asked time.Duration, f api.ClusterJudged) string {
	age, down := f.Now-f.LastHeartbeat, c.bounds.Cinder.API.ServiceDownTime
	up := age.Abs() <= down
	if age < -down {
		up = f.Down < f.Hosts
	}
	switch {
	case f.LastHeartbeat == 0:
		up = false
	case f.Down > f.Hosts || f.Up && f.Down == f.Hosts:
		return violation("cluster %s has %d members, %d of them down, and is up: %v", f.Name, f.Hosts, f.Down, f.Up)
	}
	if f.Up != up {
		return violation("cluster %s, heard of %v ago, is up: %v; %d of its %d members are down; service_down_time is %v", f.Name, age, f.Up, f.Down, f.Hosts, down)
	}
	if c.timeline.Rewinds() > 0 {
		return ""
	}
	for _, name := range c.bounds.Cinder.VolumeNames() {
		who := c.bounds.Cinder.ServiceOf(name)
		m, ok := c.members[who]
		if !ok || m.at >= asked {
			continue
		}
		least := m.stamp
		for stamp := range c.pending[who] {
			least = min(least, stamp)
		}
		if f.LastHeartbeat < least {
			return violation("cluster %s was last heard of %v before its member %s", f.Name, least-f.LastHeartbeat, who.Host)
		}
	}
	return ""
}
