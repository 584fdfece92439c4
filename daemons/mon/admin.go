package mon

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/wire"
)

// serveAdmin opens the admin socket. A monitor that cannot have one goes on without,
// as Ceph's does.
func (m *Mon) serveAdmin() {
	if err := admin.Serve(m.h, m.loop, m.adminHooks()); err != nil {
		m.log.Error("no admin socket", "err", err)
	}
}

// adminHooks are the commands for who sits at the machine. Of Ceph's own, "status" and
// "quorum_status" are not on this socket: here they help when the quorum does not.
func (m *Mon) adminHooks() []admin.Hook {
	const name, values = "name=var,type=CephString", " name=val,type=CephString,n=N"
	tell := func(answer func() any) func(admin.Args) (any, error) {
		return func(admin.Args) (any, error) { return answer(), nil }
	}
	return append(admin.ConfigHooks("mon."+m.cfg.Name, m.options),
		admin.PerfHook(m.perf),
		admin.Hook{Prefix: "config set", Params: name + values,
			Help: "config set <field> <val> [<val> ...]: set a config variable", Run: m.adminConfigSet},
		admin.Hook{Prefix: "config unset", Params: name,
			Help: "config unset <field>: unset a config variable", Run: m.adminConfigUnset},
		admin.Hook{Prefix: "injectargs", Params: "name=injected_args,type=CephString,n=N,req=false",
			Help: "inject configuration arguments into running daemon", Run: m.injectArgs},
		admin.Hook{Prefix: "sessions", Help: "list existing sessions", Run: tell(m.sessionsJSON)},
		admin.Hook{Prefix: "mon_status", Help: "report status of monitors", Run: tell(m.statusOfThis)},
		admin.Hook{Prefix: "quorum_status", Help: "report status of monitor quorum", Run: tell(m.quorumStatusJSON)},
		admin.Hook{Prefix: "status", Help: "show cluster status as this monitor knows it", Run: tell(func() any { return m.statusJSON() })},
		admin.Hook{Prefix: "version", Help: "get ceph version", Run: tell(versionJSON)},
	)
}

// options are this monitor's, with who has set them.
func (m *Mon) options() []admin.Option {
	set := m.config.options(m.asSubject())
	known := configOptions()
	list := make([]admin.Option, len(known))
	for i, o := range known {
		list[i] = admin.Option{
			Name: o.name, Default: o.def,
			Mon: valueOf(set, o.name), File: valueOf(m.cfg.Given, o.name), Override: valueOf(m.overrides, o.name),
		}
	}
	return list
}

// valueOf is what an option is set to, nil if it is not.
func valueOf(set map[string]string, name string) *string {
	if value, ok := set[name]; ok {
		return new(value)
	}
	return nil
}

// adminConfigSet sets an option for this process, above what the monitors' own
// configuration says.
func (m *Mon) adminConfigSet(args admin.Args) (any, error) {
	name, value := admin.OptionName(args.Text("var")), strings.Join(args.Texts("val"), " ")
	errno := admin.EINVAL
	if findOption(name, m.mgr.committed) == nil {
		errno = admin.ENOENT
	} else if text, err := m.setOverride(name, value); err == nil {
		return map[string]string{"success": text}, nil
	}
	return nil, &admin.Error{Errno: errno, Text: fmt.Sprintf("error setting '%s' to '%s': %v", args.Text("var"), value, errno)}
}

// setOverride sets a known option for this process. The text says what was done.
func (m *Mon) setOverride(name, text string) (string, error) {
	value, err := findOption(name, m.mgr.committed).parse(text)
	if err == nil {
		err = m.override(name, &value)
	}
	return observed(name, value), err
}

// observed says what an option is, and whether the running monitor takes it.
func observed(name, value string) string {
	text := fmt.Sprintf("%s = '%s' ", name, value)
	if !takesAtRuntime(name) {
		text += "(not observed, change may require restart) "
	}
	return text
}

func (m *Mon) adminConfigUnset(args admin.Args) (any, error) {
	name := admin.OptionName(args.Text("var"))
	known := findOption(name, m.mgr.committed)
	if known == nil {
		return nil, &admin.Error{Errno: admin.EINVAL, Text: fmt.Sprintf("error unsetting '%s': %v", args.Text("var"), admin.EINVAL)}
	}
	line := ""
	if !takesAtRuntime(name) {
		line = observed(name, known.def)
	}
	return admin.Remark{Line: line, Answer: struct{}{}}, m.override(name, nil)
}

// override sets or forgets what the operator says of an option. Options that make no
// sense together are an error and change nothing.
func (m *Mon) override(name string, value *string) error {
	old, had := m.overrides[name]
	if value == nil {
		delete(m.overrides, name)
	} else {
		m.overrides[name] = *value
	}
	err := m.applyConfig()
	if err == nil {
		return nil
	}
	delete(m.overrides, name)
	if had {
		m.overrides[name] = old
	}
	return err
}

// setOptions are the options that somebody has set: what the process was given counts
// more than the cluster's configuration, and the operator's word most.
func (m *Mon) setOptions() map[string]string {
	set := m.config.options(m.asSubject())
	for _, name := range wire.SortedKeys(m.cfg.Given) {
		set[name] = m.cfg.Given[name]
	}
	for _, name := range wire.SortedKeys(m.overrides) {
		set[name] = m.overrides[name]
	}
	return set
}
