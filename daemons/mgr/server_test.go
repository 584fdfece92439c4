package mgr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// caller is somebody who talks to an active manager.
type caller struct {
	msgr.BaseDispatcher
	m       *manager
	process *monctest.Process
	conn    *msgr.Connection
	answers []*msg.Message
	onReset func() // nil: nothing
}

func (c *caller) HandleReset(*msgr.Connection) bool {
	if c.onReset != nil {
		c.onReset()
	}
	return true
}

func (c *caller) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	c.answers = append(c.answers, m)
	return true
}

// call connects an entity to the address in the manager's beacons.
func (m *manager) call(who msg.EntityName, id string) *caller {
	m.t.Helper()
	beacons := m.beacons()
	at := slices.IndexFunc(beacons, func(b *msg.MgrBeacon) bool { return b.Available })
	c := &caller{m: m, process: m.world.NewProcess(id)}
	loop := c.process.NewLoop("dispatch")
	messenger := msgr.New(c.process, loop, msgr.Config{
		Name: who, Nonce: c.process.PID(), Label: id, Workers: 1,
		Auth: msgr.AuthNone{Own: who.Type, Name: msg.AuthName{Type: uint32(who.Type), ID: id}},
	})
	messenger.AddDispatcherTail(c)
	if err := messenger.Start(); err != nil {
		m.t.Fatal(err)
	}
	c.conn = messenger.ConnectTo(msg.EntityMgr, beacons[at].ServerAddrs.Legacy())
	return c
}

// ask sends a body and returns the answer.
func (c *caller) ask(tid uint64, b msg.Body) *msg.Message {
	c.m.t.Helper()
	before := len(c.answers)
	m := msg.New(b)
	m.Header.Tid = tid
	c.conn.Send(m)
	c.m.within(5*time.Second, "answer", func() bool { return len(c.answers) > before })
	return c.answers[before]
}

func tell(text string) *msg.Command { return &msg.Command{FSID: monctest.FSID(), Cmd: []string{text}} }

func client() msg.EntityName { return msg.EntityName{Type: msg.EntityClient, Num: 4999} }

// What comes by "tell" are questions to the admin socket, with numbers for errors.
func TestServer_tell(t *testing.T) {
	m := serving(t, nil)
	c := m.call(client(), "admin")
	for i, tt := range []struct {
		text   []string
		code   int32
		status string // a part
		data   string // a part
	}{
		{[]string{`{"prefix": "version"}`}, 0, "", `"version": "16.2.15"`},
		{[]string{`{"prefix": `, `"status"}`}, 0, "", `"state": "active"`},
		{[]string{`{"prefix": "help"}`}, 0, "", `"config get": "`},
		{[]string{`{"prefix": "get_command_descriptions", "format": "json"}`}, 0, "", `{"sig":["version"],"help":"get ceph version"}`},
		{[]string{`{"prefix": "config get", "var": "mgr_tick_period"}`}, 0, "", `"mgr_tick_period": "2"`},
		{[]string{`{"prefix": "config get", "var": "nope"}`}, -2, "error getting 'nope': (2) No such file or directory", ""},
		{[]string{`{"prefix": "make tea"}`}, -22, "make tea", ""},
		{[]string{`{}`}, -22, "", ""},
		{[]string{`{"prefix": "` + strings.Repeat(`\u0000`, 1<<16) + `"}`}, -22, "unknown", ""},
		{[]string{`not JSON`}, -22, "invalid json", ""},
		{[]string{`{"prefix": 7}`}, -22, "invalid json", ""},
		{nil, -22, "json", ""},
		{[]string{strings.Repeat("[", 1<<20)}, -22, "json", ""},
	} {
		tid := uint64(i + 1)
		told := c.ask(tid, &msg.Command{FSID: monctest.FSID(), Cmd: tt.text})
		a, ok := told.Body.(*msg.CommandReply)
		if !ok || told.Header.Tid != tid {
			t.Fatalf("%.40q: answer %v", tt.text, told)
		}
		if a.Code != tt.code || !strings.Contains(a.Status, tt.status) || !strings.Contains(string(told.Data), tt.data) {
			t.Errorf("%.40q: code %d, status %q, output %q", tt.text, a.Code, a.Status, told.Data)
		}
		if len(a.Status) > 1000 {
			t.Errorf("%.40q: a status of %d bytes", tt.text, len(a.Status))
		}
	}
	served := facts[mgr.Served](m)
	if want := (mgr.Served{Name: "x", GID: m.gid(), Command: "version"}); len(served) != 13 || served[0] != want {
		t.Errorf("%d answers stated, the first as %+v", len(served), served[0])
	}
}

// The commands of managers, which old clients send without the cluster's id. Texts and
// numbers are Ceph's.
func TestServer_commands(t *testing.T) {
	m := serving(t, func(c *mgr.Config) { c.Modules = []module.Class{teapot()} })
	c := m.call(client(), "admin")
	for i, tt := range []struct {
		text   []string
		code   int32
		status string // a part
		data   string // a part
	}{
		{[]string{`{"prefix": `, `"service dump"}`}, 0, "", `"services": {}`},
		{[]string{`{"prefix": "service status", "format": "json"}`}, 0, "", "{}\n"},
		{[]string{`{"prefix": "make coffee"}`}, -22, "No handler found for 'make coffee'", ""},
		{[]string{`{"prefix": "make tea", "sort": "black"}`}, -95, "Module 'teapot' is not enabled/loaded (required by command 'make tea'): " +
			"use `ceph mgr module enable teapot` to enable it", ""},
		{[]string{`{"prefix": "make tea", "sort": 7}`}, -22, "bad or missing field 'sort'", ""},
		{[]string{`{}`}, -22, "bad or missing field 'prefix'", ""},
		{[]string{`{"prefix": "` + strings.Repeat(`\u0000`, 1<<16) + `"}`}, -22, "No handler", ""},
		{[]string{`not JSON`}, -22, "unparseable JSON not JSON", ""},
		{[]string{`[]`}, -22, "not JSON object []", ""},
		{[]string{`{"prefix": 7}`}, -22, "bad or missing field 'prefix'", ""},
		{nil, -22, "unparseable JSON", ""},
		{[]string{strings.Repeat("[", 1<<20)}, -22, "unparseable JSON", ""},
	} {
		tid := uint64(i + 1)
		told := c.ask(tid, &msg.Command{Cmd: tt.text})
		called := c.ask(tid, &msg.MgrCommand{FSID: monctest.FSID(), Cmd: tt.text})
		a, ok := told.Body.(*msg.CommandReply)
		b, ok2 := called.Body.(*msg.MgrCommandReply)
		if !ok || !ok2 || told.Header.Tid != tid || called.Header.Tid != tid {
			t.Fatalf("%.40q: answers %v and %v", tt.text, told, called)
		}
		if a.Code != tt.code || !strings.Contains(a.Status, tt.status) || !strings.Contains(string(told.Data), tt.data) || len(a.Status) > 1000 {
			t.Errorf("%.40q: code %d, status %q, output %q", tt.text, a.Code, a.Status, told.Data)
		}
		if a.Code != b.Code || a.Status != b.Status || string(told.Data) != string(called.Data) {
			t.Errorf("%.40q: another answer to an old client than to a new one", tt.text)
		}
	}
}

// teapot is a module that nobody has enabled.
func teapot() module.Class {
	return module.Class{
		Name:     "teapot",
		Commands: []module.Command{{Prefix: "make tea", Params: "name=sort,type=CephString", Help: "make tea", Perm: "r"}},
		Active:   func(*module.Manager) (module.Module, error) { return nil, errors.New("enabled") },
	}
}

// The command line refuses to send what is not described.
func TestServer_describesItsCommands(t *testing.T) {
	m := serving(t, func(c *mgr.Config) { c.Modules = []module.Class{teapot()} })
	reply := m.call(client(), "admin").ask(1, &msg.MgrCommand{Cmd: []string{`{"prefix": "get_command_descriptions"}`}})
	var list map[string]struct {
		Sig    []any
		Module string
	}
	if err := json.Unmarshal(reply.Data, &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, fmt.Sprint(d.Module, d.Sig))
	}
	slices.Sort(got)
	want := []string{
		"mgr[config show map[name:who type:CephString] map[name:key req:false type:CephString]]",
		"mgr[config show-with-defaults map[name:who type:CephString]]",
		"mgr[make tea map[name:sort type:CephString]]",
		"osd[osd perf]",
		"osd[osd pool stats map[name:pool_name req:false type:CephPoolname]]",
		"pg[pg debug map[name:debugop strings:unfound_objects_exist|degraded_pgs_exist type:CephChoices]]",
		"pg[pg dump_stuck map[n:N name:stuckops req:false strings:inactive|unclean|stale|undersized|degraded type:CephChoices] map[name:threshold req:false type:CephInt]]",
		"pg[pg ls map[name:pool req:false type:CephInt] map[n:N name:states req:false type:CephString]]",
		"pg[pg map map[name:pgid type:CephPgid]]",
		"pg[pg stat]",
		"service[service dump]", "service[service status]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
}

// limited lets in whoever shows the authorizer of method none, but allows nothing.
type limited struct{ msgr.AuthNone }

func (l limited) VerifyAuthorizer(peer msg.EntityType, protocol uint32, b []byte) (msgr.Identity, error) {
	who, err := l.AuthNone.VerifyAuthorizer(peer, protocol, b)
	who.AllowAll = false
	return who, err
}

func TestServer_deniesCommandsWithoutCaps(t *testing.T) {
	m := serving(t, func(c *mgr.Config) { c.Authorizer = limited{msgr.AuthNone{Own: msg.EntityMgr}} })
	c := m.call(client(), "admin")
	const why = "access denied: does your client key have mgr caps?"
	told := c.ask(1, tell(`{"prefix": "version"}`))
	if b := told.Body.(*msg.CommandReply); b.Code != -13 || !strings.HasPrefix(b.Status, why) || len(told.Data) > 0 {
		t.Errorf("tell: %+v %q", b, told.Data)
	}
	called := c.ask(2, &msg.MgrCommand{Cmd: []string{`{"prefix": "service dump"}`}})
	if b := called.Body.(*msg.MgrCommandReply); b.Code != -13 || !strings.HasPrefix(b.Status, why) || len(called.Data) > 0 {
		t.Errorf("command: %+v %q", b, called.Data)
	}
}

// A manager that respawns takes its server down with it.
func TestServer_diesWithTheProcess(t *testing.T) {
	m := serving(t, nil)
	c := m.call(client(), "admin")
	c.ask(1, tell(`{"prefix": "version"}`))
	m.push(m.names(6, 4242))
	c.conn.Send(msg.New(tell(`{"prefix": "version"}`)))
	m.world.Run(time.Minute)
	if len(c.answers) != 1 || m.process.Ended != "respawn" {
		t.Errorf("%d answers, process ended by %q", len(c.answers), m.process.Ended)
	}
}
