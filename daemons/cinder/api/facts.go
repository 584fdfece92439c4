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
}

// Kind implements host.Fact.
func (Judged) Kind() string { return "cinder.api.judged" }

// Attrs implements host.Fact.
func (f Judged) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("service", f.Service), slog.String("service_host", f.ServiceHost), slog.String("binary", f.Binary),
		slog.Bool("up", f.Up), slog.Duration("age", f.Age), slog.Int("beats", f.Beats),
		slog.Duration("updated_at", f.UpdatedAt),
	}
}

// Changed is the fact that an operator's change of a service's row was written. For
// what takes a call as well, that is yet to come.
type Changed struct {
	Service     int64 // its row
	ServiceHost string
	Binary      string
	Action      string // of the request: "disable", "freeze", ...
}

// Kind implements host.Fact.
func (Changed) Kind() string { return "cinder.api.changed" }

// Attrs implements host.Fact.
func (f Changed) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int64("service", f.Service), slog.String("service_host", f.ServiceHost), slog.String("binary", f.Binary),
		slog.String("action", f.Action),
	}
}
