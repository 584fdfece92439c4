package cluster

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/option"
)

// Roles of managers.
const (
	RoleActiveMgr = "active-mgr" // the manager that the newest map names
	RoleNextMgr   = "next-mgr"   // the standby that is promoted next
	RoleMgrs      = "mgrs"       // every manager
	RoleStandbys  = "standbys"   // every manager but the active one
)

// mgrKind are the managers.
func (t *Topology) mgrKind() Kind {
	return Kind{
		Name: "mgr", Numbers: option.Set{"mgrs": option.Count(&t.Mgrs)},
		Options: func() []OptionSection { return []OptionSection{{"mgr", t.Mgr.Named()}} },
		Timings: []any{&t.Mgr}, Defects: []any{&t.MgrDefects},
		Names: t.MgrNames,
		Deploy: func(c *Cluster) {
			for _, name := range t.MgrNames() {
				c.AddDaemon(name, c.runMgr(name))
			}
		},
		Ready: func(c *Cluster) bool {
			m := c.view.MgrMap()
			return t.Mons == 0 || t.Mgrs == 0 || m.Available && len(Standbys(m)) == t.Mgrs-1
		},
		Unready: func(c *Cluster) (string, string) {
			return "I-MGR-12 bounded promotion", fmt.Sprintf("an undisturbed cluster has no available active manager and %d standbys: %s",
				t.Mgrs-1, DescribeMgrMap(c.view.MgrMap()))
		},
		Roles: []Role{
			{RoleActiveMgr, "the manager that the newest map names", func(c *Cluster) []string { return present(c.view.ActiveMgr()) }},
			{RoleNextMgr, "the standby that is promoted next", func(c *Cluster) []string { return present(c.view.NextMgr()) }},
			{RoleMgrs, "every manager", func(*Cluster) []string { return t.MgrNames() }},
			{RoleStandbys, "every manager but the active one", func(c *Cluster) []string { return without(t.MgrNames(), c.view.ActiveMgr()) }},
		},
	}
}

func (c *Cluster) runMgr(name string) func(host.Host) {
	return func(h host.Host) {
		m, err := mgr.New(h, mgr.Config{
			Name: id(name), FSID: c.fsid, MonMap: c.monmap,
			Options: c.topology.Mgr, Client: c.topology.Client, Defects: c.topology.MgrDefects,
			Modules: c.topology.MgrModules,
		})
		if err == nil {
			err = m.Start()
		}
		exitOn(h, err)
	}
}

// DescribeMgrMap is a manager map in words.
func DescribeMgrMap(m mon.MapCommitted) string {
	active := "nobody is active"
	if m.ActiveGID != 0 {
		active = fmt.Sprintf("mgr.%s (gid %d) is active, available=%v", m.ActiveName, m.ActiveGID, m.Available)
	}
	return fmt.Sprintf("mgrmap epoch %d: %s, %d standbys", m.Epoch, active, len(Standbys(m)))
}
