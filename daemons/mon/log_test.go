package mon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// entries are lines of a daemon, numbered from first to last.
func logEntries(channel string, first, last uint64) (list []msg.LogEntry) {
	for seq := first; seq <= last; seq++ {
		list = append(list, msg.LogEntry{
			Name: msg.AuthName{Type: uint32(msg.EntityMgr), ID: "x"}, Rank: msg.EntityName{Type: msg.EntityMgr, Num: 4242},
			Stamp: wire.UTime{Sec: 1700000100 + uint32(seq)}, Seq: seq, Level: msg.LogInfo, Text: fmt.Sprint("line ", seq), Channel: channel,
		})
	}
	return list
}

// texts are what "log last" shows of a channel.
func (cl *client) texts(channel string) []string {
	cl.c.t.Helper()
	_, data := cl.command(fmt.Sprintf(`{"prefix":"log last","num":10000,"level":"debug","channel":%q}`, channel))
	var list []string
	for line := range strings.Lines(string(data)) {
		_, text, _ := strings.Cut(line, "] ")
		list = append(list, strings.TrimSuffix(text, "\n"))
	}
	return list
}

func (cl *client) acked() (seqs []uint64) {
	for _, m := range cl.got {
		if a, ok := m.Body.(*msg.LogAck); ok {
			seqs = append(seqs, a.Last)
		}
	}
	return seqs
}

// Lines are acknowledged when they are committed and not before, and a repeated one
// is in the log once, whichever monitor hears of it.
func TestLog_commitsThenAcknowledgesOnce(t *testing.T) {
	c := newCluster(t, 3, 41).startAll()
	leader := c.settle()
	peons := []int{(leader + 1) % 3, (leader + 2) % 3}
	a, b := c.login(peons[0]), c.login(peons[1])
	c.world.Run(2 * time.Second)
	for _, p := range peons { // no majority: nothing is committed
		c.cut[[2]int{p, leader}] = true
	}
	direct := c.login(leader)
	direct.send(&msg.Log{FSID: c.fsid, Entries: logEntries("audit", 1, 3)})
	c.world.Run(500 * time.Millisecond)
	if got := direct.acked(); len(got) > 0 {
		t.Errorf("acknowledged without a majority: %v", got)
	}
	clear(c.cut)
	c.settle()
	c.until("acknowledged", func() bool { return len(direct.acked()) == 1 })
	a.send(&msg.Log{FSID: c.fsid, Entries: logEntries("audit", 2, 4)})
	b.send(&msg.Log{FSID: c.fsid, Entries: logEntries("audit", 1, 4)})
	c.until("acknowledged", func() bool { return len(a.acked()) == 1 && len(b.acked()) == 1 })
	if got := fmt.Sprint(a.acked(), b.acked(), direct.acked()); got != "[4] [4] [3]" {
		t.Errorf("acknowledged up to %s", got)
	}
	for i := range c.mons {
		c.until("the same log", func() bool { return c.mons[i].mon.clog.last == c.mons[leader].mon.clog.last })
		if got := c.login(i).texts("audit"); !slices.Equal(got, []string{"line 1", "line 2", "line 3", "line 4"}) {
			t.Errorf("mon %d: %v", i, got)
		}
	}
}

// A channel keeps its latest entries, and none of another channel's go for them;
// memory and store agree, also after a restart.
func TestLog_keepsTheLatestOfEachChannel(t *testing.T) {
	c := newCluster(t, 1, 42)
	c.opts.MaxLogEntries, c.opts.SnapshotEvery = 5, 4
	c.startAll()
	cl := c.login(0)
	send := func(channel string, first, last uint64) {
		n := len(cl.acked())
		cl.send(&msg.Log{FSID: c.fsid, Entries: logEntries(channel, first, last)})
		c.until("acknowledged", func() bool { return len(cl.acked()) > n })
	}
	send("audit", 1, 2)
	for i := range uint64(10) {
		send("cephadm", 100+i, 100+i)
	}
	send("cephadm", 200, 220) // more than there is room for, at once
	send("cephadm", 300, 300)
	check := func(when string) {
		t.Helper()
		if got := strings.Join(cl.texts("audit"), ","); got != "line 1,line 2" {
			t.Errorf("%s: audit: %s", when, got)
		}
		if got := strings.Join(cl.texts("cephadm"), ","); got != "line 217,line 218,line 219,line 220,line 300" {
			t.Errorf("%s: cephadm: %s", when, got)
		}
		l := c.mons[0].mon.clog
		if stored := c.mons[0].mon.state.Keys(logSpace); len(stored) != len(l.entries) || len(stored) != len(l.known) {
			t.Errorf("%s: %d stored, %d in memory, %d known", when, len(stored), len(l.entries), len(l.known))
		}
	}
	check("before")
	c.mons[0].machine.PowerCut()
	c.start(0)
	c.settle()
	c.world.Run(time.Second)
	cl = c.login(0)
	check("after a restart")
}

// The answers are those of a real 16.2.15 monitor.
func TestLog_commands(t *testing.T) {
	c := newCluster(t, 3, 43).startAll()
	leader := c.settle()
	c.world.Run(2 * time.Second)
	cl := c.login((leader + 1) % 3) // forwards
	cl.converse([]exchange{
		{`{"prefix":"log","logtext":["hello","world"]}`, "", 0, "", ""},
		{`{"prefix":"log"}`, "", 0, "", ""},
		{`{"prefix":"log","logtext":"hello"}`, "", -22, "bad or missing field 'logtext'", ""},
		{`{"prefix":"log last","level":"bogus"}`, "", -22, "Invalid severity 'bogus'", ""},
		{`{"prefix":"log last","channel":"bogus"}`, "", 0, "", ""},
		{`{"prefix":"log last","level":"warn"}`, "", 0, "", ""},
		{`{"prefix":"log last","num":"x"}`, "", -22, "bad or missing field 'num'", ""},
	})
	_, data := cl.command(`{"prefix":"log last","num":2}`)
	want := fmt.Sprintf(" mgr.x (mgr.%d) 0 : cluster [INF] hello world\n", cl.gid)
	if first, _, _ := strings.Cut(string(data), "\n"); !strings.HasSuffix(first+"\n", want) || len(first) != len(want)+30 {
		t.Errorf("got %q, want a time and %q", first, want)
	}
	_, data = cl.command(`{"prefix":"log last","num":3,"format":"json"}`)
	name := c.mons[leader].name
	for _, part := range []string{
		fmt.Sprintf(`[{"name":"mon.%s","rank":"mon.%d","addrs":{"addrvec":[{"type":"v1","addr":"10.0.0.%d:6789","nonce":0}]},"stamp":"`, name, leader, leader+1),
		fmt.Sprintf(`"seq":1,"channel":"cluster","priority":"[INF]","message":"mon.%s is new leader, mons a,b,c in quorum (ranks 0,1,2)"}`, name),
	} {
		if !strings.Contains(string(data), part) {
			t.Errorf("no %s in\n%s", part, data)
		}
	}
}

// A subscriber hears of what comes after it, of its level or worse, once.
func TestLog_subscription(t *testing.T) {
	c := newCluster(t, 3, 44).startAll()
	leader := c.settle()
	c.world.Run(2 * time.Second)
	admin, info, warn := c.login(leader), c.login((leader+1)%3), c.login((leader+1)%3)
	info.subscribe("log-info", 0, false)
	warn.subscribe("log-warn", 0, false)
	c.world.Run(time.Second)
	admin.command(`{"prefix":"log","logtext":["one"]}`)
	admin.command(`{"prefix":"log","logtext":["two"]}`)
	c.world.Run(time.Second)
	var texts []string
	versions := []uint64{0}
	for _, m := range info.got {
		if l, ok := m.Body.(*msg.Log); ok {
			for _, e := range l.Entries {
				texts = append(texts, e.Text)
			}
			versions = append(versions, l.MapVersion)
		}
	}
	if !slices.Equal(texts, []string{"one", "two"}) || len(slices.Compact(versions)) != 3 || !slices.IsSorted(versions) {
		t.Errorf("got %v with versions %v", texts, versions)
	}
	if slices.ContainsFunc(warn.got, func(m *msg.Message) bool { return m.Header.Type == msg.TypeLog }) {
		t.Error("log-warn has got [INF]")
	}
}

// The monitors tell of managers in Ceph's words.
func TestLog_tellsOfManagers(t *testing.T) {
	c := newCluster(t, 1, 45).startAll()
	x, y := c.login(0), c.login(0)
	x.beacon("x", false)
	c.world.Run(time.Second)
	y.beacon("y", false)
	x.beacon("x", true)
	for range 20 {
		c.world.Run(2 * time.Second)
		y.beacon("y", false)
	}
	c.world.Run(2 * time.Second)
	again := c.login(0)
	again.beacon("y", false)
	c.world.Run(60 * time.Second)
	got := c.login(0).texts("cluster")
	want := []string{
		"mon.a is new leader, mons a in quorum (ranks 0)",
		"Activating manager daemon x", "Manager daemon x is now available",
		"Manager daemon x is unresponsive, replacing it with standby daemon y", "Activating manager daemon y",
		"Active manager daemon y restarted", "Activating manager daemon y",
		"Manager daemon y is unresponsive.  No standby daemons available.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
