package mon

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// What every monitor answers about the cluster; texts and keys are those of a real
// 16.2.15 monitor.
func TestMon_answers(t *testing.T) {
	c := newCluster(t, 3, 71).startAll()
	leader := c.settle()
	cl := c.login(leader)
	cl.beacon("x", false)
	c.world.Run(3 * time.Second)
	monmap := c.monmap
	const version = "ceph version 16.2.15 (wavetank) pacific (stable)"
	for rank := range c.mons {
		who := c.login(rank)
		who.converse([]exchange{
			{`{"prefix":"fsid"}`, "", 0, "", monmap.FSID.String() + "\n"},
			{`{"prefix":"fsid","format":"json"}`, "", 0, "", fmt.Sprintf("{\"fsid\":%q}\n", monmap.FSID)},
			{`{"prefix":"version"}`, "", 0, "", version + "\n"},
			{`{"prefix":"mon dump"}`, "", 0, "dumped monmap epoch 1", fmt.Sprintf("epoch 1\nfsid %s\n"+
				"last_changed 2023-11-14T22:13:20.000000+0000\ncreated 2023-11-14T22:13:20.000000+0000\n"+
				"min_mon_release 16 (pacific)\nelection_strategy: 1\n0: v1:10.0.0.1:6789/0 mon.a\n1: v1:10.0.0.2:6789/0 mon.b\n"+
				"2: v1:10.0.0.3:6789/0 mon.c\n", monmap.FSID)},
			{`{"prefix":"mon dump","epoch":9}`, "", -2, "there is no map for epoch 9", ""},
			{`{"prefix":"mon getmap","epoch":9}`, "", -2, "there is no map for epoch 9", ""},
			{`{"prefix":"mon stat"}`, "", 0, "", fmt.Sprintf("e1: 3 mons at {a=v1:10.0.0.1:6789/0,b=v1:10.0.0.2:6789/0,"+
				"c=v1:10.0.0.3:6789/0} removed_ranks: {}, election epoch %d, leader %d %s, quorum 0,1,2 a,b,c\n",
				c.mons[leader].mon.status().Term, leader, c.mons[leader].name)},
			{`{"prefix":"mon metadata","id":"b","format":"json"}`, "", 0, "", `{"addrs":"v1:10.0.0.2:6789/0","ceph_release":"pacific",` +
				`"ceph_version":"` + version + `","ceph_version_short":"16.2.15","hostname":"mon-b"}` + "\n"},
			{`{"prefix":"mon metadata","id":"z"}`, "", -2, "requested mon not found", ""},
			{`{"prefix":"mon versions","format":"json"}`, "", 0, "", `{"` + version + `":3}` + "\n"},
			{`{"prefix":"versions","format":"json"}`, "", 0, "", `{"mon":{"` + version + `":3},"mgr":{"unknown":1},"osd":{},"mds":{},` +
				`"overall":{"` + version + `":3,"unknown":1}}` + "\n"},
			{`{"prefix":"node ls","format":"json"}`, "", 0, "",
				`{"mon":{"mon-a":["a"],"mon-b":["b"],"mon-c":["c"]},"osd":{},"mgr":{}}` + "\n"},
			{`{"prefix":"mgr services","format":"json"}`, "", 0, "", "{}\n"},
			{`{"prefix":"mgr module disable","module":"m"}`, "", 0, "module 'm' is already disabled", ""},
			{`{"prefix":"mgr module enable","module":"m"}`, "", -2, "all mgr daemons do not support module 'm', pass --force to force enablement", ""},
			{`{"prefix":"mgr module enable"}`, "", -22, "", ""},
			{`{"prefix":"mds stat"}`, "", 0, "", ""},
			{`{"prefix":"fs dump","epoch":99}`, "", -2, "", ""},
			{`{"prefix":"fs ls"}`, "", 0, "", "No filesystems enabled\n"},
			{`{"prefix":"fs ls","format":"json"}`, "", 0, "", "[]\n"},
			{`{"prefix":"mds metadata","who":"a"}`, "", -22, "MDS named 'a' does not exist, or is not up", "{}\n"},
			{`{"prefix":""}`, "", -22, "command prefix must not be empty", ""},
			{`[]`, "", -22, "not JSON object []", ""},
			{`{"prefix":5}`, "", -22, "bad or missing field 'prefix'", ""},
			{`{"prefix":"status","format":5}`, "", -22, "bad or missing field 'format'", ""},
		})
	}
}

func TestMon_statusText(t *testing.T) {
	c := newCluster(t, 1, 72).startAll()
	x, y := c.login(0), c.login(0)
	x.beacon("x", false)
	c.world.Run(time.Second)
	y.beacon("y", false)
	x.beacon("x", true)
	c.world.Run(9 * time.Second)
	_, data := x.command(`{"prefix":"status"}`)
	mon, mgr := c.mons[0].mon.monSummary(), c.mons[0].mon.mgrSummary()
	want := "  cluster:\n    id:     " + c.fsid.String() + "\n    health: HEALTH_OK\n \n  services:\n    mon: " + mon +
		"\n    mgr: " + mgr + "\n    osd: 0 osds: 0 up, 0 in\n \n  data:\n    pools:   0 pools, 0 pgs\n    objects: 0 objects, 0 B\n" +
		"    usage:   0 B used, 0 B / 0 B avail\n    pgs:     \n \n"
	if string(data) != want {
		t.Errorf("got\n%s\nwant\n%s", data, want)
	}
	if !strings.HasPrefix(mon, "1 daemons, quorum a (age ") || !strings.HasPrefix(mgr, "x(active, since ") || !strings.HasSuffix(mgr, "), standbys: y") {
		t.Errorf("%s; %s", mon, mgr)
	}
	x.command(`{"prefix":"mgr fail","who":"x"}`)
	c.world.Run(5 * time.Second)
	x.command(`{"prefix":"mgr fail","who":"y"}`)
	if mgr = c.mons[0].mon.mgrSummary(); !strings.HasPrefix(mgr, "no daemons active (since 0.") {
		t.Errorf("nobody left: %s", mgr)
	}
	for d, want := range map[time.Duration]string{
		12345 * time.Microsecond: "0.012345s", 66500 * time.Millisecond: "66s", 11 * time.Minute: "11m", 3 * time.Hour: "3h", 100 * time.Hour: "4d",
	} {
		if got := timespan(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// Modules that every manager has can be enabled, others only by force.
func TestMgrMonitor_modules(t *testing.T) { // MM-20
	c := newCluster(t, 3, 73).startAll()
	cl := c.login((c.settle() + 1) % 3)
	cl.send(&msg.MgrBeacon{FSID: c.fsid, GID: cl.gid, Name: "x", Modules: []msg.ModuleInfo{{Name: "iostat", CanRun: true}, {Name: "nfs", CanRun: true}}})
	cl.subscribe("mgrmap", 0, false)
	c.world.Run(2 * time.Second)
	change := func(what, module, more string) string {
		return fmt.Sprintf(`{"prefix":"mgr module %s","module":%q%s}`, what, module, more)
	}
	cl.converse([]exchange{
		{change("enable", "nfs", ""), "", 0, "", ""},
		{change("enable", "nfs", ""), "", 0, "module 'nfs' is already enabled", ""},
		{change("enable", "iostat", ""), "", 0, "", ""},
		{change("enable", "bogus", `,"force":"--force"`), "", 0, "", ""},
		{change("disable", "nfs", ""), "", 0, "", ""},
	})
	c.world.Run(time.Second)
	if got := strings.Join(cl.last.EnabledModules, ","); got != "bogus,iostat" {
		t.Errorf("enabled: %s", got)
	}
	_, data := cl.command(`{"prefix":"mgr module ls","format":"json"}`)
	want := `{"always_on_modules":[],"enabled_modules":["bogus","iostat"],"disabled_modules":[{"name":"nfs","can_run":true,"error_string":"","module_options":{}}]}`
	if strings.TrimSpace(string(data)) != want {
		t.Errorf("got %s", data)
	}
}

// An empty map of file systems goes to who asks for it.
func TestFSMap_subscriptions(t *testing.T) {
	c := newCluster(t, 1, 74).startAll()
	cl := c.login(0)
	cl.subscribe("fsmap", 0, true)
	cl.subscribe("mdsmap", 0, false)
	cl.send(&msg.MonGetVersion{Handle: 7, What: "fsmap"})
	c.world.Run(time.Second)
	var fs, mds, version bool
	for _, m := range cl.got {
		switch b := m.Body.(type) {
		case *msg.FSMapMsg:
			fs = b.Epoch == 1 && b.Map.LegacyFileSystem == -1 && b.Map.DefaultCompat.Incompat.Mask == 1918
		case *msg.MDSMapMsg:
			mds = b.Epoch == 1 && b.Map.Epoch == 1 && len(b.Map.Info) == 0
		case *msg.MonGetVersionReply:
			version = b.Handle == 7 && b.Newest == 1 && b.Oldest == 1
		}
	}
	if !fs || !mds || !version {
		t.Errorf("fsmap %v, mdsmap %v, version %v", fs, mds, version)
	}
}

// A monitor answers what is for it alone, also without a quorum.
func TestMon_tell(t *testing.T) {
	c := newCluster(t, 3, 75).startAll()
	leader := c.settle()
	cl := c.login(leader)
	cl.command(`{"prefix":"config set","who":"mon","name":"mon_lease","value":"7"}`)
	cl.send(&msg.Command{FSID: wire.UUID{9}, Cmd: []string{`{"prefix":"version"}`}})
	c.world.Run(time.Second)
	if r, ok := cl.got[len(cl.got)-1].Body.(*msg.CommandReply); !ok || r.Code != -13 || r.Status != "wrong fsid" {
		t.Errorf("another cluster's command: %+v", cl.got[len(cl.got)-1].Body)
	}
	tell := func(text string) (*msg.CommandReply, map[string]any) {
		t.Helper()
		cl.got = nil
		cl.send(&msg.Command{FSID: c.fsid, Cmd: []string{text}})
		c.world.Run(time.Second)
		for _, m := range cl.got {
			if r, ok := m.Body.(*msg.CommandReply); ok {
				var out map[string]any
				if err := json.Unmarshal(m.Data, &out); err != nil && r.Code == 0 {
					t.Errorf("%s: %v in %s", text, err, m.Data)
				}
				return r, out
			}
		}
		t.Fatalf("%s: no answer", text)
		return nil, nil
	}
	c.mons[(leader+1)%3].machine.PowerCut()
	c.mons[(leader+2)%3].machine.PowerCut()
	c.until("no quorum", func() bool { return !c.mons[leader].mon.status().Active })
	cl = c.client(leader)
	cl.gid = 1
	c.mons[leader].mon.sessions.of(cl.con).gid = 1 // authenticated before
	if _, out := tell(`{"prefix":"mon_status"}`); out["state"] != "electing" || out["name"] != c.mons[leader].name {
		t.Errorf("mon_status: %v", out)
	}
	if _, out := tell(`{"prefix":"config get","var":"mon_lease"}`); out["mon_lease"] != "7.000000" {
		t.Errorf("config get: %v", out)
	}
	if _, out := tell(`{"prefix":"get_command_descriptions"}`); len(out) != len(c.mons[leader].mon.adminHooks())+5 {
		t.Errorf("%d commands", len(out))
	}
	m := c.mons[leader].mon
	inject := func(words string) string { return `{"prefix":"injectargs","injected_args":[` + words + `]}` }
	const restart = "(not observed, change may require restart) "
	for _, tt := range []struct {
		cmd    string
		code   int32
		status string
		output string
	}{
		{`{"prefix":"zz"}`, -22, "unknown command prefix zz", ""},
		{`{}`, -22, "no prefix", ""},
		{`{"prefix":""}`, -22, "unknown command prefix ", ""},
		{`{"prefix":5}`, -22, "bad or missing field 'prefix'", ""},
		{`{"prefix":"version","format":5}`, -22, "bad or missing field 'format'", ""},
		{`{"prefix":"config get"}`, -22, "invalid command json", ""},
		{`{"prefix":"config get","var":["mon_lease"]}`, -22, "invalid command json", ""},
		{`{"prefix":"config get","var":"zz"}`, -2, "error getting 'zz': (2) No such file or directory", ""},
		{`{"prefix":"config get","var":"mon_lease","format":"json"}`, 0, "", `{"mon_lease":"7.000000"}`},
		{`zz`, -22, "unparseable JSON zz", ""},
		{`[]`, -22, "not JSON object []", ""},
		{`{"prefix":"0"}`, 0, "", "2"},
		{`{"prefix":"log flush"}`, 0, "", "{}\n"},
		{inject(``), 0, "", "{}\n"},
		{inject(`"--mon_tick_interval","7"`), 0, "", "{}\n"},
		{`{"prefix":"config get","var":"mon_tick_interval","format":"json"}`, 0, "", `{"mon_tick_interval":"7"}`},
		{inject(`"--mon-lease=6","--debug_ms","1/5"`), 0, "mon_lease = '6.000000' " + restart + "debug_ms = '1/5' " + restart, "{}\n"},
		{inject(`"--bogus=6"`), -22, " failed to parse arguments: --bogus=6\n", ""},
		{inject(`"junk"`), -22, " failed to parse arguments: junk\n", ""},
		{inject(`"--mon_tick_interval=x"`), -22,
			"Parse error setting mon_tick_interval to 'x' using injectargs (strict_si_cast: unit prefix not recognized).\n", ""},
		{inject(`"--mon_tick_interval"`), -22,
			"Parse error setting mon_tick_interval to '' using injectargs (Option --mon_tick_interval requires an argument.\n).\n", ""},
		{`{"prefix":"injectargs","injected_args":"x"}`, -22, "invalid command json", ""},
		{`{"prefix":"config set","var":"mon_lease","val":["8"],"format":"json"}`, 0, "", `{"success":"mon_lease = '8.000000' ` + restart + `"}`},
		{`{"prefix":"config set","var":"mon_lease","val":["x"]}`, -22, "error setting 'mon_lease' to 'x': (22) Invalid argument", ""},
		{`{"prefix":"config unset","var":"mon_lease"}`, 0, "mon_lease = '5.000000' " + restart, "{}\n"},
	} {
		code, status, output := m.tell(&msg.Command{FSID: c.fsid, Cmd: []string{tt.cmd}})
		if code != tt.code || status != tt.status || string(output) != tt.output {
			t.Errorf("%s\n got %d %q %q\nwant %d %q %q", tt.cmd, code, status, output, tt.code, tt.status, tt.output)
		}
	}
	if m.opts.TickInterval != 7*time.Second {
		t.Errorf("ticks every %v", m.opts.TickInterval)
	}
	_, _, output := m.tell(&msg.Command{FSID: c.fsid, Cmd: []string{`{"prefix":"sessions","format":"json"}`}})
	if want := `"con_type":"mgr","con_features":`; !strings.Contains(string(output), want) || !strings.Contains(string(output), `"authenticated":true,"global_id":1,`) {
		t.Errorf("sessions %s", output)
	}
}

// A manager that wants digests gets one at once, and then one every 5 s.
func TestMon_digests(t *testing.T) { // MM-22
	c := newCluster(t, 3, 76).startAll()
	cl := c.login((c.settle() + 1) % 3)
	cl.subscribe("mgrdigest", 0, false)
	c.world.Run(100 * time.Millisecond)
	digests := func() (list []*msg.MgrDigest) {
		for _, m := range cl.got {
			if d, ok := m.Body.(*msg.MgrDigest); ok {
				list = append(list, d)
			}
		}
		return list
	}
	if len(digests()) != 1 {
		t.Fatalf("%d digests at once", len(digests()))
	}
	var health healthJSON
	var status struct{ Name, State string }
	if err := json.Unmarshal(digests()[0].Health, &health); err != nil || health.Status != "HEALTH_OK" {
		t.Errorf("health %s: %v", digests()[0].Health, err)
	}
	if err := json.Unmarshal(digests()[0].MonStatus, &status); err != nil || status.State != "peon" {
		t.Errorf("mon status %s: %v", digests()[0].MonStatus, err)
	}
	cl.command(`{"prefix":"log","logtext":["a commit"]}`)
	c.world.Run(20 * time.Second)
	if n := len(digests()); n != 5 {
		t.Errorf("%d digests in 20 s", n)
	}
	cl.n.mon.lost(cl.con)
	c.world.Run(6 * time.Second)
	if cl.n.mon.digest.Armed() {
		t.Error("the timer runs for nobody")
	}
}

// What the active manager answers is in the list of commands, marked so that clients
// send it there, on every monitor; a manager that follows brings its own.
func TestMon_listsTheManagersCommands(t *testing.T) {
	c := newCluster(t, 3, 77).startAll()
	leader := c.settle()
	cl := c.login((leader + 1) % 3)
	announce := func(available bool, commands ...string) {
		b := &msg.MgrBeacon{FSID: c.fsid, GID: cl.gid, Name: "x", Available: available}
		for _, k := range commands {
			b.Commands = append(b.Commands, msg.CommandDescription{Command: k, Help: "help", Module: "mgr", Permission: "r"})
		}
		cl.send(b)
		c.world.Run(2 * time.Second)
	}
	listed := func(want string, not ...string) {
		t.Helper()
		for rank := range c.mons {
			_, data := c.login(rank).command(`{"prefix":"get_command_descriptions","format":"json"}`)
			var all map[string]any
			if err := json.Unmarshal(data, &all); err != nil || !strings.Contains(string(data), want) {
				t.Errorf("mon %d: %v, no %s", rank, err, want)
			}
			for _, text := range not {
				if strings.Contains(string(data), text) {
					t.Errorf("mon %d has %s", rank, text)
				}
			}
		}
	}
	announce(false, "too early")
	announce(true, "pg stat", "osd df name=filter,type=CephString,req=false", " ")
	pgStat := `{"sig":["pg","stat"],"help":"help","module":"mgr","perm":"r","flags":8}`
	listed(pgStat, `"early"`, `"sig":null`)
	listed(`{"sig":["osd","df",{"name":"filter","req":"false","type":"CephString"}],"help":"help","module":"mgr","perm":"r","flags":8}`)
	manager := c.attachManager(c.named(cl.n.name))
	manager.answer = func(string, []byte) mgrc.CommandResult {
		return mgrc.CommandResult{Code: -95, Status: "no pgs", Data: []byte("x\n")}
	}
	cl.converse([]exchange{{`{"prefix":"pg stat"}`, "", -95, "no pgs", "x\n"}, {`{"prefix":"pg"}`, "", -22, "command not known", ""}})
	// As long as it is available it need not repeat them, whatever else it has to say.
	cl.send(&msg.MgrBeacon{FSID: c.fsid, GID: cl.gid, Name: "x", Available: true, Services: map[string]string{"s": "http://x"}})
	c.world.Run(2 * time.Second)
	listed(pgStat)
	cl.command(`{"prefix":"mgr fail","who":"x"}`)
	listed(pgStat) // clients wait for another manager
	cl = c.login((leader + 1) % 3)
	announce(false)
	announce(true, "crash ls")
	listed(`{"sig":["crash","ls"],`, `"sig":["pg","stat"]`)
}
