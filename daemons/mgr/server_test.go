package mgr_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/mgr"
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

func TestServer_answersCommands(t *testing.T) {
	m := serving(t, nil)
	c := m.call(client(), "admin")
	for i, tt := range []struct {
		text   []string
		code   int32
		status string // a part
		data   string // a part
	}{
		{[]string{`{"prefix": "version"}`}, 0, "", `"version": "16.2.15"`},
		{[]string{`{"prefix": "status"}`}, 0, "", `"state": "active"`},
		{[]string{`{"prefix": `, `"service dump"}`}, 0, "", `"services": {}`},
		{[]string{`{"prefix": "service status"}`}, 0, "", `{}`},
		{[]string{`{"prefix": "make tea"}`}, -22, `"make tea"`, ""},
		{[]string{`{}`}, -22, `""`, ""},
		{[]string{`{"prefix": "` + strings.Repeat(`\u0000`, 1<<16) + `"}`}, -22, "unknown", ""},
		{[]string{`not JSON`}, -22, "JSON", ""},
		{[]string{`{"prefix": 7}`}, -22, "JSON", ""},
		{nil, -22, "JSON", ""},
		{[]string{strings.Repeat("[", 1<<20)}, -22, "JSON", ""},
	} {
		tid := uint64(i + 1)
		told := c.ask(tid, &msg.Command{FSID: monctest.FSID(), Cmd: tt.text})
		called := c.ask(tid, &msg.MgrCommand{FSID: monctest.FSID(), Cmd: tt.text})
		a, ok := told.Body.(*msg.CommandReply)
		b, ok2 := called.Body.(*msg.MgrCommandReply)
		if !ok || !ok2 || told.Header.Tid != tid || called.Header.Tid != tid {
			t.Fatalf("%.40q: answers %v and %v", tt.text, told, called)
		}
		if a.Code != tt.code || !strings.Contains(a.Status, tt.status) || !strings.Contains(string(told.Data), tt.data) {
			t.Errorf("%.40q: code %d, status %q, output %q", tt.text, a.Code, a.Status, told.Data)
		}
		if len(a.Status) > 1000 {
			t.Errorf("%.40q: a status of %d bytes", tt.text, len(a.Status))
		}
		if a.Code != b.Code || a.Status != b.Status || string(told.Data) != string(called.Data) {
			t.Errorf("%.40q: another answer to a tell than to a call", tt.text)
		}
	}
	served := facts[mgr.Served](m)
	if want := (mgr.Served{Name: "x", GID: m.gid(), Command: "version"}); len(served) != 22 || served[0] != want {
		t.Errorf("%d answers stated, the first as %+v", len(served), served[0])
	}
}

// The command line refuses to send what is not described.
func TestServer_describesItsCommands(t *testing.T) {
	m := serving(t, nil)
	reply := m.call(client(), "admin").ask(1, tell(`{"prefix": "get_command_descriptions"}`))
	var list map[string]struct{ Sig []string }
	if err := json.Unmarshal(reply.Data, &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, strings.Join(d.Sig, " "))
	}
	slices.Sort(got)
	want := []string{"get_command_descriptions", "service dump", "service status", "status", "version"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
}

func TestServer_daemonsReport(t *testing.T) {
	m := serving(t, nil)
	osd := m.call(msg.EntityName{Type: msg.EntityOSD, Num: 0}, "0")
	reply := osd.ask(0, &msg.MgrOpen{DaemonName: "0"})
	if b, ok := reply.Body.(*msg.MgrConfigure); !ok || b.Period != 5 || b.Threshold != 5 {
		t.Errorf("a report is begun with %+v", reply.Body)
	}
	osd.ask(0, &msg.MgrOpen{DaemonName: "0"})
	admin := m.call(client(), "admin")
	daemons := func() int {
		var status struct{ Daemons int }
		if err := json.Unmarshal(admin.ask(1, tell(`{"prefix": "status"}`)).Data, &status); err != nil {
			t.Fatal(err)
		}
		return status.Daemons
	}
	if n := daemons(); n != 1 {
		t.Errorf("%d daemons report, want 1", n)
	}
	osd.process.Exit(0, "")
	m.world.Run(time.Second)
	if n := daemons(); n != 0 {
		t.Errorf("%d daemons report after the only one has gone", n)
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
