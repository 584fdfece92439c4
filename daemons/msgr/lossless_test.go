package msgr_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// mons are two monitors, or other equals, that may dial each other; a's address
// is the lower one.
type mons struct {
	w     *world
	a, b  *daemon
	conns []*fakeConn // dialling ends, in order
	wrote map[[2]netip.AddrPort][]byte
}

func newMons(t testing.TB, policy msgr.Policy) *mons {
	t.Helper()
	w := newWorld()
	p := &mons{w: w, wrote: map[[2]netip.AddrPort][]byte{}}
	w.onDial = func(c *fakeConn) { p.conns = append(p.conns, c) }
	w.tap = func(from, to netip.AddrPort, b []byte) {
		key := [2]netip.AddrPort{from, to}
		p.wrote[key] = append(p.wrote[key], b...)
	}
	p.a, p.b = w.daemon("mon.a", "10.0.0.1", msgr.Config{}), w.daemon("mon.b", "10.0.0.2", msgr.Config{})
	p.a.m.Shutdown()
	p.b.m.Shutdown()
	p.a, p.b = p.restart(t, p.a, 0, policy), p.restart(t, p.b, 1, policy)
	return p
}

// restart makes a fresh process in the place of d.
func (p *mons) restart(t testing.TB, d *daemon, rank int64, policy msgr.Policy) *daemon {
	t.Helper()
	d.m.Shutdown()
	n := p.w.daemon(d.h.name, d.h.addr.String(), msgr.Config{Name: monName(rank)})
	n.m.SetDefaultPolicy(policy)
	n.bind(t, 6789)
	return n
}

func (p *mons) dial(from, to *daemon) *msgr.Connection {
	return from.m.ConnectTo(msg.EntityMon, to.m.Addr())
}

// answers are the tags with which the acceptor replied on the nth socket.
func (p *mons) answers(n int) (tags []byte) {
	c := p.conns[n]
	b := p.wrote[[2]netip.AddrPort{c.remote, c.local}]
	if len(b) < 281 {
		return nil
	}
	for b = b[281:]; len(b) >= 26; b = b[26:] {
		tags = append(tags, b[0])
		if b[0] != tagRetryGlobal && b[0] != tagRetrySession && b[0] != tagResetSession {
			return tags
		}
	}
	return tags
}

const (
	tagReady        = 1
	tagResetSession = 2
	tagWait         = 3
	tagRetrySession = 4
	tagRetryGlobal  = 5
	tagSeq          = 13
)

func wantAnswers(t *testing.T, p *mons, socket int, want ...byte) {
	t.Helper()
	if got := p.answers(socket); !slices.Equal(got, want) {
		t.Errorf("socket %d was answered %d, want %d", socket, got, want)
	}
}

// TestLossless_deliversExactlyOnceInOrder sends both ways while sockets break at
// random places, on one side or both.
func TestLossless_deliversExactlyOnceInOrder(t *testing.T) {
	for name, policy := range map[string]msgr.Policy{
		"peers":              msgr.LosslessPeer(),
		"peers, reset check": msgr.LosslessPeerReuse(),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { exactlyOnce(t, rt, policy) })
		})
	}
}

func exactlyOnce(t *testing.T, rt *rapid.T, policy msgr.Policy) {
	p := newMons(t, policy)
	p.w.chunk = randomSplit(rt)
	order := rapid.SliceOfN(rapid.IntRange(0, 7), 1, 50).Draw(rt, "interleaving")
	p.w.pick = func(n int) int {
		order = append(order[1:], order[0]+n)
		return order[0] % n
	}
	cuts := rapid.SliceOfN(rapid.IntRange(1, 40), 0, 12).Draw(rt, "cuts")
	sides := rapid.SliceOfN(rapid.IntRange(0, 2), 13, 13).Draw(rt, "sides")
	writes := 0
	tap := p.w.tap
	p.w.tap = func(from, to netip.AddrPort, b []byte) {
		tap(from, to, b)
		if writes++; len(cuts) > 0 && writes >= cuts[0] {
			writes, cuts = 0, cuts[1:]
			p.cutLast(sides[len(cuts)])
		}
	}
	ab := p.dial(p.a, p.b)
	var ba *msgr.Connection
	if rapid.Bool().Draw(rt, "both dial") {
		ba = p.dial(p.b, p.a)
	}
	const n = 60
	back := uint64(0)
	for i := range uint64(n) {
		ab.Send(ping(i+1, fill(int(i)*50, 1)))
		if ba == nil && len(p.b.conns) > 0 {
			ba = p.b.conns[0]
		}
		if ba != nil {
			back++
			ba.Send(ping(back, nil))
		}
		p.w.run(time.Duration(rapid.IntRange(0, 300).Draw(rt, "pause")) * time.Millisecond)
	}
	p.w.run(time.Minute)
	cuts = nil
	// A peer that was not told that its socket is gone finds out when the other
	// side dials, which it does when it has something to send.
	ab.Send(ping(n+1, nil))
	if ba != nil {
		back++
		ba.Send(ping(back, nil))
	}
	p.w.run(5 * time.Minute)
	wantTids(rt, p.b.journal, upTo(n+1)...)
	wantTids(rt, p.a.journal, upTo(back)...)
	for _, d := range []*daemon{p.a, p.b} {
		if slices.Contains(d.events, "reset") || slices.Contains(d.events, "remote reset") {
			rt.Errorf("%s was told %q\n%s", d.h.name, d.events, d.h.log.String())
		}
		if d.m.HeldBytes() != 0 {
			rt.Errorf("%s: throttle not given back", d.h.name)
		}
	}
}

// cutLast breaks the newest socket: at both ends, or at one only, so that the
// other finds out late.
func (p *mons) cutLast(side int) {
	c := p.conns[len(p.conns)-1]
	switch {
	case c.peer == nil:
	case side == 0:
		c.cut()
	case side == 1:
		c.vanish()
	default:
		c.peer.breaks(host.ErrReset)
	}
}

// TestLossless_reconnectsAsCeph is the sequence of answers in the capture
// handshake-mon-mon-reconnect: the acceptor's socket still looks open.
func TestLossless_reconnectsAsCeph(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	c := p.dial(p.a, p.b)
	c.Send(ping(1, nil))
	p.w.settle()
	p.conns[0].vanish()
	p.w.settle()
	c.Send(ping(2, nil))
	p.w.settle()
	wantAnswers(t, p, 0, tagSeq)
	wantAnswers(t, p, 1, tagRetrySession, tagRetryGlobal, tagSeq)
	wantTids(t, p.b.journal, 1, 2)
	wantEvents(t, p.a, "connect", "connect")
	wantEvents(t, p.b, "accept", "accept")
	if p.b.conns[0] != p.b.conns[1] {
		t.Error("the session has another connection object")
	}
	if !p.conns[0].peer.closed {
		t.Error("the replaced socket is still open")
	}
}

// TestLossless_replacedSocketDeliversNothing: a socket that still holds unread
// messages when another takes over its session must not deliver them, because
// they are sent again on the new one.
func TestLossless_replacedSocketDeliversNothing(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	p.w.rawFrom(addrPort("10.9.9.9:999"), p.b.m.Addr().IP) // takes the listener's worker
	c := p.dial(p.a, p.b)
	c.Send(ping(1, nil))
	p.w.settle()
	p.w.starved = p.conns[0].peer.loop
	for tid := uint64(2); tid <= 5; tid++ {
		c.Send(ping(tid, nil))
	}
	first := true
	tap := p.w.tap
	p.w.tap = func(from, to netip.AddrPort, b []byte) {
		if tap(from, to, b); first {
			first = false
			p.w.post(p.conns[0].vanish)
		}
	}
	p.w.settle()
	wantAnswers(t, p, 1, tagRetryGlobal, tagSeq)
	wantTids(t, p.b.journal, 1, 2, 3, 4, 5)
	if p.b.m.HeldBytes() != 0 {
		t.Error("the throttle was not given back")
	}
}

func TestLossless_restartedPeerGetsReadyAndWeARemoteReset(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	c := p.dial(p.a, p.b)
	p.dial(p.b, p.a)
	c.Send(ping(1, nil))
	p.w.settle()
	p.b.m.Shutdown()
	p.w.silent[p.b.m.Addr().IP] = true
	p.w.settle()
	p.b = p.restart(t, p.b, 1, msgr.LosslessPeerReuse())
	c.Send(ping(2, nil)) // dials b, which does not answer
	p.w.settle()
	n := len(p.conns)
	back := p.dial(p.b, p.a)
	back.Send(ping(10, nil))
	p.w.settle()
	got := p.answers(n)
	if len(got) < 2 || got[len(got)-1] != tagReady || got[len(got)-2] != tagRetryGlobal {
		t.Errorf("the restarted one was answered %d, want RETRY_GLOBAL and then READY", got)
	}
	if p.a.events[len(p.a.events)-2] != "remote reset" {
		t.Errorf("a was told %q", p.a.events)
	}
	c.Send(ping(3, nil))
	p.w.settle()
	wantTids(t, p.b.journal, 3)
	if got := p.a.tids(); got[len(got)-1] != 10 {
		t.Errorf("a got %d", got)
	}
}

func TestLossless_forgottenSessionIsReset(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	c := p.dial(p.a, p.b)
	c.Send(ping(1, nil))
	p.w.settle()
	p.b = p.restart(t, p.b, 1, msgr.LosslessPeerReuse())
	p.w.settle()
	c.Send(ping(2, nil))
	p.w.run(time.Second)
	n := len(p.conns) - 1
	wantAnswers(t, p, n, tagResetSession, tagSeq)
	wantEvents(t, p.a, "connect", "remote reset", "connect")
	wantTids(t, p.b.journal)
	c.Send(ping(3, nil))
	p.w.settle()
	wantTids(t, p.b.journal, 3)
}

// TestLossless_simultaneousConnect: the connection dialled by the lower address
// survives, and the other side is told to wait.
func TestLossless_simultaneousConnect(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	ab, ba := p.dial(p.a, p.b), p.dial(p.b, p.a)
	ab.Send(ping(1, nil))
	ba.Send(ping(2, nil))
	p.w.settle()
	wantAnswers(t, p, 0, tagRetryGlobal, tagSeq)
	wantAnswers(t, p, 1, tagWait)
	p.w.run(time.Minute)
	wantTids(t, p.a.journal, 2)
	wantTids(t, p.b.journal, 1)
	wantEvents(t, p.a, "connect")
	wantEvents(t, p.b, "accept")
	if len(p.conns) != 2 {
		t.Errorf("%d sockets were dialled, want 2", len(p.conns))
	}
	if !ab.IsConnected() || !ba.IsConnected() || p.a.m.Connections() != 1 || p.b.m.Connections() != 1 {
		t.Error("not one connection per side")
	}
}

func TestLossless_standsByUntilThereIsSomethingToSend(t *testing.T) {
	p := newMons(t, msgr.LosslessPeer())
	c := p.dial(p.a, p.b)
	c.Send(ping(1, nil))
	p.w.settle()
	p.conns[0].cut()
	p.w.run(time.Minute)
	if len(p.conns) != 1 || c.IsConnected() {
		t.Fatalf("%d sockets were dialled, want no second", len(p.conns))
	}
	p.b.conns[0].Send(ping(2, nil)) // the accepting side dials as well
	p.w.settle()
	c.Send(ping(3, nil))
	p.w.settle()
	if len(p.conns) != 2 {
		t.Errorf("%d sockets were dialled, want 2", len(p.conns))
	}
	wantTids(t, p.a.journal, 2)
	wantTids(t, p.b.journal, 1, 3)
}

// TestStateful_serverWaitsForItsClient: the client's session survives, and only
// the client dials.
func TestStateful_serverWaitsForItsClient(t *testing.T) {
	w := newWorld()
	conns := w.watchConns()
	mds := w.daemon("mds.a", "10.0.0.1", msgr.Config{Name: msg.EntityName{Type: msg.EntityMDS, Num: 0}, Nonce: 5})
	mds.m.SetDefaultPolicy(msgr.StatefulServer())
	mds.bind(t, 6800)
	cl := w.daemon("client", "10.0.0.2", msgr.Config{Name: msg.EntityName{Type: msg.EntityClient, Num: 9}, Nonce: 6, Auth: admin(9)})
	cl.m.SetDefaultPolicy(msgr.LosslessClient())
	c := cl.m.ConnectTo(msg.EntityMDS, mds.m.Addr())
	c.Send(ping(1, nil))
	w.settle()
	s := mds.conns[0]
	if s.PeerIdentity().Name.ID != "admin" || s.PeerGlobalID() != 9 {
		t.Errorf("authorizer said %v, %d", s.PeerIdentity().Name, s.PeerGlobalID())
	}
	(*conns)[0].cut()
	s.Send(ping(2, nil))
	w.run(time.Second)
	c.Send(ping(3, nil))
	w.run(time.Second)
	wantTids(t, mds.journal, 1, 3)
	wantTids(t, cl.journal, 2)
	if len(*conns) != 2 {
		t.Errorf("%d sockets were dialled, want 2", len(*conns))
	}
	if s.Unacked() != 0 || c.Unacked() != 0 {
		t.Errorf("%d and %d messages are still kept", s.Unacked(), c.Unacked())
	}
	if len(mds.conns) != 2 || mds.conns[1] != s {
		t.Error("the session has another connection object")
	}
}

// TestRegisteredServer_replacesTheOlderConnection: a lossy server that knows its
// clients throws the older session away, and says so.
func TestRegisteredServer_replacesTheOlderConnection(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.m.SetPolicy(msg.EntityMgr, msgr.StatelessRegisteredServer())
	first := p.w.rawFrom(addrPort("10.9.9.9:1"), p.mon.m.Addr().IP)
	first.write(hello(t))
	p.w.settle()
	second := p.w.rawFrom(addrPort("10.9.9.9:2"), p.mon.m.Addr().IP)
	b := hello(t)
	b[helloConnect+12]++ // a later global_seq
	second.write(b)
	p.w.settle()
	wantEvents(t, p.mon, "accept", "reset", "accept")
	if !first.closed || second.closed {
		t.Error("the wrong one was closed")
	}
	stale := p.w.rawFrom(addrPort("10.9.9.9:3"), p.mon.m.Addr().IP)
	stale.write(hello(t))
	p.w.settle()
	if tag := stale.got[281]; tag != tagRetryGlobal {
		t.Errorf("a stale attempt was answered %d, want RETRY_GLOBAL", tag)
	}
}

func TestCompareAddrs_countsThePortBeforeTheIP(t *testing.T) {
	at := func(nonce uint32, s string) msg.EntityAddr {
		return msg.EntityAddr{Type: msg.AddrLegacy, Nonce: nonce, IP: netip.MustParseAddrPort(s)}
	}
	ascending := []msg.EntityAddr{
		at(0, "10.0.0.9:26701"), at(0, "10.0.0.1:26703"), at(0, "10.0.0.2:26703"),
		at(256, "10.0.0.1:1"), at(1, "10.0.0.1:1"), // the nonce's low byte comes first in memory
	}
	for i := range ascending {
		for j := range ascending {
			if got := msgr.CompareAddrs(ascending[i], ascending[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v against %v: %d", ascending[i], ascending[j], got)
			}
		}
	}
}
