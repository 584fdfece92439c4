package mon

import (
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// op is a request on its way through the monitor. It may be tried several times
// (after an election, after a commit), each time from scratch, so trying must
// have no effect before it succeeds. Ceph: MonOpRequest.
type op struct {
	msg *msg.Message
	// s is the session of a client of ours; nil for a forwarded request.
	s *session
	// via is where a forwarded request came from; nil for our own clients.
	via *origin
	// since is when the op first had to wait, 0 if it never did.
	since time.Duration
	// heard: this monitor has taken it for a sign of life, see hears.
	heard bool
}

// origin is the monitor that forwarded a request, and its name for it.
type origin struct {
	mon    string
	tid    uint64
	routed bool // an answer, or that there will be none, was sent
	client caller
}

// gone reports whether nobody waits for the op any more (SV-1, SV-6).
func (o *op) gone() bool { return o.s != nil && o.s.closed }

// reply answers an op. data goes into the message's data section.
func (m *Mon) reply(o *op, body msg.Body, data []byte) {
	out := msg.NewFromMon(body)
	out.Header.Tid = o.msg.Header.Tid
	out.Data = data
	if o.via != nil {
		m.route(o.via, out)
		return
	}
	if !o.s.closed {
		o.s.con.Send(out)
	}
}

// noReply tells the monitor that forwarded an op that there is nothing to wait
// for (SV-4): otherwise it would keep the request for ever.
func (m *Mon) noReply(o *op) {
	if o.via != nil && !m.cfg.Defects.DropNoReply {
		m.route(o.via, nil)
	}
}

// park keeps an op until something changes: the quorum, a commit, the lease.
func (m *Mon) park(o *op) {
	if o.since == 0 {
		o.since = m.now()
	}
	m.parked = append(m.parked, o)
	m.watchOutsiders()
}

// wake tries everything that is parked again, in the order of arrival. What gathers
// (see gathered) is proposed when all have been tried.
func (m *Mon) wake() {
	parked, inside := m.parked, m.prop.waking
	m.parked, m.prop.waking = nil, true
	for _, o := range parked {
		m.take(o)
	}
	if m.prop.waking = inside; !inside && m.prop.gathered > 0 {
		m.propose()
	}
}
