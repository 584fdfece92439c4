package msgr_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// gate is an Authorizer that lets in whom it has an identity for.
type gate struct {
	show   string // what we present
	known  map[string]msgr.Identity
	asked  []string // what was presented to us
	protos []uint32
}

func (g *gate) GetAuthorizer(peer msg.EntityType) (uint32, []byte) {
	return 7, []byte(g.show + " for " + peer.String())
}

func (g *gate) VerifyAuthorizer(peer msg.EntityType, protocol uint32, b []byte) (msgr.Identity, error) {
	g.asked, g.protos = append(g.asked, peer.String()+" shows "+string(b)), append(g.protos, protocol)
	who, ok := g.known[string(b)]
	if !ok {
		return msgr.Identity{}, errors.New("never heard of it")
	}
	return who, nil
}

// newGated is a monitor with a gate, and a manager that shows it an authorizer.
func newGated(t *testing.T, shows string, known map[string]msgr.Identity) (p *pair, mon, mgr *gate) {
	t.Helper()
	p = newPair(t, msgr.Options{})
	mon, mgr = &gate{known: known}, &gate{show: shows}
	p.mon.m.SetAuthorizer(mon)
	p.mgr.m.SetAuthorizer(mgr)
	return p, mon, mgr
}

// TestAuthorizer_saysWhoThePeerIs, before any dispatcher hears of it.
func TestAuthorizer_saysWhoThePeerIs(t *testing.T) {
	want := msgr.Identity{Name: msg.AuthName{Type: 1, ID: "x"}, GlobalID: 4100, Caps: []byte("allow profile mgr")}
	p, mon, _ := newGated(t, "ticket", map[string]msgr.Identity{"ticket for mon": want})
	s := &swift{w: p.w}
	p.mon.m.AddDispatcherHead(s)
	seen := 0
	s.on = func(what string, c *msgr.Connection) {
		got := c.PeerIdentity()
		if got.Name != want.Name || got.GlobalID != 4100 || got.AllowAll || string(got.Caps) != "allow profile mgr" || c.PeerGlobalID() != 4100 {
			t.Errorf("%s: the peer is %+v with global id %d", what, got, c.PeerGlobalID())
		}
		seen++
	}
	c := p.connect()
	c.Send(ping(1, nil))
	c.Send(ping(2, nil))
	p.w.settle()
	if seen != 6 { // fast accept, accept, twice pre, message, fast
		t.Errorf("told %q", s.told)
	}
	wantTold(t, "the gate", mon.asked, "mgr shows ticket for mon")
	if !slices.Equal(mon.protos, []uint32{7}) {
		t.Errorf("protocols %d", mon.protos)
	}
	if got := c.PeerIdentity(); got.Name != (msg.AuthName{}) || got.Caps != nil || got.AllowAll {
		t.Errorf("the dialler takes the acceptor for %+v, which shows nothing", got)
	}
}

// TestAuthorizer_mayRefuse: nobody hears of the peer, which tries again, and is
// let in once it shows something else.
func TestAuthorizer_mayRefuse(t *testing.T) {
	p, mon, mgr := newGated(t, "old", map[string]msgr.Identity{"new for mon": {GlobalID: 5}})
	c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	c.Send(ping(1, nil))
	p.w.run(10 * time.Second)
	wantEvents(t, p.mon)
	wantEvents(t, p.mgr)
	wantLog(t, p.mgr.h, "turned down: bad authorizer")
	wantLog(t, p.mon.h, "never heard of it")
	if n := len(mon.asked); n < 3 {
		t.Errorf("it was tried %d times", n)
	}
	mgr.show = "new"
	p.w.run(15 * time.Second)
	wantEvents(t, p.mon, "accept")
	wantEvents(t, p.mgr, "connect")
	wantTids(t, p.mon.journal, 1)
}

// TestAuthorizer_isAskedAtEachSocket, and the one that counts is that in force
// then; a lossless session keeps the identity it began with.
func TestAuthorizer_isAskedAtEachSocket(t *testing.T) {
	p, mon, _ := newGated(t, "ticket", map[string]msgr.Identity{"ticket for mon": {GlobalID: 5}})
	p.mon.m.SetDefaultPolicy(msgr.StatefulServer())
	p.mgr.m.SetDefaultPolicy(msgr.LosslessClient())
	conns := p.w.watchConns()
	c := p.connect()
	c.Send(ping(1, nil))
	p.w.settle()
	mon.known = nil
	(*conns)[0].cut()
	c.Send(ping(2, nil))
	p.w.run(time.Second)
	wantTids(t, p.mon.journal, 1)
	p.mon.m.SetAuthorizer(&gate{known: map[string]msgr.Identity{"ticket for mon": {GlobalID: 5}}})
	p.w.run(20 * time.Second)
	wantTids(t, p.mon.journal, 1, 2)
	if len(p.mon.conns) != 2 || p.mon.conns[0] != p.mon.conns[1] || p.mon.conns[0].PeerIdentity().GlobalID != 5 {
		t.Errorf("told %q", p.mon.events)
	}
}

// TestAuthNone_allowsEverything to whoever shows an authorizer.
func TestAuthNone_allowsEverything(t *testing.T) {
	p := newMons(t, msgr.LosslessPeer())
	p.dial(p.a, p.b)
	p.w.settle()
	if got := p.b.conns[0].PeerIdentity(); !got.AllowAll || got.Caps != nil {
		t.Errorf("the peer is %+v", got)
	}
}
