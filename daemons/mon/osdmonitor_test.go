package mon

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The states that OSDs go through by command, on the machine alone: each step is
// committed before the next.
func TestOSDMonitor_statesByCommand(t *testing.T) {
	om := newOSDMonitor()
	om.refresh(osdmap.New(wire.UUID{1}, wire.UTime{Sec: 1}))
	wall := wire.UTime{Sec: 10}
	uuid := func(i int32) wire.UUID { return wire.UUID{0: 7, 15: byte(i)} }
	up := func() bool { // as its boot will do
		om.pending.inc.NewUp[0] = msg.AddrVec{{Type: msg.AddrLegacy, Nonce: 1, IP: netip.MustParseAddrPort("10.0.0.9:6800")}}
		om.pending.edit(wall)
		return true
	}
	for _, step := range []struct {
		what    string
		do      func() bool
		changes bool
		want    string // states and whether they are in
	}{
		{"create", func() bool { return om.create(uuid(0), wall) == 0 }, true, "exists,new in"},
		{"the same again", func() bool { return om.create(uuid(0), wall) == 0 }, true, "exists,new in"},
		{"another two", func() bool { return om.create(uuid(1), wall) == 1 && om.create(uuid(2), wall) == 2 }, true, "exists,new in; exists,new in; exists,new in"},
		{"the same twice in one epoch", func() bool {
			first := om.create(uuid(3), wall)
			return first == 3 && first == om.create(uuid(3), wall)
		}, true, ""},
		{"down while down", func() bool { return om.markDown(0, wall) }, false, ""},
		{"out", func() bool { return om.markOut(1, wall) }, true, ""},
		{"out again", func() bool { return om.markOut(1, wall) }, false, ""},
		{"up", up, true, "exists,up,new in; exists,new out; exists,new in; exists,new in"},
		{"down and in", func() bool { return om.markDown(0, wall) && om.markIn(1, wall) }, true, "exists,new in; exists in; exists,new in; exists,new in"},
		{"down twice in one epoch", func() bool { return om.markDown(0, wall) }, false, ""},
	} {
		om.begin()
		if did := step.do(); did != step.changes {
			t.Errorf("%s: %v", step.what, did)
		}
		next, err := om.committed.Apply(om.pending.inc)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		om.refresh(next)
		if got := osdStates(next); step.want != "" && got != step.want {
			t.Errorf("%s: %s, want %s", step.what, got, step.want)
		}
	}
	if o := om.committed.OSDs[0]; o.Info.DownAt != om.committed.Epoch-1 || o.XInfo.DownStamp != wall || om.committed.LastUpChange != wall {
		t.Errorf("%+v", o)
	}
}

func osdStates(om *osdmap.Map) string {
	var list []string
	for i := range om.OSDs {
		in := " out"
		if om.OSDs[i].In() {
			in = " in"
		}
		list = append(list, strings.Join(stateNames(om.OSDs[i].State), ",")+in)
	}
	return strings.Join(list, "; ")
}

func TestParseBlocked(t *testing.T) {
	for _, c := range []struct {
		text  string
		net   bool
		want  string
		wrong bool
	}{
		{text: "10.0.0.1:6800/7", want: "10.0.0.1:6800/7"},
		{text: "v1:10.0.0.1:6800/7", want: "10.0.0.1:6800/7"},
		{text: "10.0.0.1:6800", want: "10.0.0.1:6800/0"},
		{text: "10.0.0.1", want: "10.0.0.1:0/0"},
		{text: "[2001:db8::7]:6800/4294967295", want: "[2001:db8::7]:6800/4294967295"},
		{text: "2001:db8::7", want: "[2001:db8::7]:0/0"},
		{text: "::ffff:10.0.0.1", want: "10.0.0.1:0/0"},
		{text: "10.1.2.3/16", net: true, want: "cidr:10.1.0.0:0/16"},
		{text: "2001:db8::/32", net: true, want: "cidr:[2001:db8::]:0/32"},
		{text: "", wrong: true},
		{text: "nonsense", wrong: true},
		{text: "10.0.0.1:99999", wrong: true},
		{text: "10.0.0.1:1/4294967296", wrong: true},
		{text: "10.0.0.1:1/-1", wrong: true},
		{text: "10.0.0.1", net: true, wrong: true},
		{text: "10.0.0.1/33", net: true, wrong: true},
	} {
		key, err := parseBlocked(c.text, c.net)
		if (err != nil) != c.wrong || err == nil && blockedText(key) != c.want {
			t.Errorf("%q: %s, %v; want %s", c.text, blockedText(key), err, c.want)
		}
	}
}

// fencing is a cluster in which a mgr with two addresses is active and another
// stands by.
func fencing(t *testing.T, d Defects) (c *cluster, leader int, mgr *client) {
	c = newCluster(t, 3, 17)
	c.defects = d
	c.startAll()
	leader = c.settle()
	mgr = c.login(leader)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	standby := c.login(leader)
	standby.beacon("y", false)
	own := func(nonce uint32) msg.AddrVec {
		return msg.AddrVec{{Type: msg.AddrLegacy, Nonce: nonce, IP: netip.MustParseAddrPort("10.0.2.1:6800")}}
	}
	mgr.send(&msg.MgrBeacon{
		FSID: c.fsid, GID: mgr.gid, Name: "x", Available: true,
		ServerAddrs: own(7), ClientAddrs: []msg.AddrVec{own(8)}, ClientNames: []string{"rbd"},
	})
	c.world.Run(2 * time.Second)
	return c, leader, mgr
}

// Commands about the blocklist that had to wait go together, each upon what those before it
// have done.
func TestMon_blocklistGathers(t *testing.T) {
	c := newCluster(t, 3, 17).startAll()
	leader := c.settle()
	cl := c.login(leader)
	before := c.mons[leader].mon.state.Commits()
	for i := range 20 {
		cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{fmt.Sprintf(`{"prefix":"osd blocklist","blocklistop":"add","addr":"192.0.2.1:0/%d"}`, i)}})
	}
	cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"osd blocklist","blocklistop":"rm","addr":"192.0.2.1:0/7"}`}})
	c.world.Run(5 * time.Second)
	if n := c.mons[leader].mon.state.Commits() - before; n > 5 {
		t.Errorf("21 commands at once took %d commits", n)
	}
	if n := len(c.mons[leader].mon.osd.committed.Blocklist); n != 19 {
		t.Errorf("%d addresses are blocked, want 19", n)
	}
	c.sameCommits()
}

// A mgr that is dropped is fenced in the same commit: at no moment does any monitor
// have the one map without the other (MM-18, I-MGR-5).
func TestMon_dropFencesInTheSameCommit(t *testing.T) {
	c, leader, _ := fencing(t, Defects{})
	if got := c.mons[leader].mon.osd.committed; got.Epoch != 1 || len(got.Blocklist) != 0 {
		t.Fatalf("before: epoch %d, blocklist %v", got.Epoch, got.Blocklist)
	}
	ack, _ := c.login(leader).command(`{"prefix":"mgr fail"}`)
	c.world.Run(time.Second)
	for i := range c.mons {
		commits := c.facts(i, "mon.commit")
		last := commits[len(commits)-1].(MapCommitted)
		before := commits[len(commits)-2].(MapCommitted)
		if last.Map != "mgrmap" || last.Epoch != ack.MapVersion || last.ActiveName != "y" || last.FencedAt != 2 {
			t.Errorf("mon %d: %+v", i, last)
		}
		if before.Map != "osdmap" || before.Epoch != 2 || before.Blocklist != "10.0.2.1:6800/7,10.0.2.1:6800/8" {
			t.Errorf("mon %d: %+v", i, before)
		}
		om := c.mons[i].mon.osd.committed
		if !om.Blocked(msg.EntityAddr{Type: msg.AddrLegacy, Nonce: 7, IP: netip.MustParseAddrPort("10.0.2.1:6800")}) {
			t.Errorf("mon %d does not block the mgr: %v", i, om.Blocklist)
		}
		if got := stamp(later(om.Modified, 24*time.Hour)); got != stamp(om.Blocklist[om.Blocklist.Keys()[0]]) {
			t.Errorf("mon %d: blocked until %v, modified %v", i, om.Blocklist, om.Modified)
		}
		if commits := c.mons[i].mon.state.Commits(); commits != c.mons[leader].mon.state.Commits() {
			t.Errorf("mon %d: %d commits", i, commits)
		}
	}
	c.sameCommits()
}

// A mgr that had no address yet is not on the blocklist, but its fence has an epoch
// of its own nonetheless.
func TestMon_dropWithoutAddresses(t *testing.T) {
	c := newCluster(t, 1, 18).startAll()
	mgr := c.login(0)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	mgr.command(`{"prefix":"mgr fail"}`)
	m := c.mons[0].mon
	if om, mm := m.osd.committed, m.mgr.committed; om.Epoch != 2 || len(om.Blocklist) != 0 || mm.LastFailureOSDEpoch != 2 {
		t.Errorf("osdmap %d with %v, fenced at %d", om.Epoch, om.Blocklist, mm.LastFailureOSDEpoch)
	}
}

// The planted bug proposes the mgrmap by itself: there is a commit after which the
// mgr is dropped and not fenced.
func TestMon_withoutPlugTheFenceComesLater(t *testing.T) {
	c, leader, _ := fencing(t, Defects{NoPaxosPlug: true})
	c.login(leader).command(`{"prefix":"mgr fail"}`)
	c.world.Run(5 * time.Second)
	var order []string
	for _, f := range c.facts(leader, "mon.commit") {
		order = append(order, fmt.Sprint(f.(MapCommitted).Map, f.(MapCommitted).Epoch))
	}
	if got := strings.Join(order[len(order)-2:], " "); got != "mgrmap4 osdmap2" {
		t.Errorf("committed %v", order)
	}
}

// osdMaps are the epochs that a client got: "+" for an incremental.
func (cl *client) osdMaps() (list []string) {
	for _, m := range cl.got {
		b, ok := m.Body.(*msg.OSDMap)
		if !ok {
			continue
		}
		for _, epoch := range wire.SortedKeys(b.Full) {
			list = append(list, fmt.Sprint(epoch))
		}
		for _, epoch := range wire.SortedKeys(b.Incremental) {
			list = append(list, fmt.Sprint("+", epoch))
		}
	}
	return list
}

func TestMon_osdmapSubscriptions(t *testing.T) { // SV-8, SV-9
	c := newCluster(t, 1, 19)
	c.opts.MaxMgrMapEpochs = 45
	c.startAll()
	operator := c.login(0)
	block := func(n int) {
		operator.command(fmt.Sprintf(`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.9.0.1:1/%d"}`, n))
	}
	for n := range 49 { // epochs 2 to 50, of which 6 to 50 are kept
		block(n)
	}
	for _, k := range []struct {
		start   uint64
		onetime bool
		want    string // now, and after one more epoch
	}{
		{0, true, "[50]"},
		{0, false, "[50 +51]"},
		{50, false, "[+50 +51]"},
		{49, true, "[+49 +50]"},
		{51, true, "[+51]"},
		{52, false, "[]"},
	} {
		t.Run(fmt.Sprint(k.start, k.onetime), func(t *testing.T) {
			c := newCluster(t, 1, 19)
			c.startAll()
			operator = c.login(0)
			for n := range 49 {
				block(n)
			}
			cl := c.login(0)
			cl.subscribe("osdmap", k.start, k.onetime)
			c.world.Run(time.Second)
			block(99)
			c.world.Run(time.Second)
			if got := fmt.Sprint(cl.osdMaps()); got != k.want {
				t.Errorf("got %s, want %s", got, k.want)
			}
		})
	}
	t.Run("from before what is kept", func(t *testing.T) {
		cl := c.login(0)
		cl.subscribe("osdmap", 1, false)
		c.world.Run(time.Second)
		follow(t, cl, c.mons[0].mon.osd.committed)
		if got := cl.osdMaps(); len(got) != 45 || got[0] != "6" || got[1] != "+7" || got[44] != "+50" {
			t.Errorf("got %v", got)
		}
		messages := 0
		for _, m := range cl.got {
			if b, ok := m.Body.(*msg.OSDMap); ok {
				messages++
				if len(b.Incremental) > 40 || b.Oldest != 6 || b.Newest != 50 {
					t.Errorf("%d incrementals of %d to %d", len(b.Incremental), b.Oldest, b.Newest)
				}
			}
		}
		if messages != 3 {
			t.Errorf("%d messages", messages)
		}
	})
	t.Run("again from an older epoch", func(t *testing.T) {
		cl := c.login(0)
		cl.subscribe("osdmap", 0, false)
		c.world.Run(time.Second)
		cl.subscribe("osdmap", 49, false)
		c.world.Run(time.Second)
		if got := fmt.Sprint(cl.osdMaps()); got != "[50 +49 +50]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("again from the one it has", func(t *testing.T) {
		cl := c.login(0)
		cl.subscribe("osdmap", 0, false)
		c.world.Run(time.Second)
		cl.subscribe("osdmap", 50, false)
		c.world.Run(time.Second)
		if got := fmt.Sprint(cl.osdMaps()); got != "[50]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("once is one message", func(t *testing.T) {
		cl := c.login(0)
		cl.subscribe("osdmap", 7, true)
		c.world.Run(time.Second)
		if got := cl.osdMaps(); len(got) != 40 || got[0] != "+7" || got[39] != "+46" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("versions", func(t *testing.T) {
		cl := c.login(0)
		cl.send(&msg.MonGetVersion{Handle: 5, What: "osdmap"})
		c.world.Run(time.Second)
		if b, ok := cl.got[len(cl.got)-1].Body.(*msg.MonGetVersionReply); !ok || b.Oldest != 6 || b.Newest != 50 {
			t.Errorf("%+v", cl.got[len(cl.got)-1].Body)
		}
	})
}

// follow takes over what the client got, epoch by epoch, and compares where it ends.
func follow(t *testing.T, cl *client, want *osdmap.Map) {
	t.Helper()
	var om *osdmap.Map
	for _, m := range cl.got {
		b, ok := m.Body.(*msg.OSDMap)
		if !ok {
			continue
		}
		for _, epoch := range wire.SortedKeys(b.Full) {
			full, err := osdmap.Decode(b.Full[epoch])
			if err != nil {
				t.Fatal(err)
			}
			om = full
		}
		for _, epoch := range wire.SortedKeys(b.Incremental) {
			inc, err := osdmap.DecodeIncremental(b.Incremental[epoch])
			if err == nil {
				om, err = om.Apply(inc)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, crc := om.Encode(); crc != inc.FullCRC {
				t.Fatalf("epoch %d: checksum %#x, want %#x", epoch, crc, inc.FullCRC)
			}
		}
	}
	got, _ := om.Encode()
	if all, _ := want.Encode(); string(got) != string(all) {
		t.Errorf("arrived at epoch %d, want %d", om.Epoch, want.Epoch)
	}
}

func TestMon_osdCommands(t *testing.T) {
	c := newCluster(t, 3, 20).startAll()
	cl := c.login((c.settle() + 1) % 3)
	for _, k := range []struct {
		cmd  string
		code int32
		text string // in the status or the output
	}{
		{`{"prefix":"osd stat"}`, 0, "0 osds: 0 up, 0 in; epoch: e1"},
		{`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.1:6800/7","expire":100}`, 0, "blocklisting 10.0.0.1:6800/7 until "},
		{`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.2:0/0"}`, 0, " (3600 sec)"},
		{`{"prefix":"osd blocklist","range":"range","blocklistop":"add","addr":"10.1.0.0/16"}`, 0, "blocklisting cidr:10.1.0.0:0/16 until "},
		{`{"prefix":"osd blocklist","blocklistop":"add","addr":"nonsense"}`, -22, "unable to parse address"},
		{`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.1","expire":-1}`, -22, "no number of seconds"},
		{`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.1","expire":1e300}`, -22, "no number of seconds"},
		{`{"prefix":"osd blocklist","blocklistop":"bend","addr":"10.0.0.1"}`, -22, "neither add nor rm"},
		{`{"prefix":"osd blocklist ls"}`, 0, "listed 3 entries10.0.0.2:0/0 "},
		{`{"prefix":"osd blocklist ls","format":"json"}`, 0, `{"range":"cidr:10.1.0.0:0/16","until":"`},
		{`{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.0.0.9:1/1"}`, 0, "10.0.0.9:1/1 isn't blocklisted"},
		{`{"prefix":"osd blocklist","blocklistop":"rm","addr":"10.0.0.1:6800/7"}`, 0, "un-blocklisting 10.0.0.1:6800/7"},
		{`{"prefix":"osd dump"}`, 0, "\nblocklist 10.0.0.2:0/0 expires "},
		{`{"prefix":"osd dump","format":"json"}`, 0, `"range_blocklist":{"cidr:10.1.0.0:0/16":"`},
		{`{"prefix":"osd dump","epoch":1,"format":"json"}`, 0, `{"epoch":1,`},
		{`{"prefix":"osd dump","epoch":99}`, -2, "there is no map for epoch 99"},
		{`{"prefix":"osd getmap","epoch":99}`, -2, "there is no map for epoch 99"},
		{`{"prefix":"osd blocklist clear"}`, 0, " removed all blocklist entries"},
		{`{"prefix":"osd blocklist ls"}`, 0, "listed 0 entries"},
		{`{"prefix":"osd new","uuid":"nonsense"}`, -22, "unable to parse uuid"},
		{`{"prefix":"osd new","uuid":"00000000-0000-0000-0000-000000000007"}`, 0, "0\n"},
		{`{"prefix":"osd new","uuid":"00000000-0000-0000-0000-000000000007"}`, 0, "0\n"},
		{`{"prefix":"osd out","ids":["0","osd.5"]}`, 0, "marked out osd.0. osd.5 does not exist. "},
		{`{"prefix":"osd out","ids":["0"]}`, 0, "osd.0 is already out. "},
		{`{"prefix":"osd in","ids":["osd.0"]}`, 0, "marked in osd.0. "},
		{`{"prefix":"osd down","ids":["0"]}`, 0, "osd.0 is already down. "},
		{`{"prefix":"osd down","ids":["-1"]}`, -22, "invalid osd id"},
		{`{"prefix":"osd stat","format":"json"}`, 0, `"num_osds":1,"num_up_osds":0,`},
		{`{"prefix":"status"}`, 0, "osd: 1 osds: 0 up, 1 in"},
		{`{"prefix":"get_command_descriptions"}`, 0, `"strings":"add|rm"`},
	} {
		ack, data := cl.command(k.cmd)
		if ack.Code != k.code || !strings.Contains(ack.Status+string(data), k.text) {
			t.Errorf("%s: %d %q %s", k.cmd, ack.Code, ack.Status, data)
		}
	}
	_, data := cl.command(`{"prefix":"osd getmap"}`)
	if om, err := osdmap.Decode(data); err != nil || om.Epoch < 5 || len(om.OSDs) != 1 {
		t.Errorf("%+v, %v", om, err)
	}
	c.world.Run(time.Second)
	c.sameCommits()
}

// What has expired is taken off at a tick of the leader, by its wall clock.
func TestMon_blocklistExpires(t *testing.T) {
	c := newCluster(t, 3, 22).startAll()
	cl := c.login(c.settle())
	cl.command(`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.1:6800/7","expire":20}`)
	cl.command(`{"prefix":"osd blocklist","range":"range","blocklistop":"add","addr":"10.1.0.0/16","expire":20}`)
	cl.command(`{"prefix":"osd blocklist","blocklistop":"add","addr":"10.0.0.2:6800/7","expire":600}`)
	count := func() int {
		om := c.mons[0].mon.osd.committed
		return len(om.Blocklist) + len(om.RangeBlocklist)
	}
	c.world.Run(15 * time.Second)
	if count() != 3 {
		t.Errorf("%d entries too early", count())
	}
	c.world.Run(15 * time.Second)
	if om := c.mons[0].mon.osd.committed; count() != 1 || om.Epoch != 5 {
		t.Errorf("%d entries in epoch %d", count(), om.Epoch)
	}
	c.sameCommits()
}
