package module

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Env is what a Registry needs of its manager.
type Env struct {
	Host host.Host
	Loop host.Loop
	// Name is the manager's name without its type, "x".
	Name string
	// GID is the manager's global id.
	GID func() uint64
	// Cluster is what the manager knows.
	Cluster *state.Cluster
	// Defaults are values of options where the monitors' configuration has none, by
	// full name: "mgr/prometheus/server_port".
	Defaults map[string]string
	// MonCommand sends the monitors a command.
	MonCommand func(text string, done func(monc.CommandResult))
	// Changed is told that health checks or services may be others now.
	Changed func()
}

// Registry is all the modules of a manager process, those that run and the others. It
// belongs to the manager's loop. Ceph: PyModuleRegistry and ActivePyModules in src/mgr.
type Registry struct {
	env     Env
	entries []*entry // ascending by name
	config  map[string]string
	store   *store

	first    *msg.MgrMap // the modules of the first map; nil before it
	enabled  []string    // by that map, ascending
	alwaysOn []string    // the same
	active   bool        // active modes run, or have
}

// entry is one module of a Registry.
type entry struct {
	class   Class
	refusal string   // why it cannot run here
	failure string   // how it has failed
	m       *Manager // nil before it runs
	running Module   // nil unless it runs

	checks map[string]msg.HealthCheck
	url    string
}

// New makes a Registry. Error: two classes have one name, or two commands one prefix, or
// a class lacks its name or active mode.
func New(env Env, classes []Class) (*Registry, error) {
	r := &Registry{env: env, config: map[string]string{}, store: newStore(env.MonCommand)}
	prefixes := map[string]string{}
	for _, c := range classes {
		if c.Name == "" || c.Active == nil || strings.Contains(c.Name, "/") {
			return nil, fmt.Errorf("module %q: no usable name, or no active mode", c.Name)
		}
		for _, k := range c.Commands {
			if other, taken := prefixes[k.Prefix]; taken {
				return nil, fmt.Errorf("module %s: command %q is also one of module %s", c.Name, k.Prefix, other)
			}
			prefixes[k.Prefix] = c.Name
		}
		e := &entry{class: c}
		if c.CanRun != nil {
			if err := c.CanRun(env.Host); err != nil {
				e.refusal = err.Error()
			}
		}
		at, found := slices.BinarySearchFunc(r.entries, c.Name, byName)
		if found {
			return nil, fmt.Errorf("module %s is there twice", c.Name)
		}
		r.entries = slices.Insert(r.entries, at, e)
	}
	return r, nil
}

func byName(e *entry, name string) int { return strings.Compare(e.class.Name, name) }

// find is the module of that name, nil if there is none.
func (r *Registry) find(name string) *entry {
	if i, found := slices.BinarySearchFunc(r.entries, name, byName); found {
		return r.entries[i]
	}
	return nil
}

// Names are the names of all modules, ascending.
func (r *Registry) Names() (names []string) {
	for _, e := range r.entries {
		names = append(names, e.class.Name)
	}
	return names
}

// Infos are what beacons say of the modules (MS-9): what cannot run, what has failed,
// and their options.
func (r *Registry) Infos() (infos []msg.ModuleInfo) {
	for _, e := range r.entries {
		i := msg.ModuleInfo{Name: e.class.Name, CanRun: e.refusal == "", Error: e.refusal}
		if i.CanRun {
			i.Error = e.failure
		}
		for _, o := range e.class.Options {
			if i.Options == nil {
				i.Options = map[string]msg.ModuleOption{}
			}
			i.Options[o.Name] = o.encoded()
		}
		infos = append(infos, i)
	}
	return infos
}

// HandleMap takes which modules are enabled, for a manager of the given release. It
// reports whether that has changed since the first map, so that the process has to
// respawn (MS-14a).
func (r *Registry) HandleMap(mm *msg.MgrMap, release uint32) (respawn bool) {
	if r.first != nil {
		return !slices.Equal(mm.EnabledModules, r.first.EnabledModules) ||
			!maps.EqualFunc(mm.AlwaysOn, r.first.AlwaysOn, func(a, b []string) bool { return slices.Equal(a, b) })
	}
	r.first = &msg.MgrMap{EnabledModules: mm.EnabledModules, AlwaysOn: mm.AlwaysOn}
	r.enabled, r.alwaysOn = mm.EnabledModules, mm.AlwaysOn[release]
	return false
}

// runs reports whether a module is to run.
func (r *Registry) runs(name string) bool {
	return slices.Contains(r.enabled, name) || slices.Contains(r.alwaysOn, name)
}

// StartStandby starts the standby modes of the enabled modules.
func (r *Registry) StartStandby() {
	for _, e := range r.entries {
		if e.class.Standby != nil {
			r.start(e, e.class.Standby)
		}
	}
}

// StartActive ends the standby modes, and starts the active modes of the enabled
// modules.
func (r *Registry) StartActive() {
	r.Stop()
	r.active = true
	for _, e := range r.entries {
		r.start(e, e.class.Active)
	}
}

// start runs a module that is enabled and can run.
func (r *Registry) start(e *entry, begin func(*Manager) (Module, error)) {
	if !r.runs(e.class.Name) || e.refusal != "" || e.failure != "" {
		return
	}
	m := newManager(r, e)
	e.m = m
	m.guard("its start", func() {
		running, err := begin(m)
		if err != nil {
			m.fail(err.Error())
			return
		}
		e.running = running
	})
	if e.running != nil {
		m.goErr("serve", e.running.Serve)
	}
}

// Stop ends all modules that run, the last one started first.
func (r *Registry) Stop() {
	for _, e := range slices.Backward(r.entries) {
		if e.m != nil {
			e.m.stop()
		}
		e.m, e.running, e.checks, e.url = nil, nil, nil, ""
	}
}

// Notify tells the active modules that something has changed.
func (r *Registry) Notify(what What) {
	if !r.active {
		return
	}
	for _, e := range r.entries {
		if n, ok := e.running.(Notified); ok {
			e.m.guard("a notification", func() { n.Notify(what) })
		}
	}
}

// HandleKV takes what the monitors tell of the modules' keys.
func (r *Registry) HandleKV(d *msg.KVData) { r.store.handle(d) }

// Services are where modules serve, by name; nil if none does.
func (r *Registry) Services() map[string]string {
	var services map[string]string
	for _, e := range r.entries {
		if e.url != "" {
			if services == nil {
				services = map[string]string{}
			}
			services[e.class.Name] = e.url
		}
	}
	return services
}

// HandleConfig takes the options that the monitors hold for this manager, of which
// those of modules begin with "mgr/".
func (r *Registry) HandleConfig(options map[string]string) {
	was := make([]map[string]string, len(r.entries))
	for i, e := range r.entries {
		was[i] = e.values(r)
	}
	r.config = maps.Clone(options)
	for i, e := range r.entries {
		c, ok := e.running.(Configured)
		if ok && !maps.Equal(was[i], e.values(r)) {
			e.m.guard("a change of options", c.ConfigNotify)
		}
	}
}

// values are those of all of a module's options.
func (e *entry) values(r *Registry) map[string]string {
	all := make(map[string]string, len(e.class.Options))
	for _, o := range e.class.Options {
		all[o.Name] = e.option(r, o.Name)
	}
	return all
}

// option is the value of an option: the most special that can be one.
func (e *entry) option(r *Registry, name string) string {
	i := slices.IndexFunc(e.class.Options, func(o Option) bool { return o.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("module %s has no option %s", e.class.Name, name))
	}
	o := &e.class.Options[i]
	general := storePrefix + e.class.Name + "/" + name
	special := storePrefix + e.class.Name + "/" + r.env.Name + "/" + name
	for _, from := range []struct {
		values map[string]string
		key    string
	}{{r.config, special}, {r.config, general}, {r.env.Defaults, special}, {r.env.Defaults, general}} {
		if v, ok := from.values[from.key]; ok && o.check(v) == nil {
			return v
		}
	}
	return o.Default
}
