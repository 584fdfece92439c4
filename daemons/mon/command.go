package mon

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Results of commands, as negative errno.
const (
	ePerm  = -1
	eNoEnt = -2
	eAcces = -13
	eInval = -22
	eFBig  = -27
	eRange = -34
)

// command is one a client may give.
type command struct {
	prefix string
	args   string // what may follow, see admin.Params
	help   string
	module string // Ceph's grouping
	perm   string // "r" or "rw"
	run    func(m *Mon, o *op, c *msg.MonCommand, args commandArgs)
}

// commands is the table of what a monitor can do: by service.
func commands() []command {
	own := []command{{"get_command_descriptions", "", "list the commands", "mon", "r", (*Mon).listCommands}}
	return slices.Concat(own, monCommands(), monmapCommands(), reportCommands(), healthCommands(), logCommands(), fsCommands(), configKeyCommands(),
		mgrCommands(), configCommands(), osdCommands())
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
	known := m.command(args.prefix())
	if known == nil {
		m.handleUnknown(o, c, args.prefix())
		return
	}
	if err := known.check(args); err != nil {
		m.ack(o, c, result{prefix: known.prefix, code: eInval, status: err.Error()})
		return
	}
	switch {
	case known.perm == "r":
		m.read(o, func() { known.run(m, o, c, args) })
	case !m.leads(o):
	case m.prop.gathered > 0 && !gathers(known.prefix):
		m.propose() // this one goes by what is committed
		m.park(o)
	default:
		known.run(m, o, c, args)
	}
}

// gathers reports whether a command that changes something makes its change whatever
// the state is, so that several can go in one batch.
func gathers(prefix string) bool {
	return slices.Contains([]string{"config-key set", "config-key put", "config-key rm", "config-key del", "osd blocklist"}, prefix)
}

// handleUnknown passes a command on that monitors do not have and the active manager
// has. The command line sends those to it directly, others do not.
func (m *Mon) handleUnknown(o *op, c *msg.MonCommand, prefix string) {
	for _, k := range m.mgr.commands() {
		if p, _ := splitSignature(k.Command); p == prefix && m.mgrc != nil {
			m.proxy(o, c, prefix)
			return
		}
	}
	m.ack(o, c, result{prefix: prefix, code: eInval, status: "command not known"})
}

// read runs answer once this monitor knows everything that was committed before the
// request came, so that nobody is answered from a past that another monitor has
// left behind. If the quorum changes meanwhile the request is tried again.
func (m *Mon) read(o *op, answer func()) {
	m.node.Read(func(ok bool) {
		switch {
		case !ok:
			m.again(o)
		case !o.gone():
			answer()
		}
	})
}

// command is the one of that prefix, nil if there is none.
func (m *Mon) command(prefix string) *command {
	i := slices.IndexFunc(m.commands, func(k command) bool { return k.prefix == prefix })
	if i < 0 {
		return nil
	}
	return &m.commands[i]
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

// toJSON is v as Ceph's formatter writes it: without escapes for HTML, and
// indented if a person is to read it.
func toJSON(v any, indent bool) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "    ")
	}
	if err := e.Encode(v); err != nil { // the types are ours and can be encoded
		return []byte("null\n")
	}
	return b.Bytes()
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
	if gathers(r.prefix) {
		m.gather()
	} else {
		m.schedule(true)
	}
}

// listCommands answers in the form from which Ceph's command line learns what
// it may ask for (src/pybind/ceph_argparse.py).
func (m *Mon) listCommands(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackJSON(o, c, args, describe(m.commands, m.mgr.commands()))
}
