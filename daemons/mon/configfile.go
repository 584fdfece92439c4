package mon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// confLine is an option of a configuration file.
type confLine struct {
	section, name, value string
}

// parseConf reads a configuration file: sections in brackets, options as "name =
// value", comments from "#" or ";" on. What stands before the first section is global.
// Names have no blanks. The errors name the line.
func parseConf(text string) (lines []confLine, err error) {
	section, n := "global", 0
	for line := range strings.Lines(text) {
		n++
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line[0] == '[':
			name, closed := strings.CutSuffix(line[1:], "]")
			if !closed {
				return nil, fmt.Errorf("parse error: expected '\"]\"' in line %d at position %d\n", n, len(line)+1) //lint:ignore ST1005 Ceph's words
			}
			section = strings.TrimSpace(name)
		default:
			name, value, ok := strings.Cut(line, "=")
			if name = strings.Trim(strings.Join(strings.Fields(name), "_"), "_"); !ok || name == "" {
				return nil, fmt.Errorf("parse error: expected '<eoi>' in line %d at position 1\n", n) //lint:ignore ST1005 Ceph's words
			}
			value = strings.TrimSpace(value)
			if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
				value = value[1 : len(value)-1]
			}
			lines = append(lines, confLine{section, name, value})
		}
	}
	return lines, nil
}

// configAssimilate takes what it can of a configuration file into the configuration,
// and answers with a file of the rest.
func (m *Mon) configAssimilate(o *op, c *msg.MonCommand, args commandArgs) {
	lines, err := parseConf(string(o.msg.Data))
	if err != nil {
		m.ackError(o, c, args, err)
		return
	}
	diffs, rest := m.assimilate(lines)
	r := result{prefix: args.prefix(), data: []byte(confText(rest))}
	if len(diffs) == 0 {
		m.ack(o, c, r)
		return
	}
	commitConfig(m.configKey, m.wall(), "", diffs)
	m.ackCommitted(o, c, r)
}

// assimilate parts the lines in what changes the configuration and what the monitors
// do not keep: of a section, a name or a value that they do not know, and what is
// needed to find them. Of a name that is there twice the later value counts.
func (m *Mon) assimilate(lines []confLine) (diffs []configDiff, rest []confLine) {
	paths := map[string]string{}
	for _, line := range lines {
		e, known := parseWho(line.section)
		option := findOption(line.name, m.mgr.committed)
		if !known || option == nil || option.special {
			rest = append(rest, line)
			continue
		}
		value, err := option.parse(line.value)
		if err != nil {
			rest = append(rest, line)
			continue
		}
		e.name = line.name
		paths[e.path()] = value
	}
	for _, path := range wire.SortedKeys(paths) {
		value := paths[path]
		d := configDiff{path: path, is: &value}
		if old, ok := m.configKey.get(configPrefix + path); ok {
			text := string(old)
			d.was = &text
		}
		if !d.void() {
			diffs = append(diffs, d)
		}
	}
	return diffs, rest
}

// confText is a configuration file as Ceph writes it.
func confText(lines []confLine) string {
	sections := map[string]map[string]string{}
	for _, line := range lines {
		if sections[line.section] == nil {
			sections[line.section] = map[string]string{}
		}
		sections[line.section][line.name] = line.value
	}
	var b strings.Builder
	for _, section := range wire.SortedKeys(sections) {
		fmt.Fprintf(&b, "\n[%s]\n", section)
		for _, name := range wire.SortedKeys(sections[section]) {
			fmt.Fprintf(&b, "\t%s = %s\n", name, sections[section][name])
		}
	}
	return b.String()
}

// minimalOptions are the options that who connects needs before it can be told any.
func minimalOptions() []string { return []string{"auth_client_required"} }

// configMinimal answers with a configuration file that suffices to find the monitors.
func (m *Mon) configMinimal(o *op, c *msg.MonCommand, args commandArgs) {
	var hosts []string
	for rank := range m.size() {
		hosts = append(hosts, shortAddr(msg.AddrVec{m.addrOf(rank)}))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# minimal ceph.conf for %s\n[global]\n\tfsid = %[1]s\n\tmon_host = %s\n", m.cfg.FSID, strings.Join(hosts, " "))
	for _, e := range m.config.entries {
		if e.who() == "global" && slices.Contains(minimalOptions(), e.name) {
			fmt.Fprintf(&b, "\t%s = %s\n", e.name, e.value)
		}
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(b.String())})
}
