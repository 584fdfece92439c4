package msgr_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// These tests run messengers on real sockets and goroutines; with -race they
// check what the deterministic ones cannot.

// tcpDaemon is a messenger on the real machine.
type tcpDaemon struct {
	h    *oshost.Host
	loop host.Loop
	m    *msgr.Messenger
}

func newTCPDaemon(t testing.TB, name msg.EntityName, nonce uint32, p msgr.Policy, d msgr.Dispatcher, wrap func(host.Host) host.Host) *tcpDaemon {
	t.Helper()
	x := &tcpDaemon{h: oshost.New(oshost.Options{Name: name.String()})}
	t.Cleanup(func() { x.h.Exit(0, "test is over"); x.h.Wait() })
	var h host.Host = x.h
	if wrap != nil {
		h = wrap(h)
	}
	x.loop = h.NewLoop("dispatch")
	x.m = msgr.New(h, x.loop, msgr.Config{Name: name, Nonce: nonce, Label: name.String()})
	x.m.SetDefaultPolicy(p)
	x.m.AddDispatcherTail(d)
	return x
}

func (d *tcpDaemon) bind(t testing.TB) {
	t.Helper()
	if err := d.m.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	if err := d.m.Start(); err != nil {
		t.Fatal(err)
	}
}

// sequence checks that each connection's messages come once each and in order,
// and echoes them.
type sequence struct {
	msgr.BaseDispatcher
	t    testing.TB
	want uint64
	echo bool
	left int // connections whose messages are not all here
	done chan struct{}
}

func (s *sequence) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	last, _ := c.Priv.(uint64)
	if m.Header.Tid != last+1 {
		s.t.Errorf("message %d after %d", m.Header.Tid, last)
	}
	c.Priv = m.Header.Tid
	if s.echo {
		c.Send(ping(m.Header.Tid, m.Data))
	}
	if m.Header.Tid == s.want {
		if s.left--; s.left == 0 {
			close(s.done)
		}
	}
	return true
}

func (s *sequence) wait() {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		s.t.Fatal("not everything arrived")
	}
}

func newSequence(t testing.TB, want uint64, conns int, echo bool) *sequence {
	return &sequence{t: t, want: want, echo: echo, left: conns, done: make(chan struct{})}
}

func TestTCP_carriesEverythingBothWays(t *testing.T) {
	const clients, n = 3, 5000
	server := newSequence(t, n, clients, true)
	mon := newTCPDaemon(t, monName(0), 0, msgr.StatelessServer(), server, nil)
	mon.bind(t)
	var echoes []*sequence
	for i := range clients {
		echo := newSequence(t, n, 1, false)
		mgr := newTCPDaemon(t, mgrName(int64(i)), uint32(i+1), msgr.LossyClient(), echo, nil)
		c := mgr.m.ConnectTo(msg.EntityMon, mon.m.Addr())
		go func() { // a loop of the daemon, as far as Send can tell
			for i := range uint64(n) {
				c.Send(ping(i+1, fill(int(i)%3000, int(i))))
				if i%100 == 0 {
					c.SendKeepalive()
				}
			}
		}()
		echoes = append(echoes, echo)
	}
	server.wait()
	for _, e := range echoes {
		e.wait()
	}
	if held := mon.m.Connections(); held != clients {
		t.Errorf("%d connections, want %d", held, clients)
	}
}

// breaker knows the connections that some hosts dialled, and breaks them.
type breaker struct {
	mu    sync.Mutex
	last  func() // breaks the newest connection
	dials int
}

// wrap makes the breaker see what h dials.
func (b *breaker) wrap(h host.Host) host.Host { return brittle{h, b} }

// snap resets the newest connection at both ends.
func (b *breaker) snap() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil {
		b.last()
	}
}

type brittle struct {
	host.Host
	b *breaker
}

func (h brittle) Network() host.Network { return brittleNetwork{h.Host.Network(), h.b} }

type brittleNetwork struct {
	host.Network
	b *breaker
}

func (n brittleNetwork) Dial(loop host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	c := n.Network.Dial(loop, to, h)
	n.b.mu.Lock()
	defer n.b.mu.Unlock()
	n.b.dials++
	n.b.last = func() {
		loop.Post(func() {
			c.Abort()
			h.Closed(host.ErrReset)
		})
	}
	return c
}

func TestTCP_losslessSurvivesResets(t *testing.T) {
	const n = 4000
	server, client := newSequence(t, n, 1, true), newSequence(t, n, 1, false)
	b := &breaker{}
	x := newTCPDaemon(t, monName(0), 0, msgr.LosslessPeer(), server, b.wrap)
	x.bind(t)
	y := newTCPDaemon(t, monName(1), 0, msgr.LosslessPeer(), client, b.wrap)
	y.bind(t)
	c := y.m.ConnectTo(msg.EntityMon, x.m.Addr())
	for i := range uint64(n) {
		c.Send(ping(i+1, fill(int(i)%500, 1)))
		if i%400 == 399 {
			for deadline := time.Now().Add(20 * time.Second); !c.IsConnected() && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond) // real sockets take real time to come back
			}
			b.snap()
			time.Sleep(5 * time.Millisecond)
		}
	}
	server.wait()
	client.wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dials < 3 {
		t.Errorf("%d dials: the resets did not bite", b.dials)
	}
}

// TestTCP_shutdownInTheMiddle: nothing is dispatched after it, nothing races.
func TestTCP_shutdownInTheMiddle(t *testing.T) {
	for range 5 {
		var over atomic.Bool
		sink := &afterlife{t: t, over: &over, enough: make(chan struct{})}
		mon := newTCPDaemon(t, monName(0), 0, msgr.StatelessServer(), sink, nil)
		mon.bind(t)
		mgr := newTCPDaemon(t, mgrName(1), 1, msgr.LossyClient(), msgr.BaseDispatcher{}, nil)
		c := mgr.m.ConnectTo(msg.EntityMon, mon.m.Addr())
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for i := range uint64(20000) {
				c.Send(ping(i+1, nil))
			}
		}()
		<-sink.enough
		down := make(chan struct{})
		mon.loop.Post(func() { mon.m.Shutdown(); over.Store(true); close(down) })
		<-down
		c.MarkDown()
		<-stop
		mgr.m.Shutdown()
	}
}

type afterlife struct {
	msgr.BaseDispatcher
	t      testing.TB
	n      int
	over   *atomic.Bool
	enough chan struct{}
}

func (a *afterlife) Dispatch(*msgr.Connection, *msg.Message) bool {
	if a.over.Load() {
		a.t.Error("dispatched after Shutdown")
	}
	if a.n++; a.n == 100 {
		close(a.enough)
	}
	return true
}

// BenchmarkTCP carries 64-byte messages one way over loopback sockets.
func BenchmarkTCP(b *testing.B) {
	server := newSequence(b, uint64(b.N), 1, false)
	mon := newTCPDaemon(b, monName(0), 0, msgr.StatelessServer(), server, nil)
	mon.bind(b)
	mgr := newTCPDaemon(b, mgrName(1), 1, msgr.LossyClient(), msgr.BaseDispatcher{}, nil)
	c := mgr.m.ConnectTo(msg.EntityMon, mon.m.Addr())
	data := make([]byte, 64)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range uint64(b.N) {
		c.Send(ping(i+1, data))
	}
	server.wait()
}
