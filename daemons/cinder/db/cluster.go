package db

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Cluster is a row of the table clusters: services that stand in for each other.
type Cluster struct {
	ID        int64
	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time
	Deleted   bool

	Name   string
	Binary string

	Disabled       bool
	DisabledReason *string
	// RacePreventer is 0 while the cluster lives and then its ID: names are unique
	// among those with the same one.
	RacePreventer int64

	ReplicationStatus string
	ActiveBackendID   *string
	Frozen            bool
}

// ClusterColumn names a column of clusters that an update writes.
type ClusterColumn string

// The columns of clusters.
const (
	ClusterUpdatedAt         ClusterColumn = "updated_at"
	ClusterDeletedAt         ClusterColumn = "deleted_at"
	ClusterDeleted           ClusterColumn = "deleted"
	ClusterIsDisabled        ClusterColumn = "disabled"
	ClusterDisabledReason    ClusterColumn = "disabled_reason"
	ClusterReplicationStatus ClusterColumn = "replication_status"
	ClusterActiveBackendID   ClusterColumn = "active_backend_id"
	ClusterFrozen            ClusterColumn = "frozen"
)

func (c *Cluster) fields() []field {
	return []field{
		{"created_at", &c.CreatedAt},
		{"updated_at", &c.UpdatedAt},
		{"deleted_at", &c.DeletedAt},
		{"deleted", &c.Deleted},
		{"id", &c.ID},
		{"name", &c.Name},
		{"binary", &c.Binary},
		{"disabled", &c.Disabled},
		{"disabled_reason", &c.DisabledReason},
		{"race_preventer", &c.RacePreventer},
		{"replication_status", &c.ReplicationStatus},
		{"active_backend_id", &c.ActiveBackendID},
		{"frozen", &c.Frozen},
	}
}

// ClusterFilter chooses clusters, as [ServiceFilter] does services.
type ClusterFilter struct {
	ID     int64
	Name   string
	Binary string

	Disabled          *bool
	Frozen            *bool
	ReplicationStatus []string
	ActiveBackendID   *string // "" is none
	Deleted           bool
}

func (f ClusterFilter) clause() *clause {
	c := new(clause)
	c.number("id", f.ID)
	c.equal("name", f.Name)
	c.equal("binary", f.Binary)
	c.is("disabled", f.Disabled)
	c.is("frozen", f.Frozen)
	c.oneOf("replication_status", f.ReplicationStatus)
	c.text("active_backend_id", f.ActiveBackendID)
	c.undeleted(f.Deleted)
	return c
}

// ClusterHealth is a cluster with what its members, the services that are not deleted
// and have its name, say.
type ClusterHealth struct {
	Cluster
	LastHeartbeat time.Time // the latest UpdatedAt of a member; zero if there is none
	NumHosts      int
	NumDownHosts  int // members last updated before the limit
}

func (c *ClusterHealth) fields() []field {
	return append(c.Cluster.fields(),
		field{"last_heartbeat", &c.LastHeartbeat},
		field{"num_hosts", &c.NumHosts},
		field{"num_down_hosts", &c.NumDownHosts},
	)
}

const clusters = "clusters"

var clusterTable = newTable(clusters, (*Cluster).fields)

// members is what is asked of a cluster's members.
func members(what, also string) string {
	return "(select " + what + " from services s where s.cluster_name = clusters.name and s.deleted = ?" + also + ")"
}

// clusterHealth is clusters with the columns of ClusterHealth, to select from; it takes
// false, false, false and the limit.
var clusterHealth = "(select clusters.*, " +
	members("max(s.updated_at)", "") + " as last_heartbeat, " +
	members("count(*)", "") + " as num_hosts, " +
	members("count(*)", " and s.updated_at < ?") + " as num_down_hosts from clusters) health"

var healthTable = newTable(clusters, (*ClusterHealth).fields)

// Clusters lists the clusters of the filter by ascending id. A member is down if it was
// updated last before limit.
func (o Operations) Clusters(t host.Task, f ClusterFilter, limit time.Time) ([]ClusterHealth, error) {
	c := f.clause()
	c.args = append([]any{false, false, false, limit}, c.args...)
	from := healthTable
	if from.from = clusterHealth; o.store.options.Defects.OldestMember {
		from.from = strings.Replace(clusterHealth, "max(", "min(", 1)
	}
	return selectRows(o, t, from, c, 0)
}

// Cluster is the first cluster of the filter, that with the lowest id. Error:
// ErrNotFound.
func (o Operations) Cluster(t host.Task, f ClusterFilter) (Cluster, error) {
	return selectRow(o, t, clusterTable, f.clause())
}

// HeldCluster is Cluster, by name and binary, within a transaction: nobody else changes it
// until that ends. Error: ErrNotFound.
func (o Operations) HeldCluster(t host.Task, f ClusterFilter) (Cluster, error) {
	same := Cluster{Name: f.Name} // a write holds a row on every engine, and only some have "for update"
	if _, err := o.UpdateClusters(t, f, same, "name"); err != nil {
		return Cluster{}, err
	}
	return o.Cluster(t, f)
}

// CreateCluster inserts c, and sets its ID and, if it has none, a replication status.
// Error: ErrDuplicate if one of its name and binary lives.
func (o Operations) CreateCluster(t host.Task, c *Cluster) error {
	if c.ReplicationStatus == "" {
		c.ReplicationStatus = ReplicationNotCapable
	}
	if o.store.options.Defects.RacingClusters {
		c.RacePreventer = c.CreatedAt.UnixMicro()
	}
	id, err := o.insert(t, clusters, c.fields())
	if err == nil {
		c.ID = id
	}
	return err
}

// UpdateClusters writes these columns, with the values that they have in set, to every
// cluster of the filter, and tells how many those were.
func (o Operations) UpdateClusters(t host.Task, f ClusterFilter, set Cluster, columns ...ClusterColumn) (int, error) {
	return o.update(t, clusters, f.clause(), chosen(set.fields(), columns))
}

// DeleteCluster deletes a cluster softly, at the time at, and frees its name. Error:
// ErrNotFound.
func (o Operations) DeleteCluster(t host.Task, id int64, at time.Time) error {
	c := Cluster{Deleted: true, DeletedAt: at, RacePreventer: id}
	n, err := o.UpdateClusters(t, ClusterFilter{ID: id}, c, ClusterDeleted, ClusterDeletedAt, "race_preventer")
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}
