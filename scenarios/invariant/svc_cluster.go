package invariant

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// clusterIsFreshest is I-SVC-16: a cluster is as alive as the member that was heard of
// last. Its last heartbeat is not older than that of any member which was committed before
// it was looked for; whether it is up follows from it by the rule for services, or, if it is
// too far ahead, from the other members; and a cluster that is up has a member that is not
// down. A database that was put back has old heartbeats, and a member whose row was removed
// none.
type clusterIsFreshest struct {
	timeline Timeline
	bounds   Bounds
	members  map[cinder.Who]heard
	pending  map[cinder.Who][]time.Duration // stamps that were sent and may yet be written
}

// heard is a member's last heartbeat that was committed.
type heard struct{ at, stamp time.Duration }

func newClusterIsFreshest(t Timeline, b Bounds) *clusterIsFreshest {
	return &clusterIsFreshest{timeline: t, bounds: b, members: make(map[cinder.Who]heard), pending: make(map[cinder.Who][]time.Duration)}
}

func (*clusterIsFreshest) Name() string { return "I-SVC-16 a cluster is its freshest member" }

func (c *clusterIsFreshest) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cinder.Beat:
		if c.bounds.Cinder.Service.Cluster != "" && f.Binary == cinder.BinaryVolume {
			c.members[f.Who] = heard{o.At, f.UpdatedAt}
			c.pending[f.Who] = slices.DeleteFunc(c.pending[f.Who], func(stamp time.Duration) bool { return stamp == f.UpdatedAt })
		}
	case cinder.BeatSent:
		if c.bounds.Cinder.Service.Cluster != "" && f.Binary == cinder.BinaryVolume {
			c.pending[f.Who] = append(c.pending[f.Who], f.UpdatedAt)
		}
	case cinder.RowCreated:
		delete(c.members, f.Who)
	case cluster.RowDeleted:
		delete(c.members, f.Who)
	case api.ClusterJudged:
		if f.Name == c.bounds.Cinder.Service.Cluster+"@"+c.bounds.Cinder.Backend.Name {
			return c.check(o.At-f.Took, f)
		}
	}
	return ""
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
	if c.timeline.Rewound() {
		return ""
	}
	for _, name := range c.bounds.Cinder.VolumeNames() {
		who := c.bounds.Cinder.ServiceOf(name)
		m, ok := c.members[who]
		if !ok || m.at >= asked {
			continue
		}
		if least := slices.Min(append(c.pending[who], m.stamp)); f.LastHeartbeat < least {
			return violation("cluster %s was last heard of %v before its member %s", f.Name, least-f.LastHeartbeat, who.Host)
		}
	}
	return ""
}
