package mon

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Results of commands, as negative errno.
const (
	ePerm  = -1
	eNoEnt = -2
	eInval = -22
)

// command is one a client may give.
type command struct {
	prefix string
	args   []commandArg
	help   string
	module string // Ceph's grouping
	perm   string // "r" or "rw"
	run    func(m *Mon, o *op, c *msg.MonCommand, args commandArgs)
}

// commandArg is an argument of a command.
type commandArg struct {
	name, kind string
	required   bool
	many       bool   // it may be given several times
	choices    string // of a CephChoices: what it may be, separated by bars
}

// describe is the argument in Ceph's command descriptions.
func (a commandArg) describe() map[string]any {
	d := map[string]any{"name": a.name, "type": a.kind, "req": a.required}
	if a.many {
		d["n"] = "N"
	}
	if a.choices != "" {
		d["strings"] = a.choices
	}
	return d
}

// commandArgs are the arguments of a command, as in its JSON text.
type commandArgs map[string]any

// text is an argument as text, "" if it is missing; numbers are accepted.
func (a commandArgs) text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// list is an argument that may be given several times.
func (a commandArgs) list(name string) (list []string) {
	several, ok := a[name].([]any)
	if !ok {
		several = []any{a[name]}
	}
	for _, v := range several {
		if text := (commandArgs{name: v}).text(name); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// indent reports whether the client wants readable JSON.
func (a commandArgs) indent() bool { return a.text("format") == "json-pretty" }

// plain reports whether the client did not ask for a format.
func (a commandArgs) plain() bool {
	f := a.text("format")
	return f == "" || f == "plain"
}

// commands is the table of what a monitor can do.
func commands() []command {
	return append(osdCommands(), []command{
		{"get_command_descriptions", nil, "list the commands", "mon", "r", (*Mon).listCommands},
		{"mgr dump", []commandArg{{name: "epoch", kind: "CephInt"}}, "dump the latest MgrMap", "mgr", "r", (*Mon).mgrDump},
		{"mgr stat", nil, "dump basic info about the mgr cluster state", "mgr", "r", (*Mon).mgrStat},
		{"mgr metadata", []commandArg{{name: "who", kind: "CephString"}}, "dump metadata for all daemons or a specific daemon", "mgr", "r", (*Mon).mgrMetadata},
		{"mgr fail", []commandArg{{name: "who", kind: "CephString"}}, "treat the named manager daemon as failed", "mgr", "rw", (*Mon).mgrFail},
		{"mon dump", nil, "dump formatted monmap", "mon", "r", (*Mon).monDump},
		{"quorum_status", nil, "report status of monitor quorum", "mon", "r", (*Mon).quorumStatusCommand},
		{"status", nil, "show cluster status", "mon", "r", (*Mon).statusCommand},
	}...)
}

// handleCommand executes a command where it can be executed: reads here,
// changes on the leader.
func (m *Mon) handleCommand(o *op, c *msg.MonCommand) {
	if c.FSID != m.cfg.FSID {
		m.ack(o, c, result{code: ePerm, status: "wrong fsid"})
		return
	}
	args, err := parseCommand(c.Cmd)
	if err != nil {
		m.ack(o, c, result{code: eInval, status: err.Error()})
		return
	}
	prefix := args.text("prefix")
	for _, known := range m.commands {
		if known.prefix == prefix {
			if known.perm == "r" || m.leads(o) {
				known.run(m, o, c, args)
			}
			return
		}
	}
	m.ack(o, c, result{prefix: prefix, code: eInval, status: "command not known"})
}

// parseCommand reads the JSON text of a command.
func parseCommand(cmd []string) (commandArgs, error) {
	d := json.NewDecoder(strings.NewReader(strings.Join(cmd, "")))
	d.UseNumber()
	var args commandArgs
	if err := d.Decode(&args); err != nil {
		return nil, fmt.Errorf("command is not JSON: %w", err)
	}
	if args.text("prefix") == "" {
		return nil, fmt.Errorf("command has no prefix")
	}
	return args, nil
}

// result is the outcome of a command.
type result struct {
	prefix string
	code   int32
	status string // one line for the operator
	data   []byte // the output
	epoch  uint64 // the map epoch to wait for, after a change
}

func (m *Mon) ack(o *op, c *msg.MonCommand, r result) {
	m.h.Probe(CommandAcked{Mon: m.cfg.Name, Prefix: r.prefix, Code: r.code, Epoch: r.epoch})
	m.reply(o, &msg.MonCommandAck{Paxos: msg.PaxosAt(r.epoch), Code: r.code, Status: r.status, Cmd: c.Cmd}, r.data)
}

// ackJSON answers with v as JSON.
func (m *Mon) ackJSON(o *op, c *msg.MonCommand, args commandArgs, v any) {
	m.ack(o, c, result{prefix: args.text("prefix"), data: toJSON(v, args.indent())})
}

// ackReadable is ackJSON for commands whose JSON is readable unless the client
// asks for another format, as Ceph 16.2.15 answers commands about managers.
func (m *Mon) ackReadable(o *op, c *msg.MonCommand, args commandArgs, v any) {
	m.ack(o, c, result{prefix: args.text("prefix"), data: toJSON(v, args.plain() || args.indent())})
}

func toJSON(v any, indent bool) []byte {
	var b []byte
	var err error
	if indent {
		b, err = json.MarshalIndent(v, "", "    ")
	} else {
		b, err = json.Marshal(v)
	}
	if err != nil { // the types are ours and can be marshalled
		return []byte("null")
	}
	return append(b, '\n')
}

// mgrFail takes a mgr out of the map (MM-19).
func (m *Mon) mgrFail(o *op, c *msg.MonCommand, args commandArgs) {
	before := m.mgr.pending.edits
	text := m.mgr.fail(args.text("who"), m.wall())
	r := result{prefix: "mgr fail", status: text}
	if m.mgr.pending.edits == before {
		m.ack(o, c, r)
		return
	}
	r.epoch = uint64(m.mgr.pending.next.Epoch)
	m.ackCommitted(o, c, r)
}

// ackCommitted has the changes made so far proposed at once, and answers when they
// are committed. If they are not, the command is tried again from the beginning.
func (m *Mon) ackCommitted(o *op, c *msg.MonCommand, r result) {
	m.await(func(committed bool) {
		if committed {
			m.ack(o, c, r)
		} else {
			m.again(o)
		}
	})
	m.schedule(true)
}

// listCommands answers in the form from which Ceph's command line learns what
// it may ask for (src/pybind/ceph_argparse.py).
func (m *Mon) listCommands(o *op, c *msg.MonCommand, args commandArgs) {
	type description struct {
		Sig    []any  `json:"sig"`
		Help   string `json:"help"`
		Module string `json:"module"`
		Perm   string `json:"perm"`
		Flags  int    `json:"flags"`
	}
	all := map[string]description{}
	for i, known := range m.commands {
		d := description{Help: known.help, Module: known.module, Perm: known.perm}
		for word := range strings.FieldsSeq(known.prefix) {
			d.Sig = append(d.Sig, word)
		}
		for _, a := range known.args {
			d.Sig = append(d.Sig, a.describe())
		}
		all[fmt.Sprintf("cmd%03d", i)] = d
	}
	m.ackJSON(o, c, args, all)
}
