package api

import (
	"fmt"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"slices"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
)

// freeze is PUT /os-services/freeze and thaw: the backend takes no changes any more, or
// does again. The rows are changed first, and then the backend's service is called; if
// that does not answer the rows stay changed, for it may have done it.
func (a *API) freeze(c *call, frozen bool) (answer, error) {
	b, err := c.object(freezeSchema)
	if err != nil {
		return answer{}, err
	}
	cluster, host, err := clusterOrHost(c, b, replicationCluster)
	if err != nil {
		return answer{}, err
	}
	was := !frozen
	first, err := a.changeReplication(c, cluster, host, transition{
		field: "frozen", expected: repr(was),
		filter: db.ServiceFilter{Frozen: &was}, set: db.Service{Frozen: frozen}, column: db.ServiceFrozen,
		clusterFilter: db.ClusterFilter{Frozen: &was}, clusterSet: db.Cluster{Frozen: frozen}, clusterColumn: db.ClusterFrozen,
	})
	if err != nil {
		return answer{}, err
	}
	var done bool
	if err := a.config.RPC.Call(c.t, backendTopic(first), c.id+"_host", struct{}{}, &done); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", c.id, backendOf(first), err)
	}
	if !frozen && !done {
		return answer{http.StatusOK, plainText("Backend reported error during thaw_host operation.")}, nil
	}
	return ok(nil)
}

// failover is PUT /os-services/failover_host and failover: another backend is to take
// over. That it is accepted says only that the service was told.
func (a *API) failover(c *call, clusters version) (answer, error) {
	b, err := c.object(failoverSchema)
	if err != nil {
		return answer{}, err
	}
	if clusters == (version{}) {
		clusters = noClusters
	}
	cluster, host, err := clusterOrHost(c, b, clusters)
	if err != nil {
		return answer{}, err
	}
	from := []string{db.ReplicationEnabled, db.ReplicationFailedOver}
	if a.config.Defects.FailsOverTwice {
		from = append(from, db.ReplicationFailingOver)
	}
	first, err := a.changeReplication(c, cluster, host, transition{
		field: "replication_status", expected: repr(from), mustBeUp: true,
		filter: db.ServiceFilter{ReplicationStatus: from}, set: db.Service{ReplicationStatus: db.ReplicationFailingOver},
		column:        db.ServiceReplicationStatus,
		clusterFilter: db.ClusterFilter{ReplicationStatus: from}, clusterSet: db.Cluster{ReplicationStatus: db.ReplicationFailingOver},
		clusterColumn: db.ClusterReplicationStatus,
	})
	if err != nil {
		return answer{}, err
	}
	args := map[string]any{"secondary_backend_id": b.nullable("backend_id")}
	if err := a.config.RPC.Cast(c.t, backendTopic(first), "failover", args); err != nil {
		return answer{}, fmt.Errorf("fail over %s: %w", backendOf(first), err)
	}
	return accepted(nil)
}

// backendTopic is where the service of a backend, or one of its cluster's, is asked.
func backendTopic(s *db.Service) rpc.Target {
	return rpc.Target{Topic: binVolume + "." + backendOf(s)}
}

// transition is a change of rows from an expected state, by compare and set.
type transition struct {
	field    string // for people
	expected string // for people
	mustBeUp bool

	filter db.ServiceFilter
	set    db.Service
	column db.ServiceColumn

	clusterFilter db.ClusterFilter
	clusterSet    db.Cluster
	clusterColumn db.ClusterColumn
}

// objection is the message about those that are not as expected.
func (x *transition) objection(who string) string {
	up := ""
	if x.mustBeUp {
		up = "and must be up "
	}
	return fmt.Sprintf("%s in %s must be %s %sto failover.", x.field, who, x.expected, up)
}

// changeReplication changes the rows of a host, or of its cluster and all that are in
// it, at once, and returns the first of the services asked for. Those of a cluster that are
// not as expected stay as they are if others are. Error: a fault if nothing was changed.
func (a *API) changeReplication(c *call, clusterName, host string, x transition) (*db.Service, error) {
	cluster, members, err := a.replicated(c, clusterName, host)
	if err != nil {
		return nil, err
	}
	var changed []db.Service
	change := func(w writer) (err error) {
		changed, err = a.change(c, w, cluster, members, &x)
		return err
	}
	if cluster == nil {
		err = change(a.config.Store)
	} else {
		err = a.config.Store.Transaction(c.t, func(o db.Operations) error { return change(o) })
	}
	if err != nil {
		return nil, err
	}
	if cluster != nil {
		a.config.Host.Probe(ClusterChanged{Cluster: cluster.ID, Name: cluster.Name, Action: c.id, Request: c.request})
	}
	for i := range changed {
		a.changed(c, &changed[i])
	}
	return &members[0], nil
}

// change is the part of changeReplication that is done at once, and tells which services
// it has changed. Error: a fault if it has changed none.
func (a *API) change(c *call, w writer, cluster *judgedCluster, members []db.Service, x *transition) (changed []db.Service, err error) {
	if cluster != nil {
		if err := a.changeCluster(c, w, cluster, x); err != nil {
			return nil, err
		}
	}
	var left []string
	for _, s := range members {
		done, err := a.changeMember(c, w, &s, x)
		switch {
		case err != nil:
			return nil, err
		case done:
			changed = append(changed, s)
		default:
			left = append(left, s.Host)
		}
	}
	switch {
	case len(changed) == 0:
		return nil, invalidInput("No service could be changed: %s", x.objection(repr(left)))
	case len(left) > 0:
		a.log.Warn("some services could not be changed", "why", x.objection(repr(left)))
	}
	return changed, nil
}

// replicated are the services that a request is about, with their cluster, if they have
// one. Error: a fault unless it is one host, or hosts of one cluster.
func (a *API) replicated(c *call, clusterName, host string) (*judgedCluster, []db.Service, error) {
	filter := db.ServiceFilter{Matching: host, Binary: binVolume}
	missing := invalid("No service found with host=%s", host)
	if clusterName != "" {
		filter.Cluster = &clusterName
		missing = invalid("No service found with cluster=%s", clusterName)
	}
	found, err := a.config.Store.Services(c.t, filter)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.id, err)
	}
	if len(found) == 0 {
		return nil, nil, missing
	}
	if slices.ContainsFunc(found, func(s db.Service) bool { return s.Host != found[0].Host }) && clusterName == "" {
		return nil, nil, invalid("Services from different clusters found.")
	}
	name := found[0].ClusterName
	if name == nil || *name == "" {
		return nil, found, nil
	}
	clusters, err := a.clusters(c, db.ClusterFilter{Name: *name, Binary: binVolume})
	if err != nil {
		return nil, nil, err
	}
	if len(clusters) == 0 {
		return nil, found, nil
	}
	if host != "" { // which stands for its cluster
		if found, err = a.config.Store.Services(c.t, db.ServiceFilter{Cluster: name, Binary: binVolume}); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.id, err)
		}
	}
	if len(found) == 0 { // they were deleted meanwhile
		return nil, nil, missing
	}
	return &clusters[0], found, nil
}

func (a *API) changeCluster(c *call, w writer, cluster *judgedCluster, x *transition) error {
	n := 0
	if !x.mustBeUp || cluster.up {
		filter, set := x.clusterFilter, x.clusterSet
		if a.config.Defects.Unguarded {
			filter = db.ClusterFilter{}
		}
		filter.ID, set.UpdatedAt = cluster.ID, a.now()
		var err error
		if n, err = w.UpdateClusters(c.t, filter, set, x.clusterColumn, db.ClusterUpdatedAt); err != nil {
			return fmt.Errorf("%s cluster %s: %w", c.id, cluster.Name, err)
		}
	}
	if n == 0 {
		return invalidInput("%s", x.objection(cluster.Name))
	}
	return nil
}

// changeMember reports whether a service was as expected, and is changed.
func (a *API) changeMember(c *call, w writer, s *db.Service, x *transition) (bool, error) {
	up := !x.mustBeUp || a.elsewhere().Up(*s, a.now())
	if !up && !a.config.Defects.JudgesLate {
		return false, nil
	}
	filter := x.filter
	if a.config.Defects.Unguarded {
		filter = db.ServiceFilter{}
	}
	filter.ID = s.ID
	n, err := a.updateServices(c, w, filter, x.set, x.column)
	if err != nil {
		return false, fmt.Errorf("%s %s: %w", c.id, s.Host, err)
	}
	if n > 0 && !up {
		a.changed(c, s)
	}
	return n > 0 && up, nil
}
