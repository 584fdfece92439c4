package msgr_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

func monName(rank int64) msg.EntityName { return msg.EntityName{Type: msg.EntityMon, Num: rank} }
func mgrName(gid int64) msg.EntityName  { return msg.EntityName{Type: msg.EntityMgr, Num: gid} }

// pair is a monitor and a mgr that can dial it.
type pair struct {
	w        *world
	mon, mgr *daemon
}

func newPair(t testing.TB, o msgr.Options) *pair {
	t.Helper()
	w := newWorld()
	p := &pair{w: w}
	p.mon = w.daemon("mon.a", "10.0.0.1", msgr.Config{Name: monName(0), Options: o})
	p.mon.m.SetDefaultPolicy(msgr.StatelessServer())
	p.mon.bind(t, 6789)
	p.mgr = w.daemon("mgr.x", "10.0.0.2", msgr.Config{Name: mgrName(-1), Nonce: 77, Options: o})
	return p
}

func (p *pair) connect() *msgr.Connection {
	c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	p.w.settle()
	return c
}

func wantEvents(t testing.TB, d *daemon, want ...string) {
	t.Helper()
	if !slices.Equal(d.events, want) {
		t.Errorf("%s was told %q, want %q\n%s", d.h.name, d.events, want, d.h.log.String())
	}
}

func wantTids(t failer, j *journal, want ...uint64) {
	t.Helper()
	if got := j.tids(); !slices.Equal(got, want) {
		t.Errorf("got messages %d, want %d", got, want)
	}
}

func upTo(n uint64) (list []uint64) {
	for i := uint64(1); i <= n; i++ {
		list = append(list, i)
	}
	return list
}

func TestMessenger_connectsAndTalksBothWays(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.onMsg = func(c *msgr.Connection, m *msg.Message) { c.Send(ping(m.Header.Tid+100, m.Data)) }
	c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	if again := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr()); again != c {
		t.Error("ConnectTo made a second connection")
	}
	c.Send(ping(1, []byte("early")))
	p.w.settle()
	c.Send(ping(2, []byte("late")))
	p.w.settle()

	wantEvents(t, p.mgr, "connect")
	wantEvents(t, p.mon, "accept")
	wantTids(t, p.mon.journal, 1, 2)
	wantTids(t, p.mgr.journal, 101, 102)
	if got := string(p.mgr.messages[1].Data); got != "late" {
		t.Errorf("echo is %q", got)
	}
	checkPeers(t, p, c)
	if c.Unacked() != 0 {
		t.Errorf("%d messages kept on a lossy connection", c.Unacked())
	}
}

func checkPeers(t *testing.T, p *pair, c *msgr.Connection) {
	t.Helper()
	s := p.mon.conns[0]
	if !c.IsConnected() || !s.IsConnected() {
		t.Error("not connected")
	}
	if got, want := s.PeerAddr(), p.mgr.m.Addr(); got != want || got.Nonce != 77 || got.IP.Addr() != p.mgr.h.addr {
		t.Errorf("acceptor sees %v, connector is %v", got, want)
	}
	if s.PeerType() != msg.EntityMgr || s.PeerName() != mgrName(-1) || c.PeerName() != monName(0) {
		t.Errorf("peers are %v and %v", s.PeerName(), c.PeerName())
	}
	if s.Features() != msg.FeaturesAll || !c.HasFeature(msg.FeatureMsgAddr2) {
		t.Errorf("features %#x", s.Features())
	}
}

// TestMessenger_carriesAnySizeInAnySplit crosses the receive buffer's and the
// sections' sizes, with a peer that reads a few bytes at a time and a window
// that blocks the writer.
func TestMessenger_carriesAnySizeInAnySplit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPair(t, msgr.Options{ReceiveBufferBytes: 4096, FlushBytes: rapid.IntRange(1, 20000).Draw(rt, "flush")})
		p.w.window = rapid.IntRange(600, 30000).Draw(rt, "window")
		p.w.chunk = randomSplit(rt)
		p.mon.m.SetDefaultPolicy(msgr.StatelessServer())
		c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
		size := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(3900, 4200), rapid.IntRange(0, 90000))
		var sent []*msg.Message
		for i := range rapid.IntRange(1, 12).Draw(rt, "messages") {
			m := msg.New(&msg.Unknown{T: 0x5299, Head: 1, Compat: 1, Front: fill(size.Draw(rt, "front"), i)})
			m.Middle = fill(size.Draw(rt, "middle")/10, i+1)
			m.Data = fill(size.Draw(rt, "data"), i+2)
			sent = append(sent, m)
			c.Send(m)
		}
		p.w.settle()
		checkArrived(rt, p.mon, sent)
	})
}

func checkArrived(t failer, d *daemon, sent []*msg.Message) {
	t.Helper()
	if len(d.messages) != len(sent) {
		t.Fatalf("%d of %d arrived\n%s", len(d.messages), len(sent), d.h.log.String())
	}
	for i, m := range d.messages {
		a, b := m.Body.(*msg.Unknown), sent[i].Body.(*msg.Unknown)
		if !bytes.Equal(a.Front, b.Front) || !bytes.Equal(m.Middle, sent[i].Middle) || !bytes.Equal(m.Data, sent[i].Data) {
			t.Errorf("message %d differs", i)
		}
	}
	if held := d.m.HeldBytes(); held != 0 {
		t.Errorf("%d bytes still drawn from the throttle", held)
	}
}

func fill(n, seed int) []byte {
	if n == 0 {
		return nil
	}
	return bytes.Repeat([]byte{byte(seed*31 + 7)}, n)
}

// TestMessenger_flushesInBoundedRounds sends more than one callback of a worker
// encodes.
func TestMessenger_flushesInBoundedRounds(t *testing.T) {
	p := newPair(t, msgr.Options{FlushBytes: 1})
	c := p.connect()
	const n = 64 * 40
	for i := range uint64(n) {
		c.Send(ping(i+1, nil))
	}
	p.w.settle()
	wantTids(t, p.mon.journal, upTo(n)...)
}

// TestLastWords_areDispatchedBeforeTheEnd: a peer that says something and closes
// at once is heard, if the dispatch loop gets to it.
func TestLastWords_areDispatchedBeforeTheEnd(t *testing.T) {
	p := newPair(t, msgr.Options{})
	raw := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
	raw.write(hello(t))
	p.w.settle()
	raw.write(message(pingHeader(1), nil, nil, nil))
	raw.conn.peer.eof = true // the FIN came with the message
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
	wantEvents(t, p.mon, "accept", "reset")
}

func TestMessenger_sendsHighPriorityFirst(t *testing.T) {
	p := newPair(t, msgr.Options{})
	c := p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	for i, prio := range []uint16{127, 64, 196, 127, 196, 255} {
		m := ping(uint64(i+1), nil)
		m.Header.Priority = prio
		c.Send(m)
	}
	p.w.settle()
	wantTids(t, p.mon.journal, 6, 3, 5, 1, 4, 2)
}

// TestDispatch_eventsOvertakeAndOneBatchAtATime: while the dispatch loop is
// busy with a bounded batch, what arrives takes its place by priority.
func TestDispatch_prefersHighPriorityAcrossConnections(t *testing.T) {
	p := newPair(t, msgr.Options{DispatchBatch: 1})
	low, high := p.connect(), (*msgr.Connection)(nil)
	other := p.w.daemon("mgr.y", "10.0.0.3", msgr.Config{Name: mgrName(5), Nonce: 78})
	high = other.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	p.w.settle()
	for i := range uint64(3) {
		low.Send(ping(i+1, nil))
	}
	m := ping(100, nil)
	m.Header.Priority = msg.PrioHigh
	high.Send(m)
	p.w.settle()
	if at := slices.Index(p.mon.tids(), 100); at < 0 || at > 1 {
		t.Errorf("the high priority message came at place %d of %d", at, p.mon.tids())
	}
}

func TestLoopback_deliversToOneself(t *testing.T) {
	p := newPair(t, msgr.Options{})
	c := p.mon.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	c.Send(ping(1, []byte("x")))
	if len(p.mon.messages) != 0 {
		t.Error("delivered inside Send")
	}
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
	if got := p.mon.messages[0].Header.Src; got != monName(0) || !c.IsConnected() {
		t.Errorf("from %v", got)
	}
	p.mon.m.Shutdown()
	c.Send(ping(2, nil))
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
}

func TestShutdown_closesEverythingSilently(t *testing.T) {
	p := newPair(t, msgr.Options{})
	c := p.connect()
	c.Send(ping(1, nil))
	p.mon.m.Shutdown()
	p.mon.m.Shutdown()
	p.w.run(time.Second)
	wantEvents(t, p.mon, "accept")
	wantTids(t, p.mon.journal)
	wantEvents(t, p.mgr, "connect", "reset")
	if err := p.mon.m.Bind(addrPort("10.0.0.1:1")); !errors.Is(err, msgr.ErrShutdown) {
		t.Errorf("Bind after Shutdown: %v", err)
	}
	for name, l := range p.mon.h.loops {
		if l.closed != (name != "dispatch") {
			t.Errorf("loop %s: closed is %v", name, l.closed)
		}
	}
	if c := p.mon.m.ConnectTo(msg.EntityMgr, p.mgr.m.Addr()); c.IsConnected() {
		t.Error("connected after Shutdown")
	}
}

func TestBindAndStart_refuse(t *testing.T) {
	w := newWorld()
	d := w.daemon("a", "10.0.0.1", msgr.Config{Name: monName(0)})
	d.bind(t, 1)
	if err := d.m.Bind(addrPort("10.0.0.1:2")); !errors.Is(err, msgr.ErrBound) {
		t.Errorf("second Bind: %v", err)
	}
	if err := d.m.Start(); !errors.Is(err, msgr.ErrStarted) {
		t.Errorf("second Start: %v", err)
	}
	e := w.daemon("b", "10.0.0.1", msgr.Config{Options: msgr.Options{MaxBackoff: 1, InitialBackoff: 2}, Workers: -1})
	if err := e.m.Bind(addrPort("10.0.0.1:1")); !errors.Is(err, host.ErrAddrInUse) {
		t.Errorf("Bind to a taken port: %v", err)
	}
	err := e.m.Start()
	if err == nil || !strings.Contains(err.Error(), "Workers is negative") || !strings.Contains(err.Error(), "MaxBackoff") {
		t.Errorf("Start with a bad Config: %v", err)
	}
}

// TestBind_holdsConnectionsUntilStart: a peer may dial between the two.
func TestBind_holdsConnectionsUntilStart(t *testing.T) {
	p := newPair(t, msgr.Options{})
	late := p.w.daemon("mon.b", "10.0.0.5", msgr.Config{Name: monName(1)})
	late.m.SetDefaultPolicy(msgr.StatelessServer())
	if err := late.m.Bind(addrPort("10.0.0.5:6789")); err != nil {
		t.Fatal(err)
	}
	p.mgr.m.ConnectTo(msg.EntityMon, late.m.Addr()).Send(ping(1, nil))
	p.w.run(time.Second)
	wantEvents(t, p.mgr)
	if err := late.m.Start(); err != nil {
		t.Fatal(err)
	}
	p.w.settle()
	wantTids(t, late.journal, 1)
}

// TestBind_boundsTheBacklog: connections before Start are not kept without end.
func TestBind_boundsTheBacklog(t *testing.T) {
	w := newWorld()
	d := w.daemon("mon", "10.0.0.1", msgr.Config{Name: monName(0)})
	d.m.SetDefaultPolicy(msgr.StatelessServer())
	if err := d.m.Bind(addrPort("10.0.0.1:1")); err != nil {
		t.Fatal(err)
	}
	var peers []*rawPeer
	for range 600 {
		peers = append(peers, w.rawFrom(addrPort("10.9.9.9:999"), d.m.Addr().IP))
	}
	w.settle()
	open := 0
	for _, r := range peers {
		if !r.closed {
			open++
		}
	}
	if open != 512 {
		t.Errorf("%d connections wait, want 512", open)
	}
}

// TestAcceptor_fillsInAnUnknownIP: a connector that does not know its IP has the
// one its socket comes from.
func TestAcceptor_fillsInAnUnknownIP(t *testing.T) {
	p := newPair(t, msgr.Options{})
	b := hello(t)
	clear(b[helloAddr+12 : helloAddr+16])
	p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP).write(b)
	p.w.settle()
	if got := p.mon.conns[0].PeerAddr().IP; got != addrPort("10.9.9.9:0") {
		t.Errorf("peer's address is %v", got)
	}
}

// TestFastDispatch_runsAheadOfTheQueue: a fast message overtakes a slow one
// that arrived before it, and its source is known.
func TestFastDispatch_runsAheadOfTheQueue(t *testing.T) {
	p := newPair(t, msgr.Options{})
	fast := &fastOnes{journal: &journal{}, order: &[]uint64{}}
	p.mon.onMsg = func(_ *msgr.Connection, m *msg.Message) { *fast.order = append(*fast.order, m.Header.Tid) }
	p.mon.m.AddDispatcherHead(fast)
	c := p.connect()
	for i := range uint64(4) {
		c.Send(ping(i+1, nil))
	}
	p.w.settle()
	if want := []uint64{2, 4, 1, 3}; !slices.Equal(*fast.order, want) {
		t.Errorf("order %d, want %d", *fast.order, want)
	}
	if p.mon.m.HeldBytes() != 0 {
		t.Error("the throttle was not given back")
	}
}

// fastOnes takes messages with an even tid on the worker.
type fastOnes struct {
	*journal
	order *[]uint64
}

func (f *fastOnes) Dispatch(*msgr.Connection, *msg.Message) bool { return false }
func (f *fastOnes) CanFastDispatch(m *msg.Message) bool          { return m.Header.Tid%2 == 0 }
func (f *fastOnes) FastDispatch(_ *msgr.Connection, m *msg.Message) {
	*f.order = append(*f.order, m.Header.Tid)
}

// TestLoops_haveTheLabel: traces name loops by it.
func TestLoops_haveTheLabel(t *testing.T) {
	w := newWorld()
	d := w.daemon("a", "10.0.0.1", msgr.Config{Label: "mon.a", Workers: 2})
	for i := range 2 {
		if d.h.loops[fmt.Sprintf("mon.a/worker-%d", i)] == nil {
			t.Errorf("loops are %v", d.h.loops)
		}
	}
}
