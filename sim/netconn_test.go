package sim

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// dialogue starts fn in a task on a new machine.
func (s *Sim) dialogue(name string, fn func(h host.Host, t host.Task, stack *netconn.Stack)) *Host {
	machine := s.AddHost(name)
	machine.Start(func(h host.Host) {
		loop := h.NewLoop("main")
		stack := netconn.New(h, loop)
		loop.Go("main", func(t host.Task) { fn(h, t, stack) })
	})
	return machine
}

// A dial that nothing answers ends when it was told to, in virtual time, or else
// when the machine gives up.
func TestNetconn_dialIsNotAnswered(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit time.Duration // none if 0
		want  error
		took  time.Duration
	}{
		{"with a deadline", 10 * time.Second, os.ErrDeadlineExceeded, 10 * time.Second},
		{"without", 0, syscall.ETIMEDOUT, 127 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Config{Seed: 1})
			defer s.Close()
			var err error
			var took time.Duration
			s.dialogue("a", func(h host.Host, _ host.Task, stack *netconn.Stack) {
				begun := h.Clock().Monotonic()
				_, err = stack.DialTimeout("tcp", "192.0.2.1:80", tt.limit)
				took = h.Clock().Monotonic() - begun
			})
			s.Run(5 * time.Minute)
			var ne net.Error
			if !errors.Is(err, tt.want) || !errors.As(err, &ne) || !ne.Timeout() || took.Round(time.Second) != tt.took {
				t.Errorf("%v after %v, want the time-out %v after %v", err, took, tt.want, tt.took)
			}
		})
	}
}

// More connections than may wait for Accept are reset, and those that wait are
// served later.
func TestNetconn_backlog(t *testing.T) {
	const backlog, clients = 4096, 4100
	s := New(Config{Seed: 1})
	defer s.Close()
	served := 0
	s.dialogue("server", func(h host.Host, task host.Task, stack *netconn.Stack) {
		l, err := stack.Listen("tcp", "0.0.0.0:80")
		if err != nil {
			t.Error(err)
			return
		}
		task.Sleep(time.Minute)
		for {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			c.Write([]byte("x"))
			c.Close()
			served++
		}
	})
	reset := 0
	client := s.AddHost("client")
	client.Start(func(h host.Host) {
		loop := h.NewLoop("main")
		stack := netconn.New(h, loop)
		addr := netip.AddrPortFrom(s.Host("server").Addr(), 80).String()
		for i := range clients {
			loop.Go(strconv.Itoa(i), func(task host.Task) {
				task.Sleep(time.Second)
				c, err := stack.Dial("tcp", addr)
				if err == nil {
					_, err = io.ReadAll(c)
					c.Close()
				}
				if errors.Is(err, syscall.ECONNRESET) {
					reset++
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	})
	s.Run(2 * time.Minute)
	if served != backlog || reset != clients-backlog {
		t.Errorf("%d served and %d reset, want %d and %d", served, reset, backlog, clients-backlog)
	}
}

// The same seed gives the same run, and another one another.
func TestNetconn_isRepeatable(t *testing.T) {
	run := func(seed uint64) uint64 {
		s := New(Config{Seed: seed})
		defer s.Close()
		answered := false
		s.dialogue("server", func(_ host.Host, _ host.Task, stack *netconn.Stack) {
			l, err := stack.Listen("tcp", "0.0.0.0:80")
			if err != nil {
				t.Error(err)
				return
			}
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if request, err := http.ReadRequest(bufio.NewReader(c)); err == nil && request.URL.Path == "/coffee" {
				(&http.Response{StatusCode: http.StatusTeapot, ProtoMajor: 1, ProtoMinor: 1}).Write(c)
			}
		})
		s.dialogue("client", func(_ host.Host, task host.Task, stack *netconn.Stack) {
			task.Sleep(time.Second)
			c, err := stack.Dial("tcp", netip.AddrPortFrom(s.Host("server").Addr(), 80).String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "GET /coffee HTTP/1.1\r\nHost: pot\r\n\r\n")
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			answered = err == nil && response.StatusCode == http.StatusTeapot
		})
		s.Run(time.Minute)
		if !answered {
			t.Errorf("seed %d: no answer", seed)
		}
		return s.Hash()
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("seed 1 gave %x and %x", a, b)
	}
	if a, b := run(1), run(2); a == b {
		t.Errorf("seeds 1 and 2 both gave %x", a)
	}
}
