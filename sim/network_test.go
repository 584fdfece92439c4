package sim

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func startEchoServer(h *Host, got *int) netip.AddrPort {
	addr := netip.AddrPortFrom(h.Addr(), 6789)
	h.Start(func(p host.Host) {
		l := p.NewLoop("l")
		_, err := p.Network().Listen(l, addr, func(c host.Conn) {
			c.Attach(l, &echo{conn: c, buf: make([]byte, 64), got: got})
		})
		if err != nil {
			panic(err)
		}
	})
	return addr
}

// recorder is a client that writes down what happens to its connection.
type recorder struct {
	conn   host.Conn
	events []string
	data   bytes.Buffer
	err    error
	at     func() time.Duration
	closed time.Duration
}

func (r *recorder) Opened()   { r.events = append(r.events, "opened") }
func (r *recorder) Writable() { r.events = append(r.events, "writable") }
func (r *recorder) Closed(err error) {
	r.events, r.err, r.closed = append(r.events, "closed"), err, r.at()
}
func (r *recorder) Readable() {
	buf := make([]byte, 100)
	for {
		n, err := r.conn.Read(buf)
		r.data.Write(buf[:n])
		if err != nil {
			if err == io.EOF {
				r.events = append(r.events, "eof")
			}
			return
		}
	}
}

// pair is an echo server and a client connected to it.
type pair struct {
	*Sim
	server, client *Host
	rec            *recorder
	echoed         int
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{Sim: New(Config{Seed: 1})}
	t.Cleanup(p.Close)
	p.server, p.client = p.AddHost("server"), p.AddHost("client")
	p.rec = &recorder{at: p.Now}
	addr := startEchoServer(p.server, &p.echoed)
	p.client.Start(func(h host.Host) { p.rec.conn = h.Network().Dial(h.NewLoop("l"), addr, p.rec) })
	return p
}

func (p *pair) send(t *testing.T, text string) {
	t.Helper()
	if n, err := p.rec.conn.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

func (p *pair) wantEvents(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(p.rec.events, want) {
		t.Errorf("events %v, want %v", p.rec.events, want)
	}
}

func TestCut_holdsBothWaysSeparately(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.Cut(p.server, p.client) // answers are held, requests are not
	p.send(t, "ping")
	p.Run(10 * time.Second)
	if p.echoed != 1 || p.rec.data.Len() != 0 {
		t.Fatalf("server got %d pieces, client %q; want 1 and nothing", p.echoed, p.rec.data.String())
	}
	if held := p.Held(p.server, p.client); held != 1 {
		t.Errorf("%d events held, want 1", held)
	}
	p.Heal(p.server, p.client)
	p.Run(time.Minute)
	if p.rec.data.String() != "ping" {
		t.Errorf("after the heal the client has %q, want %q", p.rec.data.String(), "ping")
	}
}

func TestHeal_waitsForTheNextRetransmission(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.Cut(p.client, p.server)
	p.send(t, "x")
	p.Run(7 * time.Second) // retransmissions after 0.2, 0.6, 1.4, 3.0, 6.2, 12.6 s
	p.Heal(p.client, p.server)
	healed := p.Now()
	p.RunUntil(time.Minute, func() bool { return p.echoed > 0 })
	if took := p.Now() - healed; took < 5*time.Second || took > 6*time.Second {
		t.Errorf("held bytes came %v after the heal, want about 5.6 s", took)
	}
}

func TestCut_swallowsConnectionAttempts(t *testing.T) {
	p := newPair(t)
	p.Cut(p.client, p.server)
	p.Run(5 * time.Second)
	p.wantEvents(t)
	p.Heal(p.client, p.server)
	p.Run(3 * time.Second) // SYN again at 1, 3, 7 s
	p.wantEvents(t, "opened")
}

func TestDial_timesOutInTheDark(t *testing.T) {
	p := newPair(t)
	p.server.PowerOff()
	p.Run(5 * time.Minute)
	p.wantEvents(t, "closed")
	if !errors.Is(p.rec.err, host.ErrTimeout) || p.rec.closed.Round(time.Second) != 127*time.Second {
		t.Errorf("closed with %v after %v, want a time-out after 127 s", p.rec.err, p.rec.closed)
	}
}

func TestKill_closesSockets(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.server.Kill()
	p.Run(time.Second)
	p.wantEvents(t, "opened", "eof")
	p.send(t, "anyone?")
	p.Run(time.Second)
	p.wantEvents(t, "opened", "eof", "closed")
	if !errors.Is(p.rec.err, host.ErrReset) {
		t.Errorf("writing to a dead process gave %v, want a reset", p.rec.err)
	}
}

func TestPowerOff_isSilentUntilTheHostIsBack(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.server.PowerOff()
	p.send(t, "anyone?")
	p.Run(time.Minute)
	p.wantEvents(t, "opened")
	p.server.Start(func(host.Host) {})
	p.Run(time.Second)
	p.wantEvents(t, "opened", "closed")
	if !errors.Is(p.rec.err, host.ErrReset) {
		t.Errorf("a machine that forgot the connection gave %v, want a reset", p.rec.err)
	}
}

func TestPause_keepsTheStackAlive(t *testing.T) {
	p := newPair(t)
	p.RunUntil(time.Second, func() bool { return len(p.server.ports) > 0 })
	p.server.Pause()
	p.Run(time.Second)
	p.wantEvents(t, "opened") // the machine's kernel accepts for the process
	p.send(t, "hello")
	p.Run(time.Minute)
	if p.echoed != 0 {
		t.Fatal("a paused process ran")
	}
	p.server.Resume()
	p.Run(time.Second)
	if p.rec.data.String() != "hello" {
		t.Errorf("after resume the client has %q", p.rec.data.String())
	}
}

func TestPause_overdueTimersKeepTheirOrder(t *testing.T) {
	s := New(Config{Seed: 3})
	defer s.Close()
	h := s.AddHost("a")
	var fired []int
	h.Start(func(p host.Host) {
		l := p.NewLoop("l")
		for i := range 8 {
			l.NewTimer(func() { fired = append(fired, i) }).Reset(time.Duration(8-i) * time.Second)
		}
		stopped := l.NewTimer(func() { t.Error("a stopped timer fired") })
		stopped.Reset(5 * time.Second)
		l.NewTimer(stopped.Stop).Reset(4 * time.Second)
	})
	s.Run(time.Millisecond)
	h.Pause()
	s.Run(time.Minute)
	if len(fired) != 0 {
		t.Fatal("timers fired while the host was paused")
	}
	h.Resume()
	s.Run(time.Millisecond)
	if !slices.Equal(fired, []int{7, 6, 5, 4, 3, 2, 1, 0}) {
		t.Errorf("overdue timers fired in order %v", fired)
	}
}

func TestReset_breaksBothEnds(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	if n := p.Reset(p.client, p.server); n != 1 {
		t.Fatalf("Reset broke %d connections, want 1", n)
	}
	p.Run(time.Second)
	p.wantEvents(t, "opened", "closed")
	if n := p.Sim.Counts().Resets; n != 2 {
		t.Errorf("%d ends saw the reset, want 2", n)
	}
}
