package cluster

import (
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// CinderView is what has been seen of Cinder's services so far.
type CinderView struct {
	judged  map[cinder.Who]judgement
	beats   map[cinder.Who]time.Duration
	rows    map[cinder.Who]int64
	started map[string]time.Duration // by machine
	status  map[cinder.Who]cinder.ReplicationChanged
	// clusters are the last verdicts on them, and how their replication was last said to
	// stand.
	clusters     map[string]judgement
	clusterRoles map[string]cinder.ReplicationChanged
	answers      []CinderAnswered
}

// Cinder is what was seen of Cinder's services.
func (v *View) Cinder() *CinderView { return Kept[*CinderView](v.cluster) }

// judgement is what a list has said of a service.
type judgement struct {
	up bool
	at time.Duration
}

func newCinderView() *CinderView {
	return &CinderView{
		judged: make(map[cinder.Who]judgement), beats: make(map[cinder.Who]time.Duration), rows: make(map[cinder.Who]int64),
		started: make(map[string]time.Duration), status: make(map[cinder.Who]cinder.ReplicationChanged),
		clusters: make(map[string]judgement), clusterRoles: make(map[string]cinder.ReplicationChanged),
	}
}

// Observe implements Observer.
func (v *CinderView) Observe(o Observation) {
	switch f := o.Fact.(type) {
	case api.Judged:
		v.judged[cinder.Who{Host: f.ServiceHost, Binary: f.Binary}] = judgement{f.Up, o.At}
	case cinder.Started:
		v.started[o.Host] = o.At
	case cinder.Beat:
		v.beats[f.Who], v.rows[f.Who] = o.At, f.ID
	case cinder.ReplicationChanged:
		if f.Cluster != "" {
			v.clusterRoles[f.Cluster] = f
		} else {
			v.status[f.Who] = f
		}
	case api.ClusterJudged:
		v.clusters[f.Name] = judgement{f.Up, o.At - f.Took}
	case CinderAnswered:
		v.answers = append(v.answers, f)
	}
}

// Listed is what the last list that has a service says of it, and when that was; at is 0
// if there was none.
func (v *CinderView) Listed(who cinder.Who) (up bool, at time.Duration) {
	j := v.judged[who]
	return j.up, j.at
}

// Beat is when a heartbeat of a service was last committed, 0 for never, and in which
// row.
func (v *CinderView) Beat(who cinder.Who) (at time.Duration, row int64) {
	return v.beats[who], v.rows[who]
}

// Started is when the service of a machine was last through with its start, 0 for never.
func (v *CinderView) Started(machine string) time.Duration { return v.started[machine] }

// Replication is what a volume service last said of its replication.
func (v *CinderView) Replication(who cinder.Who) cinder.ReplicationChanged { return v.status[who] }

// ClusterListed is what an API last said of a cluster, and when it had asked for its rows;
// at is 0 if there was none.
func (v *CinderView) ClusterListed(name string) (up bool, at time.Duration) {
	j := v.clusters[name]
	return j.up, j.at
}

// ClusterReplication is what was last said of the replication of a cluster.
func (v *CinderView) ClusterReplication(name string) cinder.ReplicationChanged {
	return v.clusterRoles[name]
}

// Answers are the outcomes of the operator's requests, in the order in which they came.
func (v *CinderView) Answers() []CinderAnswered { return v.answers }
