package api

import (
	"log/slog"
	"time"
)

// Judged is the fact that an API has listed a service as up or down. It is stated for
// every service of every list.
type Judged struct {
	Service     int64 // its row
	ServiceHost string
	Binary      string
	Up          bool
	Age         time.Duration // of its last sign of life, by the API's clock; negative if that is ahead
	Beats       int           // its report_count
	UpdatedAt   time.Duration // its updated_at, since 1970; 0 if it is null
	Now         time.Duration // when the API asked for the row, by its clock, since 1970
	Took        time.Duration // since then
}

// Kind implements host.Fact.
func (Judged) Kind() string { return "cinder.api.judged" }

// Attrs implements host.Fact.
func (f Judged) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("service", f.Service), slog.String("service_host", f.ServiceHost), slog.String("binary", f.Binary),
		slog.Bool("up", f.Up), slog.Duration("age", f.Age), slog.Int("beats", f.Beats),
		slog.Duration("updated_at", f.UpdatedAt), slog.Duration("now", f.Now), slog.Duration("took", f.Took),
	}
}

// Changed is the fact that an operator's change of a service's row was written. For
// what takes a call as well, that is yet to come.
type Changed struct {
	Service     int64 // its row
	ServiceHost string
	Binary      string
	Action      string // of the request: "disable", "freeze", ...
	Request     string // its id, "req-..."
}

// Kind implements host.Fact.
func (Changed) Kind() string { return "cinder.api.changed" }

// Attrs implements host.Fact.
func (f Changed) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("service", f.Service), slog.String("service_host", f.ServiceHost), slog.String("binary", f.Binary),
		slog.String("action", f.Action), slog.String("request", f.Request),
	}
}

// ClusterChanged is Changed for a cluster's row.
type ClusterChanged struct {
	Cluster int64 // its row
	Name    string
	Action  string // of the request: "disable", "freeze", ...
	Request string // its id, "req-..."
}

// Kind implements host.Fact.
func (ClusterChanged) Kind() string { return "cinder.api.cluster.changed" }

// Attrs implements host.Fact.
func (f ClusterChanged) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("cluster", f.Cluster), slog.String("name", f.Name), slog.String("action", f.Action),
		slog.String("request", f.Request),
	}
}

// ClusterJudged is the fact that an API has listed a cluster as up or down, or has looked
// whether it is.
type ClusterJudged struct {
	Cluster       int64 // its row
	Name, Binary  string
	Up            bool
	Disabled      bool
	LastHeartbeat time.Duration // of the member heard of last, since 1970; 0 if none ever was
	Now           time.Duration // by the API's clock, when it asked for the rows, since 1970
	Took          time.Duration // since then
	Hosts, Down   int           // members, and those of them that are down
}

// Kind implements host.Fact.
func (ClusterJudged) Kind() string { return "cinder.api.cluster.judged" }

// Attrs implements host.Fact.
func (f ClusterJudged) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("cluster", f.Cluster), slog.String("name", f.Name), slog.String("binary", f.Binary),
		slog.Bool("up", f.Up), slog.Bool("disabled", f.Disabled), slog.Duration("last_heartbeat", f.LastHeartbeat),
		slog.Duration("now", f.Now), slog.Duration("took", f.Took), slog.Int("hosts", f.Hosts), slog.Int("down", f.Down),
	}
}
