package sim

import (
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// TestHash_withoutNetworkFaults holds the hash that this run had when links could
// be cut, slowed and reset and nothing else. Whoever changes what a network does
// in a run without other faults changes everybody's recorded runs, and has to say
// so here.
func TestHash_withoutNetworkFaults(t *testing.T) {
	s := New(Config{Seed: 7})
	defer s.Close()
	server := s.AddHost("server")
	addr := netip.AddrPortFrom(server.Addr(), 6789)
	server.Start(func(p host.Host) {
		l := p.NewLoop("l")
		_, err := p.Network().Listen(l, addr, func(c host.Conn) { c.Attach(l, &mirror{conn: c}) })
		if err != nil {
			t.Error(err)
		}
	})
	var clients []*Host
	for _, name := range []string{"a", "b", "c"} {
		h := s.AddHost(name)
		clients = append(clients, h)
		h.Start(func(p host.Host) { keepTalking(p, p.NewLoop("l"), addr) })
	}
	s.Run(time.Second)
	s.Cut(clients[0], server)
	s.Cut(server, clients[1])
	s.SetDelay(clients[2], server, time.Millisecond)
	s.Run(30 * time.Second)
	s.Heal(clients[0], server)
	s.Heal(server, clients[1])
	s.Reset(server, clients[2])
	s.Run(30 * time.Second)
	server.PowerOff()
	s.Run(10 * time.Minute)
	server.Start(func(host.Host) {})
	s.Run(time.Minute)
	const want = 0x1e27578f46d09c16
	if got := s.Hash(); got != want {
		t.Errorf("hash %#x after %d steps, want %#x", got, s.Steps(), uint64(want))
	}
}

// mirror sends everything back.
type mirror struct {
	conn host.Conn
	held []byte
}

func (m *mirror) Opened()      {}
func (m *mirror) Closed(error) {}
func (m *mirror) Writable()    { m.Readable() }
func (m *mirror) Readable() {
	buf := make([]byte, 10_000)
	for {
		n, _ := m.conn.Write(m.held)
		if m.held = m.held[n:]; len(m.held) > 0 {
			return
		}
		n, err := m.conn.Read(buf)
		if err != nil {
			return
		}
		m.held = append(m.held, buf[:n]...)
	}
}

// keepTalking sends pieces of drawn sizes, hangs up now and then, and comes back.
func keepTalking(p host.Host, l host.Loop, to netip.AddrPort) {
	draws := p.Rand("talk")
	c := &caller{}
	c.lost = func() { l.NewTimer(func() { keepTalking(p, l, to) }).Reset(time.Second) }
	c.conn = p.Network().Dial(l, to, c)
	var t host.Timer
	t = l.NewTimer(func() {
		if c.gone {
			return
		}
		c.conn.Write(make([]byte, draws.IntN(100_000)))
		if draws.IntN(10) == 0 {
			c.gone = true
			c.conn.Close()
			c.lost()
			return
		}
		t.Reset(time.Duration(draws.IntN(int(time.Second))))
	})
	t.Reset(0)
}

// caller throws away what comes.
type caller struct {
	conn host.Conn
	lost func()
	gone bool
}

func (c *caller) Opened()   {}
func (c *caller) Writable() {}
func (c *caller) Readable() {
	buf := make([]byte, 10_000)
	for {
		if _, err := c.conn.Read(buf); err != nil {
			return
		}
	}
}

func (c *caller) Closed(error) {
	c.gone = true
	c.lost()
}
