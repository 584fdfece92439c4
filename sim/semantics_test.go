package sim

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// time must not go back.
func TestRun_timeNeverGoesBack(t *testing.T) {
	s := New(Config{Seed: 1})
	s.Run(10 * time.Second)
	s.RunUntil(-4*time.Second, func() bool { return false })
	if s.Now() != 10*time.Second {
		t.Errorf("RunUntil: now %v", s.Now())
	}
	s.Run(-4 * time.Second)
	if s.Now() < 10*time.Second {
		t.Errorf("Run: now %v", s.Now())
	}
}
func TestRun_saturates(t *testing.T) {
	s := New(Config{Seed: 1})
	s.Run(time.Second)
	s.Run(1<<63 - 1)
	if s.Now() < 0 {
		t.Errorf("Run(max): now %v", s.Now())
	}
}

// power loss + task with deferred close
func TestPowerOff_deferredCloseIsNotHeard(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	a, b := s.AddHost("a"), s.AddHost("b")
	rec := &recorder{at: s.Now}
	addr := netip.AddrPortFrom(a.Addr(), 6789)
	a.Start(func(p host.Host) {
		l := p.NewLoop("l")
		p.Network().Listen(l, addr, func(c host.Conn) {
			c.Attach(l, &echo{conn: c, buf: make([]byte, 64), got: new(int)})
			l.Go("t", func(tk host.Task) { defer c.Close(); tk.Sleep(time.Hour) })
		})
	})
	b.Start(func(h host.Host) { rec.conn = h.Network().Dial(h.NewLoop("l"), addr, rec) })
	s.Run(time.Second)
	a.PowerOff()
	s.Run(time.Second)
	if len(rec.events) != 1 {
		t.Errorf("power off was heard: %v", rec.events)
	}
}

// held bytes of a machine that lost power arrive after heal
func TestPowerOff_losesWhatACutHeld(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.Cut(p.client, p.server)
	p.send(t, "x")
	p.Run(time.Second)
	p.client.PowerOff()
	p.Run(10 * time.Second)
	p.Heal(p.client, p.server)
	p.Run(5 * time.Minute)
	if p.echoed != 0 {
		t.Errorf("server got %d pieces that nobody was left to send again", p.echoed)
	}
}

// cross-folder rename, both folders synced
func TestSyncDir_renameAcrossFolders(t *testing.T) {
	bad := 0
	for seed := range uint64(20) {
		s := New(Config{Seed: seed})
		h := s.AddHost("a")
		h.Start(func(p host.Host) {
			l := p.NewLoop("l")
			d := p.Disk()
			f, _ := d.Open("a/x")
			f.WriteAt([]byte("hello"), 0)
			f.Sync(l, func(error) {
				d.Rename("a/x", "b/y")
				d.SyncDir(l, "b", func(error) { d.SyncDir(l, "a", func(error) {}) })
			})
		})
		s.Run(time.Second)
		h.PowerOff()
		var names []string
		h.Start(func(p host.Host) { names, _ = p.Disk().List("") })
		s.Run(time.Second)
		if len(names) != 1 {
			bad++
			if bad == 1 {
				t.Errorf("seed %d: after both folders were synced: %v, one inode: %v", seed, names, h.disk.files["a/x"] == h.disk.files["b/y"])
			}
		}
		s.Close()
	}
}

// timer order after resume
func TestResume_overdueTimersGoFirst(t *testing.T) {
	for seed := range uint64(50) {
		s := New(Config{Seed: seed})
		h := s.AddHost("a")
		var got []int
		h.Start(func(p host.Host) {
			l := p.NewLoop("l")
			t3 := l.NewTimer(func() { got = append(got, 3) })
			l.NewTimer(func() { got = append(got, 1); t3.Reset(0) }).Reset(time.Second)
			l.NewTimer(func() { got = append(got, 2) }).Reset(2 * time.Second)
		})
		s.Run(time.Millisecond)
		h.Pause()
		s.Run(time.Minute)
		h.Resume()
		s.Run(time.Second)
		if got[1] != 2 {
			t.Fatalf("seed %d: deadlines 1s, 2s, 60s fired in order %v", seed, got)
		}
		s.Close()
	}
}

// refused answer crosses a cut
func TestCut_holdsRefusals(t *testing.T) {
	s := New(Config{Seed: 1, Delay: 10 * time.Millisecond})
	defer s.Close()
	a, b := s.AddHost("a"), s.AddHost("b")
	a.Start(func(host.Host) {})
	rec := &recorder{at: s.Now}
	b.Start(func(h host.Host) { rec.conn = h.Network().Dial(h.NewLoop("l"), netip.AddrPortFrom(a.Addr(), 1), rec) })
	s.Run(15 * time.Millisecond)
	s.Cut(a, b)
	s.Run(time.Second)
	if len(rec.events) != 0 {
		t.Errorf("%v %v through a cut", rec.events, rec.err)
	}
}

// Reset counts a connection once
func TestReset_countsLiveConnections(t *testing.T) {
	p := newPair(t)
	p.Run(time.Second)
	p.client.Pause()
	n1 := p.Reset(p.client, p.server)
	n2 := p.Reset(p.client, p.server)
	if n1 != 1 || n2 != 0 {
		t.Errorf("reset broke %d, then again %d", n1, n2)
	}
}

// Held without a cut
func TestHeld_darkHostIsNoCut(t *testing.T) {
	p := newPair(t)
	p.server.PowerOff()
	p.Run(5 * time.Second)
	if n := p.Held(p.client, p.server); n != 0 {
		t.Errorf("%d held by cuts, there was none", n)
	}
}
func TestHeld_booksAttemptsOnTheCut(t *testing.T) {
	p := newPair(t)
	p.Cut(p.server, p.client)
	p.Run(5 * time.Second)
	if p.Held(p.client, p.server) != 0 || p.Held(p.server, p.client) == 0 {
		t.Errorf("cut server->client: held %d there, %d on the way that is not cut", p.Held(p.server, p.client), p.Held(p.client, p.server))
	}
}

// small window
func TestWindow_tiny(t *testing.T) {
	s := New(Config{Seed: 1, Window: 2})
	defer s.Close()
	a, b := s.AddHost("a"), s.AddHost("b")
	n := 0
	rec := &recorder{at: s.Now}
	addr := startEchoServer(a, &n)
	b.Start(func(h host.Host) { rec.conn = h.Network().Dial(h.NewLoop("l"), addr, rec) })
	s.Run(time.Second)
	rec.conn.Write([]byte("x"))
	s.Run(time.Second)
	before := s.Steps()
	s.Run(time.Second)
	if s.Steps() != before {
		t.Errorf("idle, yet %d steps in a second", s.Steps()-before)
	}
}

// Once an attempt has been refused the repetitions of its SYN that are still under
// way mean nothing: somebody may listen by then.
func TestDial_isOverOnceRefused(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	a, b := s.AddHost("a"), s.AddHost("b")
	addr := netip.AddrPortFrom(b.Addr(), 6789)
	b.Start(func(host.Host) {})
	s.Link(a, b).Stall()
	rec := &recorder{at: s.Now}
	a.Start(func(h host.Host) { rec.conn = h.Network().Dial(h.NewLoop("l"), addr, rec) })
	s.Run(500 * time.Millisecond)
	s.Link(a, b).Unstall()
	s.Run(200 * time.Millisecond)
	if len(rec.events) != 1 || !errors.Is(rec.err, host.ErrRefused) {
		t.Fatalf("%v with %v, want closed with %v", rec.events, rec.err, host.ErrRefused)
	}
	s.At(s.Now(), func() {
		p := b.Process()
		p.Network().Listen(p.NewLoop("l"), addr, func(host.Conn) { t.Error("a connection of nobody was accepted") })
	})
	s.Run(time.Hour)
	if len(rec.events) != 1 || s.Counts().Connected != 0 {
		t.Errorf("then %v, %d connected", rec.events, s.Counts().Connected)
	}
}

// The answer that nobody listens may be stuck behind a stall for ever. An attempt
// ends all the same.
func TestDial_timesOutThoughItsRefusalIsStalled(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	a, b := s.AddHost("a"), s.AddHost("b")
	b.Start(func(host.Host) {})
	s.Link(b, a).Stall()
	rec := &recorder{at: s.Now}
	a.Start(func(h host.Host) {
		rec.conn = h.Network().Dial(h.NewLoop("l"), netip.AddrPortFrom(b.Addr(), 6789), rec)
	})
	s.Run(time.Hour)
	if !errors.Is(rec.err, host.ErrTimeout) {
		t.Fatalf("%v with %v", rec.events, rec.err)
	}
	wantBetween(t, "gave up", rec.closed, synPatience, synPatience+time.Second)
	s.Link(b, a).Unstall()
	s.Run(time.Hour)
	if len(rec.events) != 1 || s.Counts().Refused != 0 {
		t.Errorf("then %v, %d refused", rec.events, s.Counts().Refused)
	}
}

// The answer to an attempt is lost with the machine that gave it, and the next SYN
// finds out what is there.
func TestDial_goesOnWhenItsAnswerIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		restart func(h *Host)
		want    error
	}{
		"the machine stays dark": {func(*Host) {}, host.ErrTimeout},
		"nobody listens":         {func(h *Host) { h.Start(func(host.Host) {}) }, host.ErrRefused},
		"somebody listens":       {func(h *Host) { startEchoServer(h, new(int)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Seed: 1})
			defer s.Close()
			a, b := s.AddHost("a"), s.AddHost("b")
			addr := startEchoServer(b, new(int))
			s.Run(time.Second)
			s.Link(b, a).AddDelay(100 * time.Millisecond)
			rec := &recorder{at: s.Now}
			a.Start(func(h host.Host) { rec.conn = h.Network().Dial(h.NewLoop("l"), addr, rec) })
			s.Run(50 * time.Millisecond)
			b.PowerOff()
			tt.restart(b)
			s.Run(time.Hour)
			want := []string{"closed"}
			if tt.want == nil {
				want[0] = "opened"
			}
			if !slices.Equal(rec.events, want) || !errors.Is(rec.err, tt.want) {
				t.Errorf("%v with %v, want %v with %v", rec.events, rec.err, want, tt.want)
			}
		})
	}
}

// A machine that has forgotten a connection answers FIN with RST, as it does bytes.
func TestCloseWrite_toWhoHasForgottenIsReset(t *testing.T) {
	for name, forget := range map[string]func(k *tank, client, server *sink){
		"lost power": func(k *tank, _, _ *sink) {
			k.server.PowerOff()
			k.Run(time.Second)
			k.server.Start(func(host.Host) {})
		},
		"gave up": func(k *tank, client, server *sink) {
			k.Cut(k.server, client.host())
			server.send(t, 10)
			k.Run(time.Hour)
			k.Heal(k.server, client.host())
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
			client, server := k.open("client")
			forget(k, client, server)
			k.Run(time.Minute)
			if err := client.conn.(host.HalfCloser).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			k.Run(time.Minute)
			if !errors.Is(client.err, host.ErrReset) {
				t.Errorf("closed with %v", client.err)
			}
		})
	}
}

// What a connection has lent with Buffered stays what it is until the owner has heard
// that it broke.
func TestBuffered_outlivesAResetUntilClosed(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	k.deaf = true
	client, server := k.open("client")
	client.conn.Write([]byte("hello"))
	k.Run(time.Second)
	lent := server.conn.(host.DirectConn).Buffered()
	k.server.Pause()
	client.conn.Abort()
	k.Run(time.Second)
	other := k.dial("client")
	k.Run(time.Second)
	other.conn.Write([]byte("WORLD"))
	if server.err != nil || string(lent) != "hello" {
		t.Errorf("%q with %v, want what came before", lent, server.err)
	}
	k.server.Resume()
	k.Run(time.Second)
	if !errors.Is(server.err, host.ErrReset) {
		t.Errorf("closed with %v", server.err)
	}
}

// answerer does something to its connection when there is something to read.
type answerer struct {
	readable func()
	writable int
}

func (*answerer) Opened()      {}
func (*answerer) Closed(error) {}
func (a *answerer) Readable()  { a.readable() }
func (a *answerer) Writable()  { a.writable++ }

// Writable may be due at once with Readable. What its handler does to the room, or to
// the sending side, counts.
func TestWritable_isNotCalledWithoutRoom(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(host.Conn)
		later  int // calls once the peer has read everything
	}{
		"nothing was done":        {func(host.Conn) {}, 1},
		"the window is full":      {func(c host.Conn) { c.Write(make([]byte, 1<<20)) }, 1},
		"and no more was wanted":  {func(c host.Conn) { c.Write(make([]byte, 64)) }, 1},
		"the sending side closed": {func(c host.Conn) { c.(host.HalfCloser).CloseWrite() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1, Window: 64})
			a, full := &answerer{}, false
			var c host.Conn
			client := k.AddHost("client")
			client.Start(func(h host.Host) { c = h.Network().Dial(h.NewLoop("l"), k.addr, a) })
			k.Run(time.Second)
			a.readable = func() {
				tt.answer(c)
				full = c.(*conn).out.full()
			}
			c.Write(make([]byte, 65))
			client.Pause()
			k.Run(time.Second)
			k.sinks[0].send(t, 1)
			k.Run(time.Second)
			client.Resume()
			k.RunUntil(time.Second, func() bool { return c.(*conn).raised == 0 })
			if full && a.writable != 0 {
				t.Error("Writable was called though there is no room")
			}
			k.Run(time.Second)
			if a.writable != tt.later {
				t.Errorf("Writable was called %d times, want %d", a.writable, tt.later)
			}
		})
	}
}
