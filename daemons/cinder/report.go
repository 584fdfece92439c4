package cinder

import (
	"errors"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// report is the heartbeat: report_state every ReportInterval, the first one after an
// interval, one after another. One that takes longer than the interval is followed by the
// next at once; none is made up for.
func (s *Service) report(t host.Task) {
	for wait := s.opt.ReportInterval; !s.stopped; {
		t.Sleep(wait)
		used, err := s.reportState(t)
		if err != nil && s.cfg.Defects.HeartbeatDiesOnError {
			return
		}
		if used > s.opt.ReportInterval {
			s.log.Warn("report_state run outlasted interval", "by", used-s.opt.ReportInterval)
		}
		wait = max(0, s.opt.ReportInterval-used)
	}
}

// reportState is one beat. Whatever goes wrong with the database, the next one comes: the
// first failure is logged, the others are not, and neither is tried again.
func (s *Service) reportState(t host.Task) (used time.Duration, err error) {
	began := s.h.Clock().Monotonic()
	s.stateWorking()
	if !s.manager.IsWorking() && !s.cfg.Defects.HeartbeatIgnoresManager {
		s.log.Error("the manager reports problems, not sending heartbeat; the service will appear down")
		s.h.Probe(BeatSkipped{s.who()})
		return 0, nil
	}
	err = s.beat(t, s.bounded(began))
	switch {
	case s.stopped:
	case err != nil:
		s.h.Probe(BeatFailed{s.who(), errors.Is(err, db.ErrUnknownOutcome), err.Error()})
		if !s.modelDisconnected {
			s.modelDisconnected = true
			s.log.Error("model server went away", "error", err)
		}
	case s.modelDisconnected:
		s.modelDisconnected = false
		s.log.Error("recovered model server connection") // an error in Cinder too
	}
	return s.h.Clock().Monotonic() - began, err
}

// bounded limits a beat that has begun at a time to an interval, all statements
// together.
func (s *Service) bounded(began time.Duration) func() Operations {
	return func() Operations {
		if s.cfg.Defects.HeartbeatUnbounded {
			return s.cfg.Store
		}
		left := began + s.opt.ReportInterval - s.h.Clock().Monotonic()
		return s.cfg.Store.Within(max(left, time.Millisecond))
	}
}

// beat counts up in the row and stamps it, and makes it anew if it has gone. It changes
// nothing else in it but the availability zone.
//
// It does so only if nobody has counted since it has read the row: a heartbeat that was
// given up may be executed long after, and must not set the row back. (Cinder's does.) Who
// comes too late, after another process of the name, tries again.
func (s *Service) beat(t host.Task, ops func() Operations) error {
	const tries = 3
	for range tries {
		if written, err := s.tryBeat(t, ops); written || err != nil {
			return err
		}
	}
	return errContested
}

// errContested: each time the row was there, somebody else had changed or removed it by the
// time that it was to be written.
var errContested = errors.New("the service's row changes all the time")

// tryBeat reports whether the heartbeat was written.
func (s *Service) tryBeat(t host.Task, ops func() Operations) (written bool, err error) {
	row, err := s.rowAnew(t, ops)
	if err != nil {
		return false, err
	}
	columns := []db.ServiceColumn{db.ServiceReportCount, db.ServiceUpdatedAt}
	if row.AvailabilityZone != s.opt.AvailabilityZone {
		columns = append(columns, db.ServiceAvailabilityZone)
	}
	set := db.Service{ReportCount: row.ReportCount + 1, UpdatedAt: s.now(), AvailabilityZone: s.opt.AvailabilityZone}
	s.h.Probe(BeatSent{s.who(), s.id, set.ReportCount, sinceEpoch(set.UpdatedAt)})
	as := s.self()
	as.ReportCount = &row.ReportCount
	n, err := ops().UpdateServices(t, as, set, columns...)
	if err != nil || n == 0 {
		return false, err
	}
	s.h.Probe(Beat{s.who(), s.id, set.ReportCount, sinceEpoch(set.UpdatedAt)})
	return true, nil
}
