package msgr_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// wayToEnd is something that ends c, a session of d, and how many resets d is
// told of for it.
type wayToEnd struct {
	name   string
	end    func(d *daemon, c *msgr.Connection)
	resets int
}

func waysToEnd() []wayToEnd {
	all := func(d *daemon, _ *msgr.Connection) { d.m.MarkDownAll() }
	addr := func(d *daemon, c *msgr.Connection) { d.m.MarkDownAddr(c.PeerAddr()) }
	one := func(_ *daemon, c *msgr.Connection) { c.MarkDown() }
	shutdown := func(d *daemon, _ *msgr.Connection) { d.m.Shutdown() }
	both := func(x, y func(*daemon, *msgr.Connection)) func(*daemon, *msgr.Connection) {
		return func(d *daemon, c *msgr.Connection) { x(d, c); y(d, c) }
	}
	return []wayToEnd{
		{"MarkDownAll", all, 1},
		{"MarkDownAll twice", both(all, all), 1},
		{"MarkDownAddr", addr, 1},
		{"MarkDownAddr twice", both(addr, addr), 1},
		{"MarkDown", one, 0},
		{"MarkDown and MarkDownAll", both(one, all), 0},
		{"MarkDownAll and MarkDown", both(all, one), 0},
		{"Shutdown", shutdown, 0},
		{"MarkDownAll and Shutdown", both(all, shutdown), 0},
	}
}

// endable are sessions of a that can be ended.
func endable() map[string]func(p *mons) *msgr.Connection {
	return map[string]func(p *mons) *msgr.Connection{
		"dialled": func(p *mons) *msgr.Connection { return p.dial(p.a, p.b) },
		"accepted": func(p *mons) *msgr.Connection {
			p.dial(p.b, p.a)
			p.w.settle()
			return p.a.conns[0]
		},
		"in standby": func(p *mons) *msgr.Connection {
			c := p.dial(p.a, p.b)
			p.w.settle()
			p.conns[0].cut()
			return c
		},
		"unanswered": func(p *mons) *msgr.Connection {
			p.w.silent[p.b.m.Addr().IP] = true
			return p.dial(p.a, p.b)
		},
	}
}

// TestEndOfASession_isToldByTheWayItEnds: MarkDownAll and MarkDownAddr tell one
// reset, MarkDown and Shutdown none. Nothing is left of the session then.
func TestEndOfASession_isToldByTheWayItEnds(t *testing.T) {
	for kind, begin := range endable() {
		for _, way := range waysToEnd() {
			t.Run(kind+" "+way.name, func(t *testing.T) {
				p := newMons(t, msgr.LosslessPeer())
				c := begin(p)
				p.w.settle()
				p.a.events = nil
				way.end(p.a, c)
				p.w.settle()
				wantEvents(t, p.a, []string{"reset"}[:way.resets]...)
				clear(p.w.silent)
				c.Send(ping(1, nil))
				c.SendKeepalive()
				p.w.run(time.Minute)
				wantTids(t, p.b.journal)
				if s := p.a.m.Stats(); c.IsConnected() || s.Connections != 0 || s.Registered != 0 {
					t.Errorf("connected: %v, the messenger has %+v", c.IsConnected(), s)
				}
				if p.dial(p.a, p.b) == c {
					t.Error("the dead connection was handed out again")
				}
			})
		}
	}
}

// TestMarkDown_leavesOthersAlone: what is not meant goes on, and tells nothing.
func TestMarkDown_leavesOthersAlone(t *testing.T) {
	another := msg.EntityAddr{Type: msg.AddrLegacy, IP: addrPort("10.0.0.2:6789"), Nonce: 1}
	for name, end := range map[string]func(*daemon){
		"the address with another nonce": func(d *daemon) { d.m.MarkDownAddr(another) },
		"the blank address":              func(d *daemon) { d.m.MarkDownAddr(msg.EntityAddr{}) },
		"our own address":                func(d *daemon) { d.m.MarkDownAddr(d.m.Addr()) },
		"the connection to ourselves":    func(d *daemon) { d.m.ConnectTo(msg.EntityMon, d.m.Addr()).MarkDown() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newMons(t, msgr.LosslessPeer())
			c := p.dial(p.a, p.b)
			p.w.settle()
			end(p.a)
			p.w.settle()
			wantEvents(t, p.a, "connect")
			c.Send(ping(1, nil))
			p.a.m.SendTo(msg.EntityMon, p.a.m.Addr(), ping(2, nil))
			p.w.settle()
			wantTids(t, p.b.journal, 1)
			wantTids(t, p.a.journal, 2)
		})
	}
}

// TestMarkDownAll_tellsAboutEachConnection, but for those that the dispatchers
// never heard of.
func TestMarkDownAll_tellsAboutEachConnection(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.connect()
	p.w.rawFrom(addrPort("10.9.9.9:1"), p.mon.m.Addr().IP).write(hello(t))
	p.w.rawFrom(addrPort("10.9.9.9:2"), p.mon.m.Addr().IP) // says nothing
	p.mon.m.ConnectTo(msg.EntityMon, msg.EntityAddr{IP: addrPort("10.0.0.9:1")})
	p.w.settle()
	wantEvents(t, p.mon, "accept", "accept", "refused")
	p.mon.events = nil
	p.mon.m.MarkDownAll()
	p.w.run(time.Minute)
	wantEvents(t, p.mon, "reset", "reset", "reset")
	if n := p.mon.m.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	p.connect()
	wantEvents(t, p.mon, "reset", "reset", "reset", "accept")
}

// TestMarkDownAll_discardsWhatWaits: no message of a session is dispatched after
// its end, whoever ends it.
func TestMarkDownAll_discardsWhatWaits(t *testing.T) {
	for _, way := range waysToEnd() {
		t.Run(way.name, func(t *testing.T) {
			p := newMons(t, msgr.LosslessPeer())
			c := p.dial(p.a, p.b)
			p.w.settle()
			p.b.onMsg = func(c *msgr.Connection, _ *msg.Message) { way.end(p.b, c) }
			for i := range uint64(5) {
				c.Send(ping(i+1, nil))
			}
			p.w.settle()
			wantTids(t, p.b.journal, 1)
			if s := p.b.m.Stats(); s.DispatchBytes != 0 {
				t.Errorf("the messenger holds %+v", s)
			}
		})
	}
}

// TestMarkDisposable_endsALosslessSessionWithItsNextFault, on the side where it
// was marked, whoever dialled; without it the session survives.
func TestMarkDisposable_endsALosslessSessionWithItsNextFault(t *testing.T) {
	for name, tt := range map[string]struct {
		mark func(dialler, acceptor *msgr.Connection)
		a, b []string // told after the fault
	}{
		"not marked":   {func(_, _ *msgr.Connection) {}, []string{"connect"}, []string{"accept"}},
		"the dialler":  {func(c, _ *msgr.Connection) { c.MarkDisposable() }, []string{"reset"}, nil},
		"the acceptor": {func(_, c *msgr.Connection) { c.MarkDisposable() }, nil, []string{"reset"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newMons(t, msgr.LosslessPeer())
			c := p.dial(p.a, p.b)
			p.w.settle()
			tt.mark(c, p.b.conns[0])
			c.Send(ping(1, nil))
			p.w.settle()
			wantTids(t, p.b.journal, 1) // it goes on until there is a fault
			p.a.events, p.b.events = nil, nil
			p.conns[0].cut()
			p.w.settle()
			if name == "not marked" {
				c.Send(ping(2, nil))
				p.w.settle()
				wantTids(t, p.b.journal, 1, 2)
			}
			wantEvents(t, p.a, tt.a...)
			wantEvents(t, p.b, tt.b...)
		})
	}
}

// TestMarkDisposable_outlastsTheHandshake: a session that is marked before it is
// open is lossy once it is, whatever the policies say.
func TestMarkDisposable_outlastsTheHandshake(t *testing.T) {
	p := newMons(t, msgr.LosslessPeer())
	c := p.dial(p.a, p.b)
	c.MarkDisposable()
	p.w.settle()
	p.conns[0].cut()
	p.w.settle()
	wantEvents(t, p.a, "connect", "reset")
	if p.a.m.Connections() != 0 {
		t.Error("the session has survived")
	}
}
