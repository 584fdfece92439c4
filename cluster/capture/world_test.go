package capture_test

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/capture"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
)

const port = 6789

// world is two simulated machines, a captured network between them, and at most
// one connection.
type world struct {
	*sim.Sim
	file           bytes.Buffer
	writer         *capture.Writer
	server, client *sim.Host
	dialled        *socket
	accepted       *socket
	loop           host.Loop // the client's
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{}
	var err error
	w.writer, err = capture.New(&w.file, capture.Run{Scenario: "two", Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	w.Sim = sim.New(sim.Config{Seed: seed, OnPacket: w.writer.Packet})
	w.server, w.client = w.AddHost("server"), w.AddHost("client")
	return w
}

// serve starts the server.
func (w *world) serve() {
	w.server.Start(func(h host.Host) {
		l := h.NewLoop("server")
		_, err := h.Network().Listen(l, w.addr(), func(c host.Conn) {
			w.accepted = &socket{conn: c}
			c.Attach(l, w.accepted)
		})
		if err != nil {
			panic(err)
		}
	})
	w.Run(time.Millisecond)
}

// dial starts the client, and returns before anything has arrived.
func (w *world) dial() {
	w.client.Start(func(h host.Host) {
		w.loop = h.NewLoop("client")
		w.dialled = &socket{}
		w.dialled.conn = h.Network().Dial(w.loop, w.addr(), w.dialled)
	})
	w.RunUntil(time.Second, func() bool { return w.dialled != nil })
}

// connect opens the connection.
func (w *world) connect() {
	w.serve()
	w.dial()
	w.Run(time.Millisecond)
}

func (w *world) addr() netip.AddrPort { return netip.AddrPortFrom(w.server.Addr(), port) }

// end closes the simulation and parses what was captured.
func (w *world) end(t testing.TB) []packet {
	t.Helper()
	w.Close()
	if err := w.writer.Flush(); err != nil {
		t.Fatal(err)
	}
	return parse(t, w.file.Bytes())
}

// socket is one end of a connection. It sends what it is told to and keeps what
// it gets.
type socket struct {
	conn    host.Conn
	answer  []byte // sent when something has come
	pending []byte
	sent    []byte
	got     []byte
}

func (s *socket) send(data []byte) {
	s.sent = append(s.sent, data...)
	s.pending = append(s.pending, data...)
	s.Writable()
}

func (s *socket) Writable() {
	n, _ := s.conn.Write(s.pending)
	s.pending = s.pending[n:]
}

func (s *socket) Readable() {
	buf := make([]byte, 4096)
	for {
		n, err := s.conn.Read(buf)
		s.got = append(s.got, buf[:n]...)
		if n > 0 && s.answer != nil {
			s.send(s.answer)
			s.answer = nil
		}
		if err != nil {
			if err == io.EOF {
				s.conn.Close()
			}
			return
		}
	}
}

func (s *socket) Opened()      {}
func (s *socket) Closed(error) {}
