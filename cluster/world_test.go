package cluster

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	gm "github.com/onsi/gomega"

	"github.com/wavetank/wavetank/daemons/host"
)

// said is a fact with a text, by which the programs of these tests tell the
// scenario what happened.
type said struct{ text string }

func (said) Kind() string { return "test.said" }

func (s said) Attrs() []slog.Attr { return []slog.Attr{slog.String("text", s.text)} }

const echoPort = 7000

// echoer answers every byte, and says what it got.
type echoer struct {
	h    host.Host
	conn host.Conn
}

func (e *echoer) Opened()      {}
func (e *echoer) Writable()    {}
func (e *echoer) Closed(error) { e.h.Probe(said{"server closed"}) }
func (e *echoer) Readable() {
	buf := make([]byte, 100)
	for {
		n, err := e.conn.Read(buf)
		if err != nil {
			return
		}
		e.h.Probe(said{"server got " + string(buf[:n])})
		e.conn.Write(buf[:n])
	}
}

func echoServer(h host.Host) {
	l := h.NewLoop("echo")
	addr := netip.AddrPortFrom(h.Network().Addrs()[0], echoPort)
	_, err := h.Network().Listen(l, addr, func(c host.Conn) { c.Attach(l, &echoer{h: h, conn: c}) })
	if err != nil {
		panic(err)
	}
	h.Probe(said{"listening"})
}

// asker sends a number every 100 ms and says what comes back.
type asker struct {
	h    host.Host
	conn host.Conn
}

func askClient(server netip.AddrPort) func(host.Host) {
	return func(h host.Host) {
		l := h.NewLoop("ask")
		l.Post(func() {
			a := &asker{h: h}
			a.conn = h.Network().Dial(l, server, a)
			n := 0
			var tick host.Timer
			tick = l.NewTimer(func() {
				n++
				a.conn.Write(fmt.Appendf(nil, "%d,", n))
				tick.Reset(100 * time.Millisecond)
			})
			tick.Reset(100 * time.Millisecond)
		})
	}
}

func (a *asker) Opened()   { a.h.Probe(said{"opened"}) }
func (a *asker) Writable() {}
func (a *asker) Closed(err error) {
	a.h.Probe(said{fmt.Sprintf("closed, reset=%v refused=%v", errors.Is(err, host.ErrReset), errors.Is(err, host.ErrRefused))})
}
func (a *asker) Readable() {
	buf := make([]byte, 100)
	for {
		n, err := a.conn.Read(buf)
		switch err {
		case nil:
			a.h.Probe(said{"back " + string(buf[:n])})
		case io.EOF:
			a.h.Probe(said{"eof"})
			return
		default:
			return
		}
	}
}

// pair is a server and a client in some world, and what they said.
type pair struct {
	World
	t              *testing.T
	server, client Host
	heard          []string
}

// inBothWorlds runs the same test body in the simulator and on real sockets: a
// fake that nothing compares with reality is a guess.
func inBothWorlds(t *testing.T, body func(*pair)) {
	run := func(t *testing.T, w World) {
		defer w.Close()
		p := &pair{World: w, t: t, server: w.AddHost("server"), client: w.AddHost("client")}
		w.Observe(func(o Observation) { p.heard = append(p.heard, o.Host+": "+o.Fact.(said).text) })
		body(p)
	}
	t.Run("sim", func(t *testing.T) { run(t, NewSim(SimConfig{Seed: 1})) })
	t.Run("tcp", func(t *testing.T) {
		w, err := NewTCP(TCPConfig{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		run(t, w)
	})
}

func (p *pair) start() {
	p.t.Helper()
	p.server.Start(echoServer)
	p.await("server: listening")
	p.client.Start(askClient(netip.AddrPortFrom(p.server.Addr(), echoPort)))
}

// await waits until something that begins so was said since the last await.
func (p *pair) await(prefix string) {
	p.t.Helper()
	heard := func() bool {
		return slices.ContainsFunc(p.heard, func(s string) bool { return strings.HasPrefix(s, prefix) })
	}
	if !p.Until(20*time.Second, heard) {
		p.t.Fatalf("nobody said %q; heard %q", prefix, p.heard)
	}
	p.heard = nil
}

// fallsSilent waits until d has passed in which nothing that begins so was said. In the
// real world what had begun before may still be said, some time later.
func (p *pair) fallsSilent(d time.Duration, prefix string) {
	p.t.Helper()
	said := func(s string) bool { return strings.HasPrefix(s, prefix) }
	for range 40 {
		p.heard = nil
		if p.Run(d); !slices.ContainsFunc(p.heard, said) {
			return
		}
	}
	p.t.Fatalf("%q goes on being said", prefix)
}

// comesTrue waits for what nobody says.
func (p *pair) comesTrue(what string, is func() bool) {
	p.t.Helper()
	for range 400 {
		if is() {
			return
		}
		p.Run(50 * time.Millisecond)
	}
	p.t.Errorf("in vain: %s", what)
}

func TestWorlds_cutAndHeal(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		p.await("client: back")
		p.Cut(p.server, p.client) // the answers are held, the questions are not
		p.fallsSilent(400*time.Millisecond, "client: back")
		p.await("server: server got") // the other direction is not cut
		p.comesTrue("the answers are counted as held", func() bool { return p.Held(p.server, p.client) > 0 })
		if n := p.Held(p.client, p.server); n != 0 {
			p.t.Errorf("held %d of the other direction", n)
		}
		p.Heal(p.server, p.client)
		p.await("client: back")
	})
}

func TestWorlds_cutHoldsAttempts(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.Cut(p.server, p.client) // one direction is enough
		p.start()
		p.comesTrue("an attempt is counted as held", func() bool { return p.Held(p.server, p.client)+p.Held(p.client, p.server) > 0 })
		p.Run(300 * time.Millisecond)
		if len(p.heard) > 0 {
			p.t.Errorf("%q was said", p.heard)
		}
		p.Heal(p.server, p.client)
		p.await("client: opened")
	})
}

func TestWorlds_reset(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		p.await("client: back")
		if n := p.Reset(p.server, p.client); n != 1 {
			p.t.Errorf("%d connections were reset, want 1", n)
		}
		p.await("client: closed, reset=true")
		if n := p.Reset(p.server, p.client); n != 0 {
			p.t.Errorf("%d connections were left to reset", n)
		}
	})
}

func TestWorlds_pauseAndResume(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		p.await("client: back")
		p.server.Pause()
		p.fallsSilent(400*time.Millisecond, "server: ")
		if !p.server.Paused() || !p.server.Running() {
			p.t.Error("the server is not both paused and running")
		}
		p.server.Resume()
		p.await("client: back")
	})
}

func TestWorlds_killAndRestart(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		p.await("client: back")
		if !p.server.Kill() || p.server.Kill() || p.server.Running() {
			p.t.Error("a server can be killed once")
		}
		p.Run(time.Millisecond)
		p.client.Restart()
		p.await("client: closed, reset=false refused=true")
		p.server.Restart()
		p.await("server: listening")
		p.client.Restart()
		p.await("client: back 1,")
	})
}

func TestWorlds_killWhilePaused(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		p.await("client: back")
		p.server.Pause()
		p.Run(50 * time.Millisecond)
		p.server.Kill()
		if p.server.Paused() {
			p.t.Error("a killed host is paused")
		}
		p.server.Restart()
		p.await("server: listening")
	})
}

func TestWorlds_respawn(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.server.Start(func(h host.Host) {
			h.Probe(said{fmt.Sprintf("born %d", h.PID())})
			l := h.NewLoop("life")
			l.Post(func() {
				t := l.NewTimer(func() { h.Respawn("again"); h.Probe(said{"a ghost"}) })
				t.Reset(50 * time.Millisecond)
			})
		})
		p.await("server: born 3")
		for _, s := range p.heard {
			if strings.Contains(s, "ghost") {
				p.t.Errorf("%q", s)
			}
		}
	})
}

// failing is a test that notes its failure.
type failing struct{ text string }

func (f *failing) Helper()                        {}
func (f *failing) Fatalf(format string, a ...any) { f.text = fmt.Sprintf(format, a...) }

func TestEventually(t *testing.T) {
	inBothWorlds(t, func(p *pair) {
		p.start()
		answers := func() int { return len(p.heard) }
		Eventually(p.t, p.World, answers, 20*time.Second, gm.BeNumerically(">", 3))
		var f failing
		Eventually(&f, p.World, answers, 200*time.Millisecond, gm.BeNumerically("<", 0))
		if !strings.Contains(f.text, "Timed out after") || !strings.Contains(f.text, "to be <") {
			p.t.Errorf("a wait in vain says %q", f.text)
		}
		f.text = ""
		Eventually(&f, p.World, func() (int, error) { return 1, errors.New("no answer") }, 100*time.Millisecond, gm.Equal(1))
		if !strings.Contains(f.text, "no answer") {
			p.t.Errorf("a function that fails says %q", f.text)
		}
		f.text = ""
		Eventually(&f, p.World, func(int) int { return 1 }, 100*time.Millisecond, gm.Equal(1))
		if !strings.Contains(f.text, "must take nothing") {
			p.t.Errorf("a function with arguments says %q", f.text)
		}
	})
}

func TestResolve(t *testing.T) {
	w := NewSim(SimConfig{Seed: 1})
	defer w.Close()
	c := Deploy(w, DefaultTopology())
	c.Start()
	Eventually(t, w, c.View().Available, time.Minute, gm.BeTrue())
	for who, want := range map[string]int{
		RoleActiveMgr: 1, RoleLeader: 1, RoleMons: 3, RolePeons: 2, RoleMgrs: 3, RoleStandbys: 2,
		RoleDead: 0, RolePaused: 0, "mon.a": 1,
	} {
		if names, err := c.Resolve(who); err != nil || len(names) != want {
			t.Errorf("%s is %v, %v; want %d daemons", who, names, err, want)
		}
	}
	if _, err := c.Resolve("osd.1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("osd.1: %v", err)
	}
}

// TestTCP_killOfAPausedProcess: nothing that waited in a paused process runs while
// it is killed.
func TestTCP_killOfAPausedProcess(t *testing.T) {
	for range 50 {
		w, err := NewTCP(TCPConfig{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		ran := false
		h := w.AddHost("a")
		loop := make(chan host.Loop, 1)
		h.Start(func(p host.Host) { loop <- p.NewLoop("l") })
		l := <-loop
		h.Pause()
		for range 50 {
			l.Post(func() { ran = true })
		}
		h.Kill()
		w.Close()
		if ran {
			t.Fatal("a paused process ran while it was killed")
		}
	}
}

// TestTCP_strangers: a machine may talk to one that is of another world, and is cut off
// from it too while it is clogged.
func TestTCP_strangers(t *testing.T) {
	elsewhere, err := NewTCP(TCPConfig{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(elsewhere.Close)
	server := elsewhere.AddHost("server")
	listens := false
	elsewhere.Observe(func(Observation) { listens = true })
	server.Start(echoServer)
	elsewhere.Until(20*time.Second, func() bool { return listens })
	here, err := NewTCP(TCPConfig{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(here.Close)
	client := here.AddHost("client")
	p := &pair{World: here, t: t, client: client}
	here.Observe(func(o Observation) {
		if f, ok := o.Fact.(said); ok {
			p.heard = append(p.heard, f.text)
		}
	})
	client.Start(askClient(netip.AddrPortFrom(server.Addr(), echoPort)))
	p.await("back ")
	client.Clog()
	p.fallsSilent(500*time.Millisecond, "back ")
	client.Unclog()
	p.await("back ")
}

// TestTCP_respawnAndClose: no process begins after Close.
func TestTCP_respawnAndClose(t *testing.T) {
	for range 50 {
		w, err := NewTCP(TCPConfig{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		h := w.AddHost("a")
		h.Start(func(p host.Host) { p.Respawn("again") })
		w.Run(time.Millisecond)
		w.Close()
		if h.Running() {
			t.Fatal("a process runs in a closed world")
		}
	}
}

// TestSim_leavesNothingBehind counts goroutines: tasks are coroutines, which must
// end with their world.
func TestSim_leavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(20) {
		w := NewSim(SimConfig{Seed: seed})
		c := Deploy(w, DefaultTopology())
		c.Start()
		w.Run(3 * time.Second)
		w.Close()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines are left of 20 worlds", after-before)
	}
}
