package mon

import (
	"github.com/wavetank/wavetank/daemons/mon/quorum"
)

// QuorumChanged implements quorum.Peers.
func (m *Mon) QuorumChanged(now quorum.Status) {
	was := m.quorumStatus
	m.quorumStatus = now
	m.counts.elected(was, now)
	m.h.Probe(m.roleFact(now))
	if now.Role != was.Role || now.Term != was.Term || now.Leader != was.Leader {
		m.restart()
	}
	switch {
	case now.Active && !was.Active:
		m.activate()
	case !now.Active && was.Active:
		m.quorumLost = m.now()
		m.watchOutsiders()
	}
}

func (m *Mon) status() quorum.Status { return m.quorumStatus }

// restart is what every election does to every monitor: half-made changes are
// void, and so is what an earlier quorum had asked of this one.
func (m *Mon) restart() {
	m.electedAt = m.now()
	clear(m.met)
	m.mgrGone = 0
	m.giveUp()
	for _, s := range m.services {
		s.restart(m.now())
	}
	kept := m.parked[:0]
	for _, o := range m.parked {
		if o.via == nil { // the monitor that forwarded it will do so again (SV-5)
			kept = append(kept, o)
		} else if m.cfg.Defects.ZapProxied {
			m.cut(o.s, "no quorum")
		}
	}
	clear(m.parked[len(kept):])
	m.parked = kept
}

// activate begins to serve: everything committed is known.
func (m *Mon) activate() {
	if err := m.mons.committed.agrees(m.node.Voters()); err != nil {
		m.h.Exit(1, "mon: "+err.Error())
		return
	}
	m.outside.Stop()
	m.ids.prime()
	m.beginPending()
	m.sayLeader()
	m.introduce()
	m.meetMonitors()
	m.checkGlobalIDs()
	m.resendKept()
	m.tellSubscribers()
	m.wake()
}

func (m *Mon) roleFact(s quorum.Status) Role {
	f := Role{Mon: m.cfg.Name, Term: s.Term, Role: s.Role.String(), Active: s.Active}
	f.Leader = m.mons.committed.name(s.Leader)
	return f
}
