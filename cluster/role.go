package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Roles that a daemon of any kind can play. Those of a kind are in its file.
const (
	RoleDead   = "dead"   // every daemon that was killed
	RolePaused = "paused" // every daemon that is paused
)

// ErrUnknown: there is no daemon and no role of that name.
var ErrUnknown = errors.New("unknown daemon or role")

// Roles are all that daemons of the topology can play.
func (t *Topology) Roles() []Role {
	var all []Role
	for _, k := range t.Kinds() {
		all = append(all, k.Roles...)
	}
	return append(all, anyRoles()...)
}

func anyRoles() []Role {
	return []Role{
		{RoleDead, "every daemon that was killed", func(c *Cluster) []string { return c.where(func(h Host) bool { return !h.Running() }) }},
		{RolePaused, "every daemon that is paused", func(c *Cluster) []string { return c.where(Host.Paused) }},
	}
}

// Resolve names the daemons that a role, or a daemon's own name, stands for now,
// in a fixed order; nobody if the role is vacant. Error: ErrUnknown.
func (c *Cluster) Resolve(who string) ([]string, error) {
	if slices.Contains(c.daemons, who) || slices.Contains(c.spares, who) {
		return []string{who}, nil
	}
	for _, role := range c.roles {
		if role.Name == who {
			return role.Who(c), nil
		}
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
