package mon

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// conn is what the monitor uses of a messenger's connection.
type conn interface {
	Send(*msg.Message)
	MarkDown()
	PeerType() msg.EntityType
	PeerAddr() msg.EntityAddr
	LastKeepalive() time.Duration
}

// session is one connected client. It ends with its connection.
type session struct {
	con      conn
	number   uint64 // among those of this process, from 1
	entity   msg.AuthName
	gid      uint64 // 0 until authenticated
	subs     []subscription
	osdEpoch uint64        // the newest osdmap sent
	hostname string        // what the client says, with its subscriptions
	config   string        // the options that it was told last, encoded
	lastSeen time.Duration // last message
	waiting  bool          // an authentication is parked: everything behind it waits
	closed   bool
}

// sessions are the connected clients, in the order in which they came.
type sessions struct {
	list []*session
	by   map[conn]*session
	last uint64 // number of the newest
}

// of is the connection's session; a first message begins it.
func (ss *sessions) of(c conn) *session {
	if s := ss.by[c]; s != nil {
		return s
	}
	ss.last++
	s := &session{con: c, number: ss.last}
	if ss.by == nil {
		ss.by = map[conn]*session{}
	}
	ss.by[c] = s
	ss.list = append(ss.list, s)
	return s
}

// end forgets the connection's session, if there is one.
func (ss *sessions) end(c conn) {
	s := ss.by[c]
	if s == nil {
		return
	}
	s.closed = true
	delete(ss.by, c)
	ss.list = slices.DeleteFunc(ss.list, func(x *session) bool { return x == s })
}

// cut closes a client's connection, so that it looks for another monitor.
func (m *Mon) cut(s *session, why string) {
	m.log.Info("closing session", "peer", s.con.PeerAddr(), "gid", s.gid, "reason", why)
	m.endSession(s.con)
	s.con.MarkDown()
}

// endSession forgets a client and what was kept for it (SV-6).
func (m *Mon) endSession(c conn) {
	m.sessions.end(c)
	m.kept = slices.DeleteFunc(m.kept, func(k *kept) bool { return k.op.gone() })
	m.parked = slices.DeleteFunc(m.parked, (*op).gone)
}

// trimSessions ends sessions that were silent for mon_session_timeout: neither a
// message nor a keepalive.
func (m *Mon) trimSessions(now time.Duration) {
	for _, s := range slices.Clone(m.sessions.list) {
		if now-max(s.lastSeen, s.con.LastKeepalive()) > m.opts.SessionTimeout {
			m.counts.trimmed++
			m.cut(s, "silent for too long")
		}
	}
}

// watchOutsiders makes sure that clients of a monitor outside the quorum are
// looked at in time.
func (m *Mon) watchOutsiders() {
	if !m.status().Active && !m.outside.Armed() {
		m.outside.Reset(m.opts.Lease)
	}
}

// onOutside sends clients elsewhere while there is no quorum here: those not
// authenticated after having waited for mon_lease, all after twice that (SV-7).
func (m *Mon) onOutside() {
	if m.status().Active {
		return
	}
	now, next := m.now(), m.opts.Lease
	for _, o := range slices.Clone(m.parked) {
		if o.s == nil || o.s.closed || o.s.gid != 0 {
			continue
		}
		if left := o.since + m.opts.Lease - now; left > 0 {
			next = min(next, left)
		} else {
			m.cut(o.s, "no quorum")
		}
	}
	if now-m.quorumLost >= 2*m.opts.Lease {
		for _, s := range slices.Clone(m.sessions.list) {
			m.cut(s, "out of quorum")
		}
	}
	if len(m.sessions.list) > 0 {
		m.outside.Reset(next)
	}
}
