package mon

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// handleBeacon takes a mgr's beacon: on the leader only, and without an answer
// (MM-1, MM-2). The peon that forwarded it is told so at once, unless the sender
// claims to serve, or is gone: then it has to be told that it is out.
func (m *Mon) handleBeacon(o *op, b *msg.MgrBeacon) {
	if b.FSID != m.cfg.FSID {
		m.log.Info("beacon of another cluster", "name", b.Name, "fsid", b.FSID)
		m.noReply(o)
		return
	}
	if !b.Available && !slices.Contains(m.mgr.gone, b.GID) {
		m.noReply(o)
	}
	if m.hears(o) {
		m.h.Probe(MgrBeaconReceived{Mon: m.cfg.Name, GID: b.GID, Available: b.Available})
		m.mgr.hear(b.GID, m.now())
	}
	if !m.leads(o) {
		return
	}
	v := m.mgr.beacon(b, m.wall())
	if v.stale {
		m.reply(o, nullMgrMap(), nil)
		if o.s != nil {
			m.h.Probe(MapSent{Mon: m.cfg.Name, Map: "mgrmap", GID: o.s.gid, Session: o.s.number})
		}
	}
	m.noReply(o)
	if v.changed {
		m.await(func(committed bool) {
			if !committed { // MM-10
				m.again(o)
			}
		})
		m.schedule(m.mgr.pending.immediate)
	}
}

// hears reports, once for each beacon, that it is a sign of life that has come to the
// leader. It is one from then on, however long the leader has no time for what it says:
// otherwise who changes much, over slow disks, would make daemons look dead that are well.
// (In Ceph one service of the monitor does not wait for another's changes.)
func (m *Mon) hears(o *op) bool {
	if o.heard || m.status().Role != quorum.Leader {
		return false
	}
	o.heard = true
	return true
}

// again tries an op from scratch, unless it was forwarded: then the peon does.
func (m *Mon) again(o *op) {
	if o.via == nil {
		m.park(o)
	}
}

func (m *Mon) wall() wire.UTime { return wire.UTimeOf(m.h.Clock().Now()) }
