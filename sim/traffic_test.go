package sim

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// tank is a simulation with a server that takes whatever comes, and clients.
type tank struct {
	*Sim
	t      *testing.T
	server *Host
	addr   netip.AddrPort
	sinks  []*sink // in the order in which they were accepted
	deaf   bool    // the server's sinks do not read
}

func newTank(t *testing.T, config Config) *tank {
	t.Helper()
	k := &tank{Sim: New(config), t: t}
	t.Cleanup(k.Close)
	k.server = k.AddHost("server")
	k.serve(k.server, netip.AddrPortFrom(k.server.Addr(), 6789))
	return k
}

// serve starts the server on a machine.
func (k *tank) serve(h *Host, at netip.AddrPort) {
	k.addr = at
	h.Start(func(p host.Host) {
		l := p.NewLoop("server")
		_, err := p.Network().Listen(l, at, func(c host.Conn) {
			s := &sink{sim: k.Sim, conn: c, deaf: k.deaf}
			k.sinks = append(k.sinks, s)
			c.Attach(l, s)
		})
		if err != nil {
			k.t.Errorf("listen: %v", err)
		}
	})
	k.Run(time.Millisecond)
}

// dial has a machine, which is made if need be, connect to the server.
func (k *tank) dial(name string) *sink {
	h := k.Host(name)
	if h == nil {
		h = k.AddHost(name)
	}
	s := &sink{sim: k.Sim}
	start := func(p host.Host) {
		s.began = k.Now()
		s.conn = p.Network().Dial(p.NewLoop("client"), k.addr, s)
	}
	if p := h.Process(); p != nil {
		k.At(k.Now(), func() { start(p) })
	} else {
		h.Start(start)
	}
	k.Run(0)
	return s
}

// open is dial, and the connection opens.
func (k *tank) open(name string) (client, server *sink) {
	k.t.Helper()
	n := len(k.sinks)
	client = k.dial(name)
	if !k.RunUntil(time.Minute, func() bool { return client.opened && len(k.sinks) > n && k.sinks[n].conn != nil }) {
		k.t.Fatal("the connection does not open")
	}
	k.Run(10 * time.Millisecond)
	return client, k.sinks[n]
}

// sink is an end of a connection that reads everything, with the time of it.
type sink struct {
	sim      *Sim
	conn     host.Conn
	deaf     bool // reads nothing
	began    time.Duration
	opened   bool
	openedAt time.Duration
	arrivals []arrival
	total    int
	disorder bool // what came is not the pattern
	eof      bool
	err      error
	closedAt time.Duration
}

type arrival struct {
	at    time.Duration
	bytes int
}

func (s *sink) Opened()   { s.opened, s.openedAt = true, s.sim.Now() }
func (s *sink) Writable() {}
func (s *sink) Closed(err error) {
	s.err, s.closedAt = err, s.sim.Now()
}

func (s *sink) Readable() {
	if s.deaf {
		return
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := s.conn.Read(buf)
		if n > 0 {
			s.disorder = s.disorder || !bytes.Equal(buf[:n], pattern(s.total, n))
			s.total += n
			s.arrivals = append(s.arrivals, arrival{s.sim.Now(), n})
		}
		if err != nil {
			s.eof = s.eof || errors.Is(err, io.EOF)
			return
		}
	}
}

// pattern is n bytes from the offset of a stream in which no two places look alike.
func pattern(offset, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((offset + i) * 40503 >> 7)
	}
	return p
}

// send writes n bytes, all of which must be taken.
func (s *sink) send(t *testing.T, n int) {
	t.Helper()
	if taken, err := s.conn.Write(make([]byte, n)); taken != n || err != nil {
		t.Fatalf("Write of %d bytes: %d, %v", n, taken, err)
	}
}

// when is the time at which the n-th byte came; 0 if it did not.
func (s *sink) when(n int) time.Duration {
	for _, a := range s.arrivals {
		if n -= a.bytes; n <= 0 {
			return a.at
		}
	}
	return 0
}

// wantBetween fails the test unless d is in [least, most].
func wantBetween(t *testing.T, what string, d, least, most time.Duration) {
	t.Helper()
	if d < least || d > most {
		t.Errorf("%s: %v, want %v to %v", what, d, least, most)
	}
}

// wantPending fails the test unless there are so many events on the agenda.
func (k *tank) wantPending(n int) {
	k.t.Helper()
	if got := k.kernel.wheel.count; got != n {
		k.t.Errorf("%d events pending, want %d", got, n)
	}
}
