package mgr

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
)

// Mgr is the active half of a manager process. Ceph: Mgr in src/mgr/Mgr.cc. It
// belongs to the dispatch loop, except for init.
type Mgr struct {
	s           *Standby
	server      *server
	initialised bool

	fence  uint32 // the OSD map epoch that fences the predecessor
	fenced func() // goes on when that epoch is here; nil unless it is waited for
}

func newMgr(s *Standby, fence uint32) *Mgr { return &Mgr{s: s, fence: fence} }

// activeSubscriptions are what an active manager subscribes to besides what a
// standby does (MS-18). Monitors ignore those that they have nothing for.
func activeSubscriptions() []string {
	return []string{"fsmap", "log-info", "mgrdigest", "servicemap"}
}

// init is the background initialisation (MS-18), a task on the finisher. Each
// step that touches state is done on the dispatch loop.
func (g *Mgr) init(t host.Task) {
	g.onDispatch(t, g.renewSession)
	if !g.s.cfg.Defects.NoFenceWait {
		g.onDispatch(t, g.awaitFence)
	}
	g.onDispatch(t, g.startServer)
	t.Sleep(g.s.opt.InitDuration)
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

// finish makes the manager available, and says so at once instead of at the next
// tick (MS-19).
func (g *Mgr) finish(done func()) {
	g.initialised = true
	g.s.standbyModules = false
	g.s.log.Info("active", "addr", g.server.addrs[0])
	g.s.setMode(ModeActive)
	g.s.sendBeacon()
	done()
}

func (g *Mgr) shutdown() {
	if g.server != nil {
		g.server.messenger.Shutdown()
	}
}
