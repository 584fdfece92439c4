package mgr

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// Standby is a manager process. Ceph: MgrStandby in src/mgr/MgrStandby.cc.
type Standby struct {
	h        host.Host
	log      *slog.Logger
	cfg      Config
	base     Options // as configured
	opt      Options // as they hold
	loop     host.Loop
	finisher host.Loop

	messenger *msgr.Messenger // towards the monitors; it listens nowhere
	monc      *monc.Client
	mgrc      *mgrc.Client
	beacons   beaconMaker
	tick      host.Timer

	mode           Mode
	epoch          uint32 // of the newest manager map applied
	cluster        *state.Cluster
	modules        *module.Registry
	mgr            *Mgr // nil until a map names us
	availableInMap bool // a map has named us as available (MS-11)
	shadowing      bool // a map has named another manager active, by name
	standbyModules bool // they run (MS-14d)

	layers layers
	gone   bool // respawning or shut down: not another beacon
}

// New makes a manager process on h, which does nothing before Start. Error: what
// is wrong with the Config.
func New(h host.Host, cfg Config) (*Standby, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	label := "mgr." + cfg.Name
	s := &Standby{
		h: h, log: h.Log().With("mgr", cfg.Name), cfg: cfg, base: cfg.Options.withDefaults(),
		layers:  layers{given: cfg.Given, override: map[string]string{}},
		cluster: state.New(), loop: h.NewLoop(label + "/dispatch"), finisher: h.NewLoop(label + "/finisher"),
	}
	s.opt = s.layers.onto(s.base)
	s.messenger = msgr.New(h, s.loop, msgr.Config{
		Name:  msg.EntityName{Type: msg.EntityMgr, Num: -1},
		Nonce: h.PID(), Label: label + "/client",
		Workers: s.opt.MessengerWorkers, Options: s.opt.Messenger,
	})
	s.messenger.SetPolicy(msg.EntityMon, msgr.LossyClient())
	s.monc = monc.New(h, s.loop, s.messenger, cfg.client())
	s.mgrc = s.newMgrClient()
	modules, err := module.New(s.moduleEnv(), cfg.Modules)
	if err != nil {
		return nil, fmt.Errorf("mgr.%s: %w", cfg.Name, err)
	}
	s.modules = modules
	s.tick = s.loop.NewTimer(s.onTick)
	return s, nil
}

// moduleEnv is what modules need of the manager.
func (s *Standby) moduleEnv() module.Env {
	return module.Env{
		Host: s.h, Loop: s.loop, Name: s.cfg.Name, GID: s.gid, Cluster: s.cluster, Defaults: s.cfg.ModuleDefaults,
		MonCommand: s.monc.Command, Changed: s.modulesChanged,
	}
}

// Start begins the process's work, in the order that MS-3 to MS-7 ask for: what the
// monitors send is seen first by the monitor client, then by the objecter, the Standby
// and the manager client. If the monitors do not let the manager in, the process exits with status 1.
// Error: that of the messenger.
func (s *Standby) Start() error {
	s.serveAdmin()
	s.messenger.AddDispatcherTail(s)
	s.messenger.AddDispatcherHead(objecter{s: s})
	if err := s.messenger.Start(); err != nil {
		return err
	}
	s.loop.Post(s.authenticate)
	return nil
}

// authenticate subscribes first, so that the first session knows of it.
func (s *Standby) authenticate() {
	s.monc.Want("mgrmap", 0, false)
	s.monc.OnConfig(s.handleConfig)
	s.monc.Init()
	s.mgrc.Init()
	s.monc.Authenticate(s.authenticated)
}

// authenticated is the end of init: the first beacon is part of it (MS-8).
func (s *Standby) authenticated(err error) {
	switch {
	case s.gone:
		return
	case err != nil:
		s.refused(err)
		return
	}
	s.messenger.SetName(msg.EntityName{Type: msg.EntityMgr, Num: int64(s.gid())})
	s.messenger.SetAuthorizer(s.identity())
	objecter{s: s}.start()
	s.beacons = newBeaconMaker(s.cfg, s.modules, metadata(s.h, s.messenger.Addr()))
	s.setMode(ModeStandby)
	s.onTick()
}

// refused ends a process that the monitors do not let in, and with it all that was
// started (MS-6).
func (s *Standby) refused(err error) {
	s.log.Error("authentication failed, is the name known to the monitors?", "error", err)
	s.gone = true
	s.h.Exit(1, fmt.Sprintf("mgr.%s: %v", s.cfg.Name, err))
}

// gid is the process's global id, 0 before it has authenticated.
func (s *Standby) gid() uint64 { return s.monc.GlobalID() }

// onTick sends a beacon every TickPeriod as long as the process lives (MS-8).
func (s *Standby) onTick() {
	if s.gone {
		return
	}
	s.sendBeacon()
	s.tick.Reset(s.opt.TickPeriod)
}

func (s *Standby) setMode(m Mode) {
	s.mode = m
	s.h.Probe(ModeChanged{Name: s.cfg.Name, GID: s.gid(), Mode: m, Epoch: s.epoch})
}

// State is Ceph's name of the mode (MS-21): "standby", "active (starting)" or
// "active". It belongs to the dispatch loop.
func (s *Standby) State() string {
	if s.mode == ModeStarting {
		return "active (starting)"
	}
	return string(s.mode)
}

// Dispatch takes everything that the monitors push; most of that is for parts of a manager
// that do not exist here. A manager map goes on to the manager client (MS-16), unless it
// is one that this process does not take. Implements [msgr.Dispatcher].
func (s *Standby) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	if c.PeerType() != msg.EntityMon {
		return false
	}
	if s.gone {
		return true
	}
	switch b := m.Body.(type) {
	case *msg.MgrMapMsg:
		return !s.handleMgrMap(&b.Map)
	case *msg.OSDMap:
		s.handleOSDMap()
	default:
		if s.mgr != nil {
			s.mgr.handleMonitors(m)
		}
	}
	return true
}

// HandleConnect does nothing. Implements [msgr.Dispatcher].
func (s *Standby) HandleConnect(*msgr.Connection) {}

// HandleAccept does nothing. Implements [msgr.Dispatcher].
func (s *Standby) HandleAccept(*msgr.Connection) {}

// HandleReset does nothing: the monitor client does what is needed. Implements
// [msgr.Dispatcher].
func (s *Standby) HandleReset(*msgr.Connection) bool { return false }

// HandleRemoteReset does nothing. Implements [msgr.Dispatcher].
func (s *Standby) HandleRemoteReset(*msgr.Connection) {}

// HandleRefused does nothing. Implements [msgr.Dispatcher].
func (s *Standby) HandleRefused(*msgr.Connection) bool { return false }

// now is the machine's monotonic clock.
func (s *Standby) now() time.Duration { return s.h.Clock().Monotonic() }

// respawn ends the process and starts it anew (MS-22). No beacon follows
// (I-MGR-8).
func (s *Standby) respawn(epoch uint32, reason string) {
	s.gone = true
	s.tick.Stop()
	s.log.Info("respawning", "epoch", epoch, "reason", reason)
	s.h.Probe(Respawning{Name: s.cfg.Name, GID: s.gid(), Epoch: epoch, Reason: reason})
	s.h.Respawn(reason)
}

// Shutdown ends the manager in order, without ending the process (MS-23): no
// more beacons, then nothing more from the monitors, then the server, and the
// client messenger last. done, if not nil, runs at the end. It may be called
// from anywhere, once.
func (s *Standby) Shutdown(done func()) {
	s.loop.Post(func() {
		s.shutdown()
		if done != nil {
			done()
		}
		s.loop.Close()
	})
}

func (s *Standby) shutdown() {
	s.gone = true
	s.tick.Stop()
	s.mgrc.Shutdown(nil)
	s.monc.Shutdown()
	if s.mgr != nil {
		s.mgr.shutdown()
	}
	s.messenger.Shutdown()
	s.finisher.Close()
}

var _ msgr.Dispatcher = (*Standby)(nil)
