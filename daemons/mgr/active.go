package mgr

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Mgr is the active half of a manager process. Ceph: Mgr in src/mgr/Mgr.cc. It
// belongs to the dispatch loop, except for init.
type Mgr struct {
	s           *Standby
	server      *server
	initialised bool

	fence uint32 // the OSD map epoch that fences the predecessor

	ready   func() bool // what init waits for, and how it goes on; nil unless it waits
	waiting func()

	described bool // the daemons' metadata was loaded
	keysHere  bool // the modules' keys are
	asking    map[state.Key]bool
	services  services
	reports   host.Timer
}

func newMgr(s *Standby, fence uint32) *Mgr {
	g := &Mgr{s: s, fence: fence, asking: map[state.Key]bool{}}
	g.reports = s.loop.NewTimer(g.onReport)
	return g
}

// activeSubscriptions are what an active manager subscribes to besides what a
// standby does (MS-18). Monitors ignore those that they have nothing for.
func activeSubscriptions() []string {
	return []string{"fsmap", keysOfModules, "log-info", "mgrdigest", "servicemap"}
}

// init is the background initialisation (MS-18), a task on the finisher. Each
// step that touches state is done on the dispatch loop. It takes as long as the
// monitors take to answer: as in Ceph, whose modules are loaded when the process
// starts, and whose instances start after init.
func (g *Mgr) init(t host.Task) {
	g.onDispatch(t, g.renewSession)
	if !g.s.cfg.Defects.NoFenceWait {
		g.onDispatch(t, g.awaitFence)
	}
	g.onDispatch(t, g.startServer)
	g.onDispatch(t, g.loadMetadata)
	g.onDispatch(t, g.await(func() bool { return g.s.cluster.FS != nil }))
	g.onDispatch(t, g.await(func() bool { return g.s.cluster.Health != nil }))
	g.onDispatch(t, g.await(func() bool { return g.keysHere }))
	g.onDispatch(t, g.finish)
}

// onDispatch runs a step on the dispatch loop and waits until it says that it is
// done.
func (g *Mgr) onDispatch(t host.Task, step func(done func())) {
	g.s.loop.Post(func() {
		if !g.s.gone {
			step(func() { g.s.finisher.Post(t.Wake) })
		}
	})
	t.ParkFor("the dispatch loop")
}

// renewSession subscribes to what only an active manager needs, on a new
// session: the monitor may have told a previous incarnation, on the old one, what
// this one has never heard.
func (g *Mgr) renewSession(done func()) {
	for _, what := range activeSubscriptions() {
		g.s.monc.Want(what, 0, false)
	}
	g.s.monc.Reopen()
	g.s.monc.AwaitSession(done)
}

// startServer opens the server's messenger. A manager that cannot listen is of
// no use: the process exits, and another manager gets its turn.
func (g *Mgr) startServer(done func()) {
	srv, err := newServer(g)
	if err != nil {
		g.s.log.Error("server failed", "error", err)
		g.s.h.Exit(1, fmt.Sprintf("mgr.%s: %v", g.s.cfg.Name, err))
		return
	}
	g.server = srv
	g.s.checkBlocked() // the map may have the whole machine
	done()
}

// finish starts the modules and makes the manager available, and says so at once
// instead of at the next tick (MS-19).
func (g *Mgr) finish(done func()) {
	g.described = true
	g.s.cluster.Mon = g.s.monc.MonMap()
	g.followMonMap()
	g.followFSMap(g.s.cluster.FS)
	g.followOSDMap()
	g.followMgrMap()
	g.s.standbyModules = false
	g.s.modules.StartActive()
	g.initialised = true
	g.s.log.Info("active", "addr", g.server.addrs[0])
	g.s.setMode(ModeActive)
	g.s.sendBeacon()
	g.onReport()
	done()
}

// onReport tells the monitors what this manager finds wrong with the cluster, and what
// services there are, every TickPeriod. (Ceph: DaemonServer::send_report.)
func (g *Mgr) onReport() {
	if g.s.gone {
		return
	}
	g.prune()
	r := &msg.MonMgrReport{Paxos: msg.PaxosAt(0), Checks: g.checks(), GID: g.s.gid()}
	if g.services.changed {
		g.services.changed = false
		r.Services = g.s.cluster.Services
	}
	m := msg.New(r)
	m.Data = msg.EmptyPGDigest()
	g.s.monc.Send(m)
	g.reports.Reset(g.s.opt.TickPeriod)
}

// checks are what this manager finds wrong with the cluster.
func (g *Mgr) checks() map[string]msg.HealthCheck {
	checks := g.s.modules.HealthChecks()
	if c, slow := g.reportedHealth(); slow {
		checks["SLOW_OPS"] = c
	}
	return checks
}

// modulesChanged tells at once what the modules have to say: health is one of the
// things that an operator waits for.
func (s *Standby) modulesChanged() {
	if s.mgr != nil && s.mgr.initialised && !s.gone {
		s.sendBeacon()
		s.mgr.onReport()
	}
}

func (g *Mgr) shutdown() {
	g.reports.Stop()
	if g.server != nil {
		g.server.messenger.Shutdown()
	}
	g.s.modules.Stop()
}
