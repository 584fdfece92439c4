package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// oneFailover is I-SVC-14: while a backend, or a cluster as a whole, is failing over nobody
// else can have it fail over. A failover is over when a service writes how replication
// stands: that which has done it, or one that starts. Nothing is claimed while such a write
// is under way, nor after one of unknown outcome, nor of a database that was put back.
type oneFailover struct {
	timeline Timeline
	bounds   Bounds
	under    map[string]bool // backends that are failing over
	writing  map[string]int  // writes to them that have not come back
}

func newOneFailover(t Timeline, b Bounds) *oneFailover {
	return &oneFailover{timeline: t, bounds: b, under: make(map[string]bool), writing: make(map[string]int)}
}

func (*oneFailover) Name() string { return "I-SVC-14 one failover at a time" }

func (c *oneFailover) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cinder.ReplicationSent:
		if name, ok := c.bounds.replicationOf(f.Who, f.Cluster); ok {
			c.under[name] = false
			c.writing[name]++
		}
	case cinder.ReplicationChanged:
		if name, ok := c.bounds.replicationOf(f.Who, f.Cluster); ok {
			c.under[name] = false
			c.writing[name]--
		}
	}
	name, ok := c.bounds.failoverOf(o)
	if !ok || c.timeline.Rewinds() > 0 {
		return ""
	}
	if c.under[name] && c.writing[name] == 0 {
		return violation("%s is to fail over, which it has been doing already", name)
	}
	c.under[name] = true
	return ""
}

// replicationOf is the backend, or the cluster, whose row is meant that says how its
// replication stands. That of a member of a cluster is none.
func (b Bounds) replicationOf(who cinder.Who, cluster string) (string, bool) {
	name := b.backendOf(who)
	return name, cluster == name || cluster == "" && name == who.Host
}

// failoverOf is the backend, or the cluster, that a fact says is to fail over.
func (b Bounds) failoverOf(o cluster.Observation) (string, bool) {
	switch f := o.Fact.(type) {
	case api.Changed:
		who := cinder.Who{Host: f.ServiceHost, Binary: f.Binary}
		return who.Host, isFailover(f.Action) && b.backendOf(who) == who.Host
	case api.ClusterChanged:
		return f.Name, isFailover(f.Action)
	}
	return "", false
}

func isFailover(action string) bool { return action == "failover" || action == "failover_host" }
