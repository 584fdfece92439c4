package cinder

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// Volume is the manager of cinder-volume: it has a backend.
type Volume struct {
	driver      Driver
	s           *Service
	initialized bool
}

// NewVolume is a manager with a driver.
func NewVolume(d Driver) *Volume { return &Volume{driver: d} }

// volumeRPCVersion is the version of the topic cinder-volume.
const volumeRPCVersion = "3.16"

// RPCVersion implements Manager.
func (v *Volume) RPCVersion() string { return volumeRPCVersion }

// IsWorking implements Manager.
func (v *Volume) IsWorking() bool { return v.initialized }

// InitHost implements Manager: it sets the driver up, and cleans up what a former
// process was in the middle of.
func (v *Volume) InitHost(t host.Task, s *Service) error {
	v.s = s
	if err := v.setUp(t); err != nil || !v.initialized {
		return err
	}
	if err := s.cleanUp(t, cleanRequest{ServiceID: s.id}, v.driver); err != nil {
		s.log.Error("cleaning up failed", "error", err)
	}
	return nil
}

// setUp tries ReinitDriverCount times more if the driver fails, after 1 s, 2 s, 4 s, ...
// A service whose driver cannot be set up runs on, without heartbeats. A database that is
// away is no failure of the driver's, and is waited for.
func (v *Volume) setUp(t host.Task) error {
	wait := time.Second
	for try := 0; ; try++ {
		active, err := v.activeBackend(t)
		if err != nil {
			return err
		}
		err = v.driver.DoSetup(t, active)
		if err == nil {
			v.initialized = true
			return nil
		}
		v.s.log.Error("failed to initialize driver", "try", try, "error", err)
		if try >= v.s.opt.ReinitDriverCount {
			return nil
		}
		t.Sleep(wait)
		wait *= 2
	}
}

// activeBackend is where the row says that the backend was failed over to, empty if it
// was not.
func (v *Volume) activeBackend(t host.Task) (active string, err error) {
	err = v.s.persist(t, func(t host.Task) error {
		row, err := v.s.rowAnew(t, v.s.patiently)
		active = value(row.ActiveBackendID)
		return err
	})
	return active, err
}

// InitHostWithRPC implements Manager.
func (v *Volume) InitHostWithRPC(t host.Task) {
	if !v.initialized {
		return
	}
	if err := v.resetReplication(t); err != nil {
		v.s.log.Error("replication status not written", "error", err)
	}
	if err := v.publish(t); err != nil {
		v.s.log.Warn("capabilities not published", "error", err)
	}
}

// Periodic implements Manager.
func (v *Volume) Periodic() []PeriodicTask {
	return []PeriodicTask{{Name: "publish_service_capabilities", Spacing: v.s.opt.BackendStatsInterval, Run: v.publish}}
}

// capabilities is what a volume service tells the schedulers of itself.
type capabilities struct {
	Host    string    `json:"host"`
	Cluster string    `json:"cluster_name,omitempty"`
	At      time.Time `json:"timestamp"`
	Stats   Stats     `json:"capabilities"`
}

// publish tells all schedulers what the backend can do.
func (v *Volume) publish(t host.Task) error {
	if !v.initialized {
		return nil
	}
	c := capabilities{Host: v.s.cfg.Host, Cluster: v.s.cluster(), At: v.s.now(), Stats: v.driver.Stats()}
	return v.s.rpc.Fanout(t, BinaryScheduler, methodUpdateCapabilities, c)
}

// Handle implements Manager.
func (v *Volume) Handle(t host.Task, r rpc.Request) (any, error) {
	switch r.Method {
	case methodPublish:
		return nil, v.publish(t)
	case methodFreeze:
		return v.setFrozen(t, true)
	case methodThaw:
		return v.setFrozen(t, false)
	case methodFailover:
		return nil, decoded(r, func(to failoverRequest) error { return v.failover(t, to) })
	case methodFailoverCompleted:
		return nil, decoded(r, func(to failedOver) error { return v.failoverCompleted(t, to) })
	case methodCleanUp:
		return nil, decoded(r, func(to cleanRequest) error { return v.s.cleanUp(t, to, v.driver) })
	case methodCreate:
		return nil, decoded(r, func(to CreateVolume) error { return v.create(t, to.Volume) })
	}
	return nil, noSuchMethod(r)
}

// decoded reads a request's arguments and hands them on.
func decoded[T any](r rpc.Request, do func(T) error) error {
	var args T
	if err := r.Decode(&args); err != nil {
		return err
	}
	return do(args)
}

// create makes a volume. While it does, a row of workers says so, for whoever finds that
// it has not come to its end.
func (v *Volume) create(t host.Task, volume string) error {
	now := v.s.now()
	w := db.Worker{CreatedAt: now, UpdatedAt: now, ResourceType: "Volume", ResourceID: volume, Status: "creating", ServiceID: v.s.id}
	if err := v.s.cfg.Store.CreateWorker(t, &w); err != nil {
		return fmt.Errorf("create volume %s: %w", volume, err)
	}
	if err := v.driver.Create(t, volume); err != nil {
		return fmt.Errorf("create volume %s: %w", volume, err)
	}
	_, err := v.s.cfg.Store.DeleteWorkers(t, db.WorkerFilter{ID: w.ID})
	return err
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
