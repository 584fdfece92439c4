package netconntest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

func streamChecks() []check {
	return []check{
		{"what is written arrives, and then EOF", streamArrives},
		{"more than the network holds goes through", streamLarge},
		{"one task reads while another writes", streamBothWays},
		{"writes of several tasks do not mix", streamWritesWhole},
		{"several tasks may wait for connections", streamAccepts},
		{"both ends agree on their addresses", streamAddresses},
		{"reading and writing nothing does not wait", streamNothing},
		{"a port that nobody listens at refuses", streamRefused},
		{"a taken port cannot be listened at", streamTaken},
		{"addresses must be IP addresses of the network", streamAddressErrors},
	}
}

func streamArrives(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) {
		got, err := io.ReadAll(c)
		if string(got) != "hello, world" || err != nil {
			r.Errorf("read %q, %v", got, err)
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			r.Errorf("read after EOF: %d, %v", n, err)
		}
	})
	r.dial(func(t host.Task, c net.Conn) {
		for _, s := range []string{"hello", ", ", "world"} {
			if n, err := io.WriteString(c, s); n != len(s) || err != nil {
				r.Errorf("write: %d, %v", n, err)
			}
			t.Sleep(1)
		}
	})
	r.finish()
}

func streamLarge(r *rig) {
	content := bytes.Repeat([]byte("0123456789abcde\n"), 1<<20) // 16 MiB
	r.serve(func(_ host.Task, c net.Conn) {
		h := sha256.New()
		if n, err := io.Copy(h, c); n != int64(len(content)) || err != nil {
			r.Errorf("read %d bytes, %v", n, err)
		}
		if want := sha256.Sum256(content); !bytes.Equal(h.Sum(nil), want[:]) {
			r.Error("what arrived is not what was written")
		}
	})
	r.dial(func(_ host.Task, c net.Conn) {
		if n, err := c.Write(content); n != len(content) || err != nil {
			r.Errorf("write: %d, %v", n, err)
		}
	})
	r.finish()
}

func streamBothWays(r *rig) {
	const rounds = 100
	r.serve(func(_ host.Task, c net.Conn) {
		if n, err := io.Copy(c, io.LimitReader(c, rounds)); n != rounds || err != nil {
			r.Errorf("echoed %d bytes, %v", n, err)
		}
	})
	r.dial(func(t host.Task, c net.Conn) {
		read := false
		r.client.task(func(host.Task) {
			if n, err := io.ReadFull(c, make([]byte, rounds)); err != nil {
				r.Errorf("read %d bytes, %v", n, err)
			}
			read = true
			t.Wake()
		})
		for range rounds {
			if _, err := c.Write([]byte{'x'}); err != nil {
				r.Error(err)
			}
			t.Sleep(1)
		}
		if !read {
			t.Park()
		}
	})
	r.finish()
}

func streamWritesWhole(r *rig) {
	const size = 16 << 20 // many windows
	r.serve(func(_ host.Task, c net.Conn) {
		got, err := io.ReadAll(c)
		if err != nil {
			r.Error(err)
		}
		if !strings.Contains(string(got), strings.Repeat("a", size)) {
			r.Error("small writes got into a large one")
		}
	})
	r.dial(func(t host.Task, c net.Conn) {
		written := false
		r.client.task(func(small host.Task) {
			for !written {
				if _, err := io.WriteString(c, "b"); err != nil {
					r.Errorf("small write: %v", err)
				}
				small.Sleep(time.Microsecond)
			}
			t.Wake()
		})
		t.Sleep(shortly)
		if _, err := io.WriteString(c, strings.Repeat("a", size)); err != nil {
			r.Errorf("large write: %v", err)
		}
		written = true
		t.Park()
	})
	r.finish()
}

func streamAccepts(r *rig) {
	var j journal
	for range 3 {
		r.serve(func(_ host.Task, c net.Conn) {
			got, err := io.ReadAll(c)
			if err != nil {
				r.Error(err)
			}
			j.note(string(got))
		})
	}
	for range 3 {
		r.dial(func(_ host.Task, c net.Conn) { io.WriteString(c, "hello") })
	}
	r.finish()
	j.wants(r, "hello", "hello", "hello")
}

func streamAddresses(r *rig) {
	var j journal
	r.serve(func(_ host.Task, c net.Conn) {
		if c.LocalAddr().String() != r.listener.Addr().String() {
			r.Errorf("accepted at %v, not at %v", c.LocalAddr(), r.listener.Addr())
		}
		io.WriteString(c, c.RemoteAddr().String())
	})
	r.dial(func(_ host.Task, c net.Conn) {
		got, err := io.ReadAll(c)
		if string(got) != c.LocalAddr().String() || err != nil {
			r.Errorf("the server sees %s, the client is %v; %v", got, c.LocalAddr(), err)
		}
		if c.RemoteAddr().String() != r.listener.Addr().String() {
			r.Errorf("dialled %v, not %v", c.RemoteAddr(), r.listener.Addr())
		}
		if _, ok := c.LocalAddr().(*net.TCPAddr); !ok || c.LocalAddr().Network() != "tcp" {
			r.Errorf("local address is a %T", c.LocalAddr())
		}
		j.note("done")
	})
	r.finish()
	j.wants(r, "done")
}

func streamNothing(r *rig) {
	r.serve(func(_ host.Task, c net.Conn) { io.Copy(io.Discard, c) })
	r.dial(func(_ host.Task, c net.Conn) {
		if n, err := c.Read(nil); n != 0 || err != nil {
			r.Errorf("read: %d, %v", n, err)
		}
		if n, err := c.Write(nil); n != 0 || err != nil {
			r.Errorf("write: %d, %v", n, err)
		}
	})
	r.finish()
}

func streamRefused(r *rig) {
	r.on(r.server.loop, func() { r.listener.Close() })
	r.client.task(func(host.Task) {
		c, err := r.client.Dial("tcp", r.listener.Addr().String())
		if c != nil {
			r.Error("connected")
		}
		r.wantError(err, host.ErrRefused, syscall.ECONNREFUSED)
		r.wantTimeout(err, false)
	})
	r.finish()
}

func streamTaken(r *rig) {
	r.on(r.server.loop, func() {
		_, err := r.server.Listen("tcp", r.listener.Addr().String())
		r.wantError(err, host.ErrAddrInUse, syscall.EADDRINUSE)
	})
	r.on(r.server.loop, func() {
		_, err := r.server.Listen("tcp", "192.0.2.1:80") // of nobody, RFC 5737
		r.wantError(err, host.ErrAddrNotAvailable, syscall.EADDRNOTAVAIL)
	})
}

func streamAddressErrors(r *rig) {
	r.client.task(func(host.Task) {
		for _, tt := range []struct{ network, address, want string }{
			{"tcp", "localhost:80", "not an IP address"},
			{"tcp", "10.0.0.1", "not an IP address"},
			{"tcp", "", "not an IP address"},
			{"tcp6", "10.0.0.1:80", "not an address of tcp6"},
			{"tcp4", "[::1]:80", "not an address of tcp4"},
			{"udp", "10.0.0.1:80", "unknown network udp"},
		} {
			c, dialErr := r.client.Dial(tt.network, tt.address)
			l, listenErr := r.client.Listen(tt.network, tt.address)
			for _, err := range []error{dialErr, listenErr} {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					r.Errorf("%s %s: %v, want %q", tt.network, tt.address, err, tt.want)
				}
			}
			if c != nil || l != nil {
				r.Errorf("%s %s: got something in spite of the error", tt.network, tt.address)
			}
		}
	})
	r.finish()
}

// wantError fails the check unless err is an operation's and all of these.
func (r *rig) wantError(err error, all ...error) {
	r.Helper()
	var op *net.OpError
	if !errors.As(err, &op) || op.Net != "tcp" || op.Addr == nil {
		r.Errorf("%v (%T) is not that of an operation on an address", err, err)
	}
	for _, want := range all {
		if !errors.Is(err, want) {
			r.Errorf("error %v, want %v", err, want)
		}
	}
	if errors.Is(err, netconn.ErrNoTask) && !contains(all, netconn.ErrNoTask) {
		r.Errorf("unexpected: %v", err)
	}
}

func contains(list []error, err error) bool {
	for _, e := range list {
		if e == err {
			return true
		}
	}
	return false
}

// wantTimeout fails the check unless err is, or is not, a time-out for package net.
func (r *rig) wantTimeout(err error, want bool) {
	r.Helper()
	var ne net.Error
	if !errors.As(err, &ne) || ne.Timeout() != want {
		r.Errorf("%v: is a time-out: %v, want %v", err, !want, want)
	}
}
