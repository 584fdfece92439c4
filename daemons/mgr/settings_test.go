package mgr_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/daemons/wire"
)

func TestOptionsSet(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        error
	}{
		{"mgr_tick_period", "5", nil}, {"mgr_tick_period", " 0.2 ", nil}, {"mgr_tick_period", "0", option.ErrBadValue},
		{"mgr_tick_period", "-1", option.ErrBadValue}, {"mgr_tick_period", "NaN", option.ErrBadValue}, {"mgr_tick_period", "1e300", option.ErrBadValue},
		{"mgr_tick_period", "", option.ErrBadValue}, {"mgr_standby_modules", "False", nil}, {"mgr_standby_modules", "1", nil},
		{"mgr_standby_modules", "perhaps", option.ErrBadValue}, {"mon_lease", "5", option.ErrNoSuchOption}, {"", "", option.ErrNoSuchOption},
	} {
		o := mgr.DefaultOptions()
		if err := o.Set(tt.name, tt.value); !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s = %q: %v, want %v", tt.name, tt.value, err, tt.want)
		}
	}
}

func (m *manager) configure(options map[string]string) {
	m.mons.Each(func(mon *monctest.Mon) { mon.Push(&msg.Config{Options: options}) })
	m.world.Run(10 * time.Millisecond)
}

// beaconsIn is how many beacons arrive in a time.
func (m *manager) beaconsIn(d time.Duration) int {
	m.forgetBeacons()
	m.world.Run(d)
	return len(m.beacons())
}

// MS-5: options come from the monitors and hold from the next tick on; what the process
// was given counts more, and the operator's word most.
func TestStandby_takesOptions(t *testing.T) {
	m := standingBy(t, nil)
	m.configure(map[string]string{"mgr_tick_period": "1", "debug_mgr": "20", "mgr/dashboard/url": "x"})
	m.world.Run(2 * time.Second)
	if n := m.beaconsIn(10 * time.Second); n != 10 {
		t.Errorf("%d beacons in 10 s with mgr_tick_period=1", n)
	}
	m.configure(map[string]string{})
	m.world.Run(2 * time.Second)
	if n := m.beaconsIn(10 * time.Second); n != 5 {
		t.Errorf("%d beacons in 10 s without", n)
	}
	m.admin(`{"prefix":"config set","var":"mgr tick period","val":["0.5"]}`, `{"success":"mgr_tick_period = '0.5' "}`)
	m.configure(map[string]string{"mgr_tick_period": "1"})
	m.world.Run(2 * time.Second)
	if n := m.beaconsIn(10 * time.Second); n != 20 {
		t.Errorf("%d beacons in 10 s by the operator's word", n)
	}
	m.admin(`{"prefix":"config diff"}`, `{"diff":{"mgr_tick_period":{"default":"2","mon":"1","override":"0.5","final":"0.5"}}}`)
	m.admin(`{"prefix":"config unset","var":"mgr_tick_period"}`, `{}`)
	m.world.Run(2 * time.Second)
	if n := m.beaconsIn(10 * time.Second); n != 10 {
		t.Errorf("%d beacons in 10 s when the operator has none", n)
	}
	m.configure(map[string]string{"mgr_tick_period": "never"})
	if n := m.beaconsIn(10 * time.Second); n < 5 {
		t.Errorf("%d beacons in 10 s with a value that cannot be", n)
	}
}

// admin asks at the admin socket, and gives what was set time to be taken.
func (m *manager) admin(request, want string) {
	m.t.Helper()
	request = strings.TrimSuffix(request, "}") + `,"format":"json"}`
	if got := string(m.process.Admin([]byte(request))); got != want {
		m.t.Errorf("%s: %s, want %s", request, got, want)
	}
	m.world.Run(10 * time.Millisecond)
}

func TestStandby_givenOptionsStay(t *testing.T) {
	m := standingBy(t, func(c *mgr.Config) { c.Given = map[string]string{"mgr_tick_period": "5"} })
	m.configure(map[string]string{"mgr_tick_period": "1"})
	if n := m.beaconsIn(50 * time.Second); n != 10 {
		t.Errorf("%d beacons in 50 s with mgr_tick_period=5 from the file", n)
	}
	m.admin(`{"prefix":"config diff"}`, `{"diff":{"mgr_tick_period":{"default":"2","mon":"1","file":"5","final":"5"}}}`)
}

func TestAdmin_configRefuses(t *testing.T) {
	m := standingBy(t, nil)
	for _, tt := range []struct{ request, want string }{
		{`{"prefix":"config set","var":"mgr_tick_period","val":["x"]}`, "error setting 'mgr_tick_period' to 'x': (22) Invalid argument"},
		{`{"prefix":"config set","var":"nope","val":["x"]}`, "error setting 'nope' to 'x': (2) No such file or directory"},
		{`{"prefix":"config unset","var":"nope"}`, "error unsetting 'nope': (22) Invalid argument"},
	} {
		if got := string(m.process.Admin([]byte(tt.request))); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.request, got, tt.want)
		}
	}
}

// A standby that is told to run no standby modules, or to run them, comes back so; one
// that nobody shadows, or that is active, goes on.
func TestStandby_standbyModulesSwitched(t *testing.T) {
	off, on := map[string]string{"mgr_standby_modules": "false"}, map[string]string{"mgr_standby_modules": "true"}
	for _, tt := range []struct {
		what    string
		active  uint64 // whom the map names: 0, 4242, or 1 for us
		options []map[string]string
		want    string
	}{
		{"switched off", 4242, []map[string]string{off}, "respawn"},
		{"nothing new", 4242, []map[string]string{on, {}}, ""},
		{"off before another is active", 0, []map[string]string{off, on, off}, ""},
		{"off while active", 1, []map[string]string{off}, ""},
	} {
		m := standingBy(t, nil)
		gid := tt.active
		if gid == 1 {
			gid = m.gid()
		}
		m.push(m.names(5, gid))
		for _, o := range tt.options {
			m.configure(o)
		}
		if m.process.Ended != tt.want {
			t.Errorf("%s: ended by %q, want %q", tt.what, m.process.Ended, tt.want)
		}
	}
	m := standingBy(t, nil)
	m.configure(off)
	m.push(m.names(5, 4242))
	if m.configure(on); m.process.Ended != "respawn" {
		t.Errorf("switched on: ended by %q", m.process.Ended)
	}
	m = standingBy(t, nil)
	m.push(m.names(5, 4242))
	m.push(m.names(6, m.gid()))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.configure(off)
	if m.configure(on); m.process.Ended != "" {
		t.Errorf("switched while active, and shadowing before: ended by %q", m.process.Ended)
	}
}

// MS-14a: a map with other modules makes every manager respawn, the first one none.
func TestStandby_respawnsOnModules(t *testing.T) {
	change := map[string]func(*msg.MgrMap){
		"enabled":   func(n *msg.MgrMap) { n.EnabledModules = []string{"dashboard", "iostat"} },
		"disabled":  func(n *msg.MgrMap) { n.EnabledModules = nil },
		"always on": func(n *msg.MgrMap) { n.AlwaysOn = map[uint32][]string{16: {"balancer", "crash"}} },
		"of a release": func(n *msg.MgrMap) {
			n.AlwaysOn = map[uint32][]string{16: {"balancer"}, 17: {"balancer"}}
		},
	}
	with := func(n msg.MgrMap) msg.MgrMap {
		n.EnabledModules, n.AlwaysOn = []string{"dashboard"}, map[uint32][]string{16: {"balancer"}}
		return n
	}
	for what, spoil := range change {
		for _, active := range []bool{false, true} {
			m := standingBy(t, nil)
			gid := uint64(4242)
			if active {
				gid = m.gid()
			}
			m.push(with(m.names(5, gid)))
			m.push(with(m.names(6, gid)))
			if m.process.Ended != "" {
				t.Fatalf("%s: the first map, or the same again, makes it %s", what, m.process.Ended)
			}
			next := with(m.names(7, gid))
			spoil(&next)
			m.push(next)
			gone := facts[mgr.Respawning](m)
			if m.process.Ended != "respawn" || len(gone) != 1 || gone[0].Epoch != 7 || !strings.Contains(gone[0].Reason, "modules") {
				t.Errorf("%s, active %v: ended by %q, %+v", what, active, m.process.Ended, gone)
			}
		}
	}
}

// A manager whose address is blocked respawns, whatever manager maps say; a standby has
// none, and other addresses are others'.
func TestStandby_respawnsWhenBlocked(t *testing.T) {
	block := func(m *manager, addr msg.EntityAddr) {
		om := osdmap.New(monctest.FSID(), wire.UTime{Sec: 1})
		inc := osdmap.NewIncremental(om)
		inc.NewBlocklist = osdmap.Blocklist{osdmap.Instance(addr): wire.UTime{Sec: 1 << 31}}
		om, err := om.Apply(inc)
		if err != nil {
			t.Fatal(err)
		}
		full, _ := om.Encode()
		m.pushOSDMap(&msg.OSDMap{Full: map[uint32][]byte{om.Epoch: full}})
		m.world.Run(time.Second)
	}
	served := func(m *manager) msg.EntityAddr {
		all := m.beacons()
		i := slices.IndexFunc(all, func(b *msg.MgrBeacon) bool { return b.Available })
		return all[i].ServerAddrs[0]
	}
	other := msg.EntityAddr{Type: msg.AddrLegacy, Nonce: 7, IP: netip.MustParseAddrPort("10.0.0.9:6800")}
	for _, tt := range []struct {
		what string
		stay bool
		want string
		addr func(m *manager) msg.EntityAddr
	}{
		{"its server", false, "respawn", served},
		{"another instance at its place", false, "", func(m *manager) msg.EntityAddr { a := served(m); a.Nonce++; return a }},
		{"its server, and it stays by defect", true, "", served},
	} {
		m := serving(t, func(c *mgr.Config) { c.Defects.StayActive = tt.stay })
		block(m, tt.addr(m))
		if m.process.Ended != tt.want {
			t.Errorf("%s blocked: ended by %q, want %q", tt.what, m.process.Ended, tt.want)
		}
	}
	m := standingBy(t, nil)
	if block(m, other); m.process.Ended != "" {
		t.Errorf("a standby: ended by %q", m.process.Ended)
	}
}
