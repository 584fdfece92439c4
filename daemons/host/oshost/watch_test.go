package oshost_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// sipper reads one byte of what comes, and no more.
type sipper struct {
	conn   host.Conn
	seen   chan struct{}
	closed chan error
}

func (s *sipper) Readable() {
	s.conn.Read(make([]byte, 1))
	s.seen <- struct{}{}
}
func (s *sipper) Opened()          {}
func (s *sipper) Writable()        {}
func (s *sipper) Closed(err error) { s.closed <- err }

// A reset that comes while Readable waits for its turn is told, although the
// handler leaves bytes unread.
func TestConn_resetBehindReadableIsTold(t *testing.T) {
	h := oshost.New(oshost.Options{Name: "sipper"})
	defer h.Kill()
	l := h.NewLoop("l")
	s := &sipper{seen: make(chan struct{}, 1), closed: make(chan error, 1)}
	accepted := make(chan struct{})
	ln, err := h.Network().Listen(l, netip.MustParseAddrPort("127.0.0.1:0"), func(c host.Conn) {
		s.conn = c
		c.Attach(l, s)
		close(accepted)
	})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	receive(t, accepted)
	busy, free := make(chan struct{}), make(chan struct{})
	l.Post(func() { close(busy); <-free })
	receive(t, busy)
	nc.Write([]byte("hello"))
	time.Sleep(50 * time.Millisecond) // real: the operating system's events come first
	nc.(*net.TCPConn).SetLinger(0)
	nc.Close()
	time.Sleep(50 * time.Millisecond)
	close(free)
	receive(t, s.seen)
	if err := receive(t, s.closed); !errors.Is(err, host.ErrReset) {
		t.Errorf("Closed said %v", err)
	}
}
