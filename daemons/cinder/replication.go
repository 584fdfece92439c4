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

// setFrozen freezes the backend or thaws it, and disables the service or enables it with
// that, as the row's flag says in the end: of a freeze and a thaw that come at once the API
// has let one be the later one, and here they may come, or be written down, the other way
// round. It is false, and nothing more changes, if the backend does not thaw. Errors:
// db.ErrNotFound if the row is gone, errRestless.
func (v *Volume) setFrozen(t host.Task, frozen bool) (bool, error) {
	for range patience {
		if !v.tell(t, frozen) {
			return false, nil
		}
		n, err := v.disable(t, frozen)
		if err != nil || n > 0 {
			return err == nil, err
		}
		row, err := v.s.row(t, v.s.cfg.Store)
		if err != nil {
			return false, err
		}
		frozen = row.Frozen
	}
	return false, errRestless
}

// patience is how often a flag may have changed when what it says is done.
const patience = 10

// errRestless: the flag changes all the time, or is neither true nor false.
var errRestless = errors.New("the service is neither frozen nor not for long enough")

// tell has the backend take no changes any more, or take them again, and reports whether
// the service is to be disabled, or enabled, with it: disabled also if the backend does not
// know how to freeze.
func (v *Volume) tell(t host.Task, frozen bool) bool {
	if frozen {
		if err := v.driver.Freeze(t); err != nil {
			v.s.log.Error("the backend cannot be frozen", "error", err)
		}
		return true
	}
	err := v.driver.Thaw(t)
	if err != nil {
		v.s.log.Error("the backend cannot be thawed", "error", err)
	}
	return err == nil
}

// disable disables the service if it is frozen, or enables it if it is not. It returns the
// number of rows of it that are as frozen as that: 0 if the flag has changed.
func (v *Volume) disable(t host.Task, frozen bool) (int, error) {
	reason := ""
	if frozen {
		reason = reasonFrozen
	}
	as := v.s.self()
	as.Frozen = &frozen
	return v.s.cfg.Store.UpdateServices(t, as,
		db.Service{Disabled: frozen, DisabledReason: &reason, ModifiedAt: v.s.now()},
		db.ServiceIsDisabled, db.ServiceDisabledReason, db.ServiceModifiedAt)
}

// resetReplication makes the row, and that of the cluster, say what the driver says, unless
// the backend was failed over: of a failover that a former process did not finish nothing
// is known. A member of a cluster that was failed over meanwhile follows it: its end was
// told before this process could hear of it.
func (v *Volume) resetReplication(t host.Task) error {
	if v.s.cluster() != "" {
		c, err := v.s.cfg.Store.Cluster(t, v.s.clusterFilter())
		if err != nil {
			return err
		}
		if c.ReplicationStatus == db.ReplicationFailedOver {
			return v.failoverCompleted(t, failedOver{Status: c.ReplicationStatus, Active: c.ActiveBackendID})
		}
	}
	row, err := v.s.row(t, v.s.cfg.Store)
	if err != nil || row.ReplicationStatus == db.ReplicationFailedOver {
		return err
	}
	status := db.ReplicationDisabled
	if v.driver.Stats().ReplicationEnabled {
		status = db.ReplicationEnabled
	}
	if err := v.resetRow(t, row, status); err != nil || v.s.cluster() == "" {
		return err
	}
	return v.resetCluster(t, status)
}

// resetRow writes how replication stands into this service's row, unless that has changed
// since it was read.
func (v *Volume) resetRow(t host.Task, row db.Service, status string) error {
	unchanged := v.s.self()
	unchanged.ReplicationStatus = []string{row.ReplicationStatus}
	return v.stating("", status, value(row.ActiveBackendID), func() (int, error) {
		return v.s.cfg.Store.UpdateServices(t, unchanged, db.Service{ReplicationStatus: status}, db.ServiceReplicationStatus)
	})
}

// resetCluster writes how replication stands into the cluster's row, if nobody has failed
// it over.
func (v *Volume) resetCluster(t host.Task, status string) error {
	notFailedOver := v.s.clusterFilter()
	notFailedOver.ReplicationStatus = []string{
		db.ReplicationNotCapable, db.ReplicationDisabled, db.ReplicationEnabled, db.ReplicationFailingOver,
		db.ReplicationFailoverError, db.ReplicationError,
	}
	return v.stating(v.s.cluster(), status, "", func() (int, error) {
		set := db.Cluster{ReplicationStatus: status, UpdatedAt: v.s.now()}
		return v.s.cfg.Store.UpdateClusters(t, notFailedOver, set, db.ClusterReplicationStatus, db.ClusterUpdatedAt)
	})
}

// stating writes how the replication of a cluster, or of this service, stands, and states
// that before and after. Nothing is stated of a row that was not written.
func (v *Volume) stating(cluster, status, active string, write func() (int, error)) error {
	v.s.h.Probe(ReplicationSent{v.s.who(), cluster, status})
	if n, err := write(); err != nil || n == 0 {
		return err
	}
	v.s.h.Probe(ReplicationChanged{v.s.who(), cluster, status, active})
	return nil
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
		if v.s.cfg.Defects.FailoverForgets {
			return failedOver{Status: db.ReplicationFailingOver}
		}
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
	err := v.stating("", f.Status, value(f.Active), func() (int, error) {
		return v.s.cfg.Store.UpdateServices(t, v.s.self(), set, columns...)
	})
	if err != nil || f.Active == nil || v.s.cluster() == "" {
		return err
	}
	return v.driver.FailoverCompleted(t, *f.Active)
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
	return v.stating(v.s.cluster(), f.Status, value(f.Active), func() (int, error) {
		return v.s.cfg.Store.UpdateClusters(t, v.s.clusterFilter(), set, columns...)
	})
}
