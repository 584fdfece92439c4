package mgr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// probe is a module that does as a test tells it, and notes what happens to it.
type probe struct {
	m       *module.Manager
	serve   func(host.Task) error
	command func(host.Task, module.Request) module.Reply
	notify  func(module.What)
	events  []string
}

func (p *probe) note(format string, args ...any) {
	p.events = append(p.events, fmt.Sprintf(format, args...))
}

func (p *probe) Serve(t host.Task) error {
	p.note("serves")
	if p.serve == nil {
		return nil
	}
	return p.serve(t)
}

func (p *probe) Command(t host.Task, r module.Request) module.Reply { return p.command(t, r) }
func (p *probe) ConfigNotify()                                      { p.note("color is %s", p.m.Option("color")) }

func (p *probe) Notify(what module.What) {
	if p.notify != nil {
		p.notify(what)
	}
}

// class is a class of which there is only p.
func (p *probe) class() module.Class {
	load := func(m *module.Manager) (module.Module, error) {
		p.m = m
		m.OnStop(func() { p.note("stopped") })
		return p, nil
	}
	return module.Class{
		Name: "probe", Active: load,
		Options: []module.Option{
			{Name: "color", Type: module.String, Default: "blue", Runtime: true, Allowed: []string{"red", "blue", "green"}},
			{Name: "port", Type: module.Uint, Default: "80", Min: "1", Max: "65535"},
		},
		Commands: []module.Command{{Prefix: "probe it", Params: "name=n,type=CephInt,req=false", Help: "probe", Perm: "rw"}},
	}
}

// enabled is a map that names a gid active and enables the modules.
func (m *manager) enabled(epoch uint32, gid uint64, modules ...string) msg.MgrMap {
	n := m.names(epoch, gid)
	n.EnabledModules = modules
	return n
}

// servingWith is an available manager with these modules, all enabled.
func servingWith(t *testing.T, classes ...module.Class) *manager {
	t.Helper()
	m := standingBy(t, func(c *mgr.Config) { c.Modules = classes })
	var names []string
	for _, c := range classes {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	m.push(m.enabled(5, m.gid(), names...))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.world.Run(time.Second)
	return m
}

func (m *manager) lastReport() *msg.MonMgrReport {
	m.t.Helper()
	m.world.Run(3 * time.Second)
	all := m.reported()
	return all[len(all)-1]
}

// probeIt gives the probe's command.
func (c *caller) probeIt(rest string) (*msg.MgrCommandReply, string) {
	c.m.t.Helper()
	a := c.ask(7, &msg.MgrCommand{Cmd: []string{`{"prefix": "probe it"` + rest + `}`}})
	return a.Body.(*msg.MgrCommandReply), string(a.Data)
}

// The modes: standby while another manager is active, then active, and the standby mode
// ends first. What is not enabled does not run.
func TestModules_runModes(t *testing.T) {
	var active, standby, off probe
	c := active.class()
	c.Standby = func(m *module.Manager) (module.Module, error) {
		standby.m = m
		m.OnStop(func() { standby.note("stopped before %d events of the active mode", len(active.events)) })
		return &standby, nil
	}
	other := off.class()
	other.Name, other.Commands = "other", nil
	m := standingBy(t, func(cfg *mgr.Config) { cfg.Modules = []module.Class{other, c} })
	m.push(m.enabled(5, 4242, "probe"))
	m.world.Run(time.Second)
	m.push(m.enabled(6, 4242, "probe"))
	m.push(m.enabled(7, m.gid(), "probe"))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.world.Run(time.Second)
	if diff := cmp.Diff([]string{"serves", "stopped before 0 events of the active mode"}, standby.events); diff != "" {
		t.Errorf("standby mode (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"serves"}, active.events); diff != "" {
		t.Errorf("active mode (-want +got):\n%s", diff)
	}
	if off.m != nil {
		t.Error("a module runs that is not enabled")
	}
	m.standby.Shutdown(nil)
	m.world.Run(time.Second)
	if diff := cmp.Diff([]string{"serves", "stopped"}, active.events); diff != "" {
		t.Errorf("active mode after the shutdown (-want +got):\n%s", diff)
	}
}

// MS-14a.
func TestModules_otherModulesRespawn(t *testing.T) {
	for _, tt := range []struct {
		what    string
		next    func(m *manager) msg.MgrMap
		respawn bool
	}{
		{"the same", func(m *manager) msg.MgrMap { return m.enabled(6, m.gid(), "probe") }, false},
		{"one more", func(m *manager) msg.MgrMap { return m.enabled(6, m.gid(), "probe", "zabbix") }, true},
		{"none", func(m *manager) msg.MgrMap { return m.enabled(6, m.gid()) }, true},
		{"always on", func(m *manager) msg.MgrMap {
			n := m.enabled(6, m.gid(), "probe")
			n.AlwaysOn = map[uint32][]string{16: {"crash"}}
			return n
		}, true},
	} {
		m := servingWith(t, new(probe).class())
		m.push(tt.next(m))
		if respawned := m.process.Ended == "respawn"; respawned != tt.respawn {
			t.Errorf("%s: respawned %v", tt.what, respawned)
		}
	}
}

// Whatever a module panics in, the manager serves on, says so, and calls the module no
// more.
func TestModules_panic(t *testing.T) {
	boom := func() { panic("boom") }
	for what, arm := range map[string]func(p *probe){
		"serve": func(p *probe) { p.serve = func(host.Task) error { boom(); return nil } },
		"serve, later": func(p *probe) {
			p.serve = func(t host.Task) error { t.Sleep(100 * time.Millisecond); boom(); return nil }
		},
		"serve, an error": func(p *probe) { p.serve = func(host.Task) error { return errors.New("boom") } },
		"a task": func(p *probe) {
			p.serve = func(host.Task) error { p.m.Go("task", func(host.Task) { boom() }); return nil }
		},
		"a notification": func(p *probe) { p.notify = func(module.What) { boom() } },
		"a callback": func(p *probe) {
			p.serve = func(host.Task) error { p.m.Set("k", "v", func(error) { boom() }); return nil }
		},
		"a monitor command": func(p *probe) {
			p.serve = func(host.Task) error {
				p.m.MonCommand(`{"prefix":"x"}`, func(monc.CommandResult) { boom() })
				return nil
			}
		},
		"its end": func(p *probe) { p.serve = func(host.Task) error { p.m.OnStop(boom); return errors.New("boom") } },
	} {
		t.Run(what, func(t *testing.T) {
			var p probe
			arm(&p)
			serve, ticks := p.serve, 0
			p.serve = func(t host.Task) error {
				p.m.SetURL("http://10.0.0.1/")
				p.m.Go("other", func(t host.Task) {
					for {
						t.Sleep(50 * time.Millisecond)
						ticks++
					}
				})
				if serve == nil {
					return nil
				}
				return serve(t)
			}
			m := servingWith(t, p.class(), healthy())
			m.mons.Each(func(mon *monctest.Mon) { mon.Push(&msg.MgrDigest{}) })
			m.world.Run(time.Second)
			before := ticks
			check := m.lastReport().Checks["MGR_MODULE_ERROR"]
			want := msg.HealthCheck{
				Severity: msg.HealthErr, Count: 1, Summary: "Module 'probe' has failed: boom", Detail: []string{"Module 'probe' has failed: boom"},
			}
			if diff := cmp.Diff(want, check); diff != "" {
				t.Errorf("health (-want +got):\n%s", diff)
			}
			if ticks != before {
				t.Errorf("a task of the module goes on: %d times", ticks-before)
			}
			c := m.call(client(), "admin")
			if r, _ := c.probeIt(""); r.Code != -5 || r.Status != "Module 'probe' has experienced an error and cannot handle commands: boom" {
				t.Errorf("command: %+v", r)
			}
			m.forgetBeacons()
			m.world.Run(3 * time.Second)
			last := m.beacons()[len(m.beacons())-1]
			info := last.Modules[slices.IndexFunc(last.Modules, func(i msg.ModuleInfo) bool { return i.Name == "probe" })]
			if !last.Available || info.Error != "boom" || !info.CanRun || len(last.Services) != 0 {
				t.Errorf("beacon: available %v, %+v, services %v", last.Available, info, last.Services)
			}
			if a := c.ask(8, &msg.MgrCommand{Cmd: []string{`{"prefix": "say hello"}`}}); string(a.Data) != "hello" {
				t.Errorf("another module answers %q", a.Data)
			}
		})
	}
}

// healthy is a module with which nothing is wrong.
func healthy() module.Class {
	return module.Class{
		Name: "healthy", Commands: []module.Command{{Prefix: "say hello", Perm: "r"}},
		Active: func(m *module.Manager) (module.Module, error) {
			return &probe{m: m, command: func(host.Task, module.Request) module.Reply { return module.Reply{Output: []byte("hello")} }}, nil
		},
	}
}

// A panic while a command is answered is an answer, too; so is one that comes first.
func TestModules_panicInCommand(t *testing.T) {
	var p probe
	p.command = func(t host.Task, r module.Request) module.Reply {
		if r.Args.Text("n") == "" && r.Args["n"] == nil {
			t.Sleep(time.Second)
			return module.Reply{Output: []byte("late")}
		}
		r.Args["n"] = r.Args["none"].(int) // there is none
		return module.Reply{}
	}
	m := servingWith(t, p.class())
	c := m.call(client(), "admin")
	c.conn.Send(msg.New(&msg.MgrCommand{Cmd: []string{`{"prefix": "probe it"}`}}))
	c.conn.Send(msg.New(&msg.MgrCommand{Cmd: []string{`{"prefix": "probe it", "n": 1}`}}))
	m.within(500*time.Millisecond, "two answers", func() bool { return len(c.answers) == 2 })
	for _, a := range c.answers {
		if r := a.Body.(*msg.MgrCommandReply); r.Code != -5 || !strings.HasSuffix(r.Status, "interface conversion: interface {} is nil, not int") {
			t.Errorf("%+v", r)
		}
	}
}

// What cannot run is told in beacons and health, and not loaded.
func TestModules_cannotRun(t *testing.T) {
	var p probe
	c := p.class()
	c.CanRun = func(host.Host) error { return errors.New("no rack") }
	bad := new(probe).class()
	bad.Name, bad.Commands = "bad", nil
	bad.Active = func(*module.Manager) (module.Module, error) { return nil, errors.New("no way") }
	m := servingWith(t, c, bad)
	if p.m != nil {
		t.Error("it was loaded")
	}
	checks := m.lastReport().Checks
	if got := checks["MGR_MODULE_DEPENDENCY"]; got.Severity != msg.HealthWarn || got.Summary != "Module 'probe' has failed dependency: no rack" {
		t.Errorf("%+v", got)
	}
	if got := checks["MGR_MODULE_ERROR"]; got.Summary != "Module 'bad' has failed: no way" {
		t.Errorf("%+v", got)
	}
	infos := m.beacons()[0].Modules
	if infos[1].CanRun || infos[1].Error != "no rack" || !infos[0].CanRun {
		t.Errorf("%+v", infos)
	}
	if r, _ := m.call(client(), "admin").probeIt(""); r.Code != -5 || !strings.HasSuffix(r.Status, "no rack") {
		t.Errorf("%+v", r)
	}
}

// Modules that are always on or enabled and that the manager does not have are told as
// those that cannot run.
func TestModules_alwaysOn(t *testing.T) {
	var p probe
	m := standingBy(t, func(c *mgr.Config) { c.Modules = []module.Class{p.class()} })
	n := m.enabled(5, m.gid(), "restful")
	n.AlwaysOn = map[uint32][]string{16: {"crash", "probe", "status"}, 15: {"old"}}
	m.push(n)
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	want := map[string]msg.HealthCheck{"MGR_MODULE_DEPENDENCY": {
		Severity: msg.HealthWarn, Count: 3, Summary: "3 mgr modules have failed dependencies", Detail: []string{
			"Module 'crash' has failed dependency: this manager has no such module",
			"Module 'restful' has failed dependency: this manager has no such module",
			"Module 'status' has failed dependency: this manager has no such module",
		},
	}}
	if diff := cmp.Diff(want, m.lastReport().Checks); diff != "" {
		t.Errorf("health checks (-want +got):\n%s", diff)
	}
	if len(p.events) == 0 {
		t.Error("a module that is always on does not run")
	}
}

// Options come from the configuration, the manager's own value first, and only if it
// can be one.
func TestModules_options(t *testing.T) {
	var p probe
	c := p.class()
	m := standingBy(t, func(cfg *mgr.Config) {
		cfg.Modules, cfg.ModuleDefaults = []module.Class{c}, map[string]string{"mgr/probe/port": "0", "mgr/probe/x/port": "8080"}
	})
	m.push(m.enabled(5, m.gid(), "probe"))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.world.Run(time.Second)
	for _, options := range []map[string]string{
		{"mgr/probe/color": "red", "mgr_tick_period": "2"},
		{"mgr/probe/color": "red", "mgr/other/color": "green"},
		{"mgr/probe/color": "red", "mgr/probe/x/color": "green"},
		{"mgr/probe/color": "red", "mgr/probe/x/color": "plaid", "mgr/probe/y/color": "blue"},
		{},
	} {
		m.mons.Each(func(mon *monctest.Mon) { mon.Push(&msg.Config{Options: options}) })
		m.world.Run(time.Second)
	}
	if diff := cmp.Diff([]string{"serves", "color is red", "color is green", "color is red", "color is blue"}, p.events); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if n := p.m.OptionInt("port"); n != 8080 {
		t.Errorf("port %d", n)
	}
	want := map[string]msg.ModuleOption{
		"color": {Name: "color", Type: 2, Level: 1, Flags: 1, Default: "blue", Allowed: []string{"blue", "green", "red"}},
		"port":  {Name: "port", Type: 0, Level: 1, Default: "80", Min: "1", Max: "65535"},
	}
	if diff := cmp.Diff(want, m.beacons()[0].Modules[0].Options); diff != "" {
		t.Errorf("the beacon's options (-want +got):\n%s", diff)
	}
}

// The store shows what the monitors have, and at once what is being written.
func TestModules_store(t *testing.T) {
	var p probe
	m := servingWith(t, p.class())
	push := func(incremental bool, data map[string][]byte) {
		m.mons.Each(func(mon *monctest.Mon) {
			mon.Push(&msg.KVData{DataVersion: 9, Prefix: "mgr/", Incremental: incremental, Data: data})
		})
		m.world.Run(100 * time.Millisecond)
	}
	all := func() map[string]string {
		found := map[string]string{}
		for _, k := range p.m.Keys("") {
			found[k], _ = p.m.Get(k)
		}
		return found
	}
	expect := func(when string, want map[string]string) {
		t.Helper()
		if !maps.Equal(all(), want) {
			t.Errorf("%s: %v, want %v", when, all(), want)
		}
	}
	push(false, map[string][]byte{"mgr/probe/a": []byte("1"), "mgr/probe/b/c": []byte("2"), "mgr/other/a": []byte("3")})
	expect("at first", map[string]string{"a": "1", "b/c": "2"})
	push(true, map[string][]byte{"mgr/probe/a": nil, "mgr/probe/d": {}})
	expect("after a change", map[string]string{"b/c": "2", "d": ""})

	var outcome []error
	m.mons.Each(func(mon *monctest.Mon) { mon.OnMessage = holdCommands })
	p.m.Set("b/c", "first", func(err error) { outcome = append(outcome, err) })
	p.m.Set("b/c", "\"second\"", func(err error) { outcome = append(outcome, err) })
	p.m.Remove("d", nil)
	m.world.Run(100 * time.Millisecond)
	push(true, map[string][]byte{"mgr/probe/b/c": []byte("first")})
	expect("while it is written", map[string]string{"b/c": `"second"`})
	if len(outcome) != 0 {
		t.Errorf("done: %v", outcome)
	}
	var given []string
	for _, r := range m.mons.All(msg.TypeMonCommand) {
		if c := r.Body.(*msg.MonCommand).Cmd[0]; strings.Contains(c, "config-key") {
			given = append(given, c)
		}
	}
	want := []string{
		`{"key":"mgr/probe/b/c","prefix":"config-key set","val":"first"}`,
		`{"key":"mgr/probe/b/c","prefix":"config-key set","val":"\"second\""}`,
		`{"key":"mgr/probe/d","prefix":"config-key rm"}`,
	}
	if diff := cmp.Diff(want, given); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
	for i, code := range []int32{0, -27, 0} {
		for _, mon := range m.mons.List {
			for _, r := range mon.Got(msg.TypeMonCommand) {
				if b := r.Body.(*msg.MonCommand); b.Cmd[0] == want[i] {
					mon.Reply(r.From, r.Message, &msg.MonCommandAck{Paxos: msg.PaxosAt(0), Cmd: b.Cmd, Code: code, Status: "too large"}, nil)
				}
			}
		}
	}
	m.world.Run(100 * time.Millisecond)
	var refused *module.StoreError
	if len(outcome) != 2 || outcome[0] != nil || !errors.As(outcome[1], &refused) || refused.Code != -27 {
		t.Errorf("outcome %v", outcome)
	}
	expect("when the second write was refused", map[string]string{"b/c": "first"})
}

// holdCommands leaves commands that write keys without an answer.
func holdCommands(_ *msgr.Connection, m *msg.Message) bool {
	c, ok := m.Body.(*msg.MonCommand)
	return ok && strings.Contains(c.Cmd[0], "config-key")
}

// Services, health and what a module asks for reach the monitors at once.
func TestModules_services(t *testing.T) {
	var p probe
	p.command = func(_ host.Task, r module.Request) module.Reply {
		p.m.SetURL("http://10.0.0.9:80/")
		p.m.SetHealthChecks(map[string]msg.HealthCheck{"PROBE_HOT": {Severity: msg.HealthWarn, Summary: "hot", Count: 1}})
		return module.Reply{Status: fmt.Sprint("n is ", r.Args["n"].(json.Number)), Output: r.Input}
	}
	m := servingWith(t, p.class())
	c := m.call(client(), "admin")
	request := msg.New(&msg.MgrCommand{Cmd: []string{`{"prefix": "probe it", "n": 3}`}})
	request.Data = []byte("input")
	m.forgetBeacons()
	c.conn.Send(request)
	m.within(time.Second, "answer", func() bool { return len(c.answers) > 0 })
	a := c.answers[0]
	if r := a.Body.(*msg.MgrCommandReply); r.Code != 0 || r.Status != "n is 3" || string(a.Data) != "input" {
		t.Errorf("%+v %q", r, a.Data)
	}
	m.world.Run(100 * time.Millisecond)
	if all := m.beacons(); len(all) == 0 || all[len(all)-1].Services["probe"] != "http://10.0.0.9:80/" {
		t.Errorf("the monitors are not told where the module serves: %v", all)
	}
	if check := m.lastReport().Checks["PROBE_HOT"]; check.Summary != "hot" {
		t.Errorf("%+v", check)
	}
	if r, _ := c.probeIt(`, "n": "x"`); r.Code != -22 || r.Status != "bad or missing field 'n'" {
		t.Errorf("%+v", r)
	}
}

func TestModules_notify(t *testing.T) {
	var p probe
	p.notify = func(what module.What) { p.note("%s", what) }
	m := servingWith(t, p.class())
	p.events = nil
	m.push(available(m.enabled(6, m.gid(), "probe")))
	for _, b := range []msg.Body{
		&msg.FSMapMsg{Map: msg.FSMap{Epoch: 2}}, &msg.MgrDigest{}, &msg.ServiceMap{Epoch: 3}, &msg.OSDMap{},
	} {
		m.mons.Each(func(mon *monctest.Mon) { mon.Push(b) })
		m.world.Run(100 * time.Millisecond)
	}
	if diff := cmp.Diff([]string{"mgr_map", "fs_map", "mon_status", "health", "service_map", "osd_map"}, p.events); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestModules_badClasses(t *testing.T) {
	var p probe
	a, b := p.class(), p.class()
	unnamed, inactive, sameCommand := p.class(), p.class(), p.class()
	unnamed.Name, inactive.Active, sameCommand.Name = "", nil, "twin"
	for what, classes := range map[string][]module.Class{
		"twice": {a, b}, "no name": {unnamed}, "no active mode": {inactive}, "a command twice": {a, sameCommand},
	} {
		if _, err := module.New(module.Env{}, classes); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
