//go:build interop

package realceph_test

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// journal is what was seen so far, in order.
type journal struct {
	mu   sync.Mutex
	list []any
	more chan struct{} // closed and replaced at each entry
}

func newJournal() *journal { return &journal{more: make(chan struct{})} }

func (j *journal) add(x any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, x)
	close(j.more)
	j.more = make(chan struct{})
}

// since is what came after the first n entries, and what to wait on for more.
func (j *journal) since(n int) ([]any, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.list[n:len(j.list):len(j.list)], j.more
}

// now is how many entries there are.
func (j *journal) now() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.list)
}

// await is the first entry of type T after the first n for which match is true.
func await[T any](t *testing.T, j *journal, n int, what string, match func(T) bool) T {
	t.Helper()
	limit := time.After(patience)
	for {
		list, more := j.since(n)
		for _, x := range list {
			if v, ok := x.(T); ok && match(v) {
				return v
			}
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("not within %v: %s; seen: %+v", patience, what, list)
		}
	}
}

// client is client.admin: our messenger and monitor client on real sockets.
type client struct {
	t       *testing.T
	journal *journal // facts, configurations and bodies of messages
	h       *oshost.Host
	loop    host.Loop
	m       *msgr.Messenger
	monc    *monc.Client // on loop only
}

// options are what a configuration message brought.
type options map[string]string

// newClient makes a client of the site's monitors at an address of its own, and
// waits until it has a session. wrap, if not nil, may decorate its machine.
func newClient(s *site, wrap func(host.Host) host.Host) *client {
	s.t.Helper()
	return newClientAt(s, s.net.Addr(200), wrap)
}

// newClientAt is newClient at a given address.
func newClientAt(s *site, at netip.Addr, wrap func(host.Host) host.Host) *client {
	s.t.Helper()
	c := &client{t: s.t, journal: newJournal()}
	c.h = oshost.New(oshost.Options{
		Name: "client", Addrs: []netip.Addr{at}, Log: slog.New(slog.NewTextHandler(logWriter{s.t}, nil)),
		OnFact: func(f host.Fact) { c.journal.add(f) },
	})
	s.t.Cleanup(c.h.Kill)
	var h host.Host = c.h
	if wrap != nil {
		h = wrap(h)
	}
	c.loop = h.NewLoop("dispatch")
	c.m = msgr.New(h, c.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: "client",
	})
	c.monc = monc.New(h, c.loop, c.m, monc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, MonMap: s.MonMap(),
	})
	c.m.AddDispatcherTail(tail{c: c})
	if err := c.m.Start(); err != nil {
		s.t.Fatal(err)
	}
	c.authenticate()
	return c
}

// logWriter shows a log with the test's output.
type logWriter struct{ t *testing.T }

func (w logWriter) Write(p []byte) (int, error) { w.t.Logf("%s", p); return len(p), nil }

func (c *client) authenticate() {
	c.t.Helper()
	done := make(chan error, 1)
	c.loop.Post(func() {
		c.monc.Init()
		c.monc.OnConfig(func(o map[string]string) { c.journal.add(options(o)) })
		c.monc.Want("mgrmap", 0, false)
		c.monc.Authenticate(func(err error) { done <- err })
	})
	select {
	case err := <-done:
		if err != nil {
			c.t.Fatal(err)
		}
	case <-time.After(patience):
		c.t.Fatal("no session")
	}
}

// tail is the owner of the monitor client: it keeps what comes.
type tail struct {
	msgr.BaseDispatcher
	c *client
}

// Dispatch takes everything that the monitor client has left.
func (d tail) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	if b, ok := m.Body.(*msg.MgrMapMsg); ok {
		d.c.monc.Got("mgrmap", uint64(b.Map.Epoch))
	}
	d.c.journal.add(m.Body)
	return true
}

// ask runs fn on the client's loop.
func (c *client) ask(fn func()) {
	done := make(chan struct{})
	c.loop.Post(func() { fn(); close(done) })
	<-done
}

func (c *client) gid() (gid uint64) {
	c.ask(func() { gid = c.monc.GlobalID() })
	return gid
}

func (c *client) monMap() (m msg.MonMap) {
	c.ask(func() { m = c.monc.MonMap().Clone() })
	return m
}

// begin sends a command and returns where its outcome will be.
func (c *client) begin(text string) <-chan monc.CommandResult {
	done := make(chan monc.CommandResult, 1)
	c.loop.Post(func() { c.monc.Command(text, func(r monc.CommandResult) { done <- r }) })
	return done
}

// command runs a command, which must be answered.
func (c *client) command(text string) monc.CommandResult {
	c.t.Helper()
	return c.outcome(text, c.begin(text))
}

func (c *client) outcome(text string, done <-chan monc.CommandResult) monc.CommandResult {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case r := <-done:
		if r.Err != nil {
			c.t.Fatalf("%s: %v", text, r.Err)
		}
		return r
	case <-ctx.Done():
		c.t.Fatalf("%s: no answer within %v", text, patience)
		panic("unreachable")
	}
}
