package cinder

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// The services that have rows. The API has none.
const (
	BinaryVolume    = "cinder-volume"
	BinaryScheduler = "cinder-scheduler"
	BinaryBackup    = "cinder-backup"
)

// Config is what makes a service this one.
type Config struct {
	// Host is the machine's name, and for a volume service its backend's: "ctl@lvm".
	Host string
	// Binary is what it is, and its topic too.
	Binary string
	// Store is the database.
	Store Store
	// Brokers are where messaging is to be found.
	Brokers []netip.AddrPort
	Options Options
	// Defects are planted bugs; the zero value has none.
	Defects Defects
}

// Manager is the work of one kind of service. Its methods are called from tasks of the
// service's loop.
type Manager interface {
	// InitHost sets the manager up. The service's row is there, and nobody can call it
	// yet. What goes wrong with the manager is told by IsWorking. Error: the database was
	// away for too long; the process ends.
	InitHost(t host.Task, s *Service) error
	// InitHostWithRPC is what remains to be done once the service can be called.
	InitHostWithRPC(t host.Task)
	// IsWorking reports whether the service is of any use. While it is not, it does not
	// say that it is alive.
	IsWorking() bool
	// Handle answers a request of the service's topic.
	Handle(t host.Task, r rpc.Request) (any, error)
	// Periodic are the tasks to be done now and then.
	Periodic() []PeriodicTask
	// RPCVersion is that of the topic, for the row.
	RPCVersion() string
}

// ObjectVersion is that of Cinder's versioned objects, which goes into the row.
const ObjectVersion = "1.39"

// Service is a process with a row: its heartbeat, its periodic tasks, its RPC server.
// It belongs to its loop.
type Service struct {
	h       host.Host
	log     *slog.Logger
	loop    host.Loop
	cfg     Config
	opt     Options // as they hold
	manager Manager
	rpc     *rpc.Client
	logs    logLevels

	id    int64 // of the row, and its uuid
	uuid  string
	alone bool // there is no other row of this name, as far as is known

	unsure time.Duration // until when, on the monotonic clock, a row may come whose maker knows nothing of it

	modelDisconnected bool // the last beats have failed
	working           bool // as last stated
	stated            bool
	stopped           bool
}

// New makes a service on loop, which does nothing before Start. Error: what is wrong with
// the Config.
func New(h host.Host, loop host.Loop, cfg Config, m Manager) (*Service, error) {
	switch {
	case cfg.Host == "" || cfg.Binary == "":
		return nil, errors.New("a service needs a host and a binary")
	case len(cfg.Brokers) == 0:
		return nil, fmt.Errorf("%s %s: no broker", cfg.Binary, cfg.Host)
	case strings.Contains(cfg.Host, "#"):
		return nil, fmt.Errorf("%s %s: a host has no pool", cfg.Binary, cfg.Host)
	}
	log, levels := newLogger(h.Log())
	s := &Service{
		h: h, log: log.With("service", cfg.Host, "binary", cfg.Binary), logs: levels, loop: loop,
		cfg: cfg, opt: cfg.Options.sane(cfg.Defects), manager: m,
	}
	s.rpc = rpc.New(h, loop, rpc.Config{Brokers: cfg.Brokers, Options: cfg.Options.RPC})
	return s, nil
}

// Start begins the service's life. If the database cannot be reached for long the process
// exits with status 1.
func (s *Service) Start() {
	s.loop.Go("start", s.start)
}

func (s *Service) start(t host.Task) {
	if s.opt.ServiceDownTime != s.cfg.Options.ServiceDownTime {
		s.log.Warn("report_interval must be less than service_down_time; setting service_down_time",
			"report_interval", s.opt.ReportInterval, "service_down_time", s.opt.ServiceDownTime)
	}
	s.unsure = s.h.Clock().Monotonic() + lateRow // the process before this one may have made a row
	err := s.persist(t, s.findRow)
	if err == nil {
		err = s.manager.InitHost(t, s)
	}
	if err != nil {
		s.log.Error("start failed", "error", err)
		s.h.Exit(1, err.Error())
		return
	}
	s.stateWorking()
	s.serve()
	s.h.Probe(Started{Who: s.who(), ID: s.id, ReportInterval: s.opt.ReportInterval, DownTime: s.opt.ServiceDownTime})
	if s.opt.ReportInterval > 0 { // what follows may take a minute
		s.loop.Go("report_state", s.report)
	}
	s.manager.InitHostWithRPC(t)
	if s.opt.PeriodicInterval > 0 {
		s.loop.Go("periodic_tasks", s.periodic)
	}
}

// serve begins to answer: for the binary as a whole, and a volume service for itself and
// for its cluster too.
func (s *Service) serve() {
	topic := s.cfg.Binary
	s.rpc.Serve(rpc.Target{Topic: topic, Server: s.cfg.Host}, s.handle)
	if topic == BinaryVolume {
		machine, _, _ := strings.Cut(s.cfg.Host, "@")
		s.rpc.Serve(rpc.Target{Topic: topic + "." + s.cfg.Host, Server: machine}, s.handle)
		if c := s.cluster(); c != "" {
			s.rpc.Serve(rpc.Target{Topic: topic + "." + c}, s.handle)
		}
	}
	s.rpc.Start()
}

// handle answers what every service can, and leaves the rest to the manager.
func (s *Service) handle(t host.Task, r rpc.Request) (any, error) {
	if s.logs.handles(r) {
		return s.logs.handle(r)
	}
	return s.manager.Handle(t, r)
}

// Stop ends the service in order. Its row stays as it is.
func (s *Service) Stop() {
	s.stopped = true
	s.rpc.Close()
}

// RPC is the service's client of messaging.
func (s *Service) RPC() *rpc.Client { return s.rpc }

// ID is that of the service's row, 0 before there is one.
func (s *Service) ID() int64 { return s.id }

func (s *Service) who() Who { return Who{s.cfg.Host, s.cfg.Binary} }

// cluster is the name of the service's cluster, with its backend, or empty.
func (s *Service) cluster() string {
	if s.opt.Cluster == "" || s.cfg.Binary != BinaryVolume {
		return ""
	}
	_, backend, _ := strings.Cut(s.cfg.Host, "@")
	return s.opt.Cluster + "@" + backend
}

// now is the machine's wall clock, as the database has it: UTC, in microseconds.
func (s *Service) now() time.Time { return s.h.Clock().Now().UTC().Truncate(time.Microsecond) }

// row reads the service's row.
func (s *Service) row(t host.Task, ops Operations) (db.Service, error) {
	return ops.Service(t, s.self())
}

// self finds the row. An id alone could be that of another row by now, where the
// database uses ids again.
func (s *Service) self() db.ServiceFilter { return db.ServiceFilter{ID: s.id, UUID: s.uuid} }

func (s *Service) stateWorking() {
	if w := s.manager.IsWorking(); w != s.working || !s.stated {
		s.working, s.stated = w, true
		s.h.Probe(Working{s.who(), w})
	}
}

func noSuchMethod(r rpc.Request) error {
	return &rpc.RemoteError{Type: rpc.NoSuchMethod, Message: "no method " + r.Method}
}
