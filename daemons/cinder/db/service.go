package db

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Service is a row of the table services: a process that says that it is alive. An
// empty string and a zero time are NULL in columns where that makes no difference; a
// pointer is nil for NULL where it does.
type Service struct {
	ID        int64
	UUID      string
	CreatedAt time.Time
	UpdatedAt time.Time // the last sign of life; zero if there was none since CreatedAt
	DeletedAt time.Time
	Deleted   bool // softly: the row is there and nobody sees it

	Host   string // "node1", of a volume service "node1@backend"
	Binary string // "cinder-volume"
	Topic  string // "cinder-volume"

	ReportCount      int
	Disabled         bool
	DisabledReason   *string
	ModifiedAt       time.Time // when an operator changed Disabled last
	AvailabilityZone string

	RPCVersion    *string // rpc_current_version
	ObjectVersion *string // object_current_version

	ReplicationStatus string
	Frozen            bool
	ActiveBackendID   *string
	ClusterName       *string
}

// The values of replication_status.
const (
	ReplicationNotCapable    = "not-capable"
	ReplicationDisabled      = "disabled"
	ReplicationEnabled       = "enabled"
	ReplicationFailingOver   = "failing-over"
	ReplicationFailedOver    = "failed-over"
	ReplicationFailoverError = "failover-error"
	ReplicationError         = "error"
	ReplicationEnabling      = "enabling"
	ReplicationDisabling     = "disabling"
)

// ServiceColumn names a column of services that an update writes.
type ServiceColumn string

// The columns of services.
const (
	ServiceUUID              ServiceColumn = "uuid"
	ServiceCreatedAt         ServiceColumn = "created_at"
	ServiceUpdatedAt         ServiceColumn = "updated_at"
	ServiceDeletedAt         ServiceColumn = "deleted_at"
	ServiceDeleted           ServiceColumn = "deleted"
	ServiceHost              ServiceColumn = "host"
	ServiceBinary            ServiceColumn = "binary"
	ServiceTopic             ServiceColumn = "topic"
	ServiceReportCount       ServiceColumn = "report_count"
	ServiceIsDisabled        ServiceColumn = "disabled"
	ServiceDisabledReason    ServiceColumn = "disabled_reason"
	ServiceModifiedAt        ServiceColumn = "modified_at"
	ServiceAvailabilityZone  ServiceColumn = "availability_zone"
	ServiceRPCVersion        ServiceColumn = "rpc_current_version"
	ServiceObjectVersion     ServiceColumn = "object_current_version"
	ServiceReplicationStatus ServiceColumn = "replication_status"
	ServiceFrozen            ServiceColumn = "frozen"
	ServiceActiveBackendID   ServiceColumn = "active_backend_id"
	ServiceClusterName       ServiceColumn = "cluster_name"
)

// fields are the columns in the table's order.
func (s *Service) fields() []field {
	return []field{
		{"created_at", &s.CreatedAt},
		{"updated_at", &s.UpdatedAt},
		{"deleted_at", &s.DeletedAt},
		{"deleted", &s.Deleted},
		{"id", &s.ID},
		{"host", &s.Host},
		{"binary", &s.Binary},
		{"topic", &s.Topic},
		{"report_count", &s.ReportCount},
		{"disabled", &s.Disabled},
		{"availability_zone", &s.AvailabilityZone},
		{"disabled_reason", &s.DisabledReason},
		{"modified_at", &s.ModifiedAt},
		{"rpc_current_version", &s.RPCVersion},
		{"object_current_version", &s.ObjectVersion},
		{"replication_status", &s.ReplicationStatus},
		{"frozen", &s.Frozen},
		{"active_backend_id", &s.ActiveBackendID},
		{"cluster_name", &s.ClusterName},
		{"uuid", &s.UUID},
	}
}

// ServiceFilter chooses services: those for which everything holds that is set. The
// zero value chooses all that are not deleted.
type ServiceFilter struct {
	ID       int64
	Host     string // exactly
	Matching string // the host itself, or a backend or pool of it: "h" is "h", "h@x" and "h#y"
	Binary   string
	Topic    string
	UUID     string

	Disabled          *bool
	Frozen            *bool
	Cluster           *string // "" is none
	ReplicationStatus []string
	ReportCount       *int
	UpSince           time.Time // a sign of life at that time or later
	Deleted           bool      // deleted ones too
}

func (f ServiceFilter) clause() *clause {
	c := new(clause)
	c.number("id", f.ID)
	c.equal("host", f.Host)
	if f.Matching != "" {
		n := len([]rune(f.Matching)) + 1
		c.and("(host = ? or substr(host, 1, ?) in (?, ?))", f.Matching, n, f.Matching+"@", f.Matching+"#")
	}
	c.equal("binary", f.Binary)
	c.equal("topic", f.Topic)
	c.equal("uuid", f.UUID)
	c.is("disabled", f.Disabled)
	c.is("frozen", f.Frozen)
	c.text("cluster_name", f.Cluster)
	c.oneOf("replication_status", f.ReplicationStatus)
	if f.ReportCount != nil {
		c.and("report_count = ?", *f.ReportCount)
	}
	c.seen(f.UpSince)
	c.undeleted(f.Deleted)
	return c
}

const services = "services"

var serviceTable = newTable(services, (*Service).fields)

// Services lists the services of the filter by ascending id.
func (o Operations) Services(t host.Task, f ServiceFilter) ([]Service, error) {
	return selectRows(o, t, serviceTable, f.clause(), 0)
}

// Service is the first service of the filter, that with the lowest id. Error:
// ErrNotFound.
func (o Operations) Service(t host.Task, f ServiceFilter) (Service, error) {
	return selectRow(o, t, serviceTable, f.clause())
}

// CreateService inserts s, and sets its ID, and a UUID and a replication status if it
// has none.
func (o Operations) CreateService(t host.Task, s *Service) error {
	if s.UUID == "" {
		s.UUID = newUUID(o.store.uuids)
	}
	if s.ReplicationStatus == "" {
		s.ReplicationStatus = ReplicationNotCapable
	}
	id, err := o.insert(t, services, s.fields())
	if err == nil {
		s.ID = id
	}
	return err
}

// UpdateServices writes these columns, with the values that they have in set, to every
// service of the filter, and tells how many those were.
func (o Operations) UpdateServices(t host.Task, f ServiceFilter, set Service, columns ...ServiceColumn) (int, error) {
	return o.update(t, services, f.clause(), chosen(set.fields(), columns))
}

// DeleteServices deletes the services of the filter softly, at the time at, and tells
// how many those were.
func (o Operations) DeleteServices(t host.Task, f ServiceFilter, at time.Time) (int, error) {
	return o.UpdateServices(t, f, Service{Deleted: true, DeletedAt: at}, ServiceDeleted, ServiceDeletedAt)
}

// PurgeServices removes the rows of the filter and tells how many those were. Error: a
// worker of one is there.
func (o Operations) PurgeServices(t host.Task, f ServiceFilter) (int, error) {
	return o.remove(t, services, f.clause())
}
