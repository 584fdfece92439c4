package monc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// owner is a daemon with nothing in it but a client.
type owner struct {
	*monc.Client
	t       *testing.T
	world   *monctest.World
	mons    *monctest.Mons
	process *monctest.Process
	loop    host.Loop

	messenger *msgr.Messenger
	passed    []msg.Type // what the client left to its owner
	resets    int
	auth      []error // outcomes of Authenticate
	toldAt    time.Duration
}

// tail is the owner's dispatcher, behind the client.
type tail struct {
	msgr.BaseDispatcher
	o *owner
}

func (d tail) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	d.o.passed = append(d.o.passed, m.Header.Type)
	return true
}

func (d tail) HandleReset(*msgr.Connection) bool { d.o.resets++; return true }

// newOwner makes a client in a new world that has the given number of monitors.
func newOwner(t *testing.T, monitors int, change func(*monc.Config)) *owner {
	t.Helper()
	w := monctest.NewWorld(1)
	o := &owner{t: t, world: w, mons: w.NewMons(monitors), process: w.NewProcess("client")}
	o.loop = o.process.NewLoop("dispatch")
	messenger := msgr.New(o.process, o.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: o.process.PID(), Label: "client", Workers: 1,
	})
	cfg := monc.Config{Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, MonMap: o.mons.MonMap()}
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	o.messenger = messenger
	o.Client = monc.New(o.process, o.loop, messenger, cfg)
	messenger.AddDispatcherTail(tail{o: o})
	if err := messenger.Start(); err != nil {
		t.Fatal(err)
	}
	o.Init()
	return o
}

// authenticate begins; the outcome goes to o.auth.
func (o *owner) authenticate() {
	o.loop.Post(func() { o.Authenticate(func(err error) { o.auth = append(o.auth, err) }) })
}

// connected is a client with a session.
func connected(t *testing.T, monitors int, change func(*monc.Config)) *owner {
	t.Helper()
	o := newOwner(t, monitors, change)
	o.authenticate()
	o.within(time.Second, "a session", o.IsConnected)
	return o
}

// within lets time pass until cond holds.
func (o *owner) within(limit time.Duration, what string, cond func() bool) {
	o.t.Helper()
	if !o.world.Until(limit, cond) {
		o.t.Fatalf("no %s within %v; facts: %+v", what, limit, o.process.Facts)
	}
}

// mon is the monitor of the session.
func (o *owner) mon() *monctest.Mon {
	o.t.Helper()
	if !o.IsConnected() {
		o.t.Fatal("no session")
	}
	return o.mons.Named(o.Mon())
}

// subscribed are all subscriptions that the monitor was told of, the last of a
// name.
func subscribed(m *monctest.Mon) map[string]msg.Subscription {
	all := map[string]msg.Subscription{}
	for _, r := range m.Got(msg.TypeMonSubscribe) {
		for name, s := range r.Body.(*msg.MonSubscribe).What {
			all[name] = s
		}
	}
	return all
}

// factsOf are the facts of a type that the client has stated, in order.
func factsOf[F host.Fact](o *owner) []F {
	var all []F
	for _, f := range o.process.Facts {
		if f, ok := f.(F); ok {
			all = append(all, f)
		}
	}
	return all
}

func forget(m *monctest.Mon) { m.Received = nil }

func TestClient_firstToAcceptWins(t *testing.T) {
	o := newOwner(t, 3, nil)
	o.Want("mgrmap", 0, false)
	o.authenticate()
	o.within(time.Second, "a session", o.IsConnected)
	o.world.Run(time.Second)

	if len(o.auth) != 1 || o.auth[0] != nil {
		t.Errorf("Authenticate is done with %v, want once without error", o.auth)
	}
	if got := len(o.mons.All(msg.TypeAuth)); got != 3 {
		t.Errorf("%d monitors were asked, want all three at once", got)
	}
	opened := factsOf[monc.SessionOpened](o)[0]
	if opened.GID == 0 || opened.GID != o.GlobalID() || opened.Mon != o.Mon() || opened.Entity != "client.admin" {
		t.Errorf("fact %+v, client has gid %d with mon %q", opened, o.GlobalID(), o.Mon())
	}
	want := map[string]msg.Subscription{"config": {}, "monmap": {Start: 2}, "mgrmap": {}}
	o.mons.Each(func(m *monctest.Mon) {
		if m.Name != o.Mon() {
			want := map[string]msg.Subscription{}
			if diff := cmp.Diff(want, subscribed(m)); diff != "" {
				t.Errorf("mon.%s lost, and was told of subscriptions:\n%s", m.Name, diff)
			}
			return
		}
		if diff := cmp.Diff(want, subscribed(m)); diff != "" {
			t.Errorf("mon.%s won (-want +subscribed):\n%s", m.Name, diff)
		}
	})
}

// MC-7: what the losers of a hunt, or monitors of old sessions, still have to say
// does not count. Whatever the session's monitor says does.
func TestClient_dropsStrays(t *testing.T) {
	o := newOwner(t, 3, nil)
	// Each monitor sends a map right behind the answer that lets us in: those of
	// the losers are on their way when the winner is chosen.
	o.mons.Each(func(m *monctest.Mon) {
		m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
			if r.Header.Type == msg.TypeAuth {
				m.Do(func() { m.Push(&msg.MgrMapMsg{Map: msg.MgrMap{Epoch: 5}}) })
			}
			return false
		}
	})
	o.authenticate()
	o.world.Run(time.Second)
	maps := 0
	for _, typ := range o.passed {
		if typ == msg.TypeMgrMap {
			maps++
		}
	}
	if maps != 1 {
		t.Errorf("the owner got %d manager maps, want the one of mon.%s", maps, o.Mon())
	}
}

// A connection to a monitor that the client knows nothing of is no session, and a
// monitor that has not accepted us has nothing to say but monmaps and its answer.
func TestClient_dropsWhatIsNoSessions(t *testing.T) {
	o := newOwner(t, 2, nil)
	o.mons.Named("b").OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
		c.Send(msg.NewFromMon(&msg.MonMapMsg{Map: o.mons.MonMap()}))
		c.Send(msg.NewFromMon(&msg.MgrMapMsg{Map: msg.MgrMap{Epoch: 5}}))
		return true
	}
	o.authenticate()
	o.world.Run(time.Second)
	if len(o.passed) != 0 {
		t.Errorf("passed on, while mon.a alone had accepted us: %v", o.passed)
	}
	info, _ := o.MonMap().Get("b")
	o.messenger.ConnectTo(msg.EntityMon, info.Addrs.Legacy()).Send(msg.New(&msg.Ping{}))
	o.world.Run(time.Second)
	if len(o.mons.Named("b").Got(msg.TypePing)) != 1 || len(o.passed) != 0 {
		t.Errorf("passed on from a connection that is no session: %v", o.passed)
	}
}

// MS-6: monmaps go on to the owner, but only when Authenticate is done.
func TestClient_passesMonMapsOnLater(t *testing.T) {
	o := newOwner(t, 1, nil)
	o.mons.List[0].OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
		if r.Header.Type == msg.TypeAuth {
			c.Send(msg.NewFromMon(&msg.MonMapMsg{Map: o.mons.MonMap()}))
		}
		return false
	}
	o.Authenticate(func(error) {
		if len(o.passed) != 0 {
			t.Errorf("the owner has got %v before Authenticate was done", o.passed)
		}
	})
	o.world.Run(time.Second)
	o.passed = nil
	o.mon().Push(&msg.MonMapMsg{Map: o.mons.MonMap()})
	o.world.Run(time.Second)
	if diff := cmp.Diff([]msg.Type{msg.TypeMonMap}, o.passed); diff != "" {
		t.Errorf("passed on (-want +got):\n%s", diff)
	}
}

// MC-1 and MC-3: monitors that do not answer are left for others.
func TestClient_huntGoesOn(t *testing.T) {
	o := newOwner(t, 5, func(c *monc.Config) { c.Options.HuntParallel = 2 })
	o.mons.Each(func(m *monctest.Mon) { m.Process.Silence(m.Name != "c") })
	o.authenticate()
	// Three hunts of at most three seconds try all five.
	o.within(9*time.Second, "session", o.IsConnected)
	if o.Mon() != "c" {
		t.Errorf("session with mon.%s, which is silent", o.Mon())
	}
}

func TestClient_refused(t *testing.T) {
	const access, again = -13, -11
	t.Run("by everybody", func(t *testing.T) {
		o := newOwner(t, 3, nil)
		o.mons.Each(func(m *monctest.Mon) { m.AuthResult = access })
		o.authenticate()
		o.within(time.Second, "outcome", func() bool { return len(o.auth) > 0 })
		var refusal *monc.AuthError
		if !errors.Is(o.auth[0], monc.ErrAuth) || !errors.As(o.auth[0], &refusal) || refusal.Code != access {
			t.Errorf("outcome %v, want ErrAuth with code %d", o.auth[0], access)
		}
		if got := len(o.mons.All(msg.TypeAuth)); got != 3 {
			t.Errorf("given up after %d refusals, want all three", got)
		}
	})
	t.Run("by two of three", func(t *testing.T) {
		o := newOwner(t, 3, nil)
		o.mons.Each(func(m *monctest.Mon) { m.AuthResult = access })
		o.mons.Named("b").AuthResult = 0
		o.mons.Named("b").Process.Silence(true) // so that it answers last
		o.authenticate()
		o.world.Run(time.Second)
		o.mons.Named("b").Process.Silence(false)
		o.within(time.Second, "session", o.IsConnected)
		o.world.Run(time.Second)
		if o.Mon() != "b" || len(o.auth) != 1 || o.auth[0] != nil {
			t.Errorf("session with %q, outcome %v", o.Mon(), o.auth)
		}
	})
	t.Run("for now", func(t *testing.T) {
		o := newOwner(t, 3, nil)
		o.mons.Each(func(m *monctest.Mon) { m.AuthResult = again })
		o.authenticate()
		o.world.Run(20 * time.Second)
		if len(o.auth) != 0 {
			t.Fatalf("outcome %v while the monitors ask to try again", o.auth)
		}
		if got := len(o.mons.All(msg.TypeAuth)); got < 18 || got > 22 {
			t.Errorf("%d requests in 20 s, want three every 3 s", got)
		}
		o.mons.Each(func(m *monctest.Mon) { m.AuthResult = 0 })
		o.within(4*time.Second, "session", o.IsConnected)
	})
}

func TestClient_authenticateTimesOut(t *testing.T) {
	o := newOwner(t, 3, nil)
	o.mons.Each(func(m *monctest.Mon) { m.NoQuorum = true })
	o.authenticate()
	o.world.Run(299 * time.Second)
	if len(o.auth) != 0 {
		t.Fatalf("outcome %v before the time-out", o.auth)
	}
	o.world.Run(2 * time.Second)
	if len(o.auth) != 1 || !errors.Is(o.auth[0], monc.ErrTimeout) {
		t.Fatalf("outcome %v, want ErrTimeout after 300 s", o.auth)
	}
	const want = "authenticate client.admin: no answer from the monitors within 5m0s, the last asked are "
	if got := o.auth[0].Error(); !strings.HasPrefix(got, want) || len(got) != len(want)+len("a, b, c") {
		t.Errorf("error %q, want %q and three monitors", got, want)
	}
}

// MC-8, BUG-21: a session that is gone before whoever waits has looked is none. The
// wait goes on, until there is another one or the time-out.
func TestClient_authenticateLooksWhenItIsWoken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant bool
		held  bool // Authenticate is done with a session, and once
	}{{"as it should", false, true}, {"KeepAuthErrOnReopen", true, false}} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOwner(t, 1, func(c *monc.Config) { c.Defects.KeepAuthErrOnReopen = tt.plant })
			held, mute := true, false
			o.mons.List[0].OnMessage = func(*msgr.Connection, *msg.Message) bool { return mute }
			o.loop.Post(func() {
				o.AwaitSession(func() { mute = true; o.Reopen() })
				o.Authenticate(func(err error) {
					o.auth = append(o.auth, err)
					held = err == nil && o.IsConnected()
				})
			})
			o.world.Run(time.Second)
			if len(o.auth) > 0 && !tt.plant {
				t.Fatalf("outcome %v without a session", o.auth)
			}
			mute = false
			o.world.Run(10 * time.Second)
			if len(o.auth) != 1 || held != tt.held {
				t.Errorf("outcomes %v, with a session: %v, want %v", o.auth, held, tt.held)
			}
		})
	}
}

// Who comes to a session that is there already is told so, unless it ends first.
func TestClient_authenticateTwice(t *testing.T) {
	o := connected(t, 3, nil)
	o.world.Run(time.Second)
	o.authenticate()
	o.world.Run(time.Second)
	if len(o.auth) != 2 || o.auth[1] != nil {
		t.Errorf("outcomes %v, want two without error", o.auth)
	}
	if got := len(factsOf[monc.HuntBegun](o)); got != 1 {
		t.Errorf("%d hunts, want the first alone", got)
	}
}

// A connection that fails between dialling and authentication is not the end of
// the hunt, nor is it told to the owner as the loss of a session.
func TestClient_pendingReset(t *testing.T) {
	o := newOwner(t, 1, nil)
	m := o.mons.List[0]
	m.NoQuorum = true
	o.authenticate()
	o.within(time.Second, "request", func() bool { return len(m.Got(msg.TypeAuth)) == 1 })
	o.process.Reset()
	m.NoQuorum = false
	o.within(4*time.Second, "session", o.IsConnected)
	if o.resets != 0 {
		t.Error("the owner was told of the reset")
	}
}

func TestClient_resetReopens(t *testing.T) {
	o := newOwner(t, 3, nil)
	o.Want("mgrmap", 0, false)
	o.Want("osdmap", 3, true)
	o.Want("fsmap", 2, true)
	o.authenticate()
	o.within(time.Second, "session", o.IsConnected)
	o.world.Run(time.Second)
	gid := o.GlobalID()
	o.Got("mgrmap", 17)
	o.Got("osdmap", 3)
	o.mons.Each(forget)

	o.process.Reset()
	o.within(time.Second, "end of the session", func() bool { return !o.IsConnected() })
	if o.GlobalID() != gid {
		t.Errorf("gid is %d while hunting, was %d", o.GlobalID(), gid)
	}
	o.within(time.Second, "second session", o.IsConnected)
	o.world.Run(time.Second)
	if o.GlobalID() != gid || o.mons.LastGID < gid {
		t.Errorf("gid is %d, was %d", o.GlobalID(), gid)
	}
	if o.resets != 1 {
		t.Errorf("the owner was told of %d resets, want 1 (MC-6)", o.resets)
	}
	want := map[string]msg.Subscription{
		"config": {}, "monmap": {Start: 2}, "mgrmap": {Start: 18}, "fsmap": {Start: 2, OneTime: true},
	}
	if diff := cmp.Diff(want, subscribed(o.mon())); diff != "" {
		t.Errorf("second session (-want +subscribed):\n%s", diff)
	}
	for _, r := range o.mons.All(msg.TypeAuth) {
		if request, err := msg.ParseAuthRequest(r.Body.(*msg.Auth).Payload); err != nil || request.GlobalID != gid {
			t.Errorf("mon.%s was offered gid %d (%v), want %d", r.Mon, request.GlobalID, err, gid)
		}
	}
}

// MC-5: the time from the last sign of life of a monitor until its session is
// given up, whenever in the cycle of keepalives it falls silent.
func TestClient_halfOpenSession(t *testing.T) {
	for _, after := range []time.Duration{500 * time.Millisecond, 9900 * time.Millisecond, 25 * time.Second} {
		t.Run(fmt.Sprint("silent after ", after), func(t *testing.T) {
			o := connected(t, 3, nil)
			o.world.Run(after)
			silent := o.mon()
			silent.Process.Silence(true)
			began := o.world.Now()
			o.within(41*time.Second, "end of the session", func() bool { return !o.IsConnected() })
			if took := o.world.Now() - began; took < 20*time.Second {
				t.Errorf("given up after %v, before a keepalive could be 30 s old", took)
			}
			o.within(10*time.Second, "other session", o.IsConnected)
			if o.Mon() == silent.Name {
				t.Error("session with the silent monitor")
			}
		})
	}
}

func TestClient_healthySessionLives(t *testing.T) {
	o := connected(t, 3, nil)
	o.world.Run(20 * time.Minute)
	if len(factsOf[monc.SessionOpened](o)) != 1 || len(factsOf[monc.SessionLost](o)) != 0 {
		t.Errorf("facts %+v, want nothing but the one session", o.process.Facts)
	}
}

// MC-12: a shutdown while authentication is under way ends it, and what the monitors
// still have to say to it finds nobody.
func TestClient_shutdownWhileAuthenticating(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // of dialling
	}{{"dialling", 0}, {"handshake", 350 * time.Microsecond}, {"request on its way", 500 * time.Microsecond}} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOwner(t, 3, nil)
			o.authenticate()
			o.within(time.Second, "hunt", func() bool { return len(factsOf[monc.HuntBegun](o)) > 0 })
			o.world.Run(tt.after)
			if o.IsConnected() {
				t.Fatal("there is a session already")
			}
			o.Shutdown()
			o.world.Run(time.Minute)
			if len(o.auth) != 1 || !errors.Is(o.auth[0], monc.ErrShutdown) {
				t.Errorf("outcome %v, want ErrShutdown", o.auth)
			}
			if o.IsConnected() || len(factsOf[monc.SessionOpened](o)) != 0 {
				t.Errorf("a session after the shutdown: %+v", o.process.Facts)
			}
			if got := o.messenger.Stats().Connections; got != 0 {
				t.Errorf("%d connections after the shutdown", got)
			}
		})
	}
}

func TestClient_shutdown(t *testing.T) {
	o := connected(t, 3, nil)
	m := o.mon()
	m.OnMessage = func(_ *msgr.Connection, r *msg.Message) bool { return r.Header.Type != msg.TypeAuth }
	var errs []error
	o.Command(`{"prefix": "status"}`, func(r monc.CommandResult) { errs = append(errs, r.Err) })
	o.GetVersion("osdmap", func(_ monc.VersionRange, err error) { errs = append(errs, err) })
	o.world.Run(time.Second)
	o.mons.Each(forget)
	o.Shutdown()
	o.Command(`{"prefix": "status"}`, func(r monc.CommandResult) { errs = append(errs, r.Err) })
	o.Reopen()
	o.Renew()
	m.Push(&msg.MonMapMsg{Map: msg.MonMap{Epoch: 9}})
	o.world.Run(5 * time.Minute)
	if len(errs) != 3 {
		t.Errorf("%d of 3 questions have an outcome", len(errs))
	}
	for _, err := range errs {
		if !errors.Is(err, monc.ErrShutdown) {
			t.Errorf("outcome %v, want ErrShutdown", err)
		}
	}
	o.mons.Each(func(m *monctest.Mon) {
		if len(m.Received) > 0 {
			t.Errorf("mon.%s got %v after the shutdown", m.Name, m.Received[0].Header.Type)
		}
	})
}
