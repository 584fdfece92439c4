package cluster

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/option"
)

// Kind is a kind of daemons, or of what stands beside them: all that the rest of this
// package, and scripts, know of it. It belongs to one Topology, into which its Numbers,
// Options, Timings and Defects point.
//
// A new kind is a file that has its part of a Topology, its Kind, and what observers of
// it want to know; [Topology.Kinds] lists the kinds of this package, and [Topology].More
// takes those of others. What is nil or empty a kind does not have.
type Kind struct {
	// Name is what it is called, "mgr".
	Name string
	// Numbers are how many there are of what, by the words that scripts have for that:
	// "mgrs".
	Numbers option.Set
	// Options makes those that scripts can set.
	Options func() []OptionSection
	// Timings are pointers to structs, all durations in which follow the profile of a
	// run, see Topology.Scale.
	Timings []any
	// Defects are pointers to structs of planted bugs.
	Defects []any

	// Names are the machines that plans can name: those that Deploy adds with a daemon, or
	// as struck ones.
	Names func() []string
	// Helpers are the other machines that Deploy adds, which no plan strikes.
	Helpers func() []string
	// Deploy adds the machines, see Cluster.AddDaemon and AddMachine. Nothing runs yet.
	Deploy func(*Cluster)
	// Start starts what is on machines without a daemon, when all daemons were started.
	Start func(*Cluster)
	// Ready reports whether all of them have come to work, which nothing has disturbed
	// yet. Unready says which property it breaks that they have not, and what is the case.
	Ready   func(*Cluster) bool
	Unready func(*Cluster) (property, problem string)
	// Roles are the names for some of them.
	Roles []Role
	// Points are the fault points in their code, but for those of messengers.
	Points []string
}

// Role is a part that daemons play, for whoever does not know their names.
type Role struct {
	Name, Doc string
	// Who plays it now, in a fixed order.
	Who func(*Cluster) []string
}

// OptionSection are the options of one kind of daemons, by the names that those have.
type OptionSection struct {
	Name string
	Set  option.Set
}

// Part is what a Topology has of a kind that this package does not know. It is a pointer.
type Part interface {
	// Kind is the kind, which points into the part.
	Kind() Kind
	// Clone is a copy that shares nothing with it which may change.
	Clone() Part
	// Plain is a part with nobody in it and no option set.
	Plain() Part
}

// Kinds are all kinds of the topology, in the order in which they are deployed. Adding
// one changes what is deployed behind it: it comes last.
func (t *Topology) Kinds() []Kind {
	kinds := []Kind{
		t.monKind(), t.mgrKind(), t.operatorKind(), t.keyClientKind(), t.monClientKind(), t.spareMonKind(), t.Cinder.kind(),
	}
	for _, part := range t.More {
		kinds = append(kinds, part.Kind())
	}
	return kinds
}

// Clone is a copy that shares no part with the topology.
func (t Topology) Clone() Topology {
	t.More = slices.Clone(t.More)
	for i, part := range t.More {
		t.More[i] = part.Clone()
	}
	return t
}

// Plain is the default topology, with nobody of the kinds in More.
func (t Topology) Plain() Topology {
	plain := DefaultTopology()
	for _, part := range t.More {
		plain.More = append(plain.More, part.Plain())
	}
	return plain
}

// Numbers are how many there are of what, by the words of scripts.
func (t *Topology) Numbers() option.Set {
	all := option.Set{}
	for _, k := range t.Kinds() {
		for name, value := range k.Numbers {
			if all[name] != nil {
				panic(fmt.Sprintf("cluster: two kinds have the word %q", name))
			}
			all[name] = value
		}
	}
	return all
}

// Cast are the machines that plans can name, and the roles that those can play. Vacant are
// the roles of kinds of which there is nobody.
func (t *Topology) Cast() (names, roles, vacant []string) {
	for _, k := range t.Kinds() {
		there := k.Names != nil && len(k.Names()) > 0
		if there {
			names = append(names, k.Names()...)
		}
		for _, role := range k.Roles {
			if there {
				roles = append(roles, role.Name)
			} else {
				vacant = append(vacant, role.Name)
			}
		}
	}
	for _, role := range anyRoles() {
		roles = append(roles, role.Name)
	}
	return names, roles, vacant
}

// Machines are all that are deployed, those included that plans cannot strike.
func (t *Topology) Machines() []string {
	var all []string
	for _, k := range t.Kinds() {
		for _, names := range []func() []string{k.Names, k.Helpers} {
			if names != nil {
				all = append(all, names()...)
			}
		}
	}
	return all
}

// Points are the fault points that plans can name: those of messengers and of all kinds.
func (t *Topology) Points() []string {
	all := msgr.Points()
	for _, k := range t.Kinds() {
		all = append(all, k.Points...)
	}
	return all
}

// Options are those of all kinds.
func (t *Topology) Options() []OptionSection {
	var all []OptionSection
	for _, k := range t.Kinds() {
		if k.Options != nil {
			all = append(all, k.Options()...)
		}
	}
	return all
}

// Scale divides every timing of the daemons by n.
func (t *Topology) Scale(n int) {
	if n == 1 {
		return
	}
	*t = t.Clone()
	for _, k := range t.Kinds() {
		for _, timings := range k.Timings {
			scaleDurations(reflect.ValueOf(timings).Elem(), time.Duration(n))
		}
	}
}

// scaleDurations divides every time.Duration in a struct of options, nested ones
// included.
func scaleDurations(v reflect.Value, n time.Duration) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			scaleDurations(f, n)
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(f.Int() / int64(n))
		}
	}
}

// WithoutDefects is the topology without planted bugs.
func (t Topology) WithoutDefects() Topology {
	t = t.Clone()
	for _, k := range t.Kinds() {
		for _, defects := range k.Defects {
			reflect.ValueOf(defects).Elem().SetZero()
		}
	}
	return t
}

// AddDaemon adds a machine with a daemon, which is started with the others and which
// faults and roles can name. It is for Kind.Deploy.
func (c *Cluster) AddDaemon(name string, program func(host.Host)) Host {
	c.daemons = append(c.daemons, name)
	c.programs[name] = program
	return c.addHost(name)
}

// AddMachine adds a machine without a daemon. Faults can name it if it is a struck one:
// that of an operator or a client is none. It is for Kind.Deploy.
func (c *Cluster) AddMachine(name string, struck bool) Host {
	if struck {
		c.spares = append(c.spares, name)
	}
	return c.addHost(name)
}

func (c *Cluster) addHost(name string) Host {
	c.machines = append(c.machines, name)
	return c.world.AddHost(name)
}

// Machines are the names of all machines, with a daemon or without, in the order in which
// they were added.
func (c *Cluster) Machines() []string { return c.machines }

// Keep keeps what a kind has in this cluster beside its machines, for [Kept]. If it is an
// Observer it is told every fact from now on. It is for Kind.Deploy.
func (c *Cluster) Keep(what any) {
	c.kept = append(c.kept, what)
	if o, ok := what.(Observer); ok {
		c.world.Observe(o.Observe)
	}
}

// Observer is told facts, on the goroutine of the scenario.
type Observer interface{ Observe(Observation) }

// Kept is what a kind keeps in a cluster that is a T; the zero value if none does.
func Kept[T any](c *Cluster) T {
	for _, what := range c.kept {
		if t, ok := what.(T); ok {
			return t
		}
	}
	var none T
	return none
}

// Ready reports whether everybody has come to work, which nothing has disturbed yet.
func (c *Cluster) Ready() bool {
	for _, k := range c.kinds {
		if k.Ready != nil && !k.Ready(c) {
			return false
		}
	}
	return true
}

// Unready is why the cluster is not Ready: which property that breaks, and what is the
// case.
func (c *Cluster) Unready() (property, problem string) {
	for _, k := range c.kinds {
		if k.Ready != nil && !k.Ready(c) {
			return k.Unready(c)
		}
	}
	return "", ""
}
