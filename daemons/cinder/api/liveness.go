package api

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
)

// lastSeen is when a service was heard of last.
func (a *API) lastSeen(s *db.Service) time.Time {
	if s.UpdatedAt.IsZero() {
		return s.CreatedAt
	}
	return s.UpdatedAt
}

// isUp is the one rule of who is alive: heard of within service_down_time of now, in the
// past or in the future, for a stamp from far ahead says as little as an old one. Both
// ends count.
func (a *API) isUp(now, seen time.Time) bool {
	age := now.Sub(seen)
	if age < 0 {
		age = -age
	}
	return age <= a.config.Options.ServiceDownTime
}

// isUpElsewhere is isUp for what is no list of services: failovers and clusters. There
// Cinder has another rule.
func (a *API) isUpElsewhere(now, seen time.Time) bool {
	if a.config.Defects.OneSidedAge {
		return !seen.IsZero() && now.Sub(seen) <= a.config.Options.ServiceDownTime
	}
	return a.isUp(now, seen)
}

// judgedCluster is a cluster with a verdict.
type judgedCluster struct {
	db.ClusterHealth
	up bool // one of its members at least is
}

// clusters lists clusters.
func (a *API) clusters(c *call, f db.ClusterFilter) ([]judgedCluster, error) {
	now := a.now()
	found, err := a.config.Store.Clusters(c.t, f, now.Add(-a.config.Options.ServiceDownTime))
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	judged := make([]judgedCluster, 0, len(found))
	for _, health := range found {
		j := judgedCluster{health, a.isUpElsewhere(now, health.LastHeartbeat)}
		if !j.up && health.LastHeartbeat.After(now) {
			if err := a.judgeMembers(c, now, &j); err != nil {
				return nil, err
			}
		}
		judged = append(judged, j)
	}
	return judged, nil
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
		if a.isUpElsewhere(now, members[i].UpdatedAt) {
			j.up = true
		} else {
			j.NumDownHosts++
		}
	}
	return nil
}
