package netconntest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

const shortly = 30 * time.Millisecond

func deadlineChecks() []check {
	return []check{
		{"a read ends at its deadline, and works again without", deadlineOfRead},
		{"a write ends at its deadline and says how far it came", deadlineOfWrite},
		{"a past deadline ends every call though there is something to read", deadlinePast},
		{"a deadline set by a callback ends a read that waits", deadlineByCallback},
		{"a deadline put off does not strike", deadlinePutOff},
		{"reads and writes have deadlines of their own", deadlinesApart},
		{"accept ends at its deadline", deadlineOfAccept},
		{"a dial in time is not bound by its deadline afterwards", deadlineOfDial},
		{"a dial without time does not begin", deadlineOfDialPast},
		{"a cancelled context dials nothing", cancelledDial},
	}
}

func deadlineOfRead(r *rig) {
	r.serve(func(t host.Task, c net.Conn) {
		t.Sleep(4 * shortly)
		io.WriteString(c, "late")
	})
	r.dial(func(_ host.Task, c net.Conn) {
		begun := r.client.Clock().Monotonic()
		if err := c.SetReadDeadline(r.client.soon(shortly)); err != nil {
			r.Error(err)
		}
		for range 2 {
			_, err := c.Read(make([]byte, 10))
			r.wantError(err, os.ErrDeadlineExceeded)
			r.wantTimeout(err, true)
		}
		if took := r.client.Clock().Monotonic() - begun; took < shortly {
			r.Errorf("took %v, too little", took)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			r.Error(err)
		}
		if got, err := io.ReadAll(c); string(got) != "late" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
	})
	r.finish()
}

func deadlineOfWrite(r *rig) {
	const size = 64 << 20 // more than the network holds
	var done bool
	r.serve(func(t host.Task, c net.Conn) {
		for range 1000 { // reads nothing until the client has given up
			t.Sleep(shortly)
			if done {
				return
			}
		}
	})
	r.dial(func(_ host.Task, c net.Conn) {
		c.SetWriteDeadline(r.client.soon(shortly))
		n, err := c.Write(make([]byte, size))
		r.wantError(err, os.ErrDeadlineExceeded)
		if n <= 0 || n >= size {
			r.Errorf("wrote %d bytes", n)
		}
		r.server.loop.Post(func() { done = true })
	})
	r.finish()
}

func deadlinePast(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.WriteString(c, "hello") })
	r.dial(func(t host.Task, c net.Conn) {
		t.Sleep(shortly)
		c.SetDeadline(time.Unix(1, 0))
		_, err := c.Read(make([]byte, 10))
		r.wantError(err, os.ErrDeadlineExceeded)
		_, err = c.Write([]byte("x"))
		r.wantError(err, os.ErrDeadlineExceeded)
		c.SetDeadline(time.Time{})
		if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
	})
	r.finish()
}

func deadlineByCallback(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.Copy(io.Discard, c) })
	r.dial(func(_ host.Task, c net.Conn) {
		r.client.loop.Post(func() {
			if err := c.SetDeadline(time.Unix(1, 0)); err != nil {
				r.Error(err)
			}
		})
		_, err := c.Read(make([]byte, 10))
		r.wantError(err, os.ErrDeadlineExceeded)
	})
	r.finish()
}

func deadlinePutOff(r *rig) {
	r.serve(func(t host.Task, c net.Conn) {
		t.Sleep(2 * shortly)
		io.WriteString(c, "hello")
	})
	r.dial(func(_ host.Task, c net.Conn) {
		c.SetReadDeadline(r.client.soon(shortly))
		c.SetReadDeadline(r.client.soon(limit))
		if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
	})
	r.finish()
}

func deadlinesApart(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.Copy(c, c) })
	r.dial(func(_ host.Task, c net.Conn) {
		c.SetWriteDeadline(time.Unix(1, 0))
		c.SetReadDeadline(r.client.soon(shortly))
		_, err := c.Write([]byte("x"))
		r.wantError(err, os.ErrDeadlineExceeded)
		c.SetWriteDeadline(time.Time{})
		if _, err := c.Write([]byte("x")); err != nil {
			r.Error(err)
		}
		c.SetReadDeadline(r.client.soon(limit))
		c.SetWriteDeadline(time.Unix(1, 0))
		if _, err := c.Read(make([]byte, 1)); err != nil {
			r.Error(err)
		}
	})
	r.finish()
}

func deadlineOfAccept(r *rig) {
	l := r.listener.(interface{ SetDeadline(time.Time) error })
	var j journal
	r.server.task(func(host.Task) {
		l.SetDeadline(r.server.soon(shortly))
		_, err := r.listener.Accept()
		r.wantError(err, os.ErrDeadlineExceeded)
		r.wantTimeout(err, true)
		l.SetDeadline(time.Time{})
		j.note("time-out")
	})
	r.finish()
	r.serve(func(host.Task, net.Conn) { j.note("connection") })
	r.dial(func(_ host.Task, c net.Conn) { io.ReadAll(c) })
	r.finish()
	j.wants(r, "time-out", "connection")
}

func deadlineOfDial(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.Copy(c, c) })
	r.client.task(func(t host.Task) {
		c, err := r.client.DialTimeout("tcp", r.listener.Addr().String(), limit/100)
		if err != nil {
			r.Error(err)
			return
		}
		defer c.Close()
		t.Sleep(limit/100 + shortly)
		if _, err := c.Write([]byte("x")); err != nil {
			r.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			r.Error(err)
		}
	})
	r.finish()
}

func deadlineOfDialPast(r *rig) {
	r.client.task(func(host.Task) {
		_, err := r.client.DialTimeout("tcp", r.listener.Addr().String(), -1)
		r.wantError(err, os.ErrDeadlineExceeded)
		r.wantTimeout(err, true)
	})
	r.finish()
}

func cancelledDial(r *rig) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.client.task(func(host.Task) {
		_, err := r.client.DialContext(ctx, "tcp", r.listener.Addr().String())
		if !errors.Is(err, context.Canceled) {
			r.Errorf("%v, want %v", err, context.Canceled)
		}
	})
	r.finish()
}
