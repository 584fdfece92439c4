package cinder

import (
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// Operations are what services do in the database. [db.Operations] has them; the methods
// are documented there.
type Operations interface {
	Services(t host.Task, f db.ServiceFilter) ([]db.Service, error)
	Service(t host.Task, f db.ServiceFilter) (db.Service, error)
	CreateService(t host.Task, s *db.Service) error
	UpdateServices(t host.Task, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (int, error)

	Cluster(t host.Task, f db.ClusterFilter) (db.Cluster, error)
	HeldCluster(t host.Task, f db.ClusterFilter) (db.Cluster, error)
	CreateCluster(t host.Task, c *db.Cluster) error
	UpdateClusters(t host.Task, f db.ClusterFilter, set db.Cluster, columns ...db.ClusterColumn) (int, error)

	Workers(t host.Task, f db.WorkerFilter) ([]db.Worker, error)
	CreateWorker(t host.Task, w *db.Worker) error
	ClaimWorker(t host.Task, w *db.Worker, service int64, at time.Time) (bool, error)
	DeleteWorkers(t host.Task, f db.WorkerFilter) (int, error)

	// Transaction does all that fn does, or nothing.
	Transaction(t host.Task, fn func(Operations) error) error
}

// Store is the database.
type Store interface {
	Operations
	// Within are the operations with a limit to the time that each takes.
	Within(time.Duration) Operations
}

// NewStore is a database of package db as a Store.
func NewStore(s *db.Store) Store { return store{operations{s.Operations}} }

type store struct{ operations }

func (s store) Within(d time.Duration) Operations { return operations{s.Operations.Within(d)} }

type operations struct{ db.Operations }

func (o operations) Transaction(t host.Task, fn func(Operations) error) error {
	return o.Operations.Transaction(t, func(o db.Operations) error { return fn(operations{o}) })
}
