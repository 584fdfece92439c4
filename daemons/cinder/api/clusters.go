package api

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/cinder/db"
)

// clusterSummary is a cluster as it is listed. What is any is not there at all unless it
// is set.
type clusterSummary struct {
	Name              string `json:"name"`
	Binary            string `json:"binary"`
	State             string `json:"state"`
	Status            string `json:"status"`
	ReplicationStatus any    `json:"replication_status,omitempty"` // *string, from 3.26 on
	// DisabledReason is a *string, in the answer to an update.
	DisabledReason any `json:"disabled_reason,omitempty"`
}

// clusterDetail is a cluster in full. Times that are missing are "".
type clusterDetail struct {
	clusterSummary
	NumHosts       int     `json:"num_hosts"`
	NumDownHosts   int     `json:"num_down_hosts"`
	LastHeartbeat  string  `json:"last_heartbeat"`
	CreatedAt      string  `json:"created_at"`
	UpdatedAt      string  `json:"updated_at"`
	DisabledReason *string `json:"disabled_reason"`

	// From 3.26 on.
	Frozen          any `json:"frozen,omitempty"`            // bool
	ActiveBackendID any `json:"active_backend_id,omitempty"` // *string
}

func (j *judgedCluster) summary(v version) clusterSummary {
	s := clusterSummary{Name: j.Name, Binary: j.Binary, State: state(j.up), Status: status(j.Disabled)}
	if v.atLeast(replicationCluster) {
		s.ReplicationStatus = orNull(j.ReplicationStatus)
	}
	return s
}

func (j *judgedCluster) detail(v version) clusterDetail {
	d := clusterDetail{
		clusterSummary: j.summary(v), NumHosts: j.NumHosts, NumDownHosts: j.NumDownHosts,
		LastHeartbeat: orEmpty(timeOf(j.LastHeartbeat)), CreatedAt: orEmpty(timeOf(j.CreatedAt)), UpdatedAt: orEmpty(timeOf(j.UpdatedAt)),
		DisabledReason: j.Cluster.DisabledReason,
	}
	if v.atLeast(replicationCluster) {
		d.Frozen, d.ActiveBackendID = j.Frozen, j.ActiveBackendID
	}
	return d
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// listClusters is GET /clusters.
func (a *API) listClusters(c *call) (answer, error) {
	return a.listClustersAs(c, func(j *judgedCluster) any { return j.summary(c.version) })
}

// listClustersDetailed is GET /clusters/detail.
func (a *API) listClustersDetailed(c *call) (answer, error) {
	return a.listClustersAs(c, func(j *judgedCluster) any { return j.detail(c.version) })
}

func (a *API) listClustersAs(c *call, view func(*judgedCluster) any) (answer, error) {
	wanted, err := readClusterQuery(c)
	if err != nil {
		return answer{}, err
	}
	found, err := a.clusters(c, wanted.filter)
	if err != nil {
		return answer{}, err
	}
	views := []any{}
	for i := range found {
		if wanted.chooses(&found[i]) {
			views = append(views, view(&found[i]))
		}
	}
	return ok(map[string]any{"clusters": views})
}

// clusterQuery is which clusters are to be listed.
type clusterQuery struct {
	filter            db.ClusterFilter
	name              *string // or a backend or pool of it
	up                *bool
	numHosts, numDown *int
	nothing           bool // matches
}

// clusterKeys are the keys that a query may have, and those that it may from 3.26 on.
func clusterKeys(v version) []string {
	keys := []string{"name", "binary", "is_up", "disabled", "num_hosts", "num_down_hosts"}
	if v.atLeast(replicationCluster) {
		keys = append(keys, "replication_status", "frozen", "active_backend_id")
	}
	return keys
}

// readClusterQuery reads a query. Error: a fault of status 400.
func readClusterQuery(c *call) (q clusterQuery, err error) {
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(c.query)) {
		if !slices.Contains(clusterKeys(c.version), key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		return q, invalidInput("Invalid filter keys: %s", strings.Join(unknown, ", "))
	}
	last := func(key string) *string { // of several values the last one counts
		if values := c.query[key]; len(values) > 0 {
			return &values[len(values)-1]
		}
		return nil
	}
	if q.up, err = boolParam(c.query, "is_up"); err != nil {
		return q, err
	}
	if q.filter.Disabled, err = boolParam(c.query, "disabled"); err != nil {
		return q, err
	}
	if q.filter.Frozen, err = boolParam(c.query, "frozen"); err != nil {
		return q, err
	}
	q.name, q.filter.ActiveBackendID = last("name"), last("active_backend_id")
	if s := last("binary"); s != nil {
		q.filter.Binary, q.nothing = *s, *s == ""
	}
	if s := last("replication_status"); s != nil {
		q.filter.ReplicationStatus = []string{*s}
	}
	q.numHosts, q.numDown = q.number(last("num_hosts")), q.number(last("num_down_hosts"))
	return q, nil
}

// number is a parameter that is one. What is none matches nothing, as in SQL.
func (q *clusterQuery) number(text *string) *int {
	if text == nil {
		return nil
	}
	n, err := strconv.Atoi(*text)
	q.nothing = q.nothing || err != nil
	return &n
}

// boolParam is a parameter that stands for true or false, or nil. Error: a fault.
func boolParam(query url.Values, key string) (*bool, error) {
	values := query[key]
	if len(values) == 0 {
		return nil, nil
	}
	text := values[len(values)-1]
	switch strings.ToLower(text) {
	case "true", "t", "1", "on", "yes", "y":
		yes := true
		return &yes, nil
	case "false", "f", "0", "off", "no", "n":
		no := false
		return &no, nil
	}
	return nil, invalid("Value '%s' for '%s' is not a boolean.", text, key)
}

// chooses reports whether a cluster of the filter is wanted.
func (q *clusterQuery) chooses(j *judgedCluster) bool {
	return !q.nothing &&
		(q.name == nil || *q.name == "" || matches(j.Name, *q.name)) &&
		(q.up == nil || *q.up == j.up) &&
		(q.numHosts == nil || *q.numHosts == j.NumHosts) &&
		(q.numDown == nil || *q.numDown == j.NumDownHosts)
}

// matches reports whether a name is the one asked for, or a backend or pool of it.
func matches(name, asked string) bool {
	rest, ok := strings.CutPrefix(name, asked)
	return ok && (rest == "" || rest[0] == '@' || rest[0] == '#')
}

// showCluster is GET /clusters/{name}.
func (a *API) showCluster(c *call) (answer, error) {
	j, err := a.cluster(c, c.id, c.query["binary"])
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"cluster": j.detail(c.version)})
}

// cluster is the first one of a name and a binary; none given is volume services'.
// Error: a fault of status 404.
func (a *API) cluster(c *call, name string, binaries []string) (*judgedCluster, error) {
	binary := binVolume
	if len(binaries) > 0 {
		binary = binaries[len(binaries)-1]
	}
	found, err := a.clusters(c, db.ClusterFilter{Binary: binary})
	if err != nil {
		return nil, err
	}
	for i := range found {
		if matches(found[i].Name, name) {
			return &found[i], nil
		}
	}
	return nil, notFound("Cluster {'binary': %s, 'name': %s} could not be found.", repr(binary), repr(name))
}

// updateCluster is PUT /clusters/enable and disable.
func (a *API) updateCluster(c *call) (answer, error) {
	rules, disabled := enableClusterSchema, false
	switch c.id {
	case "enable":
	case "disable":
		rules, disabled = disableClusterSchema, true
	default:
		return answer{}, notFound("Unknown action")
	}
	b, err := c.object(rules)
	if err != nil {
		return answer{}, err
	}
	set := db.Cluster{Disabled: disabled, UpdatedAt: a.now()}
	if reason := b.nullable("disabled_reason"); reason != nil {
		trimmed := strings.TrimSpace(*reason)
		set.DisabledReason = &trimmed
	}
	var binaries []string
	if binary := b.nullable("binary"); binary != nil {
		binaries = []string{*binary}
	}
	j, err := a.cluster(c, b.text("name"), binaries)
	if err != nil {
		return answer{}, err
	}
	n, err := a.config.Store.UpdateClusters(c.t, db.ClusterFilter{ID: j.ID}, set,
		db.ClusterIsDisabled, db.ClusterDisabledReason, db.ClusterUpdatedAt)
	if err == nil && n == 0 {
		err = errors.New("it is gone")
	}
	if err != nil {
		return answer{}, fmt.Errorf("%s cluster %s: %w", c.id, j.Name, err)
	}
	a.config.Host.Probe(ClusterChanged{Cluster: j.ID, Name: j.Name, Action: c.id, Request: c.request})
	j.Disabled = disabled
	said := j.summary(c.version)
	said.DisabledReason = set.DisabledReason
	return ok(map[string]any{"cluster": said})
}
