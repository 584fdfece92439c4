package cinder

import (
	"errors"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// persist does something with the database that the service cannot begin without, and
// tries again while that is away. Error: the last one, after DBMaxRetries more.
func (s *Service) persist(t host.Task, do func(host.Task) error) error {
	for try := 0; ; try++ {
		err := do(t)
		if err == nil {
			return nil
		}
		if try >= s.opt.DBMaxRetries {
			return fmt.Errorf("%s %s: %w", s.cfg.Binary, s.cfg.Host, err)
		}
		s.log.Warn("the database is not reachable", "error", err, "retry_in", s.opt.DBRetryInterval)
		t.Sleep(s.opt.DBRetryInterval)
	}
}

// findRow finds or makes the service's row, and writes the versions of this process into it,
// which may be an old one. That is no heartbeat: a process that starts has not shown that it
// works.
func (s *Service) findRow(t host.Task) error {
	rows, err := s.named(t, s.patiently)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return s.createRow(t, s.patiently, false)
	}
	set := s.fresh()
	columns := []db.ServiceColumn{db.ServiceRPCVersion, db.ServiceObjectVersion}
	if s.cfg.Defects.RestartTouchesHeartbeat {
		set.UpdatedAt = s.now()
		columns = append(columns, db.ServiceUpdatedAt)
	}
	if err := s.giveWay(t, s.patiently, rows); err != nil {
		return err
	}
	if set.ClusterName == nil {
		_, err = s.cfg.Store.UpdateServices(t, s.self(), set, columns...)
		return err
	}
	was := rows[0]
	columns = append(columns, db.ServiceClusterName)
	return s.inCluster(t, s.patiently, was, func(o Operations, c db.Cluster) error {
		if was.ReplicationStatus != db.ReplicationError && was.ReplicationStatus != db.ReplicationFailoverError {
			follow(&set, c)
			columns = append(columns, db.ServiceReplicationStatus, db.ServiceActiveBackendID, db.ServiceFrozen)
		}
		_, err := o.UpdateServices(t, s.self(), set, columns...)
		return err
	})
}

// rowAnew is the row, which is made anew if it has gone. An operator may remove it at any
// time, also between the start of the process and that of its driver. (Cinder's driver
// stays without a set-up then.) While a row may come late the service looks by name: after a
// try of which it has not heard how it ended, lest every try makes one more, and after its
// start, for the process before it may have died with such a try under way.
func (s *Service) rowAnew(t host.Task, ops func() Operations) (db.Service, error) {
	var row db.Service
	var err error
	if s.alone {
		row, err = s.row(t, ops())
	} else {
		row, err = s.lookAround(t, ops)
	}
	if !errors.Is(err, db.ErrNotFound) {
		return row, err
	}
	s.log.Debug("the service's row has disappeared, recreating it")
	if err := s.createRow(t, ops, true); err != nil {
		return db.Service{}, err
	}
	return s.row(t, ops())
}

// patiently is the store without limits of time but its own; see bounded.
func (s *Service) patiently() Operations { return s.cfg.Store }

// named are the rows of the service's name, the oldest first. There should be one.
func (s *Service) named(t host.Task, ops func() Operations) ([]db.Service, error) {
	return ops().Services(t, db.ServiceFilter{Host: s.cfg.Host, Binary: s.cfg.Binary})
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
func (s *Service) createRow(t host.Task, ops func() Operations, again bool) error {
	row := s.fresh()
	var err error
	if row.ClusterName == nil {
		err = ops().CreateService(t, &row)
	} else {
		err = s.inCluster(t, ops, row, func(o Operations, c db.Cluster) error {
			follow(&row, c)
			return o.CreateService(t, &row)
		})
	}
	s.alone = false
	if err != nil {
		s.unsure = s.h.Clock().Monotonic() + lateRow
		return err
	}
	s.id, s.uuid = row.ID, row.UUID
	s.h.Probe(RowCreated{s.who(), s.id, s.uuid, again})
	if _, err = s.lookAround(t, ops); errors.Is(err, db.ErrNotFound) {
		return nil // it has gone again
	}
	return err
}

// lateRow is how long it may take until a row is there whose maker was told nothing, or has
// died.
const lateRow = 2 * time.Minute

// lookAround finds the only row of the service's name, and takes it for its own. Error:
// db.ErrNotFound.
func (s *Service) lookAround(t host.Task, ops func() Operations) (db.Service, error) {
	rows, err := s.named(t, ops)
	if err == nil && len(rows) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return db.Service{}, err
	}
	return rows[0], s.giveWay(t, ops, rows)
}

// giveWay takes the oldest of several rows of the service's name for its own, and deletes
// the others. Another process of that name may have made one at the same time, or a former
// one without knowing: no constraint of the table forbids that, and then each would beat in
// a row of its own, or one of them would be down for ever.
func (s *Service) giveWay(t host.Task, ops func() Operations, rows []db.Service) error {
	if s.cfg.Defects.RacingRows {
		if s.alone = true; s.id == 0 {
			s.id, s.uuid = rows[0].ID, rows[0].UUID
		}
		return nil
	}
	s.id, s.uuid = rows[0].ID, rows[0].UUID
	for _, later := range rows[1:] {
		s.log.Warn("there is another row of this name, is there a second service?", "id", later.ID)
		gone := db.Service{Deleted: true, DeletedAt: s.now()}
		if _, err := ops().UpdateServices(t, db.ServiceFilter{ID: later.ID, UUID: later.UUID}, gone, db.ServiceDeleted, db.ServiceDeletedAt); err != nil {
			return err
		}
	}
	s.alone = s.h.Clock().Monotonic() >= s.unsure
	return nil
}

// inCluster calls write within a transaction in which nobody else changes the service's
// cluster: a freeze or a failover of all its members comes before or after it. If there is
// no cluster, that is made with the flags of a row; of several members that do so at once
// one succeeds, and the others find it. (In Cinder what comes between the two is lost.)
func (s *Service) inCluster(t host.Task, ops func() Operations, row db.Service, write func(Operations, db.Cluster) error) error {
	_, err := ops().Cluster(t, s.clusterFilter())
	if errors.Is(err, db.ErrNotFound) {
		err = s.createCluster(t, ops, &row)
	}
	if err != nil && !errors.Is(err, db.ErrDuplicate) {
		return err
	}
	return ops().Transaction(t, func(o Operations) error {
		c, err := o.HeldCluster(t, s.clusterFilter())
		if err != nil {
			return err
		}
		return write(o, c)
	})
}

// follow has a row take over how its cluster stands, which a member that was away may have
// missed.
func follow(row *db.Service, c db.Cluster) {
	row.ReplicationStatus, row.ActiveBackendID, row.Frozen = c.ReplicationStatus, c.ActiveBackendID, c.Frozen
}

func (s *Service) clusterFilter() db.ClusterFilter {
	return db.ClusterFilter{Name: s.cluster(), Binary: s.cfg.Binary}
}

// createCluster makes the row of the cluster. Error: ErrDuplicate.
func (s *Service) createCluster(t host.Task, ops func() Operations, first *db.Service) error {
	c := db.Cluster{
		CreatedAt: s.now(), Name: s.cluster(), Binary: s.cfg.Binary,
		Disabled: first.Disabled, DisabledReason: first.DisabledReason, Frozen: first.Frozen,
		ReplicationStatus: first.ReplicationStatus, ActiveBackendID: first.ActiveBackendID,
	}
	err := ops().CreateCluster(t, &c)
	if err == nil {
		s.h.Probe(ClusterCreated{s.who(), c.Name, c.ID})
	}
	return err
}
