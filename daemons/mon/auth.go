package mon

import (
	"time"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// globalIDs hands out numbers that no other monitor ever hands out: each takes
// those congruent to its rank modulo the number of monitors, and none above a
// maximum that the quorum has agreed on. A monitor that restarts begins above
// the maximum it finds, and so above all it handed out before.
// Ceph: AuthMonitor::assign_global_id in src/mon/AuthMonitor.cc.
//
// It is a service: what it changes is that maximum.
//
// Where the ranks change, so do the ids of each monitor. No id is then handed out by
// the new ranks up to the maximum of that moment, and by the old ones none above it,
// since the change and the maximum come in one order on all of them.
type globalIDs struct {
	rank, size uint64
	step       uint64 // by how much the maximum is raised
	limit      uint64 // the maximum
	last       uint64 // handed out, or not to be handed out any more
	primed     bool
	raise      bool   // leader: the next batch raises the maximum
	asked      uint64 // peon: the maximum that the leader was asked to raise
}

// prime sets where this process begins, once.
func (g *globalIDs) prime() {
	if !g.primed {
		g.last, g.primed = g.limit, true
	}
}

// renumber makes the monitor one of another rank among so many; -1 is none at all.
func (g *globalIDs) renumber(rank, size int) {
	if size < 1 || rank < 0 {
		rank, size, g.primed = 0, 1, false
	}
	if g.rank == uint64(rank) && g.size == uint64(size) {
		return
	}
	g.rank, g.size, g.last = uint64(rank), uint64(size), g.limit
}

// next is a new id, or false if there is none up to the maximum.
func (g *globalIDs) next() (uint64, bool) {
	if !g.primed {
		return 0, false
	}
	id := g.last + 1
	id += (g.rank + g.size - id%g.size) % g.size
	if id > g.limit {
		return 0, false
	}
	g.last = id
	return id, true
}

// low reports whether the ids up to the maximum run out.
func (g *globalIDs) low() bool { return g.primed && g.last+g.step/2 >= g.limit }

// load implements service.
func (g *globalIDs) load(s *store.State) error {
	g.limit = s.MaxGlobalID()
	return nil
}

// begin, discard, urgent, restart and tick implement service.
func (g *globalIDs) begin()                         {}
func (g *globalIDs) discard()                       { g.raise = false }
func (g *globalIDs) urgent() bool                   { return g.raise }
func (g *globalIDs) restart(time.Duration)          { g.asked = 0 }
func (g *globalIDs) tick(time.Duration, wire.UTime) {}

// changes implements service.
func (g *globalIDs) changes() []store.Op {
	if !g.raise {
		return nil
	}
	return []store.Op{store.RaiseGlobalID{From: g.limit, To: g.limit + g.step}}
}

// checkGlobalIDs sees to it that there are ids left.
func (m *Mon) checkGlobalIDs() {
	if !m.status().Active || !m.ids.low() {
		return
	}
	if m.status().Role == quorum.Leader {
		m.raiseGlobalIDs()
		return
	}
	if m.ids.asked != m.ids.limit {
		m.ids.asked = m.ids.limit
		m.sendMon(m.leaderName(), &msg.MonGlobalID{OldMax: m.ids.limit})
	}
}

// raiseGlobalIDs has the maximum raised with the next batch.
func (m *Mon) raiseGlobalIDs() {
	if m.writeable() && !m.ids.raise {
		m.ids.raise = true
		m.schedule(true)
	}
}

// handleMonGlobalID is a peon's request for more ids. One that names another
// maximum than the present one has been served already.
func (m *Mon) handleMonGlobalID(g *msg.MonGlobalID) {
	if m.status().Role == quorum.Leader && g.OldMax == m.ids.limit {
		m.raiseGlobalIDs()
	}
}

// eOpNotSupp answers a client that offers no authentication method we have.
const eOpNotSupp = -95

// handleAuth authenticates a client by method "none": it is who it says, and
// gets a global id, or keeps the one it had.
func (m *Mon) handleAuth(o *op, a *msg.Auth) {
	o.s.waiting = false
	req, err := msg.ParseAuthRequest(a.Payload)
	if err != nil {
		m.log.Info("authentication request cannot be read", "peer", o.s.con.PeerAddr(), "err", err)
		m.cut(o.s, "bad authentication request")
		return
	}
	if !req.Supports(msg.AuthNone) {
		m.reply(o, &msg.AuthReply{Protocol: msg.AuthNone, Result: eOpNotSupp}, nil)
		return
	}
	gid := req.GlobalID
	if gid == 0 {
		gid = o.s.gid
	}
	if gid == 0 {
		var ok bool
		if gid, ok = m.ids.next(); !ok {
			o.s.waiting = true
			m.park(o)
			m.checkGlobalIDs()
			return
		}
	}
	o.s.gid, o.s.entity = gid, req.Name
	if m.opts.MonMapFirst && uint64(a.MonMapEpoch) < m.maps.monEpoch {
		o.s.con.Send(msg.NewFromMon(m.maps.monMap))
	}
	m.reply(o, &msg.AuthReply{Protocol: msg.AuthNone, GlobalID: gid}, nil)
	if !m.opts.MonMapFirst {
		o.s.con.Send(msg.NewFromMon(m.maps.monMap))
	}
	m.checkGlobalIDs()
}

// PointTryAgain is reached when a client authenticates that this monitor cannot serve
// now, for it has no quorum or no lease. Where it fires the client is not kept
// waiting: it is told to try again.
const PointTryAgain = "mon.auth.try_again"

// Points are the names of all fault points of a monitor; its messenger has others.
func Points() []string { return append(quorum.Points(), PointTryAgain) }

// eAgain tells a client to try again.
const eAgain = -11

// deferAuth keeps a client that authenticates for later.
func (m *Mon) deferAuth(o *op) {
	if m.h.Point(PointTryAgain) {
		m.reply(o, &msg.AuthReply{Protocol: msg.AuthNone, Result: eAgain, Message: "no quorum"}, nil)
		return
	}
	o.s.waiting = true
	m.park(o)
}
