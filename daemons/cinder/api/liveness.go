package api

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/db"
)

// lists is the rule by which lists of services tell who is up.
func (a *API) lists() cinder.Liveness {
	return cinder.Liveness{DownTime: a.config.Options.ServiceDownTime}
}

// elsewhere is the rule for clusters and failovers: the same, but for what Cinder does.
func (a *API) elsewhere() cinder.Liveness {
	l := a.lists()
	l.Defects.OneSidedAge = a.config.Defects.OneSidedAge
	return l
}

// lastSeen is when a service was heard of last.
func lastSeen(s *db.Service) time.Time {
	if s.UpdatedAt.IsZero() {
		return s.CreatedAt
	}
	return s.UpdatedAt
}

// judgedCluster is a cluster with a verdict.
type judgedCluster struct {
	db.ClusterHealth
	up bool // one of its members at least is
}

// clusters lists clusters.
func (a *API) clusters(c *call, f db.ClusterFilter) ([]judgedCluster, error) {
	asked := a.asks()
	now := asked.wall
	found, err := a.config.Store.Clusters(c.t, f, now.Add(-a.config.Options.ServiceDownTime))
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	judged := make([]judgedCluster, 0, len(found))
	for _, health := range found {
		j := judgedCluster{health, a.elsewhere().ClusterUp(health, now)}
		if !j.up && health.LastHeartbeat.After(now) {
			if err := a.judgeMembers(c, now, &j); err != nil {
				return nil, err
			}
		}
		a.config.Host.Probe(ClusterJudged{
			Cluster: j.ID, Name: j.Name, Binary: j.Binary, Up: j.up, Disabled: j.Disabled, LastHeartbeat: sinceEpoch(j.LastHeartbeat),
			Now: sinceEpoch(now), Took: a.since(asked), Hosts: j.NumHosts, Down: j.NumDownHosts,
		})
		judged = append(judged, j)
	}
	return judged, nil
}

// sinceEpoch is a moment as facts have it, 0 for the zero Time.
func sinceEpoch(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return time.Duration(t.UnixNano())
}

// judgeMembers looks at the members of a cluster one by one, for one of them is too far
// ahead to be up, and hides the others.
func (a *API) judgeMembers(c *call, now time.Time, j *judgedCluster) error {
	members, err := a.config.Store.Services(c.t, db.ServiceFilter{Cluster: &j.Name})
	if err != nil {
		return fmt.Errorf("list members of cluster %s: %w", j.Name, err)
	}
	j.NumHosts, j.NumDownHosts = len(members), 0
	for i := range members {
		if a.elsewhere().Up(members[i], now) {
			j.up = true
		} else {
			j.NumDownHosts++
		}
	}
	return nil
}
