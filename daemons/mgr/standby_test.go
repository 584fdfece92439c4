package mgr_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// manager is a manager process in a world with scripted monitors.
type manager struct {
	t       *testing.T
	world   *monctest.World
	mons    *monctest.Mons
	process *monctest.Process
	standby *mgr.Standby
}

// start starts mgr.x and three monitors.
func start(t *testing.T, change func(*mgr.Config)) *manager {
	t.Helper()
	w := monctest.NewWorld(1)
	m := &manager{t: t, world: w, mons: w.NewMons(3), process: w.NewProcess("mgr.x")}
	cfg := mgr.Config{Name: "x", FSID: monctest.FSID(), MonMap: m.mons.MonMap(), Options: mgr.DefaultOptions()}
	if change != nil {
		change(&cfg)
	}
	s, err := mgr.New(m.process, cfg)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	m.standby = s
	return m
}

// standingBy is a manager that has sent its first beacon.
func standingBy(t *testing.T, change func(*mgr.Config)) *manager {
	t.Helper()
	m := start(t, change)
	m.within(time.Second, "beacon", func() bool { return len(m.beacons()) > 0 })
	return m
}

// serving is a manager that became active by epoch 5 and is available.
func serving(t *testing.T, change func(*mgr.Config)) *manager {
	t.Helper()
	m := standingBy(t, change)
	m.push(m.names(5, m.gid()))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.world.Run(time.Second)
	return m
}

func (m *manager) within(limit time.Duration, what string, cond func() bool) {
	m.t.Helper()
	if !m.world.Until(limit, cond) {
		m.t.Fatalf("no %s within %v; facts: %+v", what, limit, m.process.Facts)
	}
}

func facts[F host.Fact](m *manager) []F {
	var all []F
	for _, f := range m.process.Facts {
		if f, ok := f.(F); ok {
			all = append(all, f)
		}
	}
	return all
}

func (m *manager) mode() mgr.Mode {
	all := facts[mgr.ModeChanged](m)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Mode
}

func (m *manager) gid() uint64 {
	m.t.Helper()
	sessions := facts[monc.SessionOpened](m)
	if len(sessions) == 0 {
		m.t.Fatal("no session")
	}
	return sessions[len(sessions)-1].GID
}

// beacons are those that arrived at any monitor.
func (m *manager) beacons() []*msg.MgrBeacon {
	var all []*msg.MgrBeacon
	for _, r := range m.mons.All(msg.TypeMgrBeacon) {
		all = append(all, r.Body.(*msg.MgrBeacon))
	}
	return all
}

func (m *manager) forgetBeacons() {
	m.mons.Each(func(mon *monctest.Mon) {
		mon.Received = slices.DeleteFunc(mon.Received, func(r monctest.Received) bool {
			return r.Header.Type == msg.TypeMgrBeacon
		})
	})
}

// names is a map that names a gid active, with a name that goes with it.
func (m *manager) names(epoch uint32, gid uint64) msg.MgrMap {
	name := "y"
	if gid == m.gid() {
		name = "x"
	}
	if gid == 0 {
		name = ""
	}
	return msg.MgrMap{Epoch: epoch, ActiveGID: gid, ActiveName: name}
}

func available(n msg.MgrMap) msg.MgrMap { n.Available = true; return n }

// push sends a map on the session, and gives it time to arrive.
func (m *manager) push(n msg.MgrMap) {
	m.mons.Each(func(mon *monctest.Mon) { mon.Push(&msg.MgrMapMsg{Map: n}) })
	m.world.Run(10 * time.Millisecond)
}

// withholdDigest keeps a manager that is made active from being available until
// pushDigest.
func (m *manager) withholdDigest() {
	m.mons.Each(func(mon *monctest.Mon) { mon.Withhold = "mgrdigest" })
}

func (m *manager) pushDigest() {
	m.mons.Each(func(mon *monctest.Mon) { mon.Push(&msg.MgrDigest{MonStatus: []byte("{}"), Health: []byte("{}")}) })
}

// lastSubscriptions are those of the last message that has any.
func (m *manager) lastSubscriptions() map[string]msg.Subscription { return m.subscriptions(0) }

// subscriptions are those of a message that has any, which was followed by so many.
func (m *manager) subscriptions(before int) map[string]msg.Subscription {
	sessions := facts[monc.SessionOpened](m)
	got := m.mons.Named(sessions[len(sessions)-1].Mon).Got(msg.TypeMonSubscribe)
	return got[len(got)-1-before].Body.(*msg.MonSubscribe).What
}

// MS-5 to MS-8.
func TestStandby_start(t *testing.T) {
	m := standingBy(t, nil)
	m.world.Run(9 * time.Second)
	gid := m.gid()
	want := []host.Fact{
		monc.SessionOpened{Entity: "mgr.x", GID: gid, Mon: facts[monc.SessionOpened](m)[0].Mon},
		mgr.ModeChanged{Name: "x", GID: gid, Mode: mgr.ModeStandby},
		mgr.BeaconSent{Name: "x", GID: gid},
	}
	aside := func(f host.Fact) bool { return strings.HasPrefix(f.Kind(), "monc.") && f.Kind() != "monc.session" }
	if diff := cmp.Diff(want, slices.DeleteFunc(slices.Clone(m.process.Facts), aside)[:3]); diff != "" {
		t.Errorf("first facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]msg.Subscription{"config": {}, "mgrmap": {}, "monmap": {Start: 2}}, m.subscriptions(1)); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]msg.Subscription{"osdmap": {OneTime: true}}, m.lastSubscriptions()); diff != "" { // MS-7
		t.Errorf("subscriptions after that (-want +got):\n%s", diff)
	}
	received := m.mons.All(msg.TypeMgrBeacon)
	if len(received) != 5 {
		t.Errorf("%d beacons in 9 s, want one at once and one every 2 s", len(received))
	}
	for _, r := range received {
		if src := (msg.EntityName{Type: msg.EntityMgr, Num: int64(gid)}); r.Header.Src != src {
			t.Errorf("a beacon comes from %v, want %v", r.Header.Src, src)
		}
	}
}

func TestStandby_exitsIfRefused(t *testing.T) {
	m := start(t, nil)
	m.mons.Each(func(mon *monctest.Mon) { mon.AuthResult = -13 })
	m.world.Run(time.Second)
	if m.process.Ended != "exit" || !strings.Contains(m.process.Reason, "mgr.x: authenticate mgr.x: authentication failed: -13") {
		t.Errorf("process ended by %q: %s", m.process.Ended, m.process.Reason)
	}
	if late := facts[monc.SessionOpened](m); len(late) > 0 || len(m.beacons()) > 0 {
		t.Errorf("it had sessions: %v", late)
	}
}

// MS-6: monitors that never answer end the process as well, when its patience does.
func TestStandby_exitsWithoutMonitors(t *testing.T) {
	m := start(t, func(c *mgr.Config) { c.Client.AuthTimeout = 20 * time.Second })
	m.mons.Each(func(mon *monctest.Mon) { mon.NoQuorum = true })
	m.world.Run(19 * time.Second)
	if m.process.Ended != "" {
		t.Fatalf("process ended by %q: %s", m.process.Ended, m.process.Reason)
	}
	m.world.Run(2 * time.Second)
	if m.process.Ended != "exit" || !strings.Contains(m.process.Reason, monc.ErrTimeout.Error()) {
		t.Errorf("process ended by %q: %s", m.process.Ended, m.process.Reason)
	}
}

// MS-17 to MS-19, MS-10 and MS-11.
func TestStandby_activation(t *testing.T) {
	m := standingBy(t, nil)
	gid := m.gid()
	m.withholdDigest() // so that ticks fall into init
	m.push(m.names(5, gid))
	if m.mode() != mgr.ModeStarting || m.standby.State() != "active (starting)" {
		t.Errorf("mode %q, state %q", m.mode(), m.standby.State())
	}
	m.within(time.Second, "second session", func() bool { return len(facts[monc.SessionOpened](m)) == 2 })
	m.forgetBeacons()
	m.world.Run(3 * time.Second)
	want := map[string]msg.Subscription{
		"config": {}, "monmap": {Start: 2}, "mgrmap": {Start: 6},
		"fsmap": {}, "kv:mgr/": {}, "log-info": {}, "mgrdigest": {}, "osdmap": {OneTime: true}, "servicemap": {},
	}
	if diff := cmp.Diff(want, m.subscriptions(1)); diff != "" { // the last is for the OSD map
		t.Errorf("subscriptions of an active manager (-want +got):\n%s", diff)
	}
	if len(m.beacons()) == 0 {
		t.Error("no beacon during init")
	}
	for _, b := range m.beacons() {
		if b.Available || len(b.ServerAddrs)+len(b.Commands) > 0 {
			t.Errorf("a beacon of a manager that initialises claims %+v", b)
		}
	}
	m.pushDigest()
	m.within(10*time.Millisecond, "active manager", func() bool { return m.mode() == mgr.ModeActive })
	sent := facts[mgr.BeaconSent](m)
	if last := sent[len(sent)-1]; last != (mgr.BeaconSent{Name: "x", GID: gid, Available: true, Commands: 11}) {
		t.Errorf("the last beacon at the end of init is %+v, want an extra one that claims to be available", last)
	}
	if m.standby.State() != "active" {
		t.Errorf("state %q", m.standby.State())
	}

	m.forgetBeacons()
	m.world.Run(5 * time.Second)
	m.expectBeacons("until the map says so", true, 11)
	m.push(available(m.names(6, gid)))
	m.forgetBeacons()
	m.world.Run(5 * time.Second)
	m.expectBeacons("once the map says so", true, 0)
	m.push(m.names(7, gid))
	m.forgetBeacons()
	m.world.Run(5 * time.Second)
	m.expectBeacons("ever after", true, 0)
}

func (m *manager) expectBeacons(when string, available bool, commands int) {
	m.t.Helper()
	all := m.beacons()
	if len(all) < 2 {
		m.t.Errorf("%s: %d beacons", when, len(all))
	}
	for _, b := range all {
		if b.Available != available || len(b.Commands) != commands || (len(b.ServerAddrs) > 0) != available {
			m.t.Errorf("%s: beacon with available=%v, %d commands, %v; want %v and %d commands",
				when, b.Available, len(b.Commands), b.ServerAddrs, available, commands)
		}
	}
}

// MS-14c, MS-22 and I-MGR-8: whatever tells a manager that it is out, it respawns,
// and not another beacon leaves it.
func TestStandby_respawnsOnLoss(t *testing.T) {
	for _, tt := range []struct {
		what  string
		began func(*testing.T, func(*mgr.Config)) *manager
		next  func(m *manager) msg.MgrMap
		epoch uint32
	}{
		{"active, another is named", serving, func(m *manager) msg.MgrMap { return m.names(6, 4242) }, 6},
		{"active, nobody is named", serving, func(m *manager) msg.MgrMap { return m.names(9, 0) }, 9},
		{"active, a null map", serving, func(*manager) msg.MgrMap { return msg.MgrMap{} }, 0},
		{"starting, another is named", starting, func(m *manager) msg.MgrMap { return m.names(6, 4242) }, 6},
		{"starting, a null map", starting, func(*manager) msg.MgrMap { return msg.MgrMap{} }, 0},
		{"standing by, a null map", standingBy, func(*manager) msg.MgrMap { return msg.MgrMap{} }, 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			m := tt.began(t, nil)
			n, gid := tt.next(m), m.gid()
			m.forgetBeacons()
			m.push(n)
			if m.process.Ended != "respawn" {
				t.Fatalf("process ended by %q, want respawn", m.process.Ended)
			}
			m.world.Run(10 * time.Second)
			last := m.process.Facts[len(m.process.Facts)-1]
			got, ok := last.(mgr.Respawning)
			if !ok || got.GID != gid || got.Epoch != tt.epoch || got.Name != "x" || got.Reason != m.process.Reason {
				t.Errorf("the last fact is %+v", last)
			}
			if late := m.beacons(); len(late) > 0 {
				t.Errorf("%d beacons arrived afterwards", len(late))
			}
		})
	}
}

// starting is a manager that initialises, and has its second session.
func starting(t *testing.T, change func(*mgr.Config)) *manager {
	t.Helper()
	m := standingBy(t, change)
	m.push(m.names(5, m.gid()))
	m.within(time.Second, "second session", func() bool { return len(facts[monc.SessionOpened](m)) == 2 })
	m.world.Run(100 * time.Millisecond)
	return m
}

func TestStandby_ignoresWhatIsNotForIt(t *testing.T) {
	m := standingBy(t, nil)
	m.push(m.names(5, 4242))
	m.push(m.names(6, 0))
	m.push(msg.MgrMap{Epoch: 7, ActiveGID: 4243, ActiveName: "x"})
	m.world.Run(5 * time.Second)
	if m.mode() != mgr.ModeStandby || m.process.Ended != "" {
		t.Errorf("mode %q, ended %q", m.mode(), m.process.Ended)
	}
	var epochs []uint32
	for _, f := range facts[mgr.MapApplied](m) {
		epochs = append(epochs, f.Epoch)
	}
	if diff := cmp.Diff([]uint32{5, 6, 7}, epochs); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}

// MS-15: a monitor that lags may send maps again.
func TestStandby_oldMaps(t *testing.T) {
	for _, strict := range []bool{true, false} {
		m := serving(t, func(c *mgr.Config) { c.Options.StrictMgrMapEpoch = strict })
		m.push(m.names(5, m.gid()))
		if applied := len(facts[mgr.MapApplied](m)); applied != map[bool]int{true: 1, false: 2}[strict] {
			t.Errorf("strict %v: the same epoch twice is applied %d times", strict, applied)
		}
		m.push(m.names(4, 4242))
		if respawned := m.process.Ended == "respawn"; respawned == strict {
			t.Errorf("strict %v: an old map that names another makes the manager respawn: %v", strict, respawned)
		}
	}
}

// I-MAP-7: the next session goes on after the newest map.
func TestStandby_resubscribes(t *testing.T) {
	m := standingBy(t, nil)
	m.push(m.names(8, 4242))
	m.process.Reset()
	m.within(5*time.Second, "second session", func() bool { return len(facts[monc.SessionOpened](m)) == 2 })
	m.world.Run(time.Second)
	if got := m.lastSubscriptions()["mgrmap"]; got.Start != 9 {
		t.Errorf("mgrmap from %d on, want 9", got.Start)
	}
	if len(facts[mgr.ModeChanged](m)) != 1 {
		t.Errorf("modes %+v, want nothing new", facts[mgr.ModeChanged](m))
	}
}

// Without monitors a manager does not become available, whatever time passes.
func TestStandby_initNeedsASession(t *testing.T) {
	m := standingBy(t, nil)
	m.mons.Each(func(mon *monctest.Mon) { mon.NoQuorum = true })
	m.push(m.names(5, m.gid()))
	m.world.Run(time.Minute)
	if m.mode() != mgr.ModeStarting {
		t.Errorf("mode %q without a session", m.mode())
	}
	m.mons.Each(func(mon *monctest.Mon) { mon.NoQuorum = false })
	m.within(40*time.Second, "active manager", func() bool { return m.mode() == mgr.ModeActive })
}

func TestStandby_exitsIfItCannotListen(t *testing.T) {
	m := standingBy(t, func(c *mgr.Config) { c.Options.Bind = netip.MustParseAddrPort("192.0.2.1:6800") })
	m.push(m.names(5, m.gid()))
	m.world.Run(time.Second)
	if m.process.Ended != "exit" {
		t.Errorf("process ended by %q, want exit", m.process.Ended)
	}
}

// The planted bug breaks I-MGR-8, and nothing else does.
func TestStandby_defectStayActive(t *testing.T) {
	m := serving(t, func(c *mgr.Config) { c.Defects.StayActive = true })
	m.push(m.names(6, 4242))
	m.forgetBeacons()
	m.world.Run(5 * time.Second)
	if m.process.Ended != "" || len(m.beacons()) == 0 {
		t.Error("the defect does no harm")
	}
}

// A manager that is starting and learns that it was replaced respawns; the planted
// bug lets it come to serve.
func TestStandby_replacedWhileStarting(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		m := standingBy(t, func(c *mgr.Config) { c.Defects.DeafWhileStarting = deaf })
		m.withholdDigest()
		m.push(m.names(5, m.gid()))
		m.world.Run(time.Second)
		if m.mode() != mgr.ModeStarting {
			t.Fatalf("mode %q without a digest", m.mode())
		}
		m.push(m.names(6, 4242))
		m.pushDigest()
		m.world.Run(time.Second)
		if respawned := m.process.Ended == "respawn"; respawned == deaf {
			t.Errorf("deaf: %v, and the process has ended by %q", deaf, m.process.Ended)
		}
		if serves := m.mode() == mgr.ModeActive; serves != deaf {
			t.Errorf("deaf: %v, and the mode is %q", deaf, m.mode())
		}
	}
}

// MS-23.
func TestStandby_shutdown(t *testing.T) {
	m := serving(t, nil)
	done := false
	m.standby.Shutdown(func() { done = true })
	m.world.Run(time.Second)
	m.mons.Each(func(mon *monctest.Mon) { mon.Received = nil })
	m.push(m.names(6, 4242))
	m.world.Run(time.Minute)
	if !done || m.process.Ended != "" {
		t.Errorf("done: %v, process ended by %q", done, m.process.Ended)
	}
	if lost := facts[monc.SessionLost](m); lost[len(lost)-1].Reason != "shut down" {
		t.Errorf("the session ended by %q", lost[len(lost)-1].Reason)
	}
	if open := m.process.OpenLoops(); len(open) > 0 {
		t.Errorf("still open: %v", open)
	}
	m.mons.Each(func(mon *monctest.Mon) {
		if len(mon.Received) > 0 {
			t.Errorf("mon.%s got %v after the shutdown", mon.Name, mon.Received[0].Header.Type)
		}
	})
}

func TestConfig_validate(t *testing.T) {
	mons := monctest.NewWorld(1).NewMons(1)
	good := mgr.Config{Name: "x", MonMap: mons.MonMap()}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*mgr.Config){
		"no name":         func(c *mgr.Config) { c.Name = "" },
		"no monitors":     func(c *mgr.Config) { c.MonMap = msg.MonMap{} },
		"negative period": func(c *mgr.Config) { c.Options.TickPeriod = -1 },
		"bad option":      func(c *mgr.Config) { c.Given = map[string]string{"mgr_tick_period": "soon"} },
		"unknown option":  func(c *mgr.Config) { c.Given = map[string]string{"mon_lease": "5"} },
		"bad client":      func(c *mgr.Config) { c.Client.HuntBackoff = 0.1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := mgr.New(nil, bad); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

var _ msgr.Dispatcher = (*mgr.Standby)(nil)
