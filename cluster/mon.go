package cluster

import (
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Roles of monitors.
const (
	RoleLeader = "leader" // the monitor that leads
	RoleMons   = "mons"   // every monitor
	RolePeons  = "peons"  // every monitor but the leader
)

// monKind are the monitors with which the cluster was made.
func (t *Topology) monKind() Kind {
	return Kind{
		Name: "mon", Numbers: option.Set{"mons": option.Count(&t.Mons)},
		Options: func() []OptionSection { return []OptionSection{{"mon", t.Mon.Named()}} },
		Timings: []any{&t.Mon}, Defects: []any{&t.MonDefects},
		Names: t.MonNames,
		Deploy: func(c *Cluster) {
			for _, name := range t.MonNames() {
				c.AddDaemon(name, c.runMon(name))
			}
			c.monmap = c.initialMonMap()
		},
		// Managers that are in a map say more than a leader.
		Ready: func(c *Cluster) bool { return t.Mons == 0 || t.Mgrs > 0 || c.view.Leader() != "" },
		Unready: func(*Cluster) (string, string) {
			return "I-EL-5 bounded election", "the monitors of an undisturbed cluster have no leader"
		},
		Roles: []Role{
			{RoleLeader, "the monitor that leads", func(c *Cluster) []string { return present(c.view.Leader()) }},
			{RoleMons, "every monitor", (*Cluster).MonMembers},
			{RolePeons, "every monitor but the leader", func(c *Cluster) []string { return without(c.MonMembers(), c.view.Leader()) }},
		},
		Points: mon.Points(),
	}
}

// created is when every cluster was made, in seconds since 1970: the beginning of
// 2026, when every simulation begins.
const created = 1767225600

// monPort is the port of Ceph's monitors for msgr v1.
const monPort = 6789

func (c *Cluster) initialMonMap() msg.MonMap {
	m := msg.NewMonMap(c.fsid, wire.UTime{Sec: created})
	for _, name := range c.topology.MonNames() {
		m.Add(id(name), msg.AddrVec{{Type: msg.AddrLegacy, IP: c.monAddr(name)}})
	}
	return m
}

// monAddr is where a monitor serves.
func (c *Cluster) monAddr(name string) netip.AddrPort {
	return netip.AddrPortFrom(c.world.Host(name).Addr(), monPort)
}

func (c *Cluster) runMon(name string) func(host.Host) {
	return func(h host.Host) {
		config := mon.Config{
			Name: id(name), FSID: c.fsid, MonMap: c.monmap,
			Options: c.topology.Mon, Defects: c.topology.MonDefects,
		}
		if made, joins := c.members.made[name]; joins {
			config.MonMap, config.Dir = made.monmap, made.dir
			config.Addr = msg.EntityAddr{Type: msg.AddrLegacy, IP: netip.AddrPortFrom(h.Network().Addrs()[0], monPort)}
		}
		m, err := mon.New(h, config)
		if err == nil {
			err = m.Start()
		}
		exitOn(h, err)
	}
}
