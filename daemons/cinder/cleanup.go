package cinder

import (
	"errors"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// cleanRequest asks for the work that a service has left unfinished to be cleaned up.
type cleanRequest struct {
	ServiceID    int64     `json:"service_id"`
	ResourceType string    `json:"resource_type,omitempty"`
	ResourceID   string    `json:"resource_id,omitempty"`
	Until        time.Time `json:"until"` // work touched later is left alone; zero is now
}

// cleanUp takes over each piece of work, so that nobody else does, and then sees to it. A
// piece that cannot be cleaned up is handed back as it was.
func (s *Service) cleanUp(t host.Task, r cleanRequest, d Driver) error {
	if r.Until.IsZero() {
		r.Until = s.now()
	}
	workers, err := s.cfg.Store.Workers(t, db.WorkerFilter{
		ServiceID: r.ServiceID, ResourceType: r.ResourceType, ResourceID: r.ResourceID, UpdatedBefore: r.Until,
	})
	if err != nil {
		return err
	}
	var failed error
	for _, w := range workers {
		if err := s.cleanWorker(t, w, d); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s %s: %w", w.ResourceType, w.ResourceID, err))
		}
	}
	return failed
}

func (s *Service) cleanWorker(t host.Task, w db.Worker, d Driver) error {
	before := w
	won, err := s.cfg.Store.ClaimWorker(t, &w, s.id, s.now())
	if err != nil || !won {
		return err
	}
	s.h.Probe(WorkClaimed{s.who(), w.ID, w.ResourceID, before.RacePreventer, sinceEpoch(w.CreatedAt)})
	if err := d.CleanUp(t, w.ResourceID); err != nil {
		_, back := s.cfg.Store.ClaimWorker(t, &w, before.ServiceID, before.UpdatedAt)
		return errors.Join(err, back)
	}
	_, err = s.cfg.Store.DeleteWorkers(t, db.WorkerFilter{ID: w.ID})
	return err
}
