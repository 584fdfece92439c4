package oshost_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// source writes total bytes, one frame per Write, as fast as it may.
type source struct {
	conn  host.Conn
	frame []byte
	rest  []byte // of a frame that was taken in part
	left  int    // frames
}

func (s *source) Opened()      { s.Writable() }
func (s *source) Readable()    {}
func (s *source) Closed(error) {}

func (s *source) Writable() {
	for s.left > 0 || len(s.rest) > 0 {
		if len(s.rest) == 0 {
			s.rest = s.frame
			s.left--
		}
		n, err := s.conn.Write(s.rest)
		s.rest = s.rest[n:]
		if err != nil || len(s.rest) > 0 {
			return
		}
	}
}

// sink reads until it has had want bytes, then closes got.
type sink struct {
	conn host.Conn
	buf  []byte
	want int
	got  chan struct{}
}

func (s *sink) Opened()      {}
func (s *sink) Writable()    {}
func (s *sink) Closed(error) {}

func (s *sink) Readable() {
	for {
		n, err := s.conn.Read(s.buf)
		s.want -= n
		if err != nil {
			return
		}
		if s.want == 0 {
			close(s.got)
		}
	}
}

// BenchmarkConn_oneWay sends frames from one process to another, one Write per
// frame, and reads them 64 KiB at a time.
func BenchmarkConn_oneWay(b *testing.B) {
	for _, size := range []int{84, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkOneWay(b, size) })
	}
}

func benchmarkOneWay(b *testing.B, size int) {
	server, client := oshost.New(oshost.Options{Name: "server"}), oshost.New(oshost.Options{Name: "client"})
	defer server.Kill()
	defer client.Kill()
	in := &sink{buf: make([]byte, 64<<10), want: b.N * size, got: make(chan struct{})}
	serverLoop := server.NewLoop("in")
	ln, err := server.Network().Listen(serverLoop, netip.AddrPort{}, func(c host.Conn) {
		in.conn = c
		c.Attach(serverLoop, in)
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	clientLoop := client.NewLoop("out")
	clientLoop.Post(func() {
		out := &source{frame: make([]byte, size), left: b.N}
		out.conn = client.Network().Dial(clientLoop, ln.Addr(), out)
	})
	<-in.got
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkRaw_oneWay is the machine's limit: one goroutine writes to a socket in
// pieces of 256 KiB what another reads, counted in frames of 64 KiB.
func BenchmarkRaw_oneWay(b *testing.B) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	total := int64(b.N) * (64 << 10)
	b.SetBytes(64 << 10)
	go func() {
		nc, err := net.Dial("tcp4", ln.Addr().String())
		if err != nil {
			return
		}
		defer nc.Close()
		buf := make([]byte, 256<<10)
		for left := total; left > 0; {
			n, err := nc.Write(buf[:min(left, int64(len(buf)))])
			if left -= int64(n); err != nil {
				return
			}
		}
	}()
	nc, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	b.ResetTimer()
	buf := make([]byte, 256<<10)
	for left := total; left > 0; {
		n, err := nc.Read(buf)
		if left -= int64(n); err != nil && !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

// echo sends back what it reads; with rounds it begins, and counts them down.
type echo struct {
	conn   host.Conn
	buf    [64]byte
	rounds int
	begin  bool
	done   chan struct{}
}

func (e *echo) Opened() {
	if e.begin {
		e.conn.Write(e.buf[:])
	}
}
func (e *echo) Writable()    {}
func (e *echo) Closed(error) {}

func (e *echo) Readable() {
	for {
		n, err := e.conn.Read(e.buf[:])
		if err != nil {
			return
		}
		if e.begin {
			if e.rounds--; e.rounds == 0 {
				close(e.done)
				return
			}
		}
		e.conn.Write(e.buf[:n])
	}
}

// BenchmarkConn_roundTrip has one message of 64 bytes under way at a time.
func BenchmarkConn_roundTrip(b *testing.B) {
	h := oshost.New(oshost.Options{Name: "one"})
	defer h.Kill()
	near, far := h.NewLoop("near"), h.NewLoop("far")
	ln, err := h.Network().Listen(far, netip.AddrPort{}, func(c host.Conn) { c.Attach(far, &echo{conn: c}) })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	e := &echo{begin: true, rounds: b.N, done: make(chan struct{})}
	near.Post(func() { e.conn = h.Network().Dial(near, ln.Addr(), e) })
	<-e.done
}

// BenchmarkLoop_post posts from within the loop.
func BenchmarkLoop_post(b *testing.B) {
	h := oshost.New(oshost.Options{})
	defer h.Kill()
	l, done, n := h.NewLoop("l"), make(chan struct{}), b.N
	var step func()
	step = func() {
		if n--; n <= 0 {
			close(done)
			return
		}
		l.Post(step)
	}
	b.ReportAllocs()
	l.Post(step)
	<-done
}

// BenchmarkTimer_reset sets one timer over and over, as a messenger does with
// its keepalive.
func BenchmarkTimer_reset(b *testing.B) {
	h := oshost.New(oshost.Options{})
	defer h.Kill()
	l, done := h.NewLoop("l"), make(chan struct{})
	b.ReportAllocs()
	l.Post(func() {
		t := l.NewTimer(func() {})
		for range b.N {
			t.Reset(1 << 40)
		}
		close(done)
	})
	<-done
}
