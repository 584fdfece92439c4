package netconntest

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/wavetank/wavetank/daemons/host"
)

func endChecks() []check {
	return []check{
		{"close ends reads and writes that wait", endClose},
		{"close fails the second time, as does everything after", endCloseTwice},
		{"half-close says EOF and leaves reading alone", endHalfClose},
		{"half-close ends a write that waits", endHalfCloseWrite},
		{"closing the listener ends an accept that waits", endListener},
		{"closing the listener resets who was not accepted", endListenerResets},
		{"writing to who has closed is answered with a reset", endReset},
		{"an idle connection knows whether it has ended", endIdle},
		{"killing the process unwinds who waits", endKill},
		{"closing the loop unwinds who waits", endLoop},
	}
}

func endClose(r *rig) {
	done := false
	r.serve(func(t host.Task, _ net.Conn) {
		for range 1000 { // reads nothing
			t.Sleep(shortly)
			if done {
				return
			}
		}
	})
	r.dial(func(t host.Task, c net.Conn) {
		r.client.task(func(host.Task) {
			_, err := c.Read(make([]byte, 1))
			r.wantError(err, net.ErrClosed)
		})
		r.client.task(func(host.Task) {
			_, err := c.Write(make([]byte, 64<<20))
			r.wantError(err, net.ErrClosed)
		})
		t.Sleep(shortly / 2)
		if err := c.Close(); err != nil {
			r.Error(err)
		}
		r.server.loop.Post(func() { done = true })
	})
	r.finish()
}

func endIdle(r *rig) {
	type idler interface{ Ended() bool }
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		ended bool
	}{
		{"nothing has happened", func(net.Conn) {}, false},
		{"the peer has closed", func(c net.Conn) { c.Close() }, true},
		{"the peer has spoken", func(c net.Conn) { c.Write([]byte("x")) }, true},
	} {
		done := false
		r.serve(func(t host.Task, c net.Conn) {
			tt.serve(c)
			for !done {
				t.Sleep(shortly)
			}
		})
		r.dial(func(t host.Task, c net.Conn) {
			t.Sleep(2 * shortly)
			if got := c.(idler).Ended(); got != tt.ended {
				r.Errorf("%s: ended is %v", tt.name, got)
			}
			c.Close()
			if !c.(idler).Ended() {
				r.Errorf("%s: not ended when closed", tt.name)
			}
			r.server.loop.Post(func() { done = true })
		})
		r.finish()
	}
}

func endCloseTwice(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.Copy(io.Discard, c) })
	r.dial(func(_ host.Task, c net.Conn) {
		if err := c.Close(); err != nil {
			r.Error(err)
		}
		r.wantError(c.Close(), net.ErrClosed)
		r.wantError(c.SetDeadline(r.client.soon(shortly)), net.ErrClosed)
		_, err := c.Read(make([]byte, 1))
		r.wantError(err, net.ErrClosed)
		_, err = c.Write([]byte("x"))
		r.wantError(err, net.ErrClosed)
	})
	r.finish()
	r.on(r.server.loop, func() {
		if err := r.listener.Close(); err != nil {
			r.Error(err)
		}
		r.wantError(r.listener.Close(), net.ErrClosed)
	})
}

// halfCloser is what net.TCPConn has beyond net.Conn.
type halfCloser interface{ CloseWrite() error }

func endHalfClose(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) {
		got, err := io.ReadAll(c)
		if string(got) != "question" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
		io.WriteString(c, "answer")
	})
	r.dial(func(_ host.Task, c net.Conn) {
		io.WriteString(c, "question")
		if err := c.(halfCloser).CloseWrite(); err != nil {
			r.Error(err)
		}
		_, err := io.WriteString(c, "x")
		r.wantError(err, net.ErrClosed)
		r.wantError(c.(halfCloser).CloseWrite(), net.ErrClosed)
		if got, err := io.ReadAll(c); string(got) != "answer" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
		if err := c.Close(); err != nil {
			r.Error(err)
		}
		r.wantError(c.(halfCloser).CloseWrite(), net.ErrClosed)
	})
	r.finish()
}

func endHalfCloseWrite(r *rig) {
	done := false
	r.serve(func(t host.Task, _ net.Conn) {
		for range 1000 { // reads nothing
			t.Sleep(shortly)
			if done {
				return
			}
		}
	})
	r.dial(func(_ host.Task, c net.Conn) {
		r.client.task(func(t host.Task) {
			t.Sleep(shortly)
			if err := c.(halfCloser).CloseWrite(); err != nil {
				r.Error(err)
			}
		})
		n, err := c.Write(make([]byte, 64<<20))
		r.wantError(err, net.ErrClosed)
		if n == 0 {
			r.Error("nothing was written")
		}
		r.server.loop.Post(func() { done = true })
	})
	r.finish()
}

func endListener(r *rig) {
	r.server.task(func(host.Task) {
		r.server.loop.Post(func() { r.listener.Close() })
		_, err := r.listener.Accept()
		r.wantError(err, net.ErrClosed)
	})
	r.finish()
}

func endListenerResets(r *rig) {
	r.dial(func(_ host.Task, c net.Conn) {
		r.server.task(func(t host.Task) {
			t.Sleep(shortly) // the connection waits to be accepted
			r.listener.Close()
		})
		_, err := c.Read(make([]byte, 1))
		r.wantError(err, host.ErrReset, syscall.ECONNRESET)
		r.wantTimeout(err, false)
		if err := c.Close(); err != nil {
			r.Errorf("closing what is broken: %v", err)
		}
	})
	r.finish()
}

func endReset(r *rig) {
	r.serve(func(host.Task, net.Conn) {})
	r.dial(func(t host.Task, c net.Conn) {
		if got, err := io.ReadAll(c); len(got) != 0 || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
		var err error
		for range 100 {
			if _, err = c.Write([]byte("x")); err != nil {
				break
			}
			t.Sleep(shortly / 10)
		}
		r.wantError(err, host.ErrReset, syscall.ECONNRESET)
	})
	r.finish()
}

func endKill(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) {
		io.WriteString(c, "x")
		c.Read(make([]byte, 1))
		r.Error("a task went on after the end of its process")
	})
	r.server.task(func(host.Task) {
		r.listener.Accept()
		r.Error("a task went on after the end of its process")
	})
	r.dial(func(t host.Task, c net.Conn) {
		io.ReadFull(c, make([]byte, 1))
		if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
			r.Errorf("the end of the peer's process: %v", err)
		}
	})
	r.await("both serve", func() bool { return r.busy.Load() == 3 })
	r.world.Run(shortly)
	r.server.machine.Kill()
	r.finish()
}

func endLoop(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) {
		c.Read(make([]byte, 1))
		r.Error("a task went on after the end of its loop")
	})
	r.dial(func(_ host.Task, c net.Conn) {
		r.server.loop.Post(r.server.loop.Close)
		if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
			r.Errorf("the end of the peer's loop: %v", err)
		}
	})
	r.finish()
}
