package module

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Manager is the manager as one module sees it. It belongs to the manager's loop.
type Manager struct {
	r     *Registry
	entry *entry
	log   *slog.Logger
	ended bool
	stops []*func() // in the order given
	tasks int       // begun so far, which makes their names
}

func newManager(r *Registry, e *entry) *Manager {
	return &Manager{r: r, entry: e, log: r.env.Host.Log().With("module", e.class.Name)}
}

// Host is the machine.
func (m *Manager) Host() host.Host { return m.r.env.Host }

// Loop is where the module runs.
func (m *Manager) Loop() host.Loop { return m.r.env.Loop }

// Log is for the module's records.
func (m *Manager) Log() *slog.Logger { return m.log }

// Module is the module's name.
func (m *Manager) Module() string { return m.entry.class.Name }

// Name is the manager's name without its type, "x".
func (m *Manager) Name() string { return m.r.env.Name }

// GID is the manager's global id.
func (m *Manager) GID() uint64 { return m.r.env.GID() }

// Cluster is what the manager knows. The module must not change it. A manager that
// stands by knows the manager map and little else.
func (m *Manager) Cluster() *state.Cluster { return m.r.env.Cluster }

// Option is the value of one of the module's options: what the configuration says of
// this manager ("mgr/MODULE/NAME/OPTION"), or of all ("mgr/MODULE/OPTION"), or the
// default. A value that cannot be the option's counts as none.
func (m *Manager) Option(name string) string { return m.entry.option(m.r, name) }

// OptionInt is the value of an option that is a number.
func (m *Manager) OptionInt(name string) int64 {
	n, _ := strconv.ParseInt(m.Option(name), 10, 64) // it was checked
	return n
}

// OptionBool is the value of an option that is true or false.
func (m *Manager) OptionBool(name string) bool {
	b, _ := parseBool(m.Option(name))
	return b
}

// Get is the value of a key of the module's store, which outlives the process: it is
// "mgr/MODULE/KEY" among the monitors' keys. Only active modules see it.
func (m *Manager) Get(key string) (value string, ok bool) {
	v, ok := m.r.store.get(m.key(key))
	return string(v), ok
}

// Keys are the keys of the store that begin with prefix, ascending.
func (m *Manager) Keys(prefix string) (keys []string) {
	for _, k := range m.r.store.keys(m.key(prefix)) {
		keys = append(keys, strings.TrimPrefix(k, m.key("")))
	}
	return keys
}

// Set writes a key of the store. Get shows the value at once; done, if not nil, is told
// when the monitors have it. Errors: those of the monitor client, [*StoreError].
func (m *Manager) Set(key, value string, done func(error)) {
	m.r.store.set(m.key(key), value, m.guarded(done))
}

// Remove removes a key of the store; otherwise it is like Set.
func (m *Manager) Remove(key string, done func(error)) {
	m.r.store.remove(m.key(key), m.guarded(done))
}

func (m *Manager) key(key string) string { return storePrefix + m.Module() + "/" + key }

// guarded is a callback that does not reach a module which has ended.
func (m *Manager) guarded(done func(error)) func(error) {
	return func(err error) {
		if done != nil && !m.ended {
			m.guard("a callback", func() { done(err) })
		}
	}
}

// MonCommand sends the monitors a command, the text of a JSON object.
func (m *Manager) MonCommand(text string, done func(monc.CommandResult)) {
	m.r.env.MonCommand(text, func(r monc.CommandResult) {
		if !m.ended {
			m.guard("a callback", func() { done(r) })
		}
	})
}

// SetHealthChecks replaces what the module finds wrong with the cluster, by code.
func (m *Manager) SetHealthChecks(checks map[string]msg.HealthCheck) {
	if !m.ended {
		m.entry.checks = maps.Clone(checks)
		m.r.env.Changed()
	}
}

// SetURL says where the module serves, for "ceph mgr services"; "" takes it back.
func (m *Manager) SetURL(url string) {
	if !m.ended && m.entry.url != url {
		m.entry.url = url
		m.r.env.Changed()
	}
}

// ActiveURL is where the module serves on the active manager, empty if it does not.
func (m *Manager) ActiveURL() string { return m.Cluster().Mgr.Services[m.Module()] }

// Go starts a task of the module. A panic in it is the module's failure, and it ends at
// its next wait when the module does.
func (m *Manager) Go(name string, fn func(host.Task)) {
	m.goErr(name, func(t host.Task) error { fn(t); return nil })
}

// goErr is Go; with an error the module has failed.
func (m *Manager) goErr(name string, fn func(host.Task) error) {
	if m.ended {
		return
	}
	m.tasks++
	full := m.Module() + "/" + name + "." + strconv.Itoa(m.tasks)
	m.Loop().Go(full, func(t host.Task) {
		m.guardTask(name, func() error { return fn(&moduleTask{t, m}) })
	})
}

// OnStop has fn called when the module ends, whether it has failed or not, unless
// cancel was called before. The last one given is the first called.
func (m *Manager) OnStop(fn func()) (cancel func()) {
	if m.ended {
		fn()
		return func() {}
	}
	m.stops = append(m.stops, &fn)
	return func() { m.stops = slices.DeleteFunc(m.stops, func(x *func()) bool { return x == &fn }) }
}

// stop ends everything that the module does.
func (m *Manager) stop() {
	if m.ended {
		return
	}
	m.ended = true
	stops := m.stops
	m.stops = nil
	for _, fn := range slices.Backward(stops) {
		m.guard("its end", *fn)
	}
}
