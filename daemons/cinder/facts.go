package cinder

import (
	"log/slog"
	"time"
)

// Who is a service: what its row is found by.
type Who struct {
	Host   string // "ctl@lvm"
	Binary string // "cinder-volume"
}

func (w Who) attrs(more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{slog.String("service", w.Host), slog.String("binary", w.Binary)}, more...)
}

// Started states that a service is through with its start, and how it is set. Kind
// "cinder.started".
type Started struct {
	Who
	ID             int64 // of its row
	ReportInterval time.Duration
	DownTime       time.Duration // as it holds in this process
}

// Kind is "cinder.started".
func (Started) Kind() string { return "cinder.started" }

// Attrs are the fields.
func (f Started) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("id", f.ID), slog.Duration("report_interval", f.ReportInterval), slog.Duration("service_down_time", f.DownTime))
}

// Working states whether a service's manager can work, when it starts and whenever that
// changes. Kind "cinder.working".
type Working struct {
	Who
	Working bool
}

// Kind is "cinder.working".
func (Working) Kind() string { return "cinder.working" }

// Attrs are the fields.
func (f Working) Attrs() []slog.Attr { return f.attrs(slog.Bool("working", f.Working)) }

// RowCreated states that a service has made its row. Kind "cinder.row".
type RowCreated struct {
	Who
	ID    int64
	UUID  string
	Again bool // it had one, which has disappeared
}

// Kind is "cinder.row".
func (RowCreated) Kind() string { return "cinder.row" }

// Attrs are the fields.
func (f RowCreated) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("id", f.ID), slog.String("uuid", f.UUID), slog.Bool("again", f.Again))
}

// BeatSent states that a heartbeat is on its way to the database. Kind
// "cinder.beat.sent".
type BeatSent struct {
	Who
	ID        int64
	Count     int           // report_count to be written
	UpdatedAt time.Duration // updated_at to be written, since 1970
}

// Kind is "cinder.beat.sent".
func (BeatSent) Kind() string { return "cinder.beat.sent" }

// Attrs are the fields.
func (f BeatSent) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("id", f.ID), slog.Int("count", f.Count), slog.Duration("updated_at", f.UpdatedAt))
}

// Beat states that a heartbeat was committed. Kind "cinder.beat".
type Beat struct {
	Who
	ID        int64
	Count     int           // report_count as written
	UpdatedAt time.Duration // as written, since 1970
}

// Kind is "cinder.beat".
func (Beat) Kind() string { return "cinder.beat" }

// Attrs are the fields.
func (f Beat) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("id", f.ID), slog.Int("count", f.Count), slog.Duration("updated_at", f.UpdatedAt))
}

// BeatFailed states that a heartbeat was not written, or that nobody knows. Kind
// "cinder.beat.failed".
type BeatFailed struct {
	Who
	Unknown bool // it may have been written
	Error   string
}

// Kind is "cinder.beat.failed".
func (BeatFailed) Kind() string { return "cinder.beat.failed" }

// Attrs are the fields.
func (f BeatFailed) Attrs() []slog.Attr {
	return f.attrs(slog.Bool("unknown", f.Unknown), slog.String("error", f.Error))
}

// BeatSkipped states that a heartbeat was due and not sent, because the manager cannot
// work. Kind "cinder.beat.skipped".
type BeatSkipped struct{ Who }

// Kind is "cinder.beat.skipped".
func (BeatSkipped) Kind() string { return "cinder.beat.skipped" }

// Attrs are the fields.
func (f BeatSkipped) Attrs() []slog.Attr { return f.attrs() }

// Judged states what a scheduler takes a service for, of which it has just read the row.
// Kind "cinder.judged".
type Judged struct {
	Who
	ID        int64
	Up        bool
	Disabled  bool
	Count     int           // report_count
	UpdatedAt time.Duration // since 1970, 0 if there was no heartbeat yet
	CreatedAt time.Duration
	Now       time.Duration // by the clock of who judges, when he asked for the row, since 1970
	DownTime  time.Duration
	Took      time.Duration // since he asked
}

// Kind is "cinder.judged".
func (Judged) Kind() string { return "cinder.judged" }

// Attrs are the fields.
func (f Judged) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("id", f.ID), slog.Bool("up", f.Up), slog.Bool("disabled", f.Disabled),
		slog.Int("count", f.Count), slog.Duration("updated_at", f.UpdatedAt), slog.Duration("created_at", f.CreatedAt),
		slog.Duration("now", f.Now), slog.Duration("service_down_time", f.DownTime), slog.Duration("took", f.Took))
}

// WorkClaimed states that a service has taken over work that was left unfinished. Kind
// "cinder.work.claimed".
type WorkClaimed struct {
	Who
	Worker   int64 // the row's id
	Resource string
	Version  int64 // race_preventer as it was before
	// CreatedAt is the row's, by its maker's clock: since 1970.
	CreatedAt time.Duration
}

// Kind is "cinder.work.claimed".
func (WorkClaimed) Kind() string { return "cinder.work.claimed" }

// Attrs are the fields.
func (f WorkClaimed) Attrs() []slog.Attr {
	return f.attrs(slog.Int64("worker", f.Worker), slog.String("resource", f.Resource), slog.Int64("version", f.Version),
		slog.Duration("created_at", f.CreatedAt))
}

// ReplicationSent states that a volume service is about to write how its replication
// stands: at the end of a failover, or when it starts. Kind "cinder.replication.sent".
type ReplicationSent struct {
	Who
	Cluster string // whose row is meant; empty for the service's own
	Status  string
}

// Kind is "cinder.replication.sent".
func (ReplicationSent) Kind() string { return "cinder.replication.sent" }

// Attrs are the fields.
func (f ReplicationSent) Attrs() []slog.Attr {
	return f.attrs(slog.String("cluster", f.Cluster), slog.String("status", f.Status))
}

// ClusterCreated states that a service has made the row of its cluster. Kind
// "cinder.row.cluster".
type ClusterCreated struct {
	Who
	Cluster string
	ID      int64 // of the cluster's row
}

// Kind is "cinder.row.cluster".
func (ClusterCreated) Kind() string { return "cinder.row.cluster" }

// Attrs are the fields.
func (f ClusterCreated) Attrs() []slog.Attr {
	return f.attrs(slog.String("cluster", f.Cluster), slog.Int64("id", f.ID))
}

// Schedulable states which backends a scheduler would choose from, by the rows that it has
// just read. Kind "cinder.judged.choice".
type Schedulable struct {
	Who
	Backends string        // names of services or of their clusters, with commas between them
	Took     time.Duration // since it has asked for the rows
}

// Kind is "cinder.judged.choice".
func (Schedulable) Kind() string { return "cinder.judged.choice" }

// Attrs are the fields.
func (f Schedulable) Attrs() []slog.Attr {
	return f.attrs(slog.String("backends", f.Backends), slog.Duration("took", f.Took))
}

// ReplicationChanged states which backend a volume service works with, and how its
// replication stands. Kind
// "cinder.replication.changed".
type ReplicationChanged struct {
	Who
	Cluster string // whose row says so; empty for the service's own
	Status  string
	Active  string // active_backend_id, empty for the first one
}

// Kind is "cinder.replication.changed".
func (ReplicationChanged) Kind() string { return "cinder.replication.changed" }

// Attrs are the fields.
func (f ReplicationChanged) Attrs() []slog.Attr {
	return f.attrs(slog.String("cluster", f.Cluster), slog.String("status", f.Status), slog.String("active", f.Active))
}

// sinceEpoch is a moment as facts have it, 0 for the zero Time.
func sinceEpoch(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return time.Duration(t.UnixNano())
}
