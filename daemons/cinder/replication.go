package cinder

import (
	"errors"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// What a volume service does for freeze, thaw and failover. The API has set the flag in
// the row before it calls; these functions finish the row. None of their changes is a
// heartbeat.

// Reasons for which a service is disabled by itself.
const (
	reasonFrozen     = "frozen"
	reasonFailedOver = "failed-over"
)

// freeze stops changes of the backend, and scheduling with it. Scheduling stops also if
// the backend does not know how to freeze.
func (v *Volume) freeze(t host.Task) (bool, error) {
	if err := v.driver.Freeze(t); err != nil {
		v.s.log.Error("the backend cannot be frozen", "error", err)
	}
	err := v.disable(t, true, reasonFrozen)
	return err == nil, err
}

// thaw undoes freeze. It is false, and nothing changes, if the backend does not thaw.
func (v *Volume) thaw(t host.Task) (bool, error) {
	if err := v.driver.Thaw(t); err != nil {
		v.s.log.Error("the backend cannot be thawed", "error", err)
		return false, nil
	}
	err := v.disable(t, false, "")
	return err == nil, err
}

func (v *Volume) disable(t host.Task, disabled bool, reason string) error {
	_, err := v.s.cfg.Store.UpdateServices(t, v.s.self(),
		db.Service{Disabled: disabled, DisabledReason: &reason, ModifiedAt: v.s.now()},
		db.ServiceIsDisabled, db.ServiceDisabledReason, db.ServiceModifiedAt)
	return err
}

// resetReplication makes the row say what the driver says, unless the backend was failed
// over: of a failover that a former process did not finish nothing is known.
func (v *Volume) resetReplication(t host.Task) error {
	row, err := v.s.row(t, v.s.cfg.Store)
	if err != nil || row.ReplicationStatus == db.ReplicationFailedOver {
		return err
	}
	status := db.ReplicationDisabled
	if v.driver.Stats().ReplicationEnabled {
		status = db.ReplicationEnabled
	}
	if _, err := v.s.cfg.Store.UpdateServices(t, v.s.self(), db.Service{ReplicationStatus: status}, db.ServiceReplicationStatus); err != nil {
		return err
	}
	v.stateReplication(status, value(row.ActiveBackendID))
	return nil
}

func (v *Volume) stateReplication(status, active string) {
	v.s.h.Probe(ReplicationChanged{v.s.who(), status, active})
}

// failoverRequest asks for a failover; no Target leaves the choice to the driver.
type failoverRequest struct {
	Target *string `json:"secondary_backend_id"`
}

// failedOver is how a failover has ended.
type failedOver struct {
	Status   string  `json:"replication_status"`
	Active   *string `json:"active_backend_id"`
	Disabled *bool   `json:"disabled"`
	Reason   *string `json:"disabled_reason"`
}

// failover has the driver go on elsewhere, and writes down how that ended.
func (v *Volume) failover(t host.Task, r failoverRequest) error {
	row, err := v.s.row(t, v.s.cfg.Store)
	if err != nil {
		return err
	}
	end := v.failOver(t, r, row)
	if v.s.cluster() == "" {
		return v.failoverCompleted(t, end)
	}
	if err := v.finishCluster(t, end); err != nil {
		return err
	}
	return v.s.rpc.Fanout(t, BinaryVolume+"."+v.s.cluster(), methodFailoverCompleted, end)
}

func (v *Volume) failOver(t host.Task, r failoverRequest, row db.Service) failedOver {
	yes := true
	active, err := v.driver.Failover(t, value(r.Target))
	switch {
	case errors.Is(err, ErrInvalidTarget):
		v.s.log.Error("failover refused", "error", err)
		if value(row.ActiveBackendID) != "" {
			return failedOver{Status: db.ReplicationFailedOver}
		}
		return failedOver{Status: db.ReplicationEnabled}
	case err != nil:
		v.s.log.Error("failover failed", "error", err)
		return failedOver{Status: db.ReplicationFailoverError, Disabled: &yes}
	case active == "":
		return failedOver{Status: db.ReplicationEnabled, Active: &active, Disabled: &row.Frozen, Reason: new(string)}
	}
	reason := reasonFailedOver
	return failedOver{Status: db.ReplicationFailedOver, Active: &active, Disabled: &yes, Reason: &reason}
}

// failoverCompleted writes the end of a failover into this service's row.
func (v *Volume) failoverCompleted(t host.Task, f failedOver) error {
	set := db.Service{ReplicationStatus: f.Status}
	columns := []db.ServiceColumn{db.ServiceReplicationStatus}
	if f.Active != nil {
		set.ActiveBackendID = f.Active
		columns = append(columns, db.ServiceActiveBackendID)
	}
	if f.Disabled != nil {
		set.Disabled, set.ModifiedAt = *f.Disabled, v.s.now()
		columns = append(columns, db.ServiceIsDisabled, db.ServiceModifiedAt)
	}
	if f.Reason != nil {
		set.DisabledReason = f.Reason
		columns = append(columns, db.ServiceDisabledReason)
	}
	if _, err := v.s.cfg.Store.UpdateServices(t, v.s.self(), set, columns...); err != nil {
		return err
	}
	v.stateReplication(f.Status, value(f.Active))
	return nil
}

// finishCluster writes the end of a failover into the cluster's row.
func (v *Volume) finishCluster(t host.Task, f failedOver) error {
	set := db.Cluster{ReplicationStatus: f.Status, UpdatedAt: v.s.now(), ActiveBackendID: f.Active, DisabledReason: f.Reason}
	columns := []db.ClusterColumn{db.ClusterReplicationStatus, db.ClusterUpdatedAt}
	if f.Active != nil {
		columns = append(columns, db.ClusterActiveBackendID)
	}
	if f.Disabled != nil {
		set.Disabled = *f.Disabled
		columns = append(columns, db.ClusterIsDisabled)
	}
	if f.Reason != nil {
		columns = append(columns, db.ClusterDisabledReason)
	}
	_, err := v.s.cfg.Store.UpdateClusters(t, db.ClusterFilter{Name: v.s.cluster(), Binary: BinaryVolume}, set, columns...)
	return err
}
