package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
)

// findPlace sees what the monmap of the Config makes this monitor.
func (m *Mon) findPlace() error {
	mm := &m.cfg.MonMap
	for rank, name := range mm.Ranks {
		if mm.Addr(rank).IsBlank() {
			return fmt.Errorf("mon.%s: the monmap has no v1 address for mon.%s", m.cfg.Name, name)
		}
	}
	m.rank = mm.Rank(m.cfg.Name)
	m.addr = m.cfg.Addr
	if m.rank >= 0 {
		m.addr = mm.Addr(m.rank)
	}
	if m.addr.IsBlank() {
		return fmt.Errorf("mon.%s: not in the monmap %v, and no address to join from", m.cfg.Name, mm.Ranks)
	}
	if mm.Size() == 0 {
		return fmt.Errorf("mon.%s: the monmap is empty", m.cfg.Name)
	}
	return nil
}

// founder reports whether this monitor begins the cluster together with the others of
// the Config's monmap, rather than joins it.
func (m *Mon) founder() bool { return m.cfg.MonMap.Rank(m.cfg.Name) >= 0 && m.cfg.MonMap.Epoch <= 1 }

func (m *Mon) firstMembership() []byte {
	s := membership{monMap: m.cfg.MonMap}
	if m.founder() {
		s = founding(m.cfg.MonMap)
	}
	return s.encode()
}

func (m *Mon) quorumConfig() quorum.Config {
	c := quorum.Config{File: m.cfg.Dir + "/log", Options: m.opts.quorum(), Defects: m.cfg.Defects.Quorum}
	if m.founder() {
		c.ID = uint64(m.cfg.MonMap.Rank(m.cfg.Name)) + 1
		for rank := range m.cfg.MonMap.Ranks {
			c.Founders = append(c.Founders, uint64(rank)+1)
		}
	}
	return c
}

// caller is this monitor as an author in the cluster log.
func (m *Mon) caller() caller {
	return caller{
		entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name},
		name:   msg.EntityName{Type: msg.EntityMon, Num: int64(m.rank)}, addrs: msg.AddrVec{m.addr},
	}
}

// monMap is the newest monmap that this monitor has applied. It must not be changed.
func (m *Mon) monMap() *msg.MonMap { return &m.mons.committed.monMap }

func (m *Mon) size() int                      { return m.monMap().Size() }
func (m *Mon) addrOf(rank int) msg.EntityAddr { return m.monMap().Addr(rank) }
func (m *Mon) rankOf(addr msg.EntityAddr) int { return m.monMap().RankOf(addr) }
func (m *Mon) nameOf(rank int) string         { return m.monMap().Ranks[rank] }

func (m *Mon) namesOf(ranks []int) (names []string) {
	for _, rank := range ranks {
		names = append(names, m.nameOf(rank))
	}
	return names
}

// leaderName is who leads, "" if this monitor knows of nobody.
func (m *Mon) leaderName() string { return m.mons.committed.name(m.status().Leader) }

// leader is the leader's rank, -1 if this monitor knows of nobody.
func (m *Mon) leader() int { return m.monMap().Rank(m.leaderName()) }

// sendMon sends something to the monitor of that name; to nobody if there is none.
func (m *Mon) sendMon(name string, body msg.Body) {
	if rank := m.monMap().Rank(name); rank >= 0 {
		m.dial(m.addrOf(rank)).Send(msg.NewFromMon(body))
		return
	}
	for _, g := range m.outsider.gone {
		if g.name == name {
			m.dial(g.addr).Send(msg.NewFromMon(body))
			return
		}
	}
}

// Send implements quorum.Peers.
func (m *Mon) Send(id uint64, msgs [][]byte) {
	name := m.mons.committed.name(id)
	addr := m.outsider.met[id]
	if name != "" {
		addr = m.addrOf(m.monMap().Rank(name))
	}
	if addr.IsBlank() {
		return // raft repeats what matters
	}
	m.dial(addr).Send(msg.NewFromMon(&msg.MonRaft{
		FSID: m.cfg.FSID, Epoch: uint64(m.monMap().Epoch), From: m.node.ID(), To: id, Name: name, Msgs: msgs,
	}))
}
