package mon

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// outsider is what a monitor knows beyond the monmap that it has applied: to join the
// others, and to find out that it is not one of them any more.
//
// A monitor that is to join probes those of the monmap it was made with, and waits
// until the operator adds it ("ceph mon add"). The messages of the quorum then tell it
// its number there. Ones that come of an older monmap than its own are for another
// monitor of that name, which had the number before.
//
// A monitor that was removed is told so by the others. It goes on answering in the
// quorum until a majority of them has told: before that they may need it to commit
// its own removal.
type outsider struct {
	timer   host.Timer                // probe, or ask, again
	met     map[uint64]msg.EntityAddr // members that the monmap does not have yet
	probed  msg.MonMap                // the newest one that a monitor has answered a probe with
	tellers map[uint64]bool           // who has told that this monitor is removed
	told    uint64                    // the newest monmap of which they spoke
	mons    int                       // how many monitors that has
	gone    []gone                    // who was removed lately
}

// gone is a monitor that was removed. What was on its way through it may still be
// answered.
type gone struct {
	name string
	addr msg.EntityAddr
}

func newOutsider() outsider {
	return outsider{met: map[uint64]msg.EntityAddr{}, tellers: map[uint64]bool{}}
}

// strangersKept bounds how many members beyond the monmap are remembered.
const strangersKept = 64

// probeTimeout is how often a monitor outside asks those inside (mon_probe_timeout).
const probeTimeout = 2 * time.Second

// onOutsider asks the others, if this monitor is none of them.
func (m *Mon) onOutsider() {
	switch {
	case m.node.ID() == 0:
		m.probe()
	case m.mons.committed.removed(m.node.ID()):
		m.askMembers()
	default:
		return
	}
	m.outsider.timer.Reset(probeTimeout)
}

// stateName is Ceph's name of what this monitor is up to.
func (m *Mon) stateName() string {
	if m.node.ID() == 0 {
		return "probing"
	}
	return m.status().Role.String()
}

// probe asks every monitor that may be there for the monmap.
func (m *Mon) probe() {
	mm := &m.outsider.probed
	if mm.Size() == 0 {
		mm = &m.cfg.MonMap
	}
	for rank, name := range mm.Ranks {
		if name != m.cfg.Name {
			m.dial(mm.Addr(rank)).Send(msg.NewFromMon(&msg.MonProbe{
				FSID: m.cfg.FSID, Op: msg.MonProbeRequest, Name: m.cfg.Name,
				RequiredFeatures: mm.PersistentFeatures, Release: mm.MinRelease, Leader: -1,
			}))
		}
	}
}

// handleProbe answers a monitor that probes, or takes an answer. Who is of another
// cluster is told that, and no more.
func (m *Mon) handleProbe(c conn, p *msg.MonProbe) {
	request := p.Op == msg.MonProbeRequest
	reply := &msg.MonProbe{FSID: m.cfg.FSID, Op: msg.MonProbeReply, Name: m.cfg.Name, Leader: -1}
	switch {
	case p.FSID != m.cfg.FSID:
		m.foreign(c, p.FSID)
		if request {
			c.Send(msg.NewFromMon(reply))
		}
	case request && m.node.ID() != 0:
		reply.Map, reply.HasEverJoined, reply.Leader = m.monMap(), true, int32(m.leader())
		reply.Release, reply.RequiredFeatures = m.monMap().MinRelease, m.monMap().PersistentFeatures
		for _, rank := range m.quorumRanks() {
			reply.Quorum = append(reply.Quorum, int32(rank))
		}
		c.Send(msg.NewFromMon(reply))
	case !request && m.node.ID() == 0 && p.Map != nil:
		m.learn(p.Map)
	}
}

// foreign says that a monitor of another cluster has found us, or we it.
func (m *Mon) foreign(c conn, fsid wire.UUID) {
	m.log.Error("monitor of another cluster", "peer", c.PeerAddr(), "fsid", fsid, "ours", m.cfg.FSID)
}

// learn takes the monmap of a monitor that was probed.
func (m *Mon) learn(mm *msg.MonMap) {
	if mm.Epoch <= m.outsider.probed.Epoch {
		return
	}
	m.outsider.probed = mm.Clone()
	rank := mm.Rank(m.cfg.Name)
	switch {
	case rank < 0:
		m.log.Info("not in the monmap, waiting to be added", "epoch", mm.Epoch)
	case mm.Addr(rank) != m.addr:
		m.log.Error("in the monmap with another address", "epoch", mm.Epoch, "addr", mm.Addr(rank), "ours", m.addr)
	default:
		m.log.Info("in the monmap, waiting for the quorum", "epoch", mm.Epoch, "rank", rank)
	}
}

// beTold takes this monitor's number from a message of the quorum, if it is meant.
func (m *Mon) beTold(r *msg.MonRaft) {
	if r.Name != m.cfg.Name || r.Epoch < uint64(m.cfg.MonMap.Epoch) || r.To == 0 {
		return
	}
	m.log.Info("joining the quorum", "epoch", r.Epoch, "number", r.To)
	if err := m.node.Join(r.To); err != nil {
		m.h.Exit(1, "mon: "+err.Error())
	}
	m.outsider.timer.Stop()
}

// meet remembers where a member is that the monmap does not have yet.
func (m *Mon) meet(id uint64, addr msg.EntityAddr) {
	if id > m.mons.committed.last && len(m.outsider.met) < strangersKept {
		m.outsider.met[id] = addr
	}
}

// tellRemoved tells a monitor that its number is nobody's any more.
func (m *Mon) tellRemoved(c conn, id uint64) {
	c.Send(msg.NewFromMon(&msg.MonRemoved{
		FSID: m.cfg.FSID, Epoch: uint64(m.monMap().Epoch), From: m.node.ID(), To: id, Mons: uint32(m.size()),
	}))
}

// askMembers asks those who are in the monmap whether they know that this monitor is
// not.
func (m *Mon) askMembers() {
	for rank, name := range m.monMap().Ranks {
		if m.addrOf(rank) != m.addr {
			m.Send(m.mons.committed.id(name), nil)
		}
	}
}

// handleRemoved is told that this monitor was removed. Once a majority of the others
// has, it ends, as Ceph's does that finds itself out of the monmap.
func (m *Mon) handleRemoved(r *msg.MonRemoved) {
	if r.FSID != m.cfg.FSID || r.To != m.node.ID() || r.To == 0 {
		return
	}
	o := &m.outsider
	if r.Epoch > o.told {
		o.told, o.mons = r.Epoch, int(r.Mons)
	}
	o.tellers[r.From] = true
	if 2*len(o.tellers) > o.mons {
		m.log.Info("removed from the monmap", "epoch", o.told)
		m.h.Exit(0, "removed from the monmap")
	}
}

// newMonmapMonitor is the service of this monitor's membership.
func (m *Mon) newMonmapMonitor() *monmapMonitor {
	return &monmapMonitor{took: m.tookMonMap}
}

// tookMonMap is told of another monmap: ranks may be others, and somebody may be gone.
func (m *Mon) tookMonMap(was membership) {
	mm := m.monMap()
	m.rank = mm.Rank(m.cfg.Name)
	m.ids.renumber(m.rank, mm.Size())
	m.maps.setMonMap(mm)
	m.clog.self = m.caller()
	if m.messenger != nil {
		m.messenger.SetName(m.clog.self.name)
		m.towardsMgr.SetName(m.clog.self.name)
	}
	clear(m.outsider.met) // they will be heard again, if they are not in the map
	if mm.Epoch > 1 && m.mons.committed.last > 0 {
		m.h.Probe(monMapCommittedFact(m.cfg.Name, &m.mons.committed))
		m.h.Probe(membersFact(m.cfg.Name, &m.mons.committed))
	}
	if m.dial != nil { // else this is what the disk has
		m.bidFarewell(was)
		m.onOutsider()
	}
}

// bidFarewell tells those who were removed, and will not talk to them any more.
func (m *Mon) bidFarewell(was membership) {
	for rank, name := range was.monMap.Ranks {
		id, addr := was.id(name), was.monMap.Addr(rank)
		if id == 0 || id == m.node.ID() || !m.mons.committed.removed(id) {
			continue
		}
		m.tellRemoved(m.dial(addr), id)
		m.outsider.gone = append(m.outsider.gone, gone{name, addr})
		delete(m.heard, name)
		delete(m.met, name)
	}
}

// sayFarewell closes the connections to monitors that were removed a while ago.
func (m *Mon) sayFarewell() {
	all := m.outsider.gone
	m.outsider.gone = nil
	for _, g := range all {
		if m.rankOf(g.addr) < 0 {
			m.dial(g.addr).MarkDown()
		}
	}
}
