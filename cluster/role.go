package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Roles that daemons play, for whoever does not know their names.
const (
	RoleActiveMgr  = "active-mgr" // the manager that the newest map names
	RoleNextMgr    = "next-mgr"   // the standby that is promoted next
	RoleLeader     = "leader"     // the monitor that leads
	RoleMons       = "mons"       // every monitor
	RolePeons      = "peons"      // every monitor but the leader
	RoleMgrs       = "mgrs"       // every manager
	RoleStandbys   = "standbys"   // every manager but the active one
	RoleMonClients = "monclients" // every monitor client without a daemon
	RoleNextMon    = "next-mon"   // the first monitor by name that could be added
	RoleVolumes    = "volumes"    // every machine with a volume service of its own
	RoleSchedulers = "schedulers" // every scheduler
	RoleServices   = "services"   // every machine with a service of Cinder that has a row of its own
	RoleAPIs       = "apis"       // every API of Cinder
	RoleCloud      = "cloud"      // every service and every API of Cinder
	RoleDatabases  = "databases"  // every database server
	RoleDead       = "dead"       // every daemon that was killed
	RolePaused     = "paused"     // every daemon that is paused
)

// ErrUnknown: there is no daemon and no role of that name.
var ErrUnknown = errors.New("unknown daemon or role")

// Resolve names the daemons that a role, or a daemon's own name, stands for now,
// in a fixed order; nobody if the role is vacant. Error: ErrUnknown.
func (c *Cluster) Resolve(who string) ([]string, error) {
	switch who {
	case RoleActiveMgr:
		return present(c.view.ActiveMgr()), nil
	case RoleNextMgr:
		return present(c.view.NextMgr()), nil
	case RoleLeader:
		return present(c.view.Leader()), nil
	case RoleMons:
		return c.MonMembers(), nil
	case RoleNextMon:
		return present(c.nextMon()), nil
	case RoleMgrs:
		return c.topology.MgrNames(), nil
	case RolePeons:
		return without(c.MonMembers(), c.view.Leader()), nil
	case RoleMonClients:
		return c.topology.MonClientNames(), nil
	case RoleStandbys:
		return without(c.topology.MgrNames(), c.view.ActiveMgr()), nil
	case RoleVolumes:
		return c.topology.Cinder.VolumeNames(), nil
	case RoleSchedulers:
		return c.topology.Cinder.SchedulerNames(), nil
	case RoleServices:
		return c.topology.Cinder.ServiceNames(), nil
	case RoleCloud:
		return c.cloud(), nil
	case RoleAPIs:
		return c.topology.Cinder.APINames(), nil
	case RoleDatabases:
		return c.topology.Cinder.DatabaseNames(), nil
	case RoleDead:
		return c.where(func(h Host) bool { return !h.Running() }), nil
	case RolePaused:
		return c.where(Host.Paused), nil
	}
	if slices.Contains(c.daemons, who) || slices.Contains(c.topology.SpareMonNames(), who) {
		return []string{who}, nil
	}
	return nil, fmt.Errorf("%q: %w (there are %s)", who, ErrUnknown, strings.Join(c.daemons, ", "))
}

func present(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

func (c *Cluster) where(is func(Host) bool) []string {
	var out []string
	for _, name := range c.daemons {
		if is(c.world.Host(name)) {
			out = append(out, name)
		}
	}
	return out
}

// cloud is every service and every API of Cinder, second processes too.
func (c *Cluster) cloud() []string {
	t := c.topology.Cinder
	return slices.Concat(t.ServiceNames(), t.TwinNames(), t.APINames())
}
