package messenger

import (
	"net/netip"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

const port = 6789

// party is one incarnation of one side: a process with a messenger that sends
// numbered messages and notes what it is told.
type party struct {
	run   *run
	side  int
	life  uint32 // which incarnation
	nonce uint32
	h     *machine
	loop  host.Loop
	m     *msgr.Messenger
	timer host.Timer

	knows    msg.EntityAddr     // the other side, as far as this one has heard
	accepted []*msgr.Connection // the server's sessions with the client there is, the latest last
	dialled  *msgr.Connection   // the latest that target has asked for
	sent     uint32
	aimed    []uint32 // for each message that was sent, the nonce of whom it is for
	leaving  bool     // marks down from the next callback
	told     bool     // and so that it hears of it
	doomed   uint32   // messages up to this one may be lost: a session ended since
	labels   map[*msgr.Connection]*outgoing
	sessions map[*msgr.Connection]*incoming
	last     map[uint32]uint32 // by the sender's life: the last message received
	gaps     []gap             // to be explained by the end
}

// outgoing numbers what was sent on one connection.
type outgoing struct{ label, count uint32 }

// incoming is what one connection has told.
type incoming struct {
	opened, reset, down bool
	told                bool   // given up, and a reset is to say so
	fast                bool   // open, as far as fast dispatch goes
	label, count        uint32 // of a lossy one: whose messages, and how many
}

// gap is a message, of a sender's life, before which some are missing.
type gap struct{ life, last, next uint32 }

// start makes the side's next incarnation run, by a kill or a respawn of the one
// before.
func (r *run) start(side int, nonce uint32, respawn bool) {
	r.lives[side]++
	before := r.parties[side]
	r.parties[side] = &party{
		run: r, side: side, life: r.lives[side], nonce: nonce,
		labels:   map[*msgr.Connection]*outgoing{},
		sessions: map[*msgr.Connection]*incoming{},
		last:     map[uint32]uint32{},
	}
	if respawn && before.h != nil {
		before.h.Respawn("damage")
		return
	}
	r.hosts[side].Start(func(h host.Host) { r.parties[side].begin(h) })
}

// begin is the program.
func (p *party) begin(h host.Host) {
	r := p.run
	p.knows = r.addrOf(1 - p.side)
	p.h = &machine{Host: h, run: r}
	p.loop = h.NewLoop("dispatch")
	p.m = msgr.New(p.h, p.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMon, Num: int64(p.side)}, Nonce: p.nonce,
		Label: "party", Workers: 2, Options: r.plan.Options,
		Features: r.features[p.side], Defects: r.defects.Messenger,
	})
	policy := r.plan.Pair.Policies[p.side]
	policy.ThrottleMessages = r.plan.Throttle
	policy.ThrottleBytes = r.plan.Throttle * 400
	p.m.SetDefaultPolicy(policy)
	p.m.AddDispatcherTail(p)
	if r.plan.Pair.Peers || p.side == 1 {
		r.must(p.m.Bind(netip.AddrPortFrom(h.Network().Addrs()[0], port)))
	}
	r.must(p.m.Start())
	p.timer = p.loop.NewTimer(p.tick)
	p.again()
}

// again goes on sending; who dials does so at once.
func (p *party) again() {
	p.target()
	p.timer.Reset(0)
}

// idleGap is how often a side that has nobody to send to looks again.
const idleGap = time.Millisecond

// tick sends a burst of what is still owed.
func (p *party) tick() {
	r := p.run
	for range r.plan.Burst[p.side] {
		if r.owed[p.side] == 0 {
			return
		}
		c := p.target()
		if c == nil {
			p.timer.Reset(idleGap)
			return
		}
		r.owed[p.side]--
		p.send(c)
	}
	p.timer.Reset(r.plan.Gap[p.side] + 1)
}

// target is the connection to send on, nil if there is none.
func (p *party) target() *msgr.Connection {
	if !p.run.plan.Pair.Peers && p.side == 1 {
		return p.latest()
	}
	p.dialled = p.m.ConnectTo(msg.EntityMon, p.knows)
	p.session(p.dialled) // one that nothing was heard of can be given up too
	return p.dialled
}

// latest is the server's latest session with the client, nil if there is none.
func (p *party) latest() *msgr.Connection {
	if len(p.accepted) == 0 {
		return nil
	}
	return p.accepted[len(p.accepted)-1]
}

// forget takes a session off those that a server may send on.
func (p *party) forget(c *msgr.Connection) {
	p.accepted = slices.DeleteFunc(p.accepted, func(a *msgr.Connection) bool { return a == c })
}

func (p *party) send(c *msgr.Connection) {
	o := p.labels[c]
	if o == nil {
		o = &outgoing{label: uint32(len(p.labels) + 1)}
		p.labels[c] = o
	}
	o.count++
	p.sent++
	p.aimed = append(p.aimed, c.PeerAddr().Nonce)
	p.note("sent", "number", p.sent)
	m := msg.New(&msg.MonPing{
		Op:      msg.MonPingRequest,
		Stamp:   wire.UTime{Sec: p.sent, Nsec: p.life},
		Tracker: msg.ConnectionTracker{Epoch: o.label, Version: uint64(o.count)},
		Pad:     p.sent % 4 * 90,
	})
	if p.sent%3 == 0 && p.run.plan.Data > 0 {
		m.Data = make([]byte, p.run.plan.Data)
	}
	c.Send(m)
}

// note writes into the trace what the side does or is told. The messengers' own
// records are between.
func (p *party) note(what, key string, value any) { p.h.Log().Info(what, key, value) }

// markDown gives up the session; it runs on the dispatch loop.
func (p *party) markDown() {
	c := p.dialled
	if c == nil {
		c = p.latest()
	}
	if c != nil {
		p.giveUp(c)
		p.again()
	}
}

// leave marks down from inside a callback, if that is what the plan wants.
func (p *party) leave(c *msgr.Connection) {
	if p.leaving {
		p.leaving = false
		p.giveUp(c)
		p.again()
	}
}

// giveUp marks a connection down; it runs on the dispatch loop.
func (p *party) giveUp(c *msgr.Connection) {
	p.note("marks down", "all", p.told)
	p.run.ended()
	if p.latest() == c {
		p.accepted = nil // whatever else there was, the client is told by this and dials
	}
	p.forget(c)
	if p.told {
		p.told = false
		p.giveUpAll(c)
		return
	}
	c.MarkDown()
	p.session(c).down = true
}

// giveUpAll marks down every connection, c among them, so that resets tell of it.
func (p *party) giveUpAll(c *msgr.Connection) {
	p.session(c).told = true
	for _, s := range p.sessions {
		s.told = true
	}
	p.m.MarkDownAll()
}

func (p *party) session(c *msgr.Connection) *incoming {
	s := p.sessions[c]
	if s == nil {
		s = &incoming{}
		p.sessions[c] = s
	}
	return s
}

// swallowed is the handler of a socket that nobody serves.
type swallowed struct{}

func (swallowed) Opened()      {}
func (swallowed) Readable()    {}
func (swallowed) Writable()    {}
func (swallowed) Closed(error) {}

// machine is a host whose listener can lose what it accepts.
type machine struct {
	host.Host
	run *run
}

// Network is the machine's network, with the listener wrapped.
func (m *machine) Network() host.Network { return listening{m.Host.Network(), m.run} }

type listening struct {
	host.Network
	run *run
}

// Listen swallows connections as long as the run wants it to.
func (l listening) Listen(loop host.Loop, at netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	return l.Network.Listen(loop, at, func(c host.Conn) {
		if l.run.swallow > 0 {
			l.run.swallow--
			c.Attach(loop, swallowed{})
			return
		}
		accept(c)
	})
}
