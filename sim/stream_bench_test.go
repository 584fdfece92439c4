package sim

import (
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// BenchmarkStream measures one message over a simulated connection: a ping-pong is
// one write, one delivery and one read; one way, the sender writes a message after
// another for as long as the window takes them, and the receiver reads each by
// itself; direct is the same with a receiver that looks at the connection's memory,
// as the messenger does. Bare bytes, without a codec.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{64, 4096} {
		for _, idle := range []int{0, 10, 100} {
			b.Run(fmt.Sprintf("pingpong/size=%d/idle=%d", size, idle), func(b *testing.B) { benchPingPong(b, size, idle) })
			b.Run(fmt.Sprintf("oneway/size=%d/idle=%d", size, idle), func(b *testing.B) { benchOneWay(b, size, idle) })
		}
		b.Run(fmt.Sprintf("direct/size=%d", size), func(b *testing.B) { benchDirect(b, size) })
	}
}

// BenchmarkIdle is the 64-byte ping-pong beside hosts that have nothing to do: the
// cost of an event must not know how many they are.
func BenchmarkIdle(b *testing.B) {
	for _, idle := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("hosts=%d", idle), func(b *testing.B) { benchPingPong(b, 64, idle) })
	}
}

// idleHosts adds hosts, each with a process that listens and waits for a timer.
func idleHosts(s *Sim, n int) {
	for i := range n {
		h := s.AddHost(fmt.Sprint("idle", i))
		h.Start(func(p host.Host) {
			l := p.NewLoop("l")
			if _, err := p.Network().Listen(l, netip.AddrPortFrom(h.Addr(), 6789), func(host.Conn) {}); err != nil {
				panic(err)
			}
			l.NewTimer(func() {}).Reset(1000 * time.Hour)
		})
	}
}

func benchPingPong(b *testing.B, size, idle int) {
	got := 0
	newEcho := func(c host.Conn) *echo { return &echo{conn: c, buf: make([]byte, size), got: &got} }
	oneConnection(b, idle, &got, newEcho, newEcho)
}

func benchOneWay(b *testing.B, size, idle int) {
	got := 0
	oneConnection(b, idle, &got,
		func(c host.Conn) *flood { return &flood{conn: c, message: make([]byte, size)} },
		func(c host.Conn) *drain { return &drain{conn: c, buf: make([]byte, size), got: &got} })
}

func benchDirect(b *testing.B, size int) {
	got := 0
	oneConnection(b, 0, &got,
		func(c host.Conn) *flood { return &flood{conn: c, message: make([]byte, size)} },
		func(c host.Conn) *look { return &look{drain: drain{conn: c, buf: make([]byte, size), got: &got}} })
}

// oneConnection opens a connection and measures until got has grown by b.N.
func oneConnection[C, S host.ConnHandler](b *testing.B, idle int, got *int, client func(host.Conn) C, server func(host.Conn) S) {
	s := New(Config{Seed: 1})
	defer s.Close()
	idleHosts(s, idle)
	from, to := s.AddHost("client"), s.AddHost("server")
	addr := netip.AddrPortFrom(to.Addr(), 6789)
	to.Start(func(h host.Host) {
		l := h.NewLoop("l")
		if _, err := h.Network().Listen(l, addr, func(c host.Conn) { c.Attach(l, server(c)) }); err != nil {
			panic(err)
		}
	})
	from.Start(func(h host.Host) {
		d := &dialler{}
		d.conn = h.Network().Dial(h.NewLoop("l"), addr, d)
		d.ConnHandler = client(d.conn)
	})
	s.RunUntil(time.Minute, func() bool { return *got > 0 })
	*got = 0
	b.ReportAllocs()
	b.ResetTimer()
	if !s.RunUntil(1<<62, func() bool { return *got >= b.N }) {
		b.Fatal("the stream stopped")
	}
	b.ReportMetric(float64(*got)/b.Elapsed().Seconds(), "messages/s")
}

// dialler is a handler that is made of the connection which Dial returns.
type dialler struct {
	host.ConnHandler
	conn host.Conn
}

// flood writes messages for as long as there is room.
type flood struct {
	conn    host.Conn
	message []byte
	left    int // bytes of a message that was cut by the end of the window
}

func (f *flood) Readable()    {}
func (f *flood) Closed(error) {}
func (f *flood) Opened()      { f.Writable() }
func (f *flood) Writable() {
	for {
		if f.left == 0 {
			f.left = len(f.message)
		}
		n, err := f.conn.Write(f.message[len(f.message)-f.left:])
		if f.left -= n; f.left > 0 || err != nil {
			return
		}
	}
}

// drain reads message by message.
type drain struct {
	conn host.Conn
	buf  []byte
	have int
	got  *int
}

func (d *drain) Opened()      {}
func (d *drain) Writable()    {}
func (d *drain) Closed(error) {}
func (d *drain) Readable() {
	for d.read() {
	}
}

// read reads some of a message, and reports whether there was something.
func (d *drain) read() bool {
	n, err := d.conn.Read(d.buf[d.have:])
	if err != nil {
		return false
	}
	if d.have += n; d.have == len(d.buf) {
		d.have = 0
		*d.got++
	}
	return true
}

// look takes messages that lie in one piece where they are.
type look struct {
	drain
	sum byte
}

func (d *look) Readable() {
	direct := d.conn.(host.DirectConn)
	for {
		text := direct.Buffered()
		if d.have > 0 || len(text) < len(d.buf) {
			if !d.read() {
				return
			}
			continue
		}
		d.sum ^= text[len(d.buf)-1]
		direct.Discard(len(d.buf))
		*d.got++
	}
}

// BenchmarkHeartbeats is an hour of virtual time of 1000 hosts, each with
// connections to the next two in a ring and to two that are drawn, on each of which
// it sends 64 bytes every second: 14.4 million messages, each of which the receiver
// reads and takes note of.
func BenchmarkHeartbeats(b *testing.B) {
	const hosts, hour = 1000, time.Hour
	b.ReportAllocs()
	for range b.N {
		s := New(Config{Seed: 1})
		beats := heartbeats(s, hosts)
		s.Run(hour)
		if least := hosts * 4 * 3590; *beats < least {
			b.Fatalf("%d heartbeats arrived, want %d", *beats, least)
		}
		b.ReportMetric(float64(*beats), "messages/op")
		b.ReportMetric(float64(s.Steps()), "events/op")
		s.Close()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
}

// heartbeats starts n hosts that send each other heartbeats, and returns the number
// of those that have arrived.
func heartbeats(s *Sim, n int) *int {
	arrived, draw := 0, NewStream(1, "topology")
	addrs := make([]netip.AddrPort, n)
	list := make([]*Host, n)
	for i := range n {
		list[i] = s.AddHost(fmt.Sprint("h", i))
		addrs[i] = netip.AddrPortFrom(list[i].Addr(), 6789)
	}
	for i, h := range list {
		peers := []netip.AddrPort{addrs[(i+1)%n], addrs[(i+2)%n]}
		for range 2 {
			peers = append(peers, addrs[(i+3+draw.IntN(n-3))%n])
		}
		h.Start(func(p host.Host) { runBeats(p, addrs[i], peers, &arrived) })
	}
	return &arrived
}

// beats is a host's view of one that sends it heartbeats.
type beats struct {
	flood // for its empty callbacks
	clock host.Clock
	buf   [64]byte
	last  time.Duration
	total *int
}

func (r *beats) Opened() {}
func (r *beats) Readable() {
	for {
		if _, err := io.ReadFull(r.conn, r.buf[:]); err != nil {
			return
		}
		r.last = r.clock.Monotonic()
		*r.total++
	}
}

func runBeats(p host.Host, own netip.AddrPort, peers []netip.AddrPort, total *int) {
	l := p.NewLoop("l")
	_, err := p.Network().Listen(l, own, func(c host.Conn) {
		c.Attach(l, &beats{flood: flood{conn: c}, clock: p.Clock(), total: total})
	})
	if err != nil {
		panic(err)
	}
	var message [64]byte
	var conns []host.Conn
	var tick host.Timer
	tick = l.NewTimer(func() {
		if conns == nil {
			for _, peer := range peers {
				conns = append(conns, p.Network().Dial(l, peer, &drain{}))
			}
		}
		for _, c := range conns {
			c.Write(message[:])
		}
		tick.Reset(time.Second)
	})
	tick.Reset(time.Duration(p.Rand("phase").IntN(int(time.Second))))
}
