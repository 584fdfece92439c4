package cinder

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Driver is what a volume service needs of its backend. Its methods are called from tasks
// and may wait; an error of any of them is the backend's.
type Driver interface {
	// DoSetup connects to the backend; active is the target that was failed over to, empty
	// for the backend itself. It is tried again if it fails.
	DoSetup(t host.Task, active string) error
	// Stats is what the backend can do, for schedulers.
	Stats() Stats
	// Freeze lets nobody create or delete anything, Thaw undoes it.
	Freeze(t host.Task) error
	Thaw(t host.Task) error
	// Failover goes on with a replication target and returns its name. An empty one
	// leaves the choice to the driver; DefaultTarget goes back to the backend itself, and
	// returns "". Error: ErrInvalidTarget, after which nothing has changed, or others.
	Failover(t host.Task, target string) (string, error)
	// FailoverCompleted tells the driver of a service whose cluster was failed over, by this
	// service or another one, where to go on.
	FailoverCompleted(t host.Task, active string) error
	// Create makes a volume, which takes a while.
	Create(t host.Task, volume string) error
	// CleanUp removes what is left of a volume whose making was broken off. It may be
	// told twice of one.
	CleanUp(t host.Task, volume string) error
}

// DefaultTarget is the target of a failback.
const DefaultTarget = "default"

// ErrInvalidTarget: there is no such replication target.
var ErrInvalidTarget = errors.New("invalid replication target")

// Stats is what a backend reports.
type Stats struct {
	BackendName        string   `json:"volume_backend_name"`
	VendorName         string   `json:"vendor_name"`
	DriverVersion      string   `json:"driver_version"`
	StorageProtocol    string   `json:"storage_protocol"`
	TotalGB            float64  `json:"total_capacity_gb"`
	FreeGB             float64  `json:"free_capacity_gb"`
	ReplicationEnabled bool     `json:"replication_enabled"`
	ReplicationTargets []string `json:"replication_targets,omitempty"`
	BackendState       string   `json:"backend_state"` // "up" or "down"
	// Pool is the name of the backend's only pool.
	Pool string `json:"pool_name"`
}

// Backend is the built-in driver: a storage system that keeps the names of volumes in
// memory and may have replicas. It fails where a fault point says so.
type Backend struct {
	h       host.Host
	cfg     BackendConfig
	frozen  bool
	active  string
	volumes []string
}

// BackendConfig is what makes a backend this one.
type BackendConfig struct {
	// Name is volume_backend_name, "lvm".
	Name string
	// Targets are the names of the replicas, none if it is not replicated.
	Targets []string
	// SetupTime and CreateTime are how long it takes to connect and to make a volume.
	SetupTime, CreateTime time.Duration
}

// Fault points of the built-in backend: what they are named after fails.
const (
	PointSetup    = "cinder.driver.do_setup"
	PointFailover = "cinder.driver.failover"
	PointFreeze   = "cinder.driver.freeze"
)

// Points are the names of all fault points of Cinder's services.
func Points() []string { return []string{PointSetup, PointFailover, PointFreeze} }

// errBackend is what a fault point makes of a call.
var errBackend = errors.New("the backend does not answer")

// NewBackend is a driver for a service on h.
func NewBackend(h host.Host, cfg BackendConfig) *Backend { return &Backend{h: h, cfg: cfg} }

// DoSetup implements Driver.
func (b *Backend) DoSetup(t host.Task, active string) error {
	if b.cfg.SetupTime > 0 {
		t.Sleep(b.cfg.SetupTime)
	}
	if b.h.Point(PointSetup) {
		return errBackend
	}
	b.active = active
	return nil
}

// Stats implements Driver.
func (b *Backend) Stats() Stats {
	const size = 1000
	return Stats{
		BackendName: b.cfg.Name, VendorName: "wavetank", DriverVersion: "1.0", StorageProtocol: "iSCSI",
		TotalGB: size, FreeGB: size - float64(len(b.volumes)), BackendState: "up", Pool: b.cfg.Name,
		ReplicationEnabled: len(b.cfg.Targets) > 0, ReplicationTargets: b.cfg.Targets,
	}
}

// Freeze implements Driver.
func (b *Backend) Freeze(host.Task) error { return b.freeze(true) }

// Thaw implements Driver.
func (b *Backend) Thaw(host.Task) error { return b.freeze(false) }

func (b *Backend) freeze(frozen bool) error {
	if b.h.Point(PointFreeze) {
		return errBackend
	}
	b.frozen = frozen
	return nil
}

// Failover implements Driver.
func (b *Backend) Failover(_ host.Task, target string) (string, error) {
	switch {
	case target == DefaultTarget && b.active != "":
		target = ""
	case target == "" && len(b.cfg.Targets) > 0:
		target = b.cfg.Targets[0]
	case !slices.Contains(b.cfg.Targets, target):
		return "", fmt.Errorf("%w %q", ErrInvalidTarget, target)
	}
	if b.h.Point(PointFailover) {
		return "", errBackend
	}
	b.active = target
	return target, nil
}

// FailoverCompleted implements Driver.
func (b *Backend) FailoverCompleted(_ host.Task, active string) error {
	b.active = active
	return nil
}

// Create implements Driver.
func (b *Backend) Create(t host.Task, volume string) error {
	if b.frozen {
		return errors.New("the backend is frozen")
	}
	if b.cfg.CreateTime > 0 {
		t.Sleep(b.cfg.CreateTime)
	}
	b.volumes = append(b.volumes, volume)
	return nil
}

// CleanUp implements Driver.
func (b *Backend) CleanUp(_ host.Task, volume string) error {
	b.volumes = slices.DeleteFunc(b.volumes, func(v string) bool { return v == volume })
	return nil
}
