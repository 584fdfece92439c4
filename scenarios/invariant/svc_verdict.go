package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// verdict is what somebody takes a service for, whose row he has just read: an API for
// its list, or a scheduler.
type verdict struct {
	cinder.Who
	row     int64
	by      string
	up      bool
	updated time.Duration // the row's updated_at, since 1970; 0 if it has none
	age     time.Duration // of the row's last sign of life, by the clock of who judges
	down    time.Duration // service_down_time of who judges
	skew    time.Duration // by which that clock was ahead when he asked for the row
	asked   time.Duration // when that was
}

// verdictOf reads a verdict out of a fact, if it is one.
func (b Bounds) verdictOf(o cluster.Observation) (verdict, bool) {
	switch f := o.Fact.(type) {
	case cinder.Judged:
		seen := f.UpdatedAt
		if seen == 0 {
			seen = f.CreatedAt
		}
		return verdict{f.Who, f.ID, o.Host, f.Up, f.UpdatedAt, f.Now - seen, f.DownTime, ahead(o, f.Now, f.Took), o.At - f.Took}, true
	case api.Judged:
		return verdict{
			Who: cinder.Who{Host: f.ServiceHost, Binary: f.Binary}, row: f.Service, by: o.Host, up: f.Up,
			updated: f.UpdatedAt, age: f.Age, down: b.Cinder.API.ServiceDownTime,
			skew: ahead(o, f.Now, f.Took), asked: o.At - f.Took,
		}, true
	}
	return verdict{}, false
}

// simulated is when every simulation begins, since 1970.
const simulated = 1767225600 * time.Second

// ahead is by how much a clock was that showed so much since 1970 some time ago. On real machines, where
// facts come late, clocks are taken to be right that are nearly so.
func ahead(o cluster.Observation, shown, ago time.Duration) time.Duration {
	if !realTime(o) {
		return shown - simulated - (o.At - ago)
	}
	if wrong := shown - (o.Wall - ago); wrong.Abs() > nearly && o.Wall != 0 {
		return wrong
	}
	return 0
}

// nearly is how late facts may be on a real machine.
const nearly = 3 * time.Second

// sent is a heartbeat on its way: when it was sent, and by how much its clock was ahead.
type sent struct{ at, skew time.Duration }

// stamps are the heartbeats that services have sent, by what they wrote.
type stamps map[cinder.Who]map[time.Duration]sent

// observe notes a heartbeat.
func (s stamps) observe(o cluster.Observation) {
	f, ok := o.Fact.(cinder.BeatSent)
	if !ok {
		return
	}
	if s[f.Who] == nil {
		s[f.Who] = make(map[time.Duration]sent)
	}
	s[f.Who][f.UpdatedAt] = sent{o.At, ahead(o, f.UpdatedAt, 0)}
}
