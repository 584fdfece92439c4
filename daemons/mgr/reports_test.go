package mgr_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

func osd0() msg.EntityName { return msg.EntityName{Type: msg.EntityOSD, Num: 0} }

// status is what the manager says of itself.
func (c *caller) status() (s struct{ Daemons int }) {
	c.m.t.Helper()
	if err := json.Unmarshal(c.ask(1, tell(`{"prefix": "status"}`)).Data, &s); err != nil {
		c.m.t.Fatal(err)
	}
	return s
}

// MS-18: a manager serves once it has the map of file systems, the monitors' digest and
// the modules' keys, and has asked about daemons.
func TestActive_waits(t *testing.T) {
	for what, body := range map[string]msg.Body{
		"fsmap": &msg.FSMapMsg{Map: msg.FSMap{Epoch: 1}}, "mgrdigest": &msg.MgrDigest{Health: []byte("{}")},
		"kv:mgr/": &msg.KVData{DataVersion: 1, Prefix: "mgr/"}, "metadata": nil,
	} {
		m := standingBy(t, nil)
		m.mons.Each(func(mon *monctest.Mon) {
			mon.Withhold = what
			if body == nil {
				mon.OnMessage = func(_ *msgr.Connection, r *msg.Message) bool { return r.Header.Type == msg.TypeMonCommand }
			}
		})
		m.push(m.names(5, m.gid()))
		m.world.Run(10 * time.Second)
		if m.mode() != mgr.ModeStarting {
			t.Errorf("mode %q without %s", m.mode(), what)
		}
		m.mons.Each(func(mon *monctest.Mon) {
			if body != nil {
				mon.Push(body)
				return
			}
			for _, r := range mon.Got(msg.TypeMonCommand) {
				mon.Reply(r.From, r.Message, &msg.MonCommandAck{Paxos: msg.PaxosAt(0), Cmd: r.Body.(*msg.MonCommand).Cmd, Code: -22}, nil)
			}
		})
		m.within(3*time.Second, "available manager with "+what, func() bool { return m.mode() == mgr.ModeActive })
	}
}

// A daemon of Ceph itself has to be known to the monitors: until they have told what it
// is, its session is cut.
func TestReports_unknownDaemonsComeBack(t *testing.T) {
	m := serving(t, nil)
	commands := len(m.mons.All(msg.TypeMonCommand))
	osd := m.call(osd0(), "0")
	osd.conn.Send(msg.New(&msg.MgrOpen{DaemonName: "0"}))
	m.world.Run(time.Second)
	admin := m.call(client(), "admin")
	if n := admin.status().Daemons; n != 0 {
		t.Fatalf("%d daemons report, of which the monitors have said nothing", n)
	}
	asked := m.mons.All(msg.TypeMonCommand)[commands:]
	if len(asked) != 1 || asked[0].Body.(*msg.MonCommand).Cmd[0] != `{"prefix": "osd metadata", "id": 0, "format": "json"}` {
		t.Errorf("the monitors were asked %v", asked)
	}
	for _, mon := range m.mons.List {
		mon.Output = []byte(`{"id": 0, "hostname": "h", "ceph_version": "v"}`)
	}
	again := m.call(osd0(), "0")
	again.conn.Send(msg.New(&msg.MgrOpen{DaemonName: "0"}))
	m.world.Run(time.Second)
	third := m.call(osd0(), "0")
	reply := third.ask(0, &msg.MgrOpen{DaemonName: "0"})
	if b, ok := reply.Body.(*msg.MgrConfigure); !ok || b.Period != 5 || b.Threshold != 5 {
		t.Errorf("a report is begun with %+v", reply.Body)
	}
	third.ask(0, &msg.MgrOpen{DaemonName: "0"})
	if n := admin.status().Daemons; n != 1 {
		t.Errorf("%d daemons report, want 1", n)
	}
	third.process.Exit(0, "")
	m.world.Run(time.Second)
	if n := admin.status().Daemons; n != 0 {
		t.Errorf("%d daemons report after the only one has gone", n)
	}
}

// How daemons report follows the configuration, for those that report already too.
func TestReports_configured(t *testing.T) {
	m := serving(t, func(c *mgr.Config) { c.Options.StatsPeriod = 1500 * time.Millisecond })
	c := m.call(msg.EntityName{Type: msg.EntityClient, Num: 4500}, "rgw.a")
	open := &msg.MgrOpen{DaemonName: "a", ServiceName: "rgw", ServiceDaemon: true}
	if b := c.ask(0, open).Body.(*msg.MgrConfigure); b.Period != 2 || b.Threshold != 5 {
		t.Errorf("a report is begun with %+v", b)
	}
	m.configure(map[string]string{"mgr_stats_period": "9", "mgr_stats_threshold": "8"})
	m.configure(map[string]string{"mgr_stats_period": "9", "mgr_stats_threshold": "8", "mgr_tick_period": "1"})
	m.world.Run(time.Second)
	if len(c.answers) != 2 {
		t.Fatalf("told %d times", len(c.answers))
	}
	if b := c.answers[1].Body.(*msg.MgrConfigure); b.Period != 9 || b.Threshold != 8 {
		t.Errorf("told %+v after a change", b)
	}
}

// rgw opens a service daemon's session.
func (m *manager) rgw(gid int64) *caller {
	m.t.Helper()
	c := m.call(msg.EntityName{Type: msg.EntityClient, Num: gid}, "rgw.a")
	c.ask(0, &msg.MgrOpen{
		DaemonName: "a", ServiceName: "rgw", ServiceDaemon: true,
		Metadata: map[string]string{"hostname": "h"}, Status: map[string]string{"state": "new"},
	})
	return c
}

func (c *caller) dump() string {
	c.m.t.Helper()
	return string(c.ask(9, &msg.MgrCommand{Cmd: []string{`{"prefix": "service dump", "format": "json"}`}}).Data)
}

// reported are the reports to the monitors so far.
func (m *manager) reported() (all []*msg.MonMgrReport) {
	for _, r := range m.mons.All(msg.TypeMonMgrReport) {
		all = append(all, r.Body.(*msg.MonMgrReport))
	}
	return all
}

// Service daemons describe themselves. The monitors are told, once; who falls silent or
// takes its leave is dropped.
func TestReports_services(t *testing.T) {
	m := serving(t, nil)
	c := m.rgw(4500)
	m.world.Run(3 * time.Second)
	if got := c.dump(); !strings.Contains(got, `"services":{"rgw":{"daemons":{"summary":"","a":{"start_epoch":1,`) || !strings.Contains(got, `"gid":4500,`) {
		t.Errorf("service dump: %s", got)
	}
	maps := 0
	for _, r := range m.reported() {
		if r.Services != nil {
			maps++
			if r.Services.Epoch != 1 || r.Services.Services["rgw"].Daemons["a"].GID != 4500 {
				t.Errorf("the monitors are told %+v", r.Services)
			}
		}
	}
	if maps != 1 {
		t.Errorf("the monitors are told %d times", maps)
	}
	c.conn.Send(msg.New(&msg.MgrReport{DaemonName: "a", ServiceName: "rgw", Status: map[string]string{"state": "busy"}, TaskStatus: map[string]string{"gc": "running"}}))
	m.world.Run(3 * time.Second)
	if got := string(c.ask(9, &msg.MgrCommand{Cmd: []string{`{"prefix": "service status", "format": "json"}`}}).Data); !strings.Contains(got, `{"rgw":{"a":{"status_stamp":"`) || !strings.Contains(got, `"status":{"state":"busy"}`) {
		t.Errorf("service status: %s", got)
	}
	if got := c.dump(); !strings.Contains(got, `"task_status":{"gc":"running"}`) {
		t.Errorf("service dump: %s", got)
	}
	m.world.Run(time.Minute)
	if got := c.dump(); !strings.Contains(got, `"services":{}`) {
		t.Errorf("service dump of one that is silent: %s", got)
	}

	c = m.rgw(4501)
	c.ask(0, &msg.MgrClose{DaemonName: "a", ServiceName: "rgw"})
	if got := c.dump(); !strings.Contains(got, `"services":{}`) {
		t.Errorf("service dump after the leave: %s", got)
	}
}

// The map of the predecessor is gone on with.
func TestReports_servicesAreInherited(t *testing.T) {
	m := starting(t, nil)
	inherited := &msg.ServiceMap{Epoch: 7, Services: map[string]msg.Service{
		"rgw": {Daemons: map[string]msg.ServiceDaemon{"a": {GID: 4500, Metadata: map[string]string{"hostname": "h"}}}},
	}}
	m.mons.Each(func(mon *monctest.Mon) { mon.Push(inherited) })
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	m.world.Run(time.Second)
	c := m.rgw(4500)
	if got := c.dump(); !strings.Contains(got, `{"epoch":7,`) || !strings.Contains(got, `"gid":4500,`) {
		t.Errorf("service dump: %s", got)
	}
	m.rgw(4600)
	if got := c.dump(); !strings.Contains(got, `{"epoch":8,`) || !strings.Contains(got, `"gid":4600,`) {
		t.Errorf("service dump after a restart: %s", got)
	}
}

// What is wrong is told with each report: SLOW_OPS of the daemons' metrics, in Ceph's
// words.
func TestReports_health(t *testing.T) {
	m := serving(t, nil)
	c := m.rgw(4500)
	c.conn.Send(msg.New(&msg.MgrReport{DaemonName: "a", ServiceName: "rgw", Health: []msg.DaemonHealthMetric{{Type: 0, Value: 3<<32 | 42}}}))
	m.world.Run(3 * time.Second)
	all := m.reported()
	last := all[len(all)-1]
	check := last.Checks["SLOW_OPS"]
	if last.GID != m.gid() || check.Severity != msg.HealthWarn || check.Summary != "3 slow ops, oldest one blocked for 42 sec, rgw.a has slow ops" {
		t.Errorf("reported %+v", last)
	}
	raw := m.mons.All(msg.TypeMonMgrReport)
	if len(raw[0].Data) != 1190 {
		t.Errorf("a digest of %d bytes", len(raw[0].Data))
	}
}

// A report that does not hold together ends its session, and changes nothing else.
func TestReports_badCounters(t *testing.T) {
	m := serving(t, nil)
	c := m.rgw(4500)
	closed := false
	c.onReset = func() { closed = true }
	c.conn.Send(msg.New(&msg.MgrReport{DaemonName: "a", ServiceName: "rgw", Packed: []byte{1, 1, 200, 0, 0, 0}}))
	m.within(time.Second, "end of the session", func() bool { return closed })
	if m.process.Ended != "" {
		t.Errorf("the process has ended: %s", m.process.Reason)
	}
}

var _ msgr.Dispatcher = (*caller)(nil)
