package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/daemons/web"
)

// Store is what the API needs of the database. A [db.Store] is one.
type Store interface {
	Services(t host.Task, f db.ServiceFilter) ([]db.Service, error)
	UpdateServices(t host.Task, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (int, error)
	Clusters(t host.Task, f db.ClusterFilter, limit time.Time) ([]db.ClusterHealth, error)
	UpdateClusters(t host.Task, f db.ClusterFilter, set db.Cluster, columns ...db.ClusterColumn) (int, error)
	Workers(t host.Task, f db.WorkerFilter) ([]db.Worker, error)
	Transaction(t host.Task, fn func(db.Operations) error) error
}

// writer writes rows: a Store, or a transaction of one.
type writer interface {
	UpdateServices(t host.Task, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (int, error)
	UpdateClusters(t host.Task, f db.ClusterFilter, set db.Cluster, columns ...db.ClusterColumn) (int, error)
}

// RPC is how the API asks services. An [rpc.Client] is one.
type RPC interface {
	Call(t host.Task, to rpc.Target, method string, args, reply any) error
	Cast(t host.Task, to rpc.Target, method string, args any) error
}

// Config is what makes an API this one.
type Config struct {
	Host  host.Host
	Loop  host.Loop
	Store Store
	RPC   RPC
	// Bind is where it listens; port 0 takes a free one.
	Bind    netip.AddrPort
	Options Options
	Defects Defects
}

// Options are those of cinder-api, by Cinder's names in Named.
type Options struct {
	// ServiceDownTime is how long a service that was not heard of is still up
	// (service_down_time, 60 s). A service has an option of that name of its own.
	ServiceDownTime time.Duration
	// Host is what the API calls itself in log levels (host).
	Host string
	// MaxConns is how many connections may be open (wsgi_default_pool_size, 100).
	MaxConns int
}

// DefaultOptions are Cinder's.
func DefaultOptions() Options {
	return Options{ServiceDownTime: 60 * time.Second, Host: "cinder-api", MaxConns: 100}
}

// Named are the options by their names.
func (o *Options) Named() option.Set {
	return option.Set{
		"service_down_time":      option.SecondsFrom(1, &o.ServiceDownTime),
		"wsgi_default_pool_size": option.Count(&o.MaxConns),
		"host":                   option.Text(&o.Host),
	}
}

// Defects are historical bugs that can be planted.
type Defects struct {
	// AdminTouchesHeartbeat: what an operator writes into a row counts as a sign of
	// life (Launchpad 1397167; freeze and thaw in Cinder to this day).
	AdminTouchesHeartbeat bool
	// OneSidedAge: for clusters and failovers a row from the future is alive, however
	// far ahead it is (Cinder to this day).
	OneSidedAge bool
	// NoCreatedAtFallback: a service that has not beaten yet cannot be listed
	// (Launchpad 1495938).
	NoCreatedAtFallback bool
	// FailsOverTwice: a backend that is failing over may be failed over.
	FailsOverTwice bool
	// Unguarded: freeze, thaw and failover change rows whatever is in them.
	Unguarded bool
	// JudgesLate: whether a service is up, so that it can be failed over, is looked at
	// once its row is changed.
	JudgesLate bool
	// NewestFields: answers have all fields, whichever version was asked for.
	NewestFields bool
	// AcknowledgesOnly: enable and disable say that they have done it, and write nothing
	// (Cinder 28.0.0).
	AcknowledgesOnly bool
}

// API is a cinder-api. Its methods may be called from callbacks and tasks of its loop.
type API struct {
	config Config
	log    *slog.Logger
	levels levels
	server *web.Server
}

// maxBody is how many bytes the body of a request may have. The real one allows 112 KiB
// (max_request_body_size).
const maxBody = 114688

// ErrConfig: a Config cannot be meant.
var ErrConfig = errors.New("unusable configuration of the API")

// New is an API that does not listen yet. Error: ErrConfig.
func New(config Config) (*API, error) {
	switch {
	case config.Host == nil || config.Loop == nil || config.Store == nil || config.RPC == nil:
		return nil, fmt.Errorf("%w: host, loop, store and RPC must be given", ErrConfig)
	case config.Options.ServiceDownTime <= 0:
		return nil, fmt.Errorf("%w: service_down_time of %v", ErrConfig, config.Options.ServiceDownTime)
	}
	a := &API{config: config, levels: newLevels("cinder.api")}
	a.log = slog.New(a.levels.handler("cinder.api", config.Host.Log().Handler()))
	return a, nil
}

// Start begins to listen. Errors: those of [web.Listen].
func (a *API) Start() error {
	server, err := web.Listen(a.config.Bind, web.Config{
		Host: a.config.Host, Loop: a.config.Loop, Handler: a, MaxBody: maxBody, MaxConns: a.config.Options.MaxConns,
	})
	if err != nil {
		return fmt.Errorf("API: %w", err)
	}
	a.server = server
	a.log.Info("serving", "addr", server.Addr())
	return nil
}

// Addr is where it listens, once it was started.
func (a *API) Addr() netip.AddrPort { return a.server.Addr() }

// Close ends it. Requests that wait are not answered any more.
func (a *API) Close() {
	if a.server != nil {
		a.server.Close()
	}
}

// now is the time by which rows are judged and stamped.
func (a *API) now() time.Time { return a.config.Host.Clock().Now().UTC() }

// moment is a time by both clocks.
type moment struct {
	wall      time.Time
	monotonic time.Duration
}

// asks is the time at which something is asked.
func (a *API) asks() moment { return moment{a.now(), a.config.Host.Clock().Monotonic()} }

// since is how long that was ago.
func (a *API) since(m moment) time.Duration { return a.config.Host.Clock().Monotonic() - m.monotonic }
