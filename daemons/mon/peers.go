package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
)

// findPlace looks this monitor up in the monmap.
func (m *Mon) findPlace() error {
	mm := &m.cfg.MonMap
	if m.rank = mm.Rank(m.cfg.Name); m.rank < 0 {
		return fmt.Errorf("mon.%s: not in the monmap %v", m.cfg.Name, mm.Ranks)
	}
	for rank, name := range mm.Ranks {
		if mm.Addr(rank).IsBlank() {
			return fmt.Errorf("mon.%s: the monmap has no v1 address for mon.%s", m.cfg.Name, name)
		}
	}
	return nil
}

// caller is this monitor as an author in the cluster log.
func (m *Mon) caller() caller {
	return caller{
		entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name},
		name:   msg.EntityName{Type: msg.EntityMon, Num: int64(m.rank)}, addrs: msg.AddrVec{m.addrOf(m.rank)},
	}
}

func (m *Mon) size() int                      { return m.cfg.MonMap.Size() }
func (m *Mon) addrOf(rank int) msg.EntityAddr { return m.cfg.MonMap.Addr(rank) }
func (m *Mon) rankOf(addr msg.EntityAddr) int { return m.cfg.MonMap.RankOf(addr) }
func (m *Mon) nameOf(rank int) string         { return m.cfg.MonMap.Ranks[rank] }

// leaderName is who leads, "" if this monitor knows of nobody.
func (m *Mon) leaderName() string {
	if leader := m.status().Leader; leader >= 0 {
		return m.nameOf(leader)
	}
	return ""
}

func (m *Mon) sendMon(rank int, body msg.Body) { m.dial(rank).Send(msg.NewFromMon(body)) }

// Send implements quorum.Peers.
func (m *Mon) Send(rank int, msgs [][]byte) {
	m.sendMon(rank, &msg.MonRaft{Epoch: m.maps.monEpoch, Msgs: msgs})
}
