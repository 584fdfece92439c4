package mon

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
)

// kept is a client's request that was passed on to the leader and is not
// answered yet.
type kept struct {
	tid   uint64
	op    *op
	since time.Duration
}

// leads reports whether this monitor may go on with an op that only the leader
// carries out. If not, the op is on its way: forwarded, waiting, or dropped
// because it was forwarded to us by mistake (never twice: SV-4).
func (m *Mon) leads(o *op) bool {
	if m.status().Role != quorum.Leader {
		if o.via == nil {
			m.forward(o)
		}
		return false
	}
	if !m.writeable() {
		m.park(o)
		return false
	}
	return true
}

// forward passes a request on to the leader and keeps it for the next one.
func (m *Mon) forward(o *op) {
	m.lastTid++
	k := &kept{tid: m.lastTid, op: o, since: m.now()}
	m.kept = append(m.kept, k)
	m.sendKept(k)
}

func (m *Mon) sendKept(k *kept) {
	leader := m.leaderName()
	if leader == "" {
		return // repeated when there is one
	}
	s := k.op.s
	request := *k.op.msg
	request.Header.Src = s.caller().name
	m.sendMon(leader, &msg.Forward{
		Tid:          k.tid,
		ClientType:   s.con.PeerType(),
		ClientAddrs:  msg.AddrVec{s.con.PeerAddr()},
		ClientSocket: s.con.PeerAddr(),
		Caps:         "allow *",
		Msg:          msg.NestedOf(&request, msg.FeaturesAll),
		ConFeatures:  msg.FeaturesAll,
		ClientName:   s.entity,
	})
}

// countBeacons states which beacons of mgrs are kept: the leader answers each at once,
// if only that there is no answer (MM-1).
func (m *Mon) countBeacons() {
	f := BeaconsKept{Mon: m.cfg.Name}
	for _, k := range m.kept {
		if _, beacon := k.op.msg.Body.(*msg.MgrBeacon); beacon {
			f.Count++
			f.Oldest = max(f.Oldest, m.now()-k.since)
		}
	}
	if f.Count > 0 {
		m.h.Probe(f)
	}
}

// resendKept hands unanswered requests to whoever leads now, even if it is us
// (SV-5). A request may thereby be carried out twice.
func (m *Mon) resendKept() {
	if len(m.kept) > 0 {
		host.Sometimes(m.h, MarkResent)
	}
	if m.status().Role == quorum.Leader {
		mine := m.kept
		m.kept = nil
		for _, k := range mine {
			m.take(k.op)
		}
		return
	}
	for _, k := range m.kept {
		m.sendKept(k)
	}
}

// handleForward takes in what a peon passes on. If we do not lead, the peon will
// find out and ask the right one.
func (m *Mon) handleForward(from string, f *msg.Forward) {
	if m.status().Role != quorum.Leader {
		return
	}
	inner, err := f.Msg.Decode(msg.FeaturesAll)
	if err != nil {
		m.log.Info("forwarded message cannot be read", "from", from, "err", err)
		m.route(&origin{mon: from, tid: f.Tid}, nil)
		return
	}
	client := caller{entity: f.ClientName, name: inner.Header.Src, addrs: f.ClientAddrs}
	m.take(&op{msg: inner, via: &origin{mon: from, tid: f.Tid, client: client}})
}

// route sends an answer to a forwarded request back to where it came from; nil
// says that there is none. Only the first call for a request counts, because
// the peon forgets it then.
func (m *Mon) route(to *origin, answer *msg.Message) {
	if to.routed {
		return
	}
	to.routed = true
	r := &msg.Route{Tid: to.tid}
	if answer != nil {
		nested := msg.NestedOf(answer, msg.FeaturesAll)
		r.Msg = &nested
	}
	m.sendMon(to.mon, r)
}

// handleRoute passes an answer on to the client.
func (m *Mon) handleRoute(from string, r *msg.Route) {
	i := slices.IndexFunc(m.kept, func(k *kept) bool { return k.tid == r.Tid })
	if i < 0 {
		return
	}
	o := m.kept[i].op
	m.kept = slices.Delete(m.kept, i, i+1)
	if r.Msg == nil || o.gone() {
		return
	}
	answer, err := r.Msg.Decode(msg.FeaturesAll)
	if err != nil {
		m.log.Info("routed message cannot be read", "from", from, "err", err)
		return
	}
	o.s.con.Send(answer)
	if mm, ok := answer.Body.(*msg.MgrMapMsg); ok {
		m.h.Probe(MapSent{Mon: m.cfg.Name, Map: "mgrmap", Epoch: uint64(mm.Map.Epoch), GID: o.s.gid, Session: o.s.number})
	}
}
