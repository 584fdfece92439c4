package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/mon"
)

// RoleChanges are the roles that daemons have taken in a run since the cluster was
// healthy, in order, by whose they are: "active-mgr", "leader", and each service of Cinder
// by its machine.
//
// They are what two worlds can be compared by. Which of several daemons takes a role is
// often a race (the first beacon, the first timer of an election), so managers and monitors
// are not named but numbered, in the order in which they first had the role. What two
// roles do is not ordered among them: the leader and the list of services know nothing of
// each other. And what comes before the cluster is healthy is a race throughout.
type RoleChanges map[string][]string

// String is a line for each role.
func (r RoleChanges) String() string {
	var lines []string
	for role, changes := range r {
		lines = append(lines, fmt.Sprintf("%s: %s", role, strings.Join(changes, ", ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Without is the changes of all roles but some: what a script says are races. "services"
// is every service of Cinder.
func (r RoleChanges) Without(races []string) RoleChanges {
	rest := RoleChanges{}
	for role, changes := range r {
		isService := role != cluster.RoleActiveMgr && role != cluster.RoleLeader
		if !slices.Contains(races, role) && !(isService && slices.Contains(races, cluster.RoleServices)) {
			rest[role] = changes
		}
	}
	return rest
}

// raceable are the roles whose changes a script can call races.
func raceable() []string {
	return []string{cluster.RoleActiveMgr, cluster.RoleLeader, cluster.RoleServices}
}

// roleKeeper writes role changes down.
type roleKeeper struct {
	changes  RoleChanges
	last     map[string]string // by role, the last change
	numbers  map[string][]string
	epoch    uint64
	services map[cinder.Who]string
}

// newRoleKeeper begins with a cluster that is healthy.
func newRoleKeeper(c *cluster.Cluster) *roleKeeper {
	k := &roleKeeper{
		changes: RoleChanges{}, last: make(map[string]string),
		numbers: make(map[string][]string), services: make(map[cinder.Who]string),
	}
	cloud := c.Topology().Cinder
	for _, name := range cloud.ServiceNames() {
		k.services[cloud.ServiceOf(name)] = name
		k.last[name] = "up"
	}
	if m := c.View().MgrMap(); m.Epoch > 0 {
		k.epoch = m.Epoch
		k.last[cluster.RoleActiveMgr] = k.manager(m)
	}
	if leader := c.View().Leader(); leader != "" {
		k.last[cluster.RoleLeader] = k.number("monitor", leader)
	}
	return k
}

// observe is told every fact.
func (k *roleKeeper) observe(o cluster.Observation) {
	switch f := o.Fact.(type) {
	case mon.MapCommitted:
		if f.Map == cluster.MgrMap && f.Epoch > k.epoch {
			k.epoch = f.Epoch
			k.change(cluster.RoleActiveMgr, k.manager(f))
		}
	case mon.Role:
		if f.Role == cluster.Leader {
			k.change(cluster.RoleLeader, k.number("monitor", o.Host))
		}
	case api.Judged:
		if name := k.services[cinder.Who{Host: f.ServiceHost, Binary: f.Binary}]; name != "" {
			k.change(name, map[bool]string{true: "up", false: "down"}[f.Up])
		}
	}
}

func (k *roleKeeper) change(role, to string) {
	if k.last[role] != to {
		k.last[role] = to
		k.changes[role] = append(k.changes[role], to)
	}
}

// manager is who is active in a map, and whether it serves.
func (k *roleKeeper) manager(m mon.MapCommitted) string {
	switch {
	case m.ActiveGID == 0:
		return "nobody"
	case m.Available:
		return k.number("manager", m.ActiveName) + " serves"
	}
	return k.number("manager", m.ActiveName)
}

// number names a daemon by the order in which those of its kind came up.
func (k *roleKeeper) number(kind, name string) string {
	if !slices.Contains(k.numbers[kind], name) {
		k.numbers[kind] = append(k.numbers[kind], name)
	}
	return fmt.Sprintf("%s %d", kind, slices.Index(k.numbers[kind], name)+1)
}
