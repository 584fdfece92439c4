package mon

import (
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// dispatcher connects the messenger with the monitor.
type dispatcher struct {
	msgr.BaseDispatcher
	m *Mon
}

// Dispatch implements msgr.Dispatcher: every message ends here.
func (d dispatcher) Dispatch(c *msgr.Connection, in *msg.Message) bool {
	d.m.receive(c, in)
	return true
}

// HandleReset implements msgr.Dispatcher.
func (d dispatcher) HandleReset(c *msgr.Connection) bool {
	d.m.lost(c)
	return true
}

// HandleRemoteReset implements msgr.Dispatcher.
func (d dispatcher) HandleRemoteReset(c *msgr.Connection) { d.m.lost(c) }

// lost handles the end of a connection, or of what was queued on it.
func (m *Mon) lost(c conn) {
	if c.PeerType() != msg.EntityMon {
		m.endSession(c)
		return
	}
	if rank := m.rankOf(c.PeerAddr()); rank >= 0 && rank != m.rank {
		m.node.Unreachable(m.mons.committed.id(m.nameOf(rank)))
		if m.nameOf(rank) == m.leaderName() {
			m.resendKept() // the requests or their answers may be lost
		}
	}
}

// receive takes a message from the network.
func (m *Mon) receive(c conn, in *msg.Message) {
	if c.PeerType() == msg.EntityMon {
		m.fromMon(c, in)
		return
	}
	s := m.sessions.of(c)
	s.lastSeen = m.now()
	m.take(&op{msg: in, s: s})
}

// take tries to carry out a request, or keeps it until that may succeed.
func (m *Mon) take(o *op) {
	if o.gone() {
		return
	}
	if t, ok := o.msg.Body.(*msg.Command); ok && o.s != nil && o.s.gid != 0 {
		m.handleTell(o, t) // in or out of the quorum
		return
	}
	if !m.node.Readable() {
		if _, auth := o.msg.Body.(*msg.Auth); auth && o.s != nil {
			m.deferAuth(o)
			return
		}
		m.park(o)
		return
	}
	if o.s != nil && !m.mayAsk(o) {
		return
	}
	m.handle(o)
}

// mayAsk keeps a client's requests in order around its authentication: before
// it there is nothing to ask for, while it waits everything else does.
func (m *Mon) mayAsk(o *op) bool {
	if _, auth := o.msg.Body.(*msg.Auth); auth {
		return true
	}
	if o.s.waiting {
		m.park(o)
		return false
	}
	if o.s.gid == 0 {
		m.log.Debug("request before authentication", "peer", o.s.con.PeerAddr(), "type", o.msg.Header.Type)
		return false
	}
	return true
}

func (m *Mon) handle(o *op) {
	switch body := o.msg.Body.(type) {
	case *msg.MgrBeacon:
		m.handleBeacon(o, body)
	case *msg.MDSBeacon:
		m.handleMDSBeacon(o, body)
	case *msg.MonCommand:
		m.handleCommand(o, body)
	case *msg.Log:
		m.handleLog(o, body)
	case *msg.MonGetVersion:
		m.handleGetVersion(o, body)
	case *msg.MonMgrReport:
		m.handleMgrReport(o, body)
	case *msg.GetConfig:
		m.handleGetConfig(o, body)
	case *msg.Auth:
		if o.s != nil {
			m.handleAuth(o, body)
		}
	case *msg.MonSubscribe:
		if o.s != nil {
			m.handleSubscribe(o, body)
		}
	default:
		m.log.Debug("message not handled", "type", o.msg.Header.Type)
		m.noReply(o)
	}
}

// fromMon takes a message from another monitor. Who is not in the monmap is none
// (EL-9), but for what must be said for it to get there.
func (m *Mon) fromMon(c conn, in *msg.Message) {
	rank := m.rankOf(c.PeerAddr())
	if rank >= 0 && rank != m.rank {
		m.heard[m.nameOf(rank)] = m.now()
	}
	if m.fromStranger(c, in) {
		return
	}
	if rank < 0 || rank == m.rank {
		m.log.Info("message from a monitor that is not in the map", "peer", c.PeerAddr(), "type", in.Header.Type)
		return
	}
	from := m.nameOf(rank)
	switch body := in.Body.(type) {
	case *msg.MonElection:
		m.handleElection(from, body)
	case *msg.MonHealthChecks:
		m.handleMonHealthChecks(from, body)
	case *msg.Forward:
		m.handleForward(from, body)
	case *msg.Route:
		m.handleRoute(from, body)
	case *msg.MonGlobalID:
		m.handleMonGlobalID(body)
	default:
		m.log.Debug("message not handled", "peer", from, "type", in.Header.Type)
	}
}

// fromStranger takes what a monitor may say that is not in the monmap as this one
// knows it, and reports whether it was that.
func (m *Mon) fromStranger(c conn, in *msg.Message) bool {
	switch body := in.Body.(type) {
	case *msg.MonRaft:
		m.handleRaft(c, body)
	case *msg.MonRemoved:
		m.handleRemoved(body)
	case *msg.MonProbe:
		m.handleProbe(c, body)
	default:
		return false
	}
	return true
}

// handleRaft hands the quorum's own messages to it. Afterwards the leader's
// lease may be valid again, so what waited for that is tried again.
func (m *Mon) handleRaft(c conn, r *msg.MonRaft) {
	if r.FSID != m.cfg.FSID {
		m.foreign(c, r.FSID)
		return
	}
	if m.node.ID() == 0 {
		m.beTold(r)
	}
	switch {
	case r.To != m.node.ID() || r.To == 0: // who had this address before us
		return
	case m.mons.committed.removed(r.From):
		m.tellRemoved(c, r.From)
		return
	}
	m.meet(r.From, c.PeerAddr())
	if err := m.node.Step(r.From, r.Msgs); err != nil {
		m.log.Info("quorum message refused", "peer", c.PeerAddr(), "err", err)
	}
	if len(m.parked) > 0 && m.status().Role == quorum.Peon && m.node.Readable() {
		m.wake()
	}
}
