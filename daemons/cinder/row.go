package cinder

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// register finds or makes the service's row, and tries again while the database is away.
func (s *Service) register(t host.Task) (err error) {
	for try := 0; ; try++ {
		if err = s.findRow(t); err == nil {
			return nil
		}
		if try >= s.opt.DBMaxRetries {
			return fmt.Errorf("%s %s: %w", s.cfg.Binary, s.cfg.Host, err)
		}
		s.log.Warn("the database is not reachable", "error", err, "retry_in", s.opt.DBRetryInterval)
		t.Sleep(s.opt.DBRetryInterval)
	}
}

// findRow writes the versions of this process into its row, which may be an old one. That
// is no heartbeat: a process that starts has not shown that it works.
func (s *Service) findRow(t host.Task) error {
	row, err := s.cfg.Store.Service(t, db.ServiceFilter{Host: s.cfg.Host, Binary: s.cfg.Binary})
	if errors.Is(err, db.ErrNotFound) {
		return s.createRow(t, s.cfg.Store, false)
	}
	if err != nil {
		return err
	}
	set := s.fresh()
	columns := []db.ServiceColumn{db.ServiceRPCVersion, db.ServiceObjectVersion}
	if row.ClusterName == nil && set.ClusterName != nil {
		if err := s.ensureCluster(t, s.cfg.Store, row); err != nil {
			return err
		}
		columns = append(columns, db.ServiceClusterName)
	}
	if s.cfg.Defects.RestartTouchesHeartbeat {
		set.UpdatedAt = s.now()
		columns = append(columns, db.ServiceUpdatedAt)
	}
	s.id, s.uuid = row.ID, row.UUID
	_, err = s.cfg.Store.UpdateServices(t, s.self(), set, columns...)
	return err
}

// fresh is a new row.
func (s *Service) fresh() db.Service {
	rpc, objects := s.manager.RPCVersion(), ObjectVersion
	row := db.Service{
		Host: s.cfg.Host, Binary: s.cfg.Binary, Topic: s.cfg.Binary,
		CreatedAt: s.now(), Disabled: !s.opt.EnableNewServices,
		AvailabilityZone: s.opt.AvailabilityZone, RPCVersion: &rpc, ObjectVersion: &objects,
	}
	if c := s.cluster(); c != "" {
		row.ClusterName = &c
	}
	return row
}

// createRow makes the row. again says that there was one, whose flags are lost with it.
func (s *Service) createRow(t host.Task, ops Operations, again bool) error {
	row := s.fresh()
	if row.ClusterName != nil {
		if err := s.ensureCluster(t, ops, row); err != nil {
			return err
		}
	}
	if err := ops.CreateService(t, &row); err != nil {
		return err
	}
	s.id, s.uuid = row.ID, row.UUID
	s.h.Probe(RowCreated{s.who(), s.id, s.uuid, again})
	return s.giveWay(t, ops)
}

// giveWay leaves the service's row to an older one of the same name, which another process
// of that name may have made at the same time: no constraint of the table forbids that, and
// then each would beat in a row of its own.
func (s *Service) giveWay(t host.Task, ops Operations) error {
	first, err := ops.Service(t, db.ServiceFilter{Host: s.cfg.Host, Binary: s.cfg.Binary})
	if err != nil || first.ID >= s.id || s.cfg.Defects.RacingRows {
		return err
	}
	s.log.Warn("another process has made a row of this name, is there a second service?", "id", first.ID)
	_, err = ops.UpdateServices(t, s.self(), db.Service{Deleted: true, DeletedAt: s.now()}, db.ServiceDeleted, db.ServiceDeletedAt)
	if err == nil {
		s.id, s.uuid = first.ID, first.UUID
	}
	return err
}

// ensureCluster makes the row of the cluster with the flags of its first member, if there
// is none. Of several members that do so at once one succeeds, and the others find it.
func (s *Service) ensureCluster(t host.Task, ops Operations, first db.Service) error {
	_, err := ops.Cluster(t, db.ClusterFilter{Name: s.cluster(), Binary: s.cfg.Binary})
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	err = ops.CreateCluster(t, &db.Cluster{
		CreatedAt: s.now(), Name: s.cluster(), Binary: s.cfg.Binary,
		Disabled: first.Disabled, DisabledReason: first.DisabledReason, Frozen: first.Frozen,
		ReplicationStatus: first.ReplicationStatus, ActiveBackendID: first.ActiveBackendID,
	})
	if errors.Is(err, db.ErrDuplicate) {
		return nil
	}
	return err
}
