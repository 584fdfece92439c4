package monctest

import (
	"net/netip"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// FSID is the cluster that scripted monitors belong to.
func FSID() wire.UUID { return wire.UUID{0: 0xca, 15: 0xfe} }

// Received is a message that a monitor got.
type Received struct {
	Mon  string
	From *msgr.Connection
	*msg.Message
}

// Mon is a scripted monitor: a messenger that notes what it gets and answers as
// it was told. Unless told otherwise it accepts every client, pushes its monmap,
// and answers commands with success.
type Mon struct {
	msgr.BaseDispatcher

	// Process is where it runs.
	Process *Process
	// Name is its name, "a".
	Name string
	// Received is what it got so far, in order.
	Received []Received
	// OnMessage, if not nil, is asked first; it answers true for what it has
	// dealt with.
	OnMessage func(c *msgr.Connection, m *msg.Message) bool
	// AuthResult is the result of authentication, 0 or a negative errno.
	AuthResult int32
	// Output is what it answers commands with, JSON if somebody reads it.
	Output []byte
	// Withhold is a subscription that it does not answer.
	Withhold string
	// NoQuorum lets it answer nothing at all.
	NoQuorum bool

	mons      *Mons
	loop      host.Loop
	messenger *msgr.Messenger
	sessions  []*msgr.Connection
}

// Mons is a set of scripted monitors. They share the global ids that they give
// and nothing else.
type Mons struct {
	List    []*Mon
	LastGID uint64 // given so far

	monmap msg.MonMap
}

// NewMons starts n monitors, named a, b, c, ...
func (w *World) NewMons(n int) *Mons {
	processes := make([]host.Host, n)
	for i := range n {
		processes[i] = w.NewProcess("mon." + string(rune('a'+i)))
	}
	mons := NewMonsOn(processes)
	for i, m := range mons.List {
		m.Process = processes[i].(*Process)
	}
	return mons
}

// NewMonsOn starts a monitor on each of the hosts given, whatever kind they are.
// On hosts with loops of their own nothing of a Mon may be touched while it
// runs, except by its functions and Do.
func NewMonsOn(hosts []host.Host) *Mons {
	mons := &Mons{LastGID: 4096, monmap: msg.NewMonMap(FSID(), wire.UTime{})}
	for i, h := range hosts {
		mons.List = append(mons.List, newMon(mons, h, string(rune('a'+i))))
	}
	return mons
}

func newMon(mons *Mons, h host.Host, name string) *Mon {
	m := &Mon{Name: name, mons: mons, loop: h.NewLoop("mon." + name + "/dispatch")}
	m.messenger = msgr.New(h, m.loop, msgr.Config{
		Name:  msg.EntityName{Type: msg.EntityMon, Num: int64(len(mons.List))},
		Label: "mon." + name, Workers: 1,
	})
	m.messenger.SetDefaultPolicy(msgr.StatelessServer())
	m.messenger.AddDispatcherTail(m)
	at := netip.AddrPortFrom(h.Network().Addrs()[0], 0)
	if err := m.messenger.Bind(at); err != nil {
		panic(err)
	}
	mons.monmap.Add(name, m.messenger.Addrs())
	if err := m.messenger.Start(); err != nil {
		panic(err)
	}
	return m
}

// MonMap names them all.
func (ms *Mons) MonMap() msg.MonMap { return ms.monmap.Clone() }

// Named finds one by name.
func (ms *Mons) Named(name string) *Mon {
	i := slices.IndexFunc(ms.List, func(m *Mon) bool { return m.Name == name })
	return ms.List[i]
}

// Each does something with every monitor.
func (ms *Mons) Each(do func(*Mon)) {
	for _, m := range ms.List {
		do(m)
	}
}

// All are the messages of a type that any of them got, by monitor.
func (ms *Mons) All(t msg.Type) []Received {
	var all []Received
	for _, m := range ms.List {
		all = append(all, m.Got(t)...)
	}
	return all
}

// Got are the messages of a type that the monitor got, in order.
func (m *Mon) Got(t msg.Type) []Received {
	var some []Received
	for _, r := range m.Received {
		if r.Header.Type == t {
			some = append(some, r)
		}
	}
	return some
}

// Do runs fn on the monitor's loop.
func (m *Mon) Do(fn func()) { m.loop.Post(fn) }

// Push sends a body to every client that has a session.
func (m *Mon) Push(b msg.Body) {
	for _, c := range m.sessions {
		c.Send(msg.NewFromMon(b))
	}
}

// HangUp ends the sessions of all clients.
func (m *Mon) HangUp() {
	for _, c := range m.sessions {
		c.MarkDown()
	}
	m.sessions = nil
}

// Dispatch implements msgr.Dispatcher.
func (m *Mon) Dispatch(c *msgr.Connection, message *msg.Message) bool {
	m.Received = append(m.Received, Received{m.Name, c, message})
	if m.NoQuorum || m.OnMessage != nil && m.OnMessage(c, message) {
		return true
	}
	switch b := message.Body.(type) {
	case *msg.Auth:
		m.authenticate(c, b)
	case *msg.MonSubscribe:
		m.subscribe(c, b)
	case *msg.MonCommand:
		m.Reply(c, message, &msg.MonCommandAck{Paxos: msg.PaxosAt(0), Cmd: b.Cmd}, m.Output)
	case *msg.MonGetVersion:
		m.Reply(c, message, &msg.MonGetVersionReply{Handle: b.Handle, Newest: 7, Oldest: 3}, nil)
	}
	return true
}

// HandleReset implements msgr.Dispatcher.
func (m *Mon) HandleReset(c *msgr.Connection) bool {
	m.sessions = slices.DeleteFunc(m.sessions, func(s *msgr.Connection) bool { return s == c })
	return true
}

// Reply answers a message.
func (m *Mon) Reply(c *msgr.Connection, to *msg.Message, b msg.Body, data []byte) {
	r := msg.NewFromMon(b)
	r.Header.Tid, r.Data = to.Header.Tid, data
	c.Send(r)
}

func (m *Mon) authenticate(c *msgr.Connection, b *msg.Auth) {
	request, err := msg.ParseAuthRequest(b.Payload)
	if err != nil {
		panic(err)
	}
	if m.AuthResult != 0 {
		c.Send(msg.NewFromMon(&msg.AuthReply{Protocol: msg.AuthNone, Result: m.AuthResult, Message: "no"}))
		return
	}
	gid := request.GlobalID
	if gid == 0 {
		m.mons.LastGID++
		gid = m.mons.LastGID
	}
	m.sessions = append(m.sessions, c)
	c.Send(msg.NewFromMon(&msg.AuthReply{Protocol: msg.AuthNone, GlobalID: gid}))
	c.Send(msg.NewFromMon(&msg.MonMapMsg{Map: m.mons.monmap}))
}

func (m *Mon) subscribe(c *msgr.Connection, b *msg.MonSubscribe) {
	for _, s := range []struct {
		what string
		body msg.Body
	}{
		{"config", &msg.Config{}},
		{"fsmap", &msg.FSMapMsg{Map: msg.FSMap{Epoch: 1}}},
		{"kv:mgr/", &msg.KVData{DataVersion: 1, Prefix: "mgr/"}},
		{"mgrdigest", &msg.MgrDigest{MonStatus: []byte("{}"), Health: []byte("{}")}},
	} {
		if _, wanted := b.What[s.what]; wanted && s.what != m.Withhold {
			c.Send(msg.NewFromMon(s.body))
		}
	}
}
