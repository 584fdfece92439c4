package mon

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// typeName is the kind by the name that Ceph's options have.
func (o *configOption) typeName() string {
	if o.name == "fsid" {
		return "uuid"
	}
	return [...]string{
		optString: "str", optBool: "bool", optInt: "int", optUint: "uint", optSize: "size", optFloat: "float",
		optSecs: "secs", optDebug: "str",
	}[o.kind]
}

// json is a value of the option as JSON: numbers and truth as such, all else as text.
func (o *configOption) json(value string) json.RawMessage {
	switch o.kind {
	case optBool, optInt, optUint:
		if value != "" {
			return json.RawMessage(value)
		}
	case optFloat:
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return json.RawMessage(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return json.RawMessage(strconv.Quote(value))
}

// text is a bound as text.
func (o *configOption) text(bound string) string {
	if f, err := strconv.ParseFloat(bound, 64); err == nil && o.kind == optFloat {
		return fmt.Sprintf("%f", f)
	}
	return bound
}

// optionHelp describes the options that daemons of ours take, in our words.
func optionHelp(name string) string {
	return map[string]string{
		"mds_beacon_grace":              "silence after which a metadata server is laggy",
		"mds_beacon_interval":           "time between two beacons of a metadata server",
		"mds_beacon_mon_down_grace":     "silence that is allowed while a monitor is down",
		"mgr_stats_period":              "time between two reports of a daemon to the manager",
		"mgr_stats_threshold":           "priority from which on counters are reported",
		"mgr_tick_period":               "time between two beacons of a manager",
		"mon_config_key_max_entry_size": "most bytes that a value of config-key may have",
		"mon_election_timeout":          "longest wait before a campaign is repeated",
		"mon_lease":                     "how long a peon answers by itself after its leader has spoken",
		"mon_mgr_beacon_grace":          "silence after which a manager is dropped",
		"mon_session_timeout":           "silence after which a client's session ends",
		"mon_tick_interval":             "time between two looks of the services at their clocks",
		"ms_inject_delay_probability":   "how often a message is delayed on purpose",
		"ms_inject_socket_failures":     "one in so many operations on sockets fails on purpose",
		"paxos_min_wait":                "how long a change waits for others to go with it",
		"paxos_propose_interval":        "least time between two commits of changes that can wait",
	}[name]
}

// configHelp describes an option. Ceph's own has a long description too, and where
// else to look.
func (m *Mon) configHelp(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: args.prefix()}
	known := findOption(optionName(args.text("key")), m.mgr.committed)
	if known == nil {
		r.code = eNoEnt
		m.ack(o, c, r)
		return
	}
	if !args.plain() {
		m.ackFlushed(o, c, args, struct {
			Name    string          `json:"name"`
			Type    string          `json:"type"`
			Level   string          `json:"level"`
			Desc    string          `json:"desc"`
			Default json.RawMessage `json:"default"`
			Min     json.RawMessage `json:"min"`
			Max     json.RawMessage `json:"max"`
			Runtime bool            `json:"can_update_at_runtime"`
		}{known.name, known.typeName(), known.level, optionHelp(known.name), known.json(known.def),
			known.json(known.min), known.json(known.max), known.runtime})
		return
	}
	r.data = []byte(known.help())
	m.ack(o, c, r)
}

// help is the option as text.
func (o *configOption) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n  (%s, %s)\n  Default: %s\n", o.name, optionHelp(o.name), o.typeName(), o.level, o.def)
	if o.min != "" {
		fmt.Fprintf(&b, "  Minimum: %s\n", o.text(o.min))
	}
	if o.max != "" {
		fmt.Fprintf(&b, "  Maximum: %s\n", o.text(o.max))
	}
	fmt.Fprintf(&b, "  Can update at runtime: %v\n", o.runtime)
	return b.String()
}
