package msgr_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

func TestLossyFault_resetsOnceAndDropsQueues(t *testing.T) {
	p := newPair(t, msgr.Options{})
	conns := p.w.watchConns()
	c := p.connect()
	(*conns)[0].cut()
	c.Send(ping(1, nil))
	p.w.run(time.Minute)
	wantEvents(t, p.mgr, "connect", "reset")
	wantEvents(t, p.mon, "accept", "reset")
	wantTids(t, p.mon.journal)
	wantLog(t, p.mgr.h, "connection reset by peer")
	if n := p.mon.m.Connections() + p.mgr.m.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	if next := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr()); next == c {
		t.Error("a dead connection was handed out")
	}
	p.w.settle()
	wantEvents(t, p.mgr, "connect", "reset", "connect")
}

func TestLossyFault_voidsMessagesNotYetDispatched(t *testing.T) {
	p := newPair(t, msgr.Options{DispatchBatch: 1})
	conns := p.w.watchConns()
	c := p.connect()
	p.mon.onMsg = func(*msgr.Connection, *msg.Message) { (*conns)[0].peer.breaks(host.ErrReset) }
	for i := range uint64(8) {
		c.Send(ping(i+1, nil))
	}
	p.w.settle()
	if n := len(p.mon.messages); n == 0 || n == 8 {
		t.Errorf("%d of 8 messages were dispatched, want some", n)
	}
	if p.mon.m.HeldBytes() != 0 {
		t.Error("the throttle was not given back")
	}
	wantEvents(t, p.mon, "accept", "reset")
}

func TestRefused_isToldPerAttemptAndRetriedWithBackoff(t *testing.T) {
	p := newPair(t, msgr.Options{})
	to := p.mon.m.Addr()
	p.mon.m.Shutdown()
	p.w.settle()
	var at []time.Duration
	p.w.onDial = func(*fakeConn) { at = append(at, p.w.now) }
	c := p.mgr.m.ConnectTo(msg.EntityMon, to)
	c.Send(ping(1, nil))
	p.w.run(60 * time.Second)

	want := []time.Duration{0, 200, 600, 1400, 3000, 6200, 12600, 25400, 40400, 55400} // ms: 0.2 s doubling, at most 15 s
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(at, want) {
		t.Errorf("dialled at %v, want %v", at, want)
	}
	wantEvents(t, p.mgr, slices.Repeat([]string{"refused"}, len(want))...)

	again := p.w.daemon("mon.a2", "10.0.0.1", msgr.Config{Name: monName(0)})
	again.m.SetDefaultPolicy(msgr.StatelessServer())
	again.bind(t, 6789)
	p.w.run(20 * time.Second)
	wantTids(t, again.journal, 1)
}

func TestReadyTimeout_ofASilentNetwork(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.w.silent[p.mon.m.Addr().IP] = true
	p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	p.w.run(10*time.Second - 1)
	if p.mgr.h.log.Len() != 0 {
		t.Error("gave up too early")
	}
	p.w.run(1)
	wantLog(t, p.mgr.h, "not ready in time")
	delete(p.w.silent, p.mon.m.Addr().IP)
	p.w.run(200 * time.Millisecond)
	wantEvents(t, p.mgr, "connect")
}

func TestReadyTimeout_ofAMutePeer(t *testing.T) {
	p := newPair(t, msgr.Options{})
	raw := p.w.rawFrom(addrPort("10.0.0.9:1000"), p.mon.m.Addr().IP)
	raw.write([]byte("ceph v027"))
	p.w.run(11 * time.Second)
	if !raw.closed || p.mon.m.Connections() != 0 {
		t.Error("the acceptor still waits")
	}
	wantEvents(t, p.mon)

	peers := p.w.listenRaw(addrPort("10.0.0.9:6789"))
	p.mgr.m.ConnectTo(msg.EntityMon, msg.EntityAddr{Type: msg.AddrLegacy, IP: addrPort("10.0.0.9:6789")})
	p.w.run(11 * time.Second)
	if len(*peers) != 2 || !(*peers)[0].closed {
		t.Errorf("%d attempts, want the first given up and a second", len(*peers))
	}
	wantEvents(t, p.mgr)
}

func TestIdleTimeout_closesOnlyIdleConnections(t *testing.T) {
	p := newPair(t, msgr.Options{IdleTimeout: 100 * time.Second})
	c := p.connect()
	for range 5 {
		p.w.run(90 * time.Second)
		c.SendKeepalive()
	}
	wantEvents(t, p.mgr, "connect")
	p.w.run(99 * time.Second)
	wantEvents(t, p.mgr, "connect")
	p.w.run(2 * time.Second)
	wantEvents(t, p.mgr, "connect", "reset")
	wantEvents(t, p.mon, "accept", "reset")
}

// TestIdleTimeout_sendingIsTraffic: who only sends and hears nothing is not idle.
func TestIdleTimeout_sendingIsTraffic(t *testing.T) {
	p := newPair(t, msgr.Options{IdleTimeout: 100 * time.Second})
	c := p.connect()
	for i := range uint64(5) {
		p.w.run(60 * time.Second)
		c.Send(ping(i+1, nil))
	}
	p.w.run(90 * time.Second)
	wantEvents(t, p.mgr, "connect")
	wantEvents(t, p.mon, "accept")
}

func TestKeepalive_isAnsweredOnAnIdleConnection(t *testing.T) {
	p := newPair(t, msgr.Options{})
	c := p.connect()
	if c.LastKeepaliveAck() != 0 {
		t.Error("acknowledged before it was sent")
	}
	p.w.run(5 * time.Second)
	c.SendKeepalive()
	p.w.settle()
	now := p.mgr.h.Clock().Monotonic()
	if got := c.LastKeepaliveAck(); got != now {
		t.Errorf("ack at %v, want %v", got, now)
	}
	if got := p.mon.conns[0].LastKeepalive(); got != now {
		t.Errorf("keepalive seen at %v, want %v", got, now)
	}
}

func TestMarkDown_isSilentAndDiscards(t *testing.T) {
	p := newPair(t, msgr.Options{DispatchBatch: 1})
	c := p.connect()
	p.mon.onMsg = func(s *msgr.Connection, _ *msg.Message) { s.MarkDown() }
	for i := range uint64(5) {
		c.Send(ping(i+1, nil))
	}
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
	wantEvents(t, p.mon, "accept")
	wantEvents(t, p.mgr, "connect", "reset")
	p.mon.conns[0].MarkDown()
	p.mon.conns[0].Send(ping(9, nil))
	p.w.settle()
	if p.mon.m.HeldBytes() != 0 || p.mon.m.Connections() != 0 {
		t.Error("something is left of the connection")
	}
}

func TestMarkDown_beforeOpenStopsTrying(t *testing.T) {
	p := newPair(t, msgr.Options{})
	to := msg.EntityAddr{Type: msg.AddrLegacy, IP: addrPort("10.0.0.9:1")}
	c := p.mgr.m.ConnectTo(msg.EntityMon, to)
	c.MarkDown()
	p.w.run(time.Minute)
	wantEvents(t, p.mgr)
	c = p.mgr.m.ConnectTo(msg.EntityMon, to)
	p.w.run(time.Second)
	n := len(p.mgr.events)
	c.MarkDown()
	p.w.run(time.Minute)
	if n == 0 || len(p.mgr.events) != n {
		t.Errorf("refused %d times, then %d", n, len(p.mgr.events))
	}
}

func TestWrongNonce_isAnotherDaemon(t *testing.T) {
	p := newPair(t, msgr.Options{})
	to := p.mon.m.Addr()
	to.Nonce = 5
	p.mgr.m.ConnectTo(msg.EntityMon, to)
	p.w.run(time.Second)
	wantEvents(t, p.mgr)
	wantLog(t, p.mgr.h, "another daemon than expected answers there: v1:10.0.0.1:6789/0")
}

func TestAcceptor_turnsDown(t *testing.T) {
	for _, tc := range []struct {
		name   string
		self   msg.EntityName
		auth   msgr.Authorizer
		policy msgr.Policy
		reason string
	}{
		{"a monitor without authorizer", monName(1), noAuth{}, msgr.LossyClient(), "bad authorizer"},
		{"a peer without features", mgrName(1), nil, msgr.LossyClient(), "we lack features 0x20000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPair(t, msgr.Options{})
			p.mon.m.SetPolicy(msg.EntityMgr, msgr.Policy{Lossy: true, Server: true, FeaturesRequired: 1 << 17})
			d := p.w.daemon("peer", "10.0.0.4", msgr.Config{Name: tc.self, Nonce: 1, Auth: tc.auth})
			d.m.SetDefaultPolicy(tc.policy)
			d.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
			p.w.run(time.Second)
			wantLog(t, d.h, tc.reason)
			wantEvents(t, d)
			wantEvents(t, p.mon)
		})
	}
}

type noAuth struct{ msgr.AuthNone }

func (noAuth) GetAuthorizer(msg.EntityType) (uint32, []byte) { return 0, nil }

func TestThrottle_stallsTheReaderAndLosesNothing(t *testing.T) {
	p := newPair(t, msgr.Options{DispatchThrottleBytes: 1000})
	p.mon.m.SetPolicy(msg.EntityMgr, msgr.Policy{Lossy: true, Server: true, ThrottleMessages: 3, ThrottleBytes: 900})
	most := int64(0)
	p.mon.onMsg = func(_ *msgr.Connection, m *msg.Message) {
		if m.Header.Tid <= 50 {
			most = max(most, p.mon.m.HeldBytes())
		}
	}
	c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	for i := range uint64(50) {
		c.Send(ping(i+1, fill(300, 1)))
	}
	c.Send(ping(51, fill(5000, 1)))
	p.w.run(time.Second)
	wantTids(t, p.mon.journal, upTo(51)...)
	if most == 0 || most > 900 || p.mon.m.HeldBytes() != 0 {
		t.Errorf("throttle held %d at most and %d at the end", most, p.mon.m.HeldBytes())
	}
}
