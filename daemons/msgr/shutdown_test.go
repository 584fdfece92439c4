package msgr_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// stopper is a dispatcher that shuts its messenger down in the first callback of
// one kind, and writes down what it is told.
type stopper struct {
	m    *msgr.Messenger
	at   string
	told []string
}

func (s *stopper) note(what string) bool {
	s.told = append(s.told, what)
	if what == s.at {
		s.m.Shutdown()
	}
	return true
}
func (s *stopper) Dispatch(*msgr.Connection, *msg.Message) bool { return s.note("message") }
func (s *stopper) HandleConnect(*msgr.Connection)               { s.note("connect") }
func (s *stopper) HandleAccept(*msgr.Connection)                { s.note("accept") }
func (s *stopper) HandleReset(*msgr.Connection) bool            { return s.note("reset") }
func (s *stopper) HandleRemoteReset(*msgr.Connection)           { s.note("remote reset") }
func (s *stopper) HandleRefused(*msgr.Connection) bool          { return s.note("refused") }

// TestShutdown_insideACallback: whichever it is, no other follows, though there
// is more to tell of every kind.
func TestShutdown_insideACallback(t *testing.T) {
	for _, kind := range []string{"message", "connect", "accept", "reset", "remote reset", "refused"} {
		t.Run(kind, func(t *testing.T) {
			if all := liveThroughEverything(t, ""); len(slices.DeleteFunc(all, func(s string) bool { return s != kind })) < 2 {
				t.Fatalf("the story has not two of it")
			}
			told := liveThroughEverything(t, kind)
			if at := slices.Index(told, kind); at < 0 || at != len(told)-1 {
				t.Errorf("told %q", told)
			}
		})
	}
}

// liveThroughEverything makes a monitor hear of everything there is, more than
// once. It shuts itself down when it is first told of at.
func liveThroughEverything(t *testing.T, at string) []string {
	p := newMons(t, msgr.LosslessPeerReuse())
	p.a.m.Shutdown()
	p.a = p.w.bare("mon.a2", "10.0.0.1", msgr.Config{Name: monName(0)})
	p.a.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	s := &stopper{m: p.a.m, at: at}
	p.a.m.AddDispatcherTail(s)
	p.w.settle()
	p.a.bind(t, 6789)
	p.w.starved = p.a.loop.(*fakeLoop) // so that much waits at a time
	c := p.w.daemon("mon.c", "10.0.0.3", msgr.Config{Name: monName(2)})
	c.m.SetDefaultPolicy(msgr.LosslessPeer())
	for range 3 {
		p.dial(p.a, p.b).Send(ping(1, nil))
		p.a.m.ConnectTo(msg.EntityMon, msg.EntityAddr{IP: addrPort("10.0.0.9:1")})
		p.w.settle()
		p.b = p.restart(t, p.b, 1, msgr.LosslessPeerReuse())
		p.dial(p.a, p.b).Send(ping(2, nil))
		p.dial(c, p.a).Send(ping(3, nil))
		p.dial(c, p.a).Send(ping(4, nil))
		p.w.run(time.Second)
		c.m.MarkDownAll()
		p.a.m.MarkDownAll()
		p.w.run(time.Second)
	}
	return s.told
}

// TestShutdown_cutsEverybodyOff: who has dialled us too early, is in the
// handshake, has a session, or is on the way to the listener.
func TestShutdown_cutsEverybodyOff(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *daemon) error{
		"before Start":      func(*testing.T, *daemon) error { return nil },
		"in the handshake":  func(_ *testing.T, d *daemon) error { return d.m.Start() },
		"with a dispatcher": func(_ *testing.T, d *daemon) error { d.m.AddDispatcherTail(d); return d.m.Start() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			d := w.bare("mon.a", "10.0.0.1", msgr.Config{Name: monName(0)})
			if err := d.m.Bind(addrPort("10.0.0.1:6789")); err != nil {
				t.Fatal(err)
			}
			if err := prepare(t, d); err != nil {
				t.Fatal(err)
			}
			mute, open := w.rawFrom(addrPort("10.9.9.9:1"), d.m.Addr().IP), w.rawFrom(addrPort("10.9.9.9:2"), d.m.Addr().IP)
			open.write(hello(t))
			w.settle()
			late := w.rawFrom(addrPort("10.9.9.9:3"), d.m.Addr().IP) // still on its way
			d.m.Shutdown()
			w.settle()
			for i, r := range []*rawPeer{mute, open, late} {
				if !r.closed {
					t.Errorf("connection %d is still open", i)
				}
			}
			if n := len(w.listeners); n != 0 {
				t.Errorf("%d listeners are left", n)
			}
		})
	}
}

// TestShutdown_givesTheThrottlesBack, whatever waits for dispatch or is held back
// on purpose, and whatever is half read.
func TestShutdown_givesTheThrottlesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		options msgr.Options
		waiting int64
	}{
		"queued":    {msgr.Options{}, 3},
		"held back": {msgr.Options{InjectDelayType: msg.EntityMgr, InjectDelayProbability: 1, InjectDelayMax: time.Hour}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, tt.options)
			p.w.seed, p.w.starved = 1, p.mon.loop.(*fakeLoop)
			p.mon.m.SetDefaultPolicy(counted(msgr.StatelessServer()))
			p.mon.m.AddDispatcherHead(&fastOnes{journal: &journal{}, order: &[]uint64{}})
			half := p.w.rawFrom(addrPort("10.9.9.9:1"), p.mon.m.Addr().IP)
			half.write(hello(t))
			c := p.connect()
			half.write(message(pingHeader(1), nil, nil, fill(1000, 1))[:500])
			for i := range uint64(6) {
				c.Send(ping(i+1, fill(1000, 1)))
			}
			for p.mon.m.Stats().HeldMessages < tt.waiting+1 && p.w.step(p.w.now) {
			}
			want := msgr.Stats{Connections: 2, HeldMessages: tt.waiting + 1, HeldBytes: 1000 * (tt.waiting + 1), DispatchBytes: 1000 * (tt.waiting + 1)}
			if s := p.mon.m.Stats(); s != want {
				t.Errorf("before: %+v, want %+v", s, want)
			}
			p.mon.m.Shutdown()
			p.w.settle()
			if s := p.mon.m.Stats(); s != (msgr.Stats{}) {
				t.Errorf("after: %+v", s)
			}
			p.w.run(2 * time.Hour)
			wantTids(t, p.mon.journal)
		})
	}
}

// TestWait_runsOnceWhenEverythingHasEnded: after Shutdown only, on the loop it
// was given, when no socket is open, no worker loop is left and no callback will
// follow.
func TestWait_runsOnceWhenEverythingHasEnded(t *testing.T) {
	p := newMons(t, msgr.LosslessPeerReuse())
	own := p.a.h.NewLoop("own").(*fakeLoop)
	waited := 0
	wait := func() {
		p.a.m.Wait(own, func() {
			waited++
			checkEnded(t, p.a)
			if p.w.running != own {
				t.Errorf("done runs on %v", p.w.running)
			}
		})
	}
	wait()
	p.dial(p.a, p.b).Send(ping(1, nil))
	p.w.settle()
	p.b.conns[0].Send(ping(2, nil))
	p.a.m.ConnectTo(msg.EntityMon, msg.EntityAddr{IP: addrPort("10.0.0.9:1")})
	wait()
	p.w.rawFrom(addrPort("10.9.9.9:1"), p.a.m.Addr().IP)
	if p.w.run(time.Hour); waited != 0 {
		t.Fatal("it did not wait for Shutdown")
	}
	p.b.conns[0].Send(ping(3, nil))
	p.w.starved = p.a.h.loops["mon.a/worker-1"]
	p.a.m.Shutdown()
	if wait(); waited != 0 {
		t.Error("done ran inside Shutdown or Wait")
	}
	told := len(p.a.events) + len(p.a.messages)
	p.w.settle()
	if waited != 3 {
		t.Errorf("%d waiters were told of the end, want 3", waited)
	}
	p.a.m.Shutdown()
	wait()
	if p.w.run(time.Hour); waited != 4 || len(p.a.events)+len(p.a.messages) != told {
		t.Errorf("%d waiters were told, want 4; the dispatchers were told %q", waited, p.a.events)
	}
}

// checkEnded: of d's messenger nothing is left but its dispatch loop.
func checkEnded(t *testing.T, d *daemon) {
	t.Helper()
	for name, l := range d.h.loops {
		worker := strings.Contains(name, "/worker-")
		if l.closed != worker {
			t.Errorf("loop %s: closed is %v", name, l.closed)
		}
		for _, s := range l.sockets {
			if c, ok := s.(*fakeConn); ok && !c.closed {
				t.Errorf("loop %s: the socket to %v is open", name, c.remote)
			}
		}
	}
	if s := d.m.Stats(); s != (msgr.Stats{}) {
		t.Errorf("the messenger still has %+v", s)
	}
	for at := range d.h.w.listeners {
		if at.Addr() == d.h.addr {
			t.Errorf("it listens at %v", at)
		}
	}
}
