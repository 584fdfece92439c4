package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// oneCluster is I-SVC-17: a cluster has one row, however many members start at once. Nobody
// deletes it, so one is made once, unless a database was put back.
type oneCluster struct {
	timeline Timeline
	made     map[clusterKey]int64
}

// clusterKey is what the row of a cluster is found by.
type clusterKey struct{ name, binary string }

func newOneCluster(t Timeline) *oneCluster {
	return &oneCluster{timeline: t, made: make(map[clusterKey]int64)}
}

func (*oneCluster) Name() string { return "I-SVC-17 one row for a cluster" }

func (c *oneCluster) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cinder.ClusterCreated)
	if !ok || c.timeline.Rewinds() > 0 {
		return ""
	}
	of := clusterKey{f.Cluster, f.Binary}
	if first, twice := c.made[of]; twice {
		return violation("%s has made row %d for cluster %s, which has row %d", o.Host, f.ID, f.Cluster, first)
	}
	c.made[of] = f.ID
	return ""
}
