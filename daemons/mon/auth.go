package mon

import (
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
)

// globalIDs hands out numbers that no other monitor ever hands out: each takes
// those congruent to its rank modulo the number of monitors, and none above a
// maximum that the quorum has agreed on. A monitor that restarts begins above
// the maximum it finds, and so above all it handed out before.
// Ceph: AuthMonitor::assign_global_id in src/mon/AuthMonitor.cc.
type globalIDs struct {
	rank, size uint64
	last       uint64 // handed out, or not to be handed out any more
	primed     bool
	raise      bool   // leader: the next batch raises the maximum
	asked      uint64 // peon: the maximum that the leader was asked to raise
}

// prime sets where this process begins, once.
func (g *globalIDs) prime(limit uint64) {
	if !g.primed {
		g.last, g.primed = limit, true
	}
}

// next is a new id, or false if there is none up to limit.
func (g *globalIDs) next(limit uint64) (uint64, bool) {
	if !g.primed {
		return 0, false
	}
	id := g.last + 1
	id += (g.rank + g.size - id%g.size) % g.size
	if id > limit {
		return 0, false
	}
	g.last = id
	return id, true
}

// low reports whether the ids up to limit run out.
func (g *globalIDs) low(limit, step uint64) bool {
	return g.primed && g.last+step/2 >= limit
}

// checkGlobalIDs sees to it that there are ids left.
func (m *Mon) checkGlobalIDs() {
	limit := m.state.MaxGlobalID()
	if !m.status().Active || !m.ids.low(limit, m.opts.GlobalIDStep) {
		return
	}
	if m.status().Role == quorum.Leader {
		m.raiseGlobalIDs()
		return
	}
	if m.ids.asked != limit {
		m.ids.asked = limit
		m.sendMon(m.status().Leader, &msg.MonGlobalID{OldMax: limit})
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
	if m.status().Role == quorum.Leader && g.OldMax == m.state.MaxGlobalID() {
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
		if gid, ok = m.ids.next(m.state.MaxGlobalID()); !ok {
			o.s.waiting = true
			m.park(o)
			m.checkGlobalIDs()
			return
		}
	}
	o.s.gid, o.s.entity = gid, req.Name
	m.reply(o, &msg.AuthReply{Protocol: msg.AuthNone, GlobalID: gid}, nil)
	o.s.con.Send(msg.NewFromMon(m.maps.monMap))
	m.checkGlobalIDs()
}
