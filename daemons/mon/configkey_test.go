package mon

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// exchange is a command and its answer.
type exchange struct {
	cmd    string
	input  string
	code   int32
	status string
	data   string
}

// converse gives the commands one after another and compares the answers.
func (cl *client) converse(talk []exchange) {
	cl.c.t.Helper()
	for _, x := range talk {
		ack, data := cl.commandWith(x.cmd, []byte(x.input))
		if ack.Code != x.code || ack.Status != x.status || string(data) != x.data {
			cl.c.t.Errorf("%s\n got %d %q %q\nwant %d %q %q", x.cmd, ack.Code, ack.Status, data, x.code, x.status, x.data)
		}
	}
}

// The answers are those of a real 16.2.15 monitor, from a peon, which forwards.
func TestConfigKey_commands(t *testing.T) {
	c := newCluster(t, 3, 31).startAll()
	cl := c.login((c.settle() + 1) % 3)
	tooBig := "error: entry size limited to 65536 bytes. Use 'mon config key max entry size' to manually adjust"
	cl.converse([]exchange{
		{`{"prefix":"config-key set","key":"a","val":"1"}`, "", 0, "set a", ""},
		{`{"prefix":"config-key set","key":"b/c"}`, "hello\x00\xff", 0, "set b/c", ""},
		{`{"prefix":"config-key set","key":"e"}`, "", 0, "set e", ""},
		{`{"prefix":"config-key put","key":"e2","val":"<x>"}`, "", 0, "set e2", ""},
		{`{"prefix":"config-key get","key":"a"}`, "", 0, "", "1"},
		{`{"prefix":"config-key get","key":"b/c"}`, "", 0, "", "hello\x00\xff"},
		{`{"prefix":"config-key get","key":"nope"}`, "", -2, "", ""},
		{`{"prefix":"config-key get"}`, "", -2, "", ""},
		{`{"prefix":"config-key exists","key":"a"}`, "", 0, "key 'a' exists", ""},
		{`{"prefix":"config-key exists","key":"nope"}`, "", -2, "key 'nope' doesn't exist", ""},
		{`{"prefix":"config-key ls"}`, "", 0, "", "[\n    \"a\",\n    \"b/c\",\n    \"e\",\n    \"e2\"\n]\n"},
		{`{"prefix":"config-key ls","format":"json"}`, "", 0, "", `["a","b/c","e","e2"]` + "\n"},
		{`{"prefix":"config-key dump","format":"json"}`, "", 0, "",
			`{"a":"1","b/c":"<<< binary blob of length 7 >>>","e":"","e2":"<x>"}` + "\n"},
		{`{"prefix":"config-key dump","key":"b/"}`, "", 0, "", "{\n    \"b/c\": \"<<< binary blob of length 7 >>>\"\n}\n"},
		{`{"prefix":"config-key set","key":"big"}`, strings.Repeat("x", 65536), 0, "set big", ""},
		{`{"prefix":"config-key set","key":"big"}`, strings.Repeat("x", 65537), -27, tooBig, ""},
		{`{"prefix":"config-key get","key":"big"}`, "", 0, "", strings.Repeat("x", 65536)},
		{`{"prefix":"config-key rm","key":"a"}`, "", 0, "key deleted", ""},
		{`{"prefix":"config-key get","key":"a"}`, "", -2, "", ""},
		{`{"prefix":"config-key del","key":"nope"}`, "", 0, "key deleted", ""},
		{`{"prefix":"config-key rm"}`, "", -22, "must specify a key", ""},
		{`{"prefix":"config-key set"}`, "", -22, "must specify a key", ""},
		{`{"prefix":"config-key set","key":5}`, "", -22, "bad or missing field 'key'", ""},
		{`{"prefix":"config-key set","key":["a"]}`, "", -22, "bad or missing field 'key'", ""},
		{`{"prefix":"config-key foo"}`, "", -22, "command not known", ""},
	})
}

// kvData is what a subscriber has got, as text, and forgets it.
func (cl *client) kvData() string {
	var b strings.Builder
	for _, m := range cl.got {
		if d, ok := m.Body.(*msg.KVData); ok {
			fmt.Fprintf(&b, "%s incremental=%v:", d.Prefix, d.Incremental)
			for _, key := range wire.SortedKeys(d.Data) {
				if v := d.Data[key]; v == nil {
					fmt.Fprintf(&b, " -%s", key)
				} else {
					fmt.Fprintf(&b, " %s=%s", key, v)
				}
			}
			b.WriteString("; ")
		}
	}
	cl.got = nil
	return b.String()
}

// A subscriber gets everything first, then what changes below its prefix; one that
// comes back gets what it has missed, or everything if nobody remembers.
func TestConfigKey_subscriptions(t *testing.T) {
	c := newCluster(t, 1, 32)
	c.opts.SnapshotEvery = 3
	c.startAll()
	admin, sub := c.login(0), c.login(0)
	set := func(key, val string) {
		admin.command(fmt.Sprintf(`{"prefix":"config-key set","key":%q,"val":%q}`, key, val))
	}
	expect := func(what, want string) {
		t.Helper()
		c.world.Run(10e6)
		if got := sub.kvData(); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	set("mgr/a", "1")
	set("other", "x")
	sub.subscribe("kv:mgr/", 0, false)
	expect("at first", "mgr/ incremental=false: mgr/a=1; ")
	set("mgr/b", "")
	expect("a change", "mgr/ incremental=true: mgr/b=; ")
	set("other", "y")
	expect("a change elsewhere", "")
	admin.command(`{"prefix":"config-key rm","key":"mgr/a"}`)
	expect("a removal", "mgr/ incremental=true: -mgr/a; ")
	sub.subscribe("kv:mgr/", 2, false)
	expect("back again", "mgr/ incremental=true: -mgr/a mgr/b=; ")
	sub.subscribe("kv:none/", 0, true)
	expect("nothing there, once", "none/ incremental=false:; ")
	set("none/x", "1")
	expect("nothing after once", "")

	c.mons[0].machine.PowerCut()
	c.start(0)
	c.settle()
	sub = c.login(0)
	sub.subscribe("kv:mgr/", 2, false)
	expect("after a restart", "mgr/ incremental=false: mgr/b=; ")
}

// Every monitor comes to the same keys, also one that was away and gets a snapshot.
func TestConfigKey_sameEverywhere(t *testing.T) {
	c := newCluster(t, 3, 33)
	c.opts.SnapshotEvery = 5
	c.startAll()
	leader := c.settle()
	away := (leader + 1) % 3
	cl := c.login((leader + 2) % 3)
	c.mons[away].machine.PowerCut()
	for i := range 20 {
		cl.command(fmt.Sprintf(`{"prefix":"config-key set","key":"k%d","val":"%d"}`, i%7, i))
	}
	c.start(away)
	c.settle()
	c.world.Run(20e9)
	want := c.mons[leader].mon.state.Snapshot()
	for i, n := range c.mons {
		if !bytes.Equal(n.mon.state.Snapshot(), want) {
			t.Errorf("mon %d differs", i)
		}
	}
	if n := len(c.mons[away].mon.configKey.keys("k")); n != 7 {
		t.Errorf("%d keys", n)
	}
}

// A monitor that was given the state as a snapshot does not know what has changed.
func TestConfigKey_changesAcrossASnapshot(t *testing.T) {
	state := func(keys ...string) (*store.State, *configKey) {
		s, k := store.New(nil, 1), newConfigKey()
		for i, key := range keys {
			b := store.Batch{Ops: []store.Op{store.Edit{Space: configKeySpace, From: uint64(i), Set: map[string][]byte{key: nil}}}}
			if err := s.Apply(b); err != nil {
				t.Fatal(err)
			}
			k.follow(b.Ops)
		}
		return s, k
	}
	ahead, _ := state("a", "b", "c")
	s, k := state("a")
	if err := s.Restore(ahead.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if err := k.load(s); err != nil {
		t.Fatal(err)
	}
	if d := k.data("", 2); d.Incremental || d.DataVersion != 3 || len(d.Data) != 3 {
		t.Errorf("%+v", d)
	}
	k.follow([]store.Op{store.Edit{Space: configKeySpace, From: 3, Drop: []string{"a"}}})
	if len(k.recent) != 1 {
		t.Errorf("changes before the gap are remembered: %+v", k.recent)
	}
}

// Commands that wait for a commit go together with the next, and every one of them
// takes effect; who goes by what is committed goes alone.
func TestConfigKey_gather(t *testing.T) {
	c := newCluster(t, 3, 37).startAll()
	leader := c.settle()
	cl := c.login((leader + 1) % 3)
	c.world.Run(10 * time.Second)
	before := c.mons[leader].mon.state.Commits()
	var tids []uint64
	give := func(format string, args ...any) {
		tids = append(tids, cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{fmt.Sprintf(format, args...)}}))
	}
	for i := range 40 {
		give(`{"prefix":"config-key set","key":"k%d","val":"%d"}`, i%20, i)
		if i%10 == 9 {
			give(`{"prefix":"config set","who":"global","name":"debug_mon","value":"%d"}`, i/10+1)
		}
	}
	give(`{"prefix":"config-key rm","key":"k0"}`)
	c.world.Run(5 * time.Second)
	acked := map[uint64]bool{}
	for _, m := range cl.got {
		if a, ok := m.Body.(*msg.MonCommandAck); ok && a.Code == 0 {
			acked[m.Header.Tid] = true
		}
	}
	for i, tid := range tids {
		if !acked[tid] {
			t.Errorf("command %d is not answered", i)
		}
	}
	if n := c.mons[leader].mon.state.Commits() - before; n > 15 {
		t.Errorf("45 commands at once took %d commits", n)
	}
	if n := len(configVersions(c.mons[leader].mon.configKey)); n != 4 {
		t.Errorf("%d versions of the configuration, want one for each change", n)
	}
	for i := 1; i < 20; i++ {
		if v, _ := c.mons[leader].mon.configKey.get(fmt.Sprint("k", i)); string(v) != fmt.Sprint(20+i) {
			t.Errorf("k%d is %q, want the later value", i, v)
		}
	}
	c.sameCommits()
}

// However many wait, a batch is bounded.
func TestConfigKey_gatherIsBounded(t *testing.T) {
	c := newCluster(t, 1, 38).startAll()
	cl := c.login(0)
	c.world.Run(10 * time.Second)
	before := c.mons[0].mon.state.Commits()
	for i := range 10 * maxGathered {
		cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{fmt.Sprintf(`{"prefix":"config-key set","key":"k%d","val":"x"}`, i)}})
	}
	c.world.Run(5 * time.Second)
	if n := c.mons[0].mon.state.Commits() - before; n < 10 || n > 25 {
		t.Errorf("%d commits for %d commands of which %d can go together", n, 10*maxGathered, maxGathered)
	}
	if n := len(c.mons[0].mon.configKey.keys("k")); n != 10*maxGathered {
		t.Errorf("%d keys", n)
	}
}
