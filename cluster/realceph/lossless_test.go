package realceph_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// peer is a messenger with a lossless policy that reaches the other one through
// a proxy. It sends numbered messages and checks those that come.
type peer struct {
	msgr.BaseDispatcher
	t      *testing.T
	detour *detour
	m      *msgr.Messenger

	echo   bool   // answer each message with the same one
	last   uint64 // on the dispatch loop
	want   uint64
	resets atomic.Int32
	done   chan struct{}
}

func newPeer(t *testing.T, num int64, policy msgr.Policy, want uint64) *peer {
	t.Helper()
	name := msg.EntityName{Type: msg.EntityMon, Num: num}
	h := oshost.New(oshost.Options{Name: name.String()})
	t.Cleanup(h.Kill)
	p := &peer{
		t: t, want: want, done: make(chan struct{}),
		detour: &detour{Host: h, over: make(map[netip.AddrPort]netip.AddrPort)},
	}
	// A short wait after a handshake that was cut, so that the test is short.
	p.m = msgr.New(p.detour, p.detour.NewLoop("dispatch"), msgr.Config{
		Name: name, Label: name.String(), Options: msgr.Options{InitialBackoff: 10 * time.Millisecond, MaxBackoff: 40 * time.Millisecond},
	})
	p.m.SetDefaultPolicy(policy)
	p.m.AddDispatcherTail(p)
	if err := p.m.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	if err := p.m.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// content is what message number n carries: up to 3000 bytes that hardly another has.
func content(n uint64) []byte { return bytes.Repeat([]byte{byte(n), byte(n >> 8)}, int(n*37%1500)) }

func (p *peer) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	n := m.Header.Tid
	if n != p.last+1 {
		p.t.Errorf("%v: message %d came after %d", p.m.Name(), n, p.last)
	}
	if !bytes.Equal(m.Data, content(n)) {
		p.t.Errorf("%v: message %d carries something else", p.m.Name(), n)
	}
	p.last = n
	if p.echo {
		c.Send(numbered(n))
	}
	if n == p.want {
		close(p.done)
	}
	return true
}

func (p *peer) HandleReset(*msgr.Connection) bool    { p.resets.Add(1); return true }
func (p *peer) HandleRemoteReset(c *msgr.Connection) { p.resets.Add(1) }

// through puts a proxy between p and the other peer, for what p dials.
func (p *peer) through(other *peer, budgets []int) *proxy {
	x := newProxy(p.t, other.m.Addr().IP, budgets)
	p.detour.send(other.m.Addr().IP, x)
	return x
}

// send sends all messages without looking at what becomes of them.
func (p *peer) send(other *peer) {
	c := p.m.ConnectTo(msg.EntityMon, other.m.Addr())
	for n := range p.want {
		c.Send(numbered(n + 1))
	}
}

func numbered(n uint64) *msg.Message {
	m := msg.New(&msg.MonGlobalID{OldMax: n})
	m.Header.Tid, m.Data = n, content(n)
	return m
}

func (p *peer) wait() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("%v: not everything came", p.m.Name())
	}
	if n := p.resets.Load(); n > 0 {
		p.t.Errorf("%v: the session was reset %d times", p.m.Name(), n)
	}
}

// budgets draws where n connections are cut: one in six in the handshake (about
// 600 bytes), the others anywhere in the first 60 kB.
func budgets(seed uint64, n int) []int {
	draw := rand.New(rand.NewPCG(seed, 0))
	out := make([]int, n)
	for i := range out {
		if out[i] = 1 + draw.IntN(60000); draw.IntN(6) == 0 {
			out[i] = 1 + draw.IntN(600)
		}
	}
	return out
}

// A lossless session over real sockets that are cut again and again, anywhere in
// a frame and in either peer's handshake, delivers everything once and in order,
// and neither side hears of a reset.
func TestLossless_survivesCutSockets(t *testing.T) {
	const n, cuts = 1200, 25
	for _, tt := range []struct {
		name     string
		x, y     msgr.Policy
		bothDial bool // and send, without being asked; else y only answers
	}{
		{"peers", msgr.LosslessPeer(), msgr.LosslessPeer(), false},
		{"peers that both dial", msgr.LosslessPeer(), msgr.LosslessPeer(), true},
		{"monitors that both dial", msgr.LosslessPeerReuse(), msgr.LosslessPeerReuse(), true},
		{"client and server", msgr.LosslessClient(), msgr.StatefulServer(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, y := newPeer(t, 0, tt.x, n), newPeer(t, 1, tt.y, n)
			y.echo = !tt.bothDial
			// Whoever finds the session broken may dial, so both ways are cut.
			there, back := x.through(y, budgets(1, cuts)), y.through(x, budgets(2, cuts))
			x.send(y)
			if tt.bothDial {
				y.send(x)
			}
			x.wait()
			y.wait()
			if got := there.cutSoFar() + back.cutSoFar(); got < cuts {
				t.Errorf("%d connections were cut, want %d", got, cuts)
			}
		})
	}
}
