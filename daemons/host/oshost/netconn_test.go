package oshost_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// TestNetconn_nettest holds netconn to what the Go project asks of every net.Conn.
// The suite calls from goroutines, so each call is brought to the loop as a task.
func TestNetconn_nettest(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		w := newWorld(t)
		h := w.NewHost("a").Start()
		f := ferry{h.NewLoop("main"), make(chan bool)}
		stack := netconn.New(h, f)
		var l net.Listener
		var accepted, dialled net.Conn
		err = f.ride(func() (err error) {
			if l, err = stack.Listen("tcp", ":0"); err != nil {
				return err
			}
			if dialled, err = stack.Dial("tcp", l.Addr().String()); err != nil {
				return err
			}
			accepted, err = l.Accept()
			return err
		})
		stop = func() {
			w.Close()
			close(f.over)
		}
		return ferried{f, dialled}, ferried{f, accepted}, stop, err
	})
}

// ferry brings calls of goroutines to a loop.
type ferry struct {
	host.Loop
	over chan bool // closed when the loop has ended
}

// ride runs fn in a task of its own and returns when it has ended, or never will.
func (f ferry) ride(fn func() error) error {
	done := make(chan error, 1)
	f.Go("ride", func(host.Task) { done <- fn() })
	select {
	case err := <-done:
		return err
	case <-f.over:
		return net.ErrClosed
	}
}

// ferried is a net.Conn for goroutines.
type ferried struct {
	ferry
	net.Conn
}

func (f ferried) Read(p []byte) (n int, err error) {
	err = f.ride(func() (err error) { n, err = f.Conn.Read(p); return err })
	return n, err
}

func (f ferried) Write(p []byte) (n int, err error) {
	err = f.ride(func() (err error) { n, err = f.Conn.Write(p); return err })
	return n, err
}

func (f ferried) Close() error {
	return f.ride(func() error { return f.Conn.Close() })
}

func (f ferried) SetDeadline(t time.Time) error {
	return f.ride(func() error { return f.Conn.SetDeadline(t) })
}

func (f ferried) SetReadDeadline(t time.Time) error {
	return f.ride(func() error { return f.Conn.SetReadDeadline(t) })
}

func (f ferried) SetWriteDeadline(t time.Time) error {
	return f.ride(func() error { return f.Conn.SetWriteDeadline(t) })
}
