package cinder

import (
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
)

// Liveness says who is up.
type Liveness struct {
	// DownTime is service_down_time.
	DownTime time.Duration
	Defects  Defects
}

// Up reports whether a service is up by the clock that shows now: if its last heartbeat,
// or its creation if it had none, is at most DownTime away, whichever is ahead. It is the
// rule of Cinder's list of services. What Cinder has in all other places, that a stamp of
// the future is up however far ahead it is, keeps a dead service up for as long as its
// clock was wrong.
func (l Liveness) Up(s db.Service, now time.Time) bool {
	seen := s.UpdatedAt
	if seen.IsZero() && !l.Defects.NoCreatedAtFallback {
		seen = s.CreatedAt
	}
	return l.within(seen, now)
}

// ClusterUp is Up for a cluster, whose last heartbeat is the latest of its members.
func (l Liveness) ClusterUp(c db.ClusterHealth, now time.Time) bool {
	return l.within(c.LastHeartbeat, now)
}

func (l Liveness) within(seen, now time.Time) bool {
	age := now.Sub(seen)
	if age < 0 && !l.Defects.OneSidedAge {
		age = -age
	}
	return age <= l.DownTime
}
