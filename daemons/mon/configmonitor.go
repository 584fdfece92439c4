package mon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/texttable"
	"github.com/wavetank/wavetank/daemons/wire"
)

// configMonitor is the configuration that the monitors hold for all daemons. It
// lies among the keys of config-key, which is the service that commits it; this is
// what has been read of it. Ceph: src/mon/ConfigMonitor.cc.
type configMonitor struct {
	keys    *configKey
	version uint64        // of the keys, when they were read
	entries []configEntry // in the order of their keys
}

// refresh reads the keys if they have changed, and reports whether they had.
func (c *configMonitor) refresh() bool {
	if c.keys.version() == c.version {
		return false
	}
	c.version = c.keys.version()
	c.entries = nil
	for _, key := range c.keys.keys(configPrefix) {
		c.entries = append(c.entries, parsePath(strings.TrimPrefix(key, configPrefix), string(c.keys.value(key))))
	}
	return true
}

// refreshConfig follows the committed configuration, this monitor's own included.
func (m *Mon) refreshConfig() {
	if m.config.refresh() {
		_ = m.applyConfig() // logged; what held before goes on
	}
}

// options are what holds for a subject.
func (c *configMonitor) options(s subject) map[string]string {
	out := map[string]string{}
	for name, e := range resolve(c.entries, s) { // into another map
		out[name] = e.value
	}
	return out
}

// serveConfig answers a subscriber at once, even if nothing is configured, and
// later when something has changed for it.
func (m *Mon) serveConfig(s *session, sub *subscription) {
	version := m.config.version
	if sub.next > version && sub.next != 0 {
		return
	}
	options := m.config.options(subject{entity: s.entity, host: s.hostname})
	var e wire.Encoder
	e.StringMap(options)
	if encoded := string(e.Bytes()); sub.next == 0 || encoded != s.config {
		s.config = encoded
		s.con.Send(msg.NewFromMon(&msg.Config{Options: options}))
	}
	sub.sent(version)
}

// handleGetConfig answers who asks for somebody's options.
func (m *Mon) handleGetConfig(o *op, g *msg.GetConfig) {
	m.reply(o, &msg.Config{Options: m.config.options(subject{g.Name, g.Host, g.DeviceClass})}, nil)
}

func configCommands() []command {
	const who, name = "name=who,type=CephString ", "name=name,type=CephString"
	return []command{
		{"config set", who + name + " name=value,type=CephString name=force,type=CephBool,req=false",
			"Set a configuration option for one or more entities", "config", "rw", (*Mon).configSet},
		{"config rm", who + name, "Clear a configuration option for one or more entities", "config", "rw", (*Mon).configRemove},
		{"config get", who + "name=key,type=CephString,req=False", "Show configuration option(s) for an entity", "config", "r", (*Mon).configGet},
		{"config dump", "", "Show all configuration option(s)", "mon", "r", (*Mon).configDump},
		{"config help", "name=key,type=CephString", "Describe a configuration option", "config", "r", (*Mon).configHelp},
		{"config ls", "", "List available configuration options", "config", "r", (*Mon).configList},
		{"config assimilate-conf", "", "Assimilate options from a conf, and return a new, minimal conf file", "config", "rw", (*Mon).configAssimilate},
		{"config generate-minimal-conf", "", "Generate a minimal ceph.conf file", "config", "r", (*Mon).configMinimal},
		{"config log", "name=num,type=CephInt,req=False", "Show recent history of config changes", "config", "r", (*Mon).configLog},
		{"config reset", "name=num,type=CephInt,range=0",
			"Revert configuration to a historical version specified by <num>", "config", "rw", (*Mon).configReset},
	}
}

// optionName is an option's name however the operator spells it.
func optionName(text string) string { return strings.ReplaceAll(text, " ", "_") }

// configValue is the value to store, or the error to answer.
func (m *Mon) configValue(name string, args commandArgs) (string, error) {
	o := findOption(name, m.mgr.committed)
	switch {
	case o == nil && args.flag("force"):
		return args.text("value"), nil
	case o == nil:
		return "", &commandError{eInval, fmt.Sprintf("unrecognized config option '%s'", args.text("name"))}
	case o.special:
		return "", errSpecial(name)
	}
	return o.parse(args.text("value"))
}

func errSpecial(name string) error {
	return &commandError{eInval, name + " is special and cannot be stored by the mon"}
}

func (m *Mon) configSet(o *op, c *msg.MonCommand, args commandArgs) {
	name := optionName(args.text("name"))
	value, err := m.configValue(name, args)
	if err != nil {
		m.ackError(o, c, args, err)
		return
	}
	m.changeConfig(o, c, args, name, &value)
}

func (m *Mon) configRemove(o *op, c *msg.MonCommand, args commandArgs) {
	m.changeConfig(o, c, args, optionName(args.text("name")), nil)
}

// changeConfig gives an option of a section a value, or takes it away.
func (m *Mon) changeConfig(o *op, c *msg.MonCommand, args commandArgs, name string, value *string) {
	e, ok := parseWho(args.text("who"))
	if !ok {
		m.ackError(o, c, args, &commandError{eInval, fmt.Sprintf("unrecognized config target '%s'", args.text("who"))})
		return
	}
	e.name = name
	d := configDiff{path: e.path(), is: value}
	if old, ok := m.configKey.get(configPrefix + d.path); ok {
		text := string(old)
		d.was = &text
	}
	r := result{prefix: args.prefix()}
	if d.void() {
		m.ack(o, c, r)
		return
	}
	commitConfig(m.configKey, m.wall(), "", []configDiff{d})
	m.ackCommitted(o, c, r)
}

func (m *Mon) configReset(o *op, c *msg.MonCommand, args commandArgs) {
	to := args.number("num", -1)
	diffs, ok := []configDiff(nil), false
	if to >= 0 {
		diffs, ok = revertConfig(m.configKey, uint64(to))
	}
	r := result{prefix: args.prefix()}
	switch {
	case !ok:
		r.code = eInval
		r.status = "must specify a valid historical version to revert to; " +
			"see 'ceph config log' for a list of avialable configuration historical versions"
		m.ack(o, c, r)
	case len(diffs) == 0:
		m.ack(o, c, r)
	default:
		commitConfig(m.configKey, m.wall(), fmt.Sprint("reset to ", to), diffs)
		m.ackCommitted(o, c, r)
	}
}

// configOf tells an option's level, and whether a running daemon takes it.
func (m *Mon) configOf(name string) (level string, runtime bool) {
	if o := findOption(name, m.mgr.committed); o != nil {
		return o.level, o.runtime
	}
	return "unknown", false
}

// configRow is an entry as a line of a table.
func (m *Mon) configRow(who string, e configEntry) []string {
	level, runtime := m.configOf(e.name)
	return []string{who, e.mask, level, e.name, e.value, map[bool]string{false: "* ", true: "  "}[runtime]}
}

func configHeading() []string { return []string{"WHO", "MASK", "LEVEL", "OPTION", "VALUE", "RO"} }

// configGet shows one option of a daemon, or all that are set.
func (m *Mon) configGet(o *op, c *msg.MonCommand, args commandArgs) {
	who := args.text("who")
	kind, id, _ := strings.Cut(who, ".")
	entity, ok := entityOf(kind, id)
	if !ok {
		m.ackError(o, c, args, &commandError{eInval, fmt.Sprintf("unrecognized entity '%s'", who)})
		return
	}
	found := resolve(m.config.entries, subject{entity: entity})
	if args.has("key") {
		m.configGetOne(o, c, args, found)
		return
	}
	if !args.plain() {
		m.ackJSON(o, c, args, m.configJSON(found))
		return
	}
	rows := [][]string{configHeading()}
	for _, name := range wire.SortedKeys(found) {
		rows = append(rows, m.configRow(found[name].section, found[name]))
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(texttable.Format(rows))})
}

// entityOf is a daemon by its type and id.
func entityOf(kind, id string) (msg.AuthName, bool) {
	for _, t := range []msg.EntityType{msg.EntityMon, msg.EntityMDS, msg.EntityOSD, msg.EntityClient, msg.EntityMgr} {
		if t.String() == kind {
			return msg.AuthName{Type: uint32(t), ID: id}, true
		}
	}
	return msg.AuthName{}, false
}

func (m *Mon) configGetOne(o *op, c *msg.MonCommand, args commandArgs, found map[string]configEntry) {
	key := optionName(args.text("key"))
	known := findOption(key, m.mgr.committed)
	switch {
	case known == nil:
		m.ackError(o, c, args, &commandError{eNoEnt, fmt.Sprintf("unrecognized key '%s'", args.text("key"))})
		return
	case known.special:
		m.ackError(o, c, args, errSpecial(key))
		return
	}
	value := known.def
	if e, ok := found[key]; ok {
		value = e.value
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(value + "\n")})
}

// configMaskJSON is a mask as Ceph dumps it.
type configMaskJSON struct {
	Class string `json:"device_class,omitempty"`
	Kind  string `json:"location_type,omitempty"`
	Value string `json:"location_value,omitempty"`
}

func maskOf(e configEntry) configMaskJSON {
	j := configMaskJSON{Class: e.class()}
	j.Kind, j.Value = e.location()
	return j
}

func (m *Mon) configJSON(found map[string]configEntry) any {
	type option struct {
		Value   string         `json:"value"`
		Section string         `json:"section"`
		Mask    configMaskJSON `json:"mask"`
		Runtime bool           `json:"can_update_at_runtime"`
	}
	out := map[string]option{}
	for _, name := range wire.SortedKeys(found) {
		e := found[name]
		_, runtime := m.configOf(name)
		out[name] = option{e.value, e.section, maskOf(e), runtime}
	}
	return out
}

// configSections are the sections in the order in which Ceph shows them.
func (m *Mon) configSections(show func(e configEntry, indent string)) {
	for _, e := range m.config.entries {
		if e.section == "global" {
			show(e, "")
		}
	}
	for _, kind := range configTypes {
		for _, e := range m.config.entries {
			if e.section == kind {
				show(e, "  ")
			}
		}
		for _, e := range m.config.entries {
			if strings.HasPrefix(e.section, kind+".") {
				show(e, "    ")
			}
		}
	}
}

func (m *Mon) configDump(o *op, c *msg.MonCommand, args commandArgs) {
	type option struct {
		Section string `json:"section"`
		Name    string `json:"name"`
		Value   string `json:"value"`
		Level   string `json:"level"`
		Runtime bool   `json:"can_update_at_runtime"`
		Mask    string `json:"mask"`
		configMaskJSON
	}
	list, rows := []option{}, [][]string{configHeading()}
	m.configSections(func(e configEntry, indent string) {
		level, runtime := m.configOf(e.name)
		list = append(list, option{e.section, e.name, e.value, level, runtime, e.mask, maskOf(e)})
		rows = append(rows, m.configRow(indent+e.section, e))
	})
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte(texttable.Format(rows))})
		return
	}
	m.ackJSON(o, c, args, list)
}

func (m *Mon) configList(o *op, c *msg.MonCommand, args commandArgs) {
	names := []string{}
	for _, known := range configOptions() {
		names = append(names, known.name)
	}
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte(strings.Join(names, "\n") + "\n")})
		return
	}
	m.ackJSON(o, c, args, names)
}

// configLog shows the latest versions, the newest first.
func (m *Mon) configLog(o *op, c *msg.MonCommand, args commandArgs) {
	type diff struct {
		Name string  `json:"name"`
		Was  *string `json:"previous_value,omitempty"`
		Is   *string `json:"new_value,omitempty"`
	}
	type change struct {
		Version uint64 `json:"version"`
		Stamp   string `json:"timestamp"`
		Name    string `json:"name"`
		Changes []diff `json:"changes"`
	}
	var text strings.Builder
	list := []change{}
	versions := configVersions(m.configKey)
	for left := args.number("num", 10); left > 0 && len(versions) > 0; left-- {
		v := configChangeOf(m.configKey, versions[len(versions)-1])
		versions = versions[:len(versions)-1]
		fmt.Fprintf(&text, "--- %d --- %s ---", v.version, isoStamp(v.stamp))
		if v.name != "" {
			text.WriteString(" " + v.name + " ---")
		}
		text.WriteByte('\n')
		j := change{v.version, isoStamp(v.stamp), v.name, []diff{}}
		for _, d := range v.diffs {
			j.Changes = append(j.Changes, diff{d.path, d.was, d.is})
			if d.was != nil {
				fmt.Fprintf(&text, "- %s = %s\n", d.path, *d.was)
			}
			if d.is != nil {
				fmt.Fprintf(&text, "+ %s = %s\n", d.path, *d.is)
			}
		}
		list = append(list, j)
	}
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte(text.String())})
		return
	}
	m.ackJSON(o, c, args, list)
}

// commandError is a refusal with its errno.
type commandError struct {
	code int32
	text string
}

func (e *commandError) Error() string { return e.text }

// ackError answers with an error: EINVAL unless it says otherwise.
func (m *Mon) ackError(o *op, c *msg.MonCommand, args commandArgs, err error) {
	r := result{prefix: args.prefix(), code: eInval, status: err.Error()}
	var refused *commandError
	if errors.As(err, &refused) {
		r.code = refused.code
	}
	m.ack(o, c, r)
}
