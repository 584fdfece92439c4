package db

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Worker is a row of the table workers: what a service is in the middle of.
type Worker struct {
	ID        int64
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time
	Deleted   bool

	ResourceType string // "Volume"
	ResourceID   string
	Status       string // of the resource when the work began
	ServiceID    int64  // whose work it is; 0 is nobody's
	// RacePreventer goes up with each change of hands.
	RacePreventer int64
}

func (w *Worker) fields() []field {
	return []field{
		{"created_at", &w.CreatedAt},
		{"updated_at", &w.UpdatedAt},
		{"deleted_at", &w.DeletedAt},
		{"deleted", &w.Deleted},
		{"id", &w.ID},
		{"resource_type", &w.ResourceType},
		{"resource_id", &w.ResourceID},
		{"status", &w.Status},
		{"service_id", (*reference)(&w.ServiceID)},
		{"race_preventer", &w.RacePreventer},
	}
}

// WorkerFilter chooses workers, as [ServiceFilter] does services.
type WorkerFilter struct {
	ID            int64
	ResourceType  string
	ResourceID    string
	ServiceID     int64
	UpdatedBefore time.Time // not later than that
}

func (f WorkerFilter) clause() *clause {
	c := new(clause)
	c.number("id", f.ID)
	c.equal("resource_type", f.ResourceType)
	c.equal("resource_id", f.ResourceID)
	c.number("service_id", f.ServiceID)
	if !f.UpdatedBefore.IsZero() {
		c.and("updated_at <= ?", f.UpdatedBefore)
	}
	c.undeleted(false)
	return c
}

const workers = "workers"

var workerTable = newTable(workers, (*Worker).fields)

// Workers lists the workers of the filter by ascending id.
func (o Operations) Workers(t host.Task, f WorkerFilter) ([]Worker, error) {
	return selectRows(o, t, workerTable, f.clause(), 0)
}

// CreateWorker inserts w and sets its ID. Error: ErrDuplicate if somebody works on the
// resource.
func (o Operations) CreateWorker(t host.Task, w *Worker) error {
	if o.store.options.Defects.StampAsVersion {
		w.UpdatedAt = w.UpdatedAt.Truncate(time.Second)
	}
	id, err := o.insert(t, workers, w.fields())
	if err == nil {
		w.ID = id
	}
	return err
}

// ClaimWorker gives the work to a service, and stamps it with at, if the row is still
// as in w; then it reports true and w is as the row is now. Of several that claim one at
// once one succeeds. The number alone does not tell: SQLite gives that of a row which was
// removed to the next one, and a claim may be long under way.
func (o Operations) ClaimWorker(t host.Task, w *Worker, service int64, at time.Time) (bool, error) {
	set := *w
	set.ServiceID, set.UpdatedAt, set.RacePreventer = service, at, w.RacePreventer+1
	c := WorkerFilter{ID: w.ID, ResourceType: w.ResourceType, ResourceID: w.ResourceID, ServiceID: w.ServiceID}.clause()
	c.equal("status", w.Status)
	if o.store.options.Defects.StampAsVersion {
		set.UpdatedAt = at.Truncate(time.Second)
		c.and("updated_at = ?", w.UpdatedAt)
	} else {
		c.and("race_preventer = ?", w.RacePreventer)
	}
	n, err := o.update(t, workers, c, chosen(set.fields(), []string{"service_id", "updated_at", "race_preventer"}))
	if err != nil || n == 0 {
		return false, err
	}
	*w = set
	return true, nil
}

// DeleteWorkers removes the workers of the filter and tells how many those were.
func (o Operations) DeleteWorkers(t host.Task, f WorkerFilter) (int, error) {
	return o.remove(t, workers, f.clause())
}
