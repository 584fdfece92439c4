package netconntest

import (
	"io"
	"net"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

func callerChecks() []check {
	return []check{
		{"callbacks may not wait", callerCallback},
		{"goroutines may not wait, though a task runs", callerGoroutine},
		{"tasks of another loop may not wait", callerOtherLoop},
		{"wakes by others do not end a wait", callerWoken},
	}
}

// wantRefusal fails the check unless all that may wait is refused.
func (r *rig) wantRefusal(s *netconn.Stack, c net.Conn, l net.Listener) {
	_, err := s.Dial("tcp", r.listener.Addr().String())
	r.wantError(err, netconn.ErrNoTask)
	_, err = l.Accept()
	r.wantError(err, netconn.ErrNoTask)
	_, err = c.Read(make([]byte, 1))
	r.wantError(err, netconn.ErrNoTask)
	_, err = c.Write([]byte("x"))
	r.wantError(err, netconn.ErrNoTask)
	r.wantTimeout(err, false)
}

// calling runs fn in a task of the client with its end of a connection and a
// listener.
func (r *rig) calling(fn func(t host.Task, c net.Conn, l net.Listener)) {
	r.serve(func(_ host.Task, c net.Conn) {
		io.WriteString(c, "hello")
		io.Copy(io.Discard, c)
	})
	r.dial(func(t host.Task, c net.Conn) {
		l, err := r.client.Listen("tcp", ":0")
		if err != nil {
			r.Error(err)
			return
		}
		defer l.Close()
		fn(t, c, l)
		if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			r.Errorf("afterwards: %v", err)
		}
	})
	r.finish()
}

func callerCallback(r *rig) {
	r.calling(func(t host.Task, c net.Conn, l net.Listener) {
		r.client.loop.Post(func() {
			r.wantRefusal(r.client.Stack, c, l)
			t.Wake()
		})
		t.Park()
	})
}

func callerGoroutine(r *rig) {
	r.calling(func(_ host.Task, c net.Conn, l net.Listener) {
		done := make(chan bool)
		go func() {
			r.wantRefusal(r.client.Stack, c, l)
			close(done)
		}()
		<-done
	})
}

func callerOtherLoop(r *rig) {
	other := r.client.NewLoop("other")
	r.calling(func(t host.Task, c net.Conn, l net.Listener) {
		other.Post(func() {
			other.Go("t", func(host.Task) {
				r.wantRefusal(r.client.Stack, c, l)
				r.client.loop.Post(t.Wake)
			})
		})
		t.Park()
	})
}

func callerWoken(r *rig) {
	var j journal
	r.serve(func(t host.Task, c net.Conn) {
		for range 3 {
			t.Sleep(shortly)
		}
		j.note("writes")
		io.WriteString(c, "hello")
	})
	r.dial(func(t host.Task, c net.Conn) {
		r.client.task(func(other host.Task) {
			for range 5 {
				t.Wake()
				other.Sleep(shortly / 10)
			}
		})
		if _, err := c.Read(make([]byte, 5)); err != nil {
			r.Error(err)
		}
		j.note("has read")
	})
	r.finish()
	j.wants(r, "writes", "has read")
}
