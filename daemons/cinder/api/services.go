package api

import (
	"errors"
	"fmt"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
)

// serviceView is a service as it is listed. What is any is not there at all unless it is
// set, and null if it is a nil pointer.
type serviceView struct {
	Binary    string  `json:"binary"`
	Host      string  `json:"host"`
	Zone      *string `json:"zone"`
	Status    string  `json:"status"`
	State     string  `json:"state"`
	UpdatedAt *string `json:"updated_at"`

	BackendState any `json:"backend_state,omitempty"` // *string, of a volume service from 3.49 on
	Cluster      any `json:"cluster,omitempty"`       // *string, from 3.7 on

	DisabledReason *string `json:"disabled_reason"`

	// Of a volume service.
	ReplicationStatus any `json:"replication_status,omitempty"` // *string
	ActiveBackendID   any `json:"active_backend_id,omitempty"`  // *string
	Frozen            any `json:"frozen,omitempty"`             // bool
}

// listServices is GET /os-services.
func (a *API) listServices(c *call) (answer, error) {
	asked := a.asks() // before the database is: its answer may take long, and is not younger
	filter := db.ServiceFilter{Matching: c.query.Get("host"), Binary: c.query.Get("binary")}
	var found []db.Service
	if c.query.Has("binary") && filter.Binary == "" { // nothing has an empty one
		found = []db.Service{}
	} else {
		var err error
		if found, err = a.config.Store.Services(c.t, filter); err != nil {
			return answer{}, fmt.Errorf("list services: %w", err)
		}
	}
	var backends map[string]string
	if c.version.atLeast(backendStateReport) {
		var err error
		if backends, err = a.backendStates(c); err != nil {
			return answer{}, err
		}
	}
	views := make([]serviceView, 0, len(found))
	for i := range found {
		view, err := a.viewService(c, asked, &found[i], backends)
		if err != nil {
			return answer{}, err
		}
		views = append(views, view)
	}
	return ok(map[string]any{"services": views})
}

// viewService judges a service and shows it.
func (a *API) viewService(c *call, asked moment, s *db.Service, backends map[string]string) (serviceView, error) {
	if a.config.Defects.NoCreatedAtFallback && s.UpdatedAt.IsZero() {
		return serviceView{}, errors.New("unsupported operand type(s) for -: 'datetime.datetime' and 'NoneType'")
	}
	now := asked.wall
	seen, up := lastSeen(s), a.lists().Up(*s, now)
	judged := Judged{Service: s.ID, ServiceHost: s.Host, Binary: s.Binary, Up: up, Age: now.Sub(seen), Beats: s.ReportCount, Now: sinceEpoch(now), Took: a.since(asked)}
	if !s.UpdatedAt.IsZero() {
		judged.UpdatedAt = time.Duration(s.UpdatedAt.UnixNano())
	}
	a.config.Host.Probe(judged)
	v := serviceView{
		Binary: s.Binary, Host: s.Host, Zone: orNull(s.AvailabilityZone), Status: status(s.Disabled), State: state(up),
		UpdatedAt: shownTime(now, s, seen), DisabledReason: s.DisabledReason,
	}
	if c.version.atLeast(clusterSupport) || a.config.Defects.NewestFields {
		v.Cluster = s.ClusterName
	}
	if s.Binary != binVolume {
		return v, nil
	}
	v.ReplicationStatus, v.ActiveBackendID, v.Frozen = orNull(s.ReplicationStatus), s.ActiveBackendID, s.Frozen
	if c.version.atLeast(backendStateReport) {
		v.BackendState = orNull(backends[backendOf(s)])
	}
	return v, nil
}

func status(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

func state(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// orNull is a string, or null for none.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// backendOf is the name under which schedulers know a service's pools.
func backendOf(s *db.Service) string {
	if s.ClusterName != nil && *s.ClusterName != "" {
		return *s.ClusterName
	}
	return s.Host
}

// shownTime is what is listed as updated_at: the operator's last change if that is
// later. It says nothing about the state.
func shownTime(now time.Time, s *db.Service, seen time.Time) *string {
	shown := s.UpdatedAt
	if !s.ModifiedAt.IsZero() && now.Sub(seen).Abs() >= now.Sub(s.ModifiedAt).Abs() {
		shown = s.ModifiedAt
	}
	return timeOf(shown)
}

// timeOf is a time as Cinder writes it, or null for none.
func timeOf(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	s := at.UTC().Format("2006-01-02T15:04:05.000000")
	return &s
}

// pool is what a scheduler tells of a pool of a backend.
type pool struct {
	Name         string `json:"name"` // "host@backend#pool"
	Capabilities struct {
		BackendState *string `json:"backend_state"`
	} `json:"capabilities"`
}

// backendStates asks a scheduler for the states of all backends, by their names.
func (a *API) backendStates(c *call) (map[string]string, error) {
	var pools []pool
	err := a.config.RPC.Call(c.t, rpc.Target{Topic: binScheduler}, "get_pools", map[string]any{"filters": nil}, &pools)
	if err != nil {
		return nil, fmt.Errorf("ask a scheduler for pools: %w", err)
	}
	states := map[string]string{}
	for _, p := range pools {
		backend, _, _ := strings.Cut(p.Name, "#")
		states[backend] = "up"
		if s := p.Capabilities.BackendState; s != nil {
			states[backend] = *s
		}
	}
	return states, nil
}

// updateService is PUT /os-services/{action}.
func (a *API) updateService(c *call) (answer, error) {
	switch {
	case c.id == "enable":
		return a.enable(c, enableSchema, false)
	case c.id == "disable":
		return a.enable(c, enableSchema, true)
	case c.id == "disable-log-reason":
		return a.enable(c, disableReasonSchema, true)
	case c.id == "freeze":
		return a.freeze(c, true)
	case c.id == "thaw":
		return a.freeze(c, false)
	case c.id == "failover_host":
		return a.failover(c, version{})
	case c.id == "failover" && c.version.atLeast(replicationCluster):
		return a.failover(c, replicationCluster)
	case c.id == "set-log" && c.version.atLeast(dynamicLogLevels):
		return a.setLog(c)
	case c.id == "get-log" && c.version.atLeast(dynamicLogLevels):
		return a.getLog(c)
	}
	return answer{}, invalidInput("Unknown action")
}

// enabled is the answer to enable and disable.
type enabled struct {
	Reason   any    `json:"disabled_reason,omitempty"` // *string, if it was to be changed
	Disabled bool   `json:"disabled"`
	Host     string `json:"host"`
	Service  string `json:"service"`
	Binary   string `json:"binary"`
	Status   string `json:"status"`
}

// enable lets the first service of a host and binary be scheduled to, or not any more.
// It is no sign of life.
func (a *API) enable(c *call, s schema, disabled bool) (answer, error) {
	b, err := c.object(s)
	if err != nil {
		return answer{}, err
	}
	_, host, err := clusterOrHost(c, b, noClusters)
	if err != nil {
		return answer{}, err
	}
	said := enabled{Disabled: disabled, Host: host, Service: b.text("service"), Binary: b.text("binary"), Status: status(disabled)}
	set, columns := db.Service{Disabled: disabled, ModifiedAt: a.now()}, []db.ServiceColumn{db.ServiceIsDisabled, db.ServiceModifiedAt}
	if c.id == "disable-log-reason" {
		set.DisabledReason = b.nullable("disabled_reason")
		said.Reason, columns = set.DisabledReason, append(columns, db.ServiceDisabledReason)
	}
	binary := said.Binary
	if binary == "" {
		binary = said.Service
	}
	found, err := a.config.Store.Services(c.t, db.ServiceFilter{Matching: host, Binary: binary})
	if err != nil {
		return answer{}, fmt.Errorf("%s %s on %s: %w", c.id, binary, host, err)
	}
	missing := notFound("Service %s could not be found on host %s.", binary, host)
	if len(found) == 0 {
		return answer{}, missing
	}
	n, err := 1, error(nil)
	if !a.config.Defects.AcknowledgesOnly {
		n, err = a.updateServices(c, a.config.Store, db.ServiceFilter{ID: found[0].ID}, set, columns...)
	}
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("%s %s on %s: %w", c.id, binary, host, err)
	case n == 0: // it was deleted meanwhile
		return answer{}, missing
	}
	a.changed(c, &found[0])
	return ok(said)
}

// changed states that an operator's change of a service's row was written.
func (a *API) changed(c *call, s *db.Service) {
	a.config.Host.Probe(Changed{Service: s.ID, ServiceHost: s.Host, Binary: s.Binary, Action: c.id, Request: c.request})
}

// updateServices writes what an operator has changed.
func (a *API) updateServices(c *call, w writer, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (int, error) {
	if a.config.Defects.AdminTouchesHeartbeat {
		set.UpdatedAt = a.now()
		columns = append(columns, db.ServiceUpdatedAt)
	}
	return w.UpdateServices(c.t, f, set, columns...)
}

// noClusters is the version for requests that never name a cluster.
var noClusters = version{1 << 30, 0}

// clusterOrHost is whom a request is about. A cluster can be named from a version on.
// Error: a fault of status 400 unless exactly one of both is named.
func clusterOrHost(c *call, b body, since version) (cluster, host string, err error) {
	host, why := b.text("host"), "Host field is missing."
	if c.version.atLeast(since) {
		cluster, why = b.text("cluster"), "One and only one of cluster and host must be set."
	}
	if (cluster == "") == (host == "") {
		return "", "", invalidInput("%s", why)
	}
	return cluster, host, nil
}

// accepted is status 202, which says nothing about success.
func accepted(body any) (answer, error) { return answer{http.StatusAccepted, body}, nil }
