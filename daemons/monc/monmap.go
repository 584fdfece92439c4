package monc

import "github.com/wavetank/wavetank/daemons/msg"

// candidatesOf are the monitors of a map that have an address for our protocol,
// by rank.
func candidatesOf(m *msg.MonMap) []candidate {
	list := make([]candidate, 0, len(m.Ranks))
	for _, name := range m.Ranks {
		info, found := m.Get(name)
		if addr := info.Addrs.Legacy(); found && !addr.IsBlank() {
			list = append(list, candidate{name: name, addr: addr, priority: info.Priority, weight: info.Weight})
		}
	}
	return list
}

// handleMonMap takes a newer map. If the session's monitor has left it, by
// address, a hunt begins; another name is no reason (MC-11).
func (c *Client) handleMonMap(b *msg.MonMapMsg) {
	m := &b.Map
	if !c.monmap.FSID.IsZero() && m.FSID != c.monmap.FSID {
		c.log.Error("monmap of another cluster", "fsid", m.FSID, "ours", c.monmap.FSID)
		return
	}
	c.Got("monmap", uint64(m.Epoch))
	if m.Epoch <= c.monmap.Epoch || len(candidatesOf(m)) == 0 {
		return
	}
	c.monmap = m.Clone()
	c.hunt.forget()
	c.rename()
	if s := c.active; s != nil && c.monmap.RankOf(s.conn.PeerAddr()) < 0 {
		c.reopen(LostLeft)
	}
}

// rename gives the session's monitor the name that the new map has for its
// address.
func (c *Client) rename() {
	s := c.active
	if s == nil {
		return
	}
	if rank := c.monmap.RankOf(s.conn.PeerAddr()); rank >= 0 {
		s.mon = c.monmap.Ranks[rank]
	}
}
