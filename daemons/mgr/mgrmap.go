package mgr

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
)

// verdict is what a manager map asks of a process (MS-14).
type verdict uint8

const (
	carryOn      verdict = iota // nothing to do
	becomeActive                // it names us, and we were not active
	beActive                    // it names us, as before
	stepDown                    // we were active, and it does not name us
	shadow                      // it names another manager, by name
)

// judge compares a map with what the process is. A map that names a process of
// our own name is about our previous incarnation, which is no reason to run
// standby modules.
func judge(m *msg.MgrMap, gid uint64, name string, active bool) verdict {
	switch {
	case m.ActiveGID == gid && gid != 0 && !active:
		return becomeActive
	case m.ActiveGID == gid && gid != 0:
		return beActive
	case active:
		return stepDown
	case m.ActiveGID != 0 && m.ActiveName != name:
		return shadow
	}
	return carryOn
}

// handleMgrMap does what a map asks for (MS-14). A map of epoch 0 is a null map,
// sent only to tell a manager that it is out (MM-7). It reports whether the map was taken.
func (s *Standby) handleMgrMap(m *msg.MgrMap) bool {
	if m.Epoch == 0 {
		s.handleNullMap()
		return false
	}
	if s.opt.StrictMgrMapEpoch && m.Epoch <= s.epoch {
		s.log.Info("old mgrmap ignored", "epoch", m.Epoch, "newest", s.epoch, "mon", s.monc.Mon())
		return false
	}
	s.epoch = m.Epoch
	s.monc.Got("mgrmap", uint64(m.Epoch))
	s.h.Probe(MapApplied{
		Name: s.cfg.Name, GID: s.gid(), Map: "mgrmap", Epoch: m.Epoch,
		ActiveGID: m.ActiveGID, Available: m.Available, FencedAt: m.LastFailureOSDEpoch,
	})
	s.cluster.Mgr = m
	s.follow(m)
	if s.mgr != nil && s.mgr.described {
		s.mgr.followMgrMap()
	}
	s.notify(module.MgrMap)
	return true
}

// pacific is the release whose always-on modules count.
const pacific = 16

// handleNullMap: the monitors do not take our beacons any more, whatever we have heard.
func (s *Standby) handleNullMap() { s.stepDown(0, "a monitor says that we are out") }

// stepDown ends a process that is to be another one.
func (s *Standby) stepDown(epoch uint32, reason string) {
	deaf := s.cfg.Defects.DeafWhileStarting && s.mode == ModeStarting
	if !s.cfg.Defects.StayActive && !deaf {
		s.respawn(epoch, reason)
	}
}

// follow acts on a map that was applied.
func (s *Standby) follow(m *msg.MgrMap) {
	if s.modules.HandleMap(m, pacific) {
		s.respawn(m.Epoch, "the set of enabled modules has changed")
		return
	}
	does := judge(m, s.gid(), s.cfg.Name, s.mgr != nil)
	s.shadowing = s.shadowing || does == shadow
	switch does {
	case becomeActive:
		s.activate(m.LastFailureOSDEpoch)
		s.latch(m)
	case beActive:
		s.latch(m)
	case stepDown:
		s.stepDown(m.Epoch, fmt.Sprintf("mgrmap epoch %d names gid %d active", m.Epoch, m.ActiveGID))
	case shadow:
		s.startStandbyModules()
	}
}

// latch notes that the monitors know of our being available: the commands need
// not be sent any more (MS-11).
func (s *Standby) latch(m *msg.MgrMap) { s.availableInMap = s.availableInMap || m.Available }

// startStandbyModules starts the standby half of the modules, once.
func (s *Standby) startStandbyModules() {
	if s.opt.StandbyModules && !s.standbyModules {
		s.standbyModules = true
		s.modules.StartStandby()
		s.log.Info("standby modules started")
	}
}

// activate makes the process a manager that initialises in the background
// (MS-17). fence is the OSD map epoch to wait for.
func (s *Standby) activate(fence uint32) {
	s.log.Info("activating", "epoch", s.epoch, "gid", s.gid())
	s.mgr = newMgr(s, fence)
	s.setMode(ModeStarting)
	s.finisher.Go("init", s.mgr.init)
}
