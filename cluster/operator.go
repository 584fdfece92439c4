package cluster

import (
	"log/slog"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// CommandAnswered states the outcome of an operator's command.
type CommandAnswered struct {
	Command string // as sent, a JSON object
	Code    int64  // 0, or a negative errno
	Status  string
	Output  string
	Error   string // why there is no answer; empty if there is one
}

// Kind is "operator.answer".
func (CommandAnswered) Kind() string { return "operator.answer" }

// Attrs are the fields.
func (f CommandAnswered) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("command", f.Command), slog.Int64("code", f.Code),
		slog.String("status", f.Status), slog.String("output", f.Output), slog.String("error", f.Error),
	}
}

// operatorKind is the operator, if there are monitors to ask. Its options are those of
// all monitor clients.
func (t *Topology) operatorKind() Kind {
	return Kind{
		Name:    "operator",
		Options: func() []OptionSection { return []OptionSection{{"client", t.Client.Named()}} },
		Timings: []any{&t.Client}, Defects: []any{&t.ClientDefects},
		Helpers: func() []string { return present(t.operatorName()) },
		Deploy: func(c *Cluster) {
			if name := t.operatorName(); name != "" {
				c.operator = newOperator(c.AddMachine(name, false), c)
				c.world.Observe(c.operator.observe)
			}
		},
		Start: func(c *Cluster) {
			if c.operator != nil {
				c.operator.start()
			}
		},
	}
}

// operatorName is the operator's machine, "" if there is none.
func (t *Topology) operatorName() string {
	if t.Mons == 0 {
		return ""
	}
	return "client.admin"
}

// operator is client.admin on a host of its own: a monitor client that sends
// commands, as the ceph command line does.
type operator struct {
	host    Host
	cluster *Cluster

	mu      sync.Mutex
	loop    host.Loop    // of the client; nil before it runs
	client  *monc.Client // used on loop only
	process host.Host
	waiting []string // given before the client ran
	turn    []string // to be given one after another; the first of them is
	open    int      // commands that were given to the client and have no answer
}

func newOperator(h Host, c *Cluster) *operator { return &operator{host: h, cluster: c} }

func (o *operator) start() { o.host.Start(o.run) }

// run is the client's program.
func (o *operator) run(h host.Host) {
	loop := h.NewLoop("client.admin/dispatch")
	m := msgr.New(h, loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: "client.admin", Workers: 1,
	})
	client := monc.New(h, loop, m, monc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"},
		MonMap: o.cluster.monmap, Options: o.cluster.topology.Client,
	})
	loop.Post(func() {
		client.Init()
		if err := m.Start(); err != nil {
			exitOn(h, err)
			return
		}
		client.Authenticate(func(err error) { exitOn(h, err) })
		o.ready(h, loop, client)
	})
}

func (o *operator) ready(h host.Host, loop host.Loop, client *monc.Client) {
	o.mu.Lock()
	o.process, o.loop, o.client = h, loop, client
	waiting := o.waiting
	o.waiting = nil
	o.mu.Unlock()
	for _, text := range waiting {
		o.command(text)
	}
}

// command sends a command, at once or when the client runs.
func (o *operator) command(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.loop == nil {
		o.waiting = append(o.waiting, text)
		return
	}
	o.open++
	client, process := o.client, o.process
	o.loop.Post(func() {
		client.Command(text, func(r monc.CommandResult) { process.Probe(answered(text, r)) })
	})
}

// inTurn sends a command when those before it have been answered, or given up: what
// they change depends on the order. It belongs to the scenario's goroutine, as observe
// does.
func (o *operator) inTurn(text string) {
	o.turn = append(o.turn, text)
	if len(o.turn) == 1 {
		o.command(text)
	}
}

// unanswered is how many commands have neither an answer nor been given up.
func (o *operator) unanswered() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open + len(o.waiting) + max(0, len(o.turn)-1)
}

func (o *operator) observe(seen Observation) {
	f, ok := seen.Fact.(CommandAnswered)
	if !ok {
		return
	}
	o.mu.Lock()
	o.open--
	o.mu.Unlock()
	if len(o.turn) == 0 || f.Command != o.turn[0] {
		return
	}
	o.turn = o.turn[1:]
	if len(o.turn) > 0 {
		o.command(o.turn[0])
	}
}

func answered(text string, r monc.CommandResult) CommandAnswered {
	f := CommandAnswered{Command: text, Code: int64(r.Code), Status: r.Status, Output: string(r.Data)}
	if r.Err != nil {
		f.Error = r.Err.Error()
	}
	return f
}
