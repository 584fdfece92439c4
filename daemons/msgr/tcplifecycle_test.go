package msgr_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// named is a host that knows on which of its loops it is called.
type named struct {
	host.Host
	mu    sync.Mutex
	loops map[string]string // by goroutine
}

func (h *named) NewLoop(name string) host.Loop {
	l := h.Host.NewLoop(name)
	l.Post(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.loops[goroutine()] = name
	})
	return l
}

// here is the name of the loop that calls it.
func (h *named) here() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.loops[goroutine()]
}

// goroutine is the number of the one that calls it, as stack traces print it.
func goroutine() string {
	var b [64]byte
	word := bytes.Fields(b[:runtime.Stack(b[:], false)])
	return string(word[1])
}

// census is a dispatcher that writes down on which loops the callbacks of a
// connection run, and is done when enough messages have come.
type census struct {
	msgr.BaseDispatcher
	h    *named
	left atomic.Int64
	done chan struct{}

	mu     sync.Mutex
	fast   map[*msgr.Connection]map[string]int // on worker loops
	queued map[string]int                      // on the dispatch loop
}

func (s *census) FastPreprocess(c *msgr.Connection, _ *msg.Message) { s.count(c) }
func (s *census) FastConnect(c *msgr.Connection)                    { s.count(c) }
func (s *census) FastAccept(c *msgr.Connection)                     { s.count(c) }
func (s *census) CanFastDispatch(m *msg.Message) bool               { return m.Header.Tid%2 == 0 }
func (s *census) FastDispatch(c *msgr.Connection, _ *msg.Message)   { s.count(c); s.came() }
func (s *census) Dispatch(*msgr.Connection, *msg.Message) bool {
	s.mu.Lock()
	s.queued[s.h.here()]++
	s.mu.Unlock()
	s.came()
	return true
}

func (s *census) count(c *msgr.Connection) {
	at := s.h.here()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fast[c] == nil {
		s.fast[c] = map[string]int{}
	}
	s.fast[c][at]++
}

func (s *census) came() {
	if s.left.Add(-1) == 0 {
		close(s.done)
	}
}

// TestTCP_eachConnectionHasAWorker: what is told on worker loops is told on one
// for each connection, as many connections as there are workers use all of them,
// and the dispatch loop has the rest.
func TestTCP_eachConnectionHasAWorker(t *testing.T) {
	const workers, n = 3, 200
	h := &named{loops: map[string]string{}}
	s := &census{h: h, done: make(chan struct{}), fast: map[*msgr.Connection]map[string]int{}, queued: map[string]int{}}
	s.left.Store(workers * n)
	mon := newTCPDaemon(t, monName(0), 0, msgr.StatelessServer(), s, func(inner host.Host) host.Host { h.Host = inner; return h })
	mon.bind(t)
	for i := range workers {
		mgr := newTCPDaemon(t, mgrName(int64(i)), uint32(i+1), msgr.LossyClient(), msgr.BaseDispatcher{}, nil)
		for tid := range uint64(n) {
			mgr.m.SendTo(msg.EntityMon, mon.m.Addr(), ping(tid+1, nil))
		}
	}
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		t.Fatal("not everything arrived")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	used := map[string]bool{}
	for c, loops := range s.fast {
		for name, calls := range loops {
			used[name] = true
			if want := 1 + n + n/2; len(loops) != 1 || calls != want {
				t.Errorf("%v: %d calls on %s, want %d; all: %v", c, calls, name, want, loops)
			}
		}
	}
	for i := range workers {
		if name := fmt.Sprintf("mon.0/worker-%d", i); !used[name] {
			t.Errorf("%s has no connection; used are %v", name, used)
		}
	}
	if s.queued["dispatch"] != workers*n/2 {
		t.Errorf("dispatched on %v, want all %d on the dispatch loop", s.queued, workers*n/2)
	}
}

// mortal is a dispatcher that must not be called once it is over.
type mortal struct {
	msgr.BaseDispatcher
	t    testing.TB
	over atomic.Bool
	n    atomic.Int64
	many chan struct{} // closed at the hundredth message
}

func (m *mortal) alive(what string) {
	if m.over.Load() {
		m.t.Errorf("%s after the end", what)
	}
}

func (m *mortal) FastPreprocess(*msgr.Connection, *msg.Message) { m.alive("preprocess") }
func (m *mortal) CanFastDispatch(x *msg.Message) bool           { return x.Header.Tid%2 == 0 }
func (m *mortal) FastDispatch(*msgr.Connection, *msg.Message)   { m.alive("fast dispatch"); m.came() }
func (m *mortal) HandleReset(*msgr.Connection) bool             { m.alive("reset"); return true }
func (m *mortal) Dispatch(*msgr.Connection, *msg.Message) bool {
	m.alive("dispatch")
	m.came()
	return true
}

func (m *mortal) came() {
	if m.n.Add(1) == 100 {
		close(m.many)
	}
}

// TestTCP_waitLeavesNothing: with clients in full flow and others half way into
// it, after Wait nobody listens, nothing is told, and no goroutine is left but
// the hosts': those of dispatch loops, and each host's poller.
func TestTCP_waitLeavesNothing(t *testing.T) {
	const clients = 4
	var hosts []*oshost.Host
	var loops []host.Loop
	for range clients + 1 {
		h := oshost.New(oshost.Options{Linger: 10 * time.Millisecond})
		t.Cleanup(func() { h.Exit(0, "test is over"); h.Wait() })
		hosts, loops = append(hosts, h), append(loops, h.NewLoop("dispatch"))
	}
	before := goleak.IgnoreCurrent()
	var all []*msgr.Messenger
	life := &mortal{t: t, many: make(chan struct{})}
	for i, h := range hosts {
		m := msgr.New(h, loops[i], msgr.Config{Name: monName(int64(i)), Nonce: uint32(i), Label: "m"})
		m.SetDefaultPolicy(msgr.LosslessPeer())
		m.AddDispatcherTail(life)
		all = append(all, m)
	}
	mon := &tcpDaemon{h: hosts[0], loop: loops[0], m: all[0]}
	mon.bind(t)
	at := mon.m.Addr()
	var sending sync.WaitGroup
	for _, m := range all[1:] {
		c := m.ConnectTo(msg.EntityMon, at)
		sending.Go(func() {
			for i := range uint64(5000) {
				c.Send(ping(i+1, fill(500, 1)))
			}
		})
	}
	mute, err := net.Dial("tcp", at.IP.String())
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	_ = mute.SetReadDeadline(time.Now().Add(time.Minute))
	<-life.many
	var ended sync.WaitGroup
	for i, m := range all {
		ended.Add(1)
		if i == 0 {
			loops[i].Post(m.Shutdown)
		} else {
			m.Shutdown()
		}
		m.Wait(loops[i], ended.Done)
	}
	ended.Wait()
	life.over.Store(true)
	if c, err := net.Dial("tcp", at.IP.String()); err == nil {
		c.Close()
		t.Error("somebody still listens")
	}
	sending.Wait()
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/wavetank/wavetank/daemons/host/oshost.(*poller).run"))
	for i, m := range all {
		if s := m.Stats(); s != (msgr.Stats{}) {
			t.Errorf("messenger %d still has %+v", i, s)
		}
	}
	if _, err := io.Copy(io.Discard, mute); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the mute client still has its connection")
	}
}
