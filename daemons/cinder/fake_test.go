package cinder_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// table is a database in memory that can fail and be slow. Package db has the real one.
type table struct {
	services []db.Service
	clusters []db.Cluster
	workers  []db.Worker
	fail     error         // of every statement
	slow     time.Duration // of every statement
	limit    time.Duration // of Within
	shared   *table        // of which this is a view with a limit
	last     int64
	writes   []string    // "host: columns" of each update
	late     *db.Service // takes the next row that is made, of which its maker does not hear
	onCreate func()      // what happens once a row is made
	onUpdate func()      // what happens before rows of services are updated
}

func (s *table) all() *table {
	if s.shared != nil {
		return s.shared
	}
	return s
}

func (s *table) Within(d time.Duration) cinder.Operations { return &table{shared: s, limit: d} }

// begin is what every statement does first.
func (s *table) begin(t host.Task) error {
	a := s.all()
	switch {
	case s.limit > 0 && a.slow > s.limit:
		t.Sleep(s.limit)
		return db.ErrTimeout
	case a.slow > 0:
		t.Sleep(a.slow)
	}
	return a.fail
}

func chooses(f db.ServiceFilter, r db.Service) bool {
	return !r.Deleted && (f.ID == 0 || f.ID == r.ID) && (f.Host == "" || f.Host == r.Host) && (f.Binary == "" || f.Binary == r.Binary) &&
		(f.Topic == "" || f.Topic == r.Topic) && (f.UUID == "" || f.UUID == r.UUID) &&
		(f.ReportCount == nil || *f.ReportCount == r.ReportCount) && (f.Frozen == nil || *f.Frozen == r.Frozen)
}

func (s *table) Services(t host.Task, f db.ServiceFilter) (out []db.Service, err error) {
	if err := s.begin(t); err != nil {
		return nil, err
	}
	for _, r := range s.all().services {
		if chooses(f, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *table) Service(t host.Task, f db.ServiceFilter) (db.Service, error) {
	rows, err := s.Services(t, f)
	if err == nil && len(rows) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return db.Service{}, err
	}
	return rows[0], nil
}

func (s *table) CreateService(t host.Task, r *db.Service) error {
	if err := s.begin(t); err != nil {
		return err
	}
	a := s.all()
	a.last++
	r.ID, r.UUID = a.last, fmt.Sprintf("uuid-%d", a.last)
	if a.late != nil {
		*a.late, a.late = *r, nil
		return db.ErrUnknownOutcome
	}
	a.services = append(a.services, *r)
	if a.onCreate != nil {
		a.onCreate()
	}
	return nil
}

// fieldOf are the fields of Service that services write, by their columns.
var fieldOf = map[db.ServiceColumn]string{
	db.ServiceReportCount: "ReportCount", db.ServiceUpdatedAt: "UpdatedAt", db.ServiceAvailabilityZone: "AvailabilityZone",
	db.ServiceRPCVersion: "RPCVersion", db.ServiceObjectVersion: "ObjectVersion", db.ServiceClusterName: "ClusterName",
	db.ServiceIsDisabled: "Disabled", db.ServiceDisabledReason: "DisabledReason", db.ServiceModifiedAt: "ModifiedAt",
	db.ServiceDeleted: "Deleted", db.ServiceDeletedAt: "DeletedAt",
	db.ServiceReplicationStatus: "ReplicationStatus", db.ServiceActiveBackendID: "ActiveBackendID", db.ServiceFrozen: "Frozen",
}

func (s *table) UpdateServices(t host.Task, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (n int, err error) {
	if err := s.begin(t); err != nil {
		return 0, err
	}
	a := s.all()
	if a.onUpdate != nil {
		a.onUpdate()
	}
	for i := range a.services {
		r := &a.services[i]
		if !chooses(f, *r) {
			continue
		}
		n++
		var names []string
		for _, c := range columns {
			reflect.ValueOf(r).Elem().FieldByName(fieldOf[c]).Set(reflect.ValueOf(set).FieldByName(fieldOf[c]))
			names = append(names, string(c))
		}
		a.writes = append(a.writes, r.Host+": "+strings.Join(names, " "))
	}
	return n, nil
}

func (s *table) Cluster(t host.Task, f db.ClusterFilter) (db.Cluster, error) {
	if err := s.begin(t); err != nil {
		return db.Cluster{}, err
	}
	for _, c := range s.all().clusters {
		if c.Name == f.Name && c.Binary == f.Binary {
			return c, nil
		}
	}
	return db.Cluster{}, db.ErrNotFound
}

// HeldCluster is Cluster: nothing else happens while it is held.
func (s *table) HeldCluster(t host.Task, f db.ClusterFilter) (db.Cluster, error) {
	return s.Cluster(t, f)
}

func (s *table) Transaction(_ host.Task, fn func(cinder.Operations) error) error { return fn(s) }

func (s *table) CreateCluster(t host.Task, c *db.Cluster) error {
	if _, err := s.Cluster(t, db.ClusterFilter{Name: c.Name, Binary: c.Binary}); err == nil {
		return db.ErrDuplicate
	}
	s.all().clusters = append(s.all().clusters, *c)
	return s.begin(t)
}

func (s *table) UpdateClusters(t host.Task, f db.ClusterFilter, set db.Cluster, columns ...db.ClusterColumn) (int, error) {
	for i := range s.all().clusters {
		c := &s.all().clusters[i]
		if c.Name == f.Name && (len(f.ReplicationStatus) == 0 || slices.Contains(f.ReplicationStatus, c.ReplicationStatus)) {
			if c.ReplicationStatus = set.ReplicationStatus; slices.Contains(columns, db.ClusterActiveBackendID) {
				c.ActiveBackendID, c.Disabled = set.ActiveBackendID, set.Disabled
			}
			return 1, s.begin(t)
		}
	}
	return 0, s.begin(t)
}

func (s *table) Workers(t host.Task, f db.WorkerFilter) (out []db.Worker, err error) {
	for _, w := range s.all().workers {
		if w.ServiceID == f.ServiceID && !w.UpdatedAt.After(f.UpdatedBefore) {
			out = append(out, w)
		}
	}
	return out, s.begin(t)
}

func (s *table) CreateWorker(t host.Task, w *db.Worker) error {
	a := s.all()
	a.last++
	w.ID = a.last
	a.workers = append(a.workers, *w)
	return s.begin(t)
}

func (s *table) ClaimWorker(t host.Task, w *db.Worker, service int64, at time.Time) (bool, error) {
	for i := range s.all().workers {
		if r := &s.all().workers[i]; r.ID == w.ID && r.ResourceID == w.ResourceID && r.RacePreventer == w.RacePreventer {
			r.ServiceID, r.UpdatedAt, r.RacePreventer = service, at, r.RacePreventer+1
			*w = *r
			return true, s.begin(t)
		}
	}
	return false, s.begin(t)
}

func (s *table) DeleteWorkers(t host.Task, f db.WorkerFilter) (int, error) {
	a := s.all()
	before := len(a.workers)
	a.workers = slices.DeleteFunc(a.workers, func(w db.Worker) bool { return w.ID == f.ID })
	return before - len(a.workers), s.begin(t)
}
