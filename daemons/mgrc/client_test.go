package mgrc_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// manager is a scripted one: it notes what it gets, and answers MgrOpen.
type manager struct {
	msgr.BaseDispatcher
	process   *monctest.Process
	messenger *msgr.Messenger
	gid       uint64
	received  []*msg.Message
	sessions  []*msgr.Connection

	configure msg.MgrConfigure
	refuses   bool // it does not know the daemon, and cuts its session
	deaf      bool // it answers nothing
}

func newManager(t *testing.T, w *monctest.World, gid uint64) *manager {
	t.Helper()
	p := w.NewProcess(fmt.Sprintf("mgr.%d", gid))
	m := &manager{process: p, gid: gid, configure: msg.MgrConfigure{Period: 5, Threshold: 5}}
	m.messenger = msgr.New(p, p.NewLoop("dispatch"), msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMgr, Num: int64(gid)}, Nonce: p.PID(), Label: "mgr", Workers: 1,
	})
	m.messenger.SetDefaultPolicy(msgr.StatelessServer())
	m.messenger.AddDispatcherTail(m)
	if err := errors.Join(m.messenger.Bind(netip.AddrPortFrom(p.Network().Addrs()[0], 0)), m.messenger.Start()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *manager) Dispatch(c *msgr.Connection, in *msg.Message) bool {
	m.received = append(m.received, in)
	reply := func(b msg.Body) {
		r := msg.New(b)
		r.Header.Tid, r.Data = in.Header.Tid, in.Data
		c.Send(r)
	}
	switch b := in.Body.(type) {
	case *msg.MgrOpen:
		m.sessions = append(m.sessions, c)
		if configure := m.configure; !m.deaf {
			c.Send(msg.New(&configure))
		}
		if m.refuses {
			c.MarkDown()
		}
	case *msg.MgrCommand:
		if !m.deaf {
			reply(&msg.MgrCommandReply{Code: -2, Status: b.Cmd[0]})
		}
	case *msg.MgrClose:
		if !m.deaf {
			reply(b)
		}
	}
	return true
}

// reset breaks all sessions so far.
func (m *manager) reset() { m.process.Reset() }

// bodies are what a manager got of a type.
func bodies[B msg.Body](m *manager) (all []B) {
	for _, r := range m.received {
		if b, ok := r.Body.(B); ok {
			all = append(all, b)
		}
	}
	return all
}

// daemon is mon.a, with whatever the test gives it.
type daemon struct {
	t        *testing.T
	world    *monctest.World
	process  *monctest.Process
	client   *mgrc.Client
	counters []mgrc.Counter
	health   []msg.DaemonHealthMetric
	options  []admin.Option
}

func (d *daemon) Counters() []mgrc.Counter         { return d.counters }
func (d *daemon) Health() []msg.DaemonHealthMetric { return d.health }
func (d *daemon) Options() []admin.Option          { return d.options }

func newDaemon(t *testing.T, change func(*mgrc.Config)) *daemon {
	t.Helper()
	w := monctest.NewWorld(1)
	d := &daemon{t: t, world: w, process: w.NewProcess("mon.a")}
	loop := d.process.NewLoop("dispatch")
	messenger := msgr.New(d.process, loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMon}, Nonce: d.process.PID(), Label: "mgrc", Workers: 1,
	})
	cfg := mgrc.Config{Entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: "a"}, Service: "mon", Daemon: d}
	if change != nil {
		change(&cfg)
	}
	d.client = mgrc.New(d.process, loop, messenger, cfg)
	d.client.Init()
	if err := messenger.Start(); err != nil {
		t.Fatal(err)
	}
	return d
}

// names gives the client a map in which a manager is active.
func (d *daemon) names(m *manager, available bool) {
	mm := &msg.MgrMap{Epoch: 5, ActiveGID: m.gid, Available: available}
	if available {
		mm.ActiveAddrs = m.messenger.Addrs()
	}
	d.client.HandleMap(mm)
}

func facts[F host.Fact](d *daemon) (all []F) {
	for _, f := range d.process.Facts {
		if f, ok := f.(F); ok {
			all = append(all, f)
		}
	}
	return all
}

func counter(path string, kind, priority uint8, value, count uint64) mgrc.Counter {
	return mgrc.Counter{CounterType: msg.CounterType{Path: path, Type: kind, Priority: priority}, Value: value, Count: count}
}

// The first thing said is who we are; then come reports, one at once and one each
// period, until a map names nobody.
func TestClient_reports(t *testing.T) {
	d := newDaemon(t, nil)
	d.health = []msg.DaemonHealthMetric{{Type: 0, Value: 1 << 32}}
	m := newManager(t, d.world, 4100)
	d.names(m, false)
	d.world.Run(10 * time.Second)
	if len(m.received) > 0 || d.client.IsConnected() {
		t.Fatal("a session with a manager that is not available")
	}
	d.names(m, true)
	d.world.Run(11 * time.Second)
	opens, reports := bodies[*msg.MgrOpen](m), bodies[*msg.MgrReport](m)
	if len(opens) != 1 || opens[0].DaemonName != "a" || opens[0].ServiceName != "mon" || opens[0].ServiceDaemon {
		t.Fatalf("opened with %+v", opens)
	}
	if len(reports) != 3 || reports[2].DaemonName != "a" || reports[2].ServiceName != "mon" || reports[2].Status != nil {
		t.Fatalf("%d reports in 11 s, want 3: %+v", len(reports), reports)
	}
	if diff := cmp.Diff(d.health, reports[1].Health); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	d.names(m, true) // the same again is no reason for another session
	d.client.HandleMap(&msg.MgrMap{Epoch: 6})
	d.world.Run(20 * time.Second)
	if d.client.IsConnected() || len(bodies[*msg.MgrReport](m)) != 3 || len(bodies[*msg.MgrOpen](m)) != 1 {
		t.Error("reports to a manager that is out of the map")
	}
}

// A period changes when the manager says so, without a report out of turn.
func TestClient_period(t *testing.T) {
	d := newDaemon(t, nil)
	m := newManager(t, d.world, 4100)
	d.names(m, true)
	d.world.Run(7 * time.Second) // reports at 0 and 5 s
	m.sessions[0].Send(msg.New(&msg.MgrConfigure{Period: 2, Threshold: 5}))
	d.world.Run(2 * time.Second)
	if n := len(bodies[*msg.MgrReport](m)); n != 2 {
		t.Errorf("%d reports, want 2", n)
	}
	d.world.Run(5500 * time.Millisecond) // at 10, 12 and 14 s
	if n := len(bodies[*msg.MgrReport](m)); n != 5 {
		t.Errorf("%d reports, want 5", n)
	}
}

// Whatever becomes of the counters, the manager's own reader understands the reports: it
// has the values of those that matter, and no others.
func TestClient_counters(t *testing.T) {
	d := newDaemon(t, nil)
	m := newManager(t, d.world, 4100)
	const u64, average = msg.CounterU64, msg.CounterU64 | msg.CounterAverage
	d.counters = []mgrc.Counter{counter("b.dull", u64, 4, 9, 0), counter("b.sum", average, 5, 70, 7), counter("a.x", u64, 8, 1, 0)}
	d.names(m, true)
	var read state.Counters
	n := 0
	for i, tt := range []struct {
		change func()
		want   string
	}{
		{func() {}, "a.x=1/0 b.sum=70/7 "},
		{func() { d.counters[2].Value = 2 }, "a.x=2/0 b.sum=70/7 "},
		{func() { d.counters = append(d.counters, counter("aa", u64, 5, 3, 0)) }, "a.x=2/0 aa=3/0 b.sum=70/7 "},
		{func() { d.counters = d.counters[2:] }, "a.x=2/0 aa=3/0 "},
		{func() { m.sessions[0].Send(msg.New(&msg.MgrConfigure{Period: 5, Threshold: 8})) }, "a.x=2/0 "},
		{func() { d.counters = nil }, ""},
	} {
		tt.change()
		d.world.Run(5 * time.Second)
		reports := bodies[*msg.MgrReport](m)
		for ; n < len(reports); n++ {
			if err := read.Update(reports[n], d.world.Now()); err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		for _, k := range read.All() {
			got += fmt.Sprintf("%s=%d/%d ", k.Path, k.Value, k.Count)
		}
		if got != tt.want {
			t.Errorf("report %d: %q, want %q", i, got, tt.want)
		}
	}
	d.counters = []mgrc.Counter{counter("a.x", u64, 8, 1, 0)}
	m.reset()
	d.world.Run(6 * time.Second)
	again := bodies[*msg.MgrReport](m)[n:]
	if len(again) == 0 || len(again[0].Declared) != 1 {
		t.Errorf("a new session begins with %+v", again)
	}
}

// Options go with the first message of a session, and with a report when they have changed.
func TestClient_options(t *testing.T) {
	d := newDaemon(t, nil)
	m := newManager(t, d.world, 4100)
	file, now := "3", "4"
	d.options = []admin.Option{{Name: "a", Default: "1", File: &file}, {Name: "b", Default: "2"}}
	d.names(m, true)
	d.world.Run(6 * time.Second)
	c, err := msg.DecodeDaemonConfig(bodies[*msg.MgrOpen](m)[0].Config)
	if diff := cmp.Diff(map[string]map[msg.ConfigLevel]string{"a": {msg.ConfigFile: "3"}}, c.Values); diff != "" || err != nil {
		t.Errorf("options (-want +got), %v:\n%s", err, diff)
	}
	for _, r := range bodies[*msg.MgrReport](m) {
		if r.Config != nil {
			t.Error("options in a report that have not changed")
		}
	}
	d.options[0].Override = &now
	d.client.OptionsChanged()
	d.world.Run(10 * time.Second)
	changed := slices.DeleteFunc(bodies[*msg.MgrReport](m), func(r *msg.MgrReport) bool { return len(r.Config) == 0 })
	if len(changed) != 1 {
		t.Fatalf("%d reports have options, want 1", len(changed))
	}
	if c, _ := msg.DecodeDaemonConfig(changed[0].Config); c.Values["a"][msg.ConfigOverride] != "4" {
		t.Errorf("options are %+v", c.Values)
	}
}

// MS-24: after a reset the next session comes at once, or a second after the last; one
// timer runs however many resets there are.
func TestClient_reconnects(t *testing.T) {
	d := newDaemon(t, nil)
	m := newManager(t, d.world, 4100)
	d.names(m, true)
	d.world.Run(2 * time.Second)
	m.reset()
	d.world.Run(100 * time.Millisecond)
	if n := len(bodies[*msg.MgrOpen](m)); n != 2 {
		t.Fatalf("%d sessions after a reset, want 2", n)
	}
	for range 4 {
		m.reset()
		d.world.Run(100 * time.Millisecond)
	}
	d.world.Run(time.Second)
	if n := len(bodies[*msg.MgrOpen](m)); n != 3 {
		t.Errorf("%d sessions, want 3", n)
	}
	m.refuses = true
	m.reset()
	d.world.Run(10 * time.Second)
	if n := len(bodies[*msg.MgrOpen](m)); n < 12 || n > 14 {
		t.Errorf("%d sessions of a daemon that is not known, for 10 s", n)
	}
	if lost, opened := len(facts[mgrc.SessionLost](d)), len(facts[mgrc.SessionOpened](d)); lost != opened && lost != opened-1 {
		t.Errorf("%d sessions lost, %d opened", lost, opened)
	}
}

// Another active manager gets the session, and the one before is left alone.
func TestClient_follows(t *testing.T) {
	d := newDaemon(t, nil)
	m, next := newManager(t, d.world, 4100), newManager(t, d.world, 4200)
	d.names(m, true)
	d.world.Run(6 * time.Second)
	d.names(next, false)
	d.world.Run(6 * time.Second)
	before := len(m.received)
	d.names(next, true)
	d.world.Run(6 * time.Second)
	if len(m.received) != before || len(bodies[*msg.MgrOpen](next)) != 1 || len(bodies[*msg.MgrReport](next)) != 2 {
		t.Errorf("%d messages to the manager before, %d to the next", len(m.received)-before, len(next.received))
	}
	if s := facts[mgrc.SessionOpened](d); len(s) != 2 || s[1].GID != 4200 || s[1].Session != 2 {
		t.Errorf("sessions: %+v", s)
	}
}

// Commands wait for a manager, and outlive sessions; each is answered once.
func TestClient_commands(t *testing.T) {
	d := newDaemon(t, nil)
	m, next := newManager(t, d.world, 4100), newManager(t, d.world, 4200)
	m.deaf = true
	var got []mgrc.CommandResult
	ask := func(text string) {
		d.client.Command(text, []byte(text+"!"), func(r mgrc.CommandResult) { got = append(got, r) })
	}
	ask("early")
	d.names(m, true)
	d.world.Run(2 * time.Second)
	ask("late")
	d.world.Run(2 * time.Second)
	if len(got) > 0 || len(bodies[*msg.MgrCommand](m)) != 2 {
		t.Fatalf("%+v", got)
	}
	d.names(next, true)
	d.world.Run(2 * time.Second)
	want := []mgrc.CommandResult{{Code: -2, Status: "early", Data: []byte("early!")}, {Code: -2, Status: "late", Data: []byte("late!")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	next.deaf = true
	ask("last")
	d.client.Shutdown(nil)
	ask("too late")
	d.world.Run(2 * time.Second)
	if len(got) != 4 || !errors.Is(got[2].Err, mgrc.ErrShutdown) || !errors.Is(got[3].Err, mgrc.ErrShutdown) {
		t.Errorf("after a shutdown: %+v", got)
	}
}

// A client that is no daemon says nothing of itself, until it registers as one.
func TestClient_serviceDaemon(t *testing.T) {
	d := newDaemon(t, func(cfg *mgrc.Config) {
		cfg.Entity, cfg.Service = msg.AuthName{Type: uint32(msg.EntityClient), ID: "rgw.a"}, ""
	})
	m := newManager(t, d.world, 4100)
	d.names(m, true)
	d.world.Run(6 * time.Second)
	if len(m.received) != 0 {
		t.Fatalf("a mere client says %v", m.received)
	}
	d.client.SetStatus(map[string]string{"state": "new"})
	if err := d.client.Register("rgw", "a", map[string]string{"hostname": "h"}); err != nil {
		t.Fatal(err)
	}
	if err := d.client.Register("rgw", "b", nil); !errors.Is(err, mgrc.ErrRegistered) {
		t.Errorf("registered twice: %v", err)
	}
	d.world.Run(time.Second)
	d.client.SetTasks(map[string]string{"gc": "running"})
	d.world.Run(10 * time.Second)
	opens, reports := bodies[*msg.MgrOpen](m), bodies[*msg.MgrReport](m)
	if len(opens) != 1 || !opens[0].ServiceDaemon || opens[0].ServiceName != "rgw" || opens[0].Metadata["hostname"] != "h" || opens[0].Status["state"] != "new" {
		t.Fatalf("opened with %+v", opens)
	}
	if len(reports) != 3 || reports[0].Status["state"] != "new" || reports[1].Status != nil || reports[1].TaskStatus["gc"] != "running" || reports[2].TaskStatus != nil {
		t.Errorf("reports: %+v", reports)
	}
	ended := 0
	d.client.Shutdown(func() { ended++ })
	d.world.Run(100 * time.Millisecond)
	if closes := bodies[*msg.MgrClose](m); len(closes) != 1 || closes[0].DaemonName != "a" || ended != 1 || d.client.IsConnected() {
		t.Errorf("took its leave with %+v, ended %d times", closes, ended)
	}
}

// Whoever does not hear the leave is not waited for longer than a second.
func TestClient_leavesUnheard(t *testing.T) {
	d := newDaemon(t, nil)
	m := newManager(t, d.world, 4100)
	m.deaf = true
	if err := d.client.Register("rgw", "a", nil); err != nil {
		t.Fatal(err)
	}
	d.names(m, true)
	d.world.Run(time.Second)
	ended := 0
	d.client.Shutdown(func() { ended++ })
	d.world.Run(999 * time.Millisecond)
	early := ended
	d.world.Run(10 * time.Millisecond)
	d.client.Shutdown(func() { ended += 10 })
	if early != 0 || ended != 11 {
		t.Errorf("ended %d times within a second, %d after", early, ended)
	}
}

// BUG-10: the look at the session and its use are one callback.
func TestClient_noLock(t *testing.T) {
	for _, planted := range []bool{false, true} {
		broke := func() (broke bool) {
			d := newDaemon(t, func(cfg *mgrc.Config) { cfg.Defects.NoLock = planted })
			m := newManager(t, d.world, 4100)
			m.configure.Period = 0
			d.names(m, true)
			d.world.Run(time.Second)
			defer func() { broke = recover() != nil }()
			// The configuration and a reset wait for the daemon, one behind the other.
			d.process.Silence(true)
			m.sessions[0].Send(msg.New(&msg.MgrConfigure{Period: 5, Threshold: 5}))
			d.world.Run(time.Second)
			d.process.Silence(false)
			d.world.Until(time.Second, func() bool { return len(facts[mgrc.Configured](d)) == 2 })
			d.client.HandleMap(&msg.MgrMap{Epoch: 6})
			d.world.Run(time.Second)
			return false
		}()
		if broke != planted {
			t.Errorf("planted %v: broke %v", planted, broke)
		}
	}
}
