package mon

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// newcomer starts a monitor on a machine of its own that is in nobody's monmap. mm is
// what it was made with.
func (c *cluster) newcomer(name string, mm msg.MonMap) *node {
	n := &node{name: name, machine: c.world.NewMachine("mon-" + name), config: func(cfg *Config) {
		cfg.MonMap, cfg.Addr = mm, addrOf(c.named(name))
	}}
	c.mons = append(c.mons, n)
	c.start(len(c.mons) - 1)
	return n
}

func (c *cluster) addCommand(name string) string {
	return fmt.Sprintf(`{"prefix":"mon add","name":%q,"addr":"v1:%v"}`, name, addrOf(c.named(name)).IP)
}

// ended reports whether a monitor has found that it is removed.
func (n *node) ended() bool { return n.proc.Dead() && n.proc.ExitReason == "removed from the monmap" }

func (c *cluster) membersAre(want string) bool {
	for _, n := range c.mons {
		if !n.proc.Dead() && strings.Join(n.mon.monMap().Ranks, "") != want {
			return false
		}
	}
	return true
}

func TestMembers_addAndRemove(t *testing.T) {
	c := newCluster(t, 3, 31).startAll()
	leader := c.settle()
	cl := c.login((leader + 1) % 3)
	cl.subscribe("monmap", 0, false)
	d := c.newcomer("d", c.monmap)
	c.world.Run(10 * time.Second)
	if got := d.mon.stateName(); got != "probing" || d.mon.outsider.probed.Epoch != 1 {
		t.Fatalf("before it is added it is %s", got)
	}
	ack, _ := cl.command(c.addCommand("d"))
	if ack.Code != 0 || ack.Status != "adding mon.d at v1:10.0.0.4:6789/0" || ack.MapVersion != 2 {
		t.Errorf("%+v", ack)
	}
	c.until("d serves", func() bool { return d.mon.status().Active })
	if !c.membersAre("abcd") {
		t.Error("not all have it in the map")
	}
	ack, _ = c.login(3).command(`{"prefix":"mon rm","name":"d"}`)
	if ack.Code != 0 || ack.Status != "" || ack.MapVersion != 3 {
		t.Errorf("%+v", ack)
	}
	c.until("d ends", d.ended)
	if !c.membersAre("abc") {
		t.Error("it is still in the map")
	}
	var epochs []uint32
	for _, m := range cl.got {
		if b, ok := m.Body.(*msg.MonMapMsg); ok {
			epochs = append(epochs, b.Map.Epoch)
		}
	}
	if !slices.Equal(epochs, []uint32{1, 1, 2, 3}) { // one comes with the authentication
		t.Errorf("the subscriber got %v", epochs)
	}
	c.sameCommits()
}

// The texts and errnos of a real 16.2.15 monitor, but for addresses without a type.
func TestMembers_commands(t *testing.T) {
	c := newCluster(t, 1, 32).startAll()
	c.settle()
	cl := c.login(0)
	cl.converse([]exchange{
		{`{"prefix":"mon add","name":"a","addr":"10.0.0.1:6789"}`, "", -17, "mon.a already exists at address v1:10.0.0.1:6789/0", ""},
		{`{"prefix":"mon add","name":"a","addr":"10.9.9.9:6789"}`, "", -17, "mon.a already exists at address v1:10.0.0.1:6789/0", ""},
		{`{"prefix":"mon add","name":"b","addr":"v1:10.0.0.1:6789/0"}`, "", -17, "mon.a already exists at address v1:10.0.0.1:6789/0", ""},
		{`{"prefix":"mon add","name":"","addr":"10.0.0.2"}`, "", -22, `"" is no name for a monitor`, ""},
		{`{"prefix":"mon add","name":"b c","addr":"10.0.0.2"}`, "", -22, `"b c" is no name for a monitor`, ""},
		{`{"prefix":"mon add","name":"b","addr":"10.0.0.2:0"}`, "", -22, "addr 10.0.0.2:0 does not parse: port 0", ""},
		{`{"prefix":"mon rm","name":"z"}`, "", 0, "mon.z does not exist or has already been removed", ""},
		{`{"prefix":"mon rm","name":"a"}`, "", -22, "error: refusing removal of last monitor a", ""},
		{`{"prefix":"mon remove","name":"a"}`, "", -22, "error: refusing removal of last monitor a", ""},
		{`{"prefix":"mon getmap","epoch":9}`, "", -2, "there is no map for epoch 9", ""},
		{`{"prefix":"mon getmap"}`, "", 0, "got monmap epoch 1", string(encodeMonMap(&c.monmap))},
	})
	for _, bad := range []string{"", "x", "10.0.0.2:", "10.0.0.2:99999", "v2:10.0.0.2:3300/0", "10.0.0.2:6789/7"} {
		ack, _ := cl.command(fmt.Sprintf(`{"prefix":"mon add","name":"b","addr":%q}`, bad))
		if ack.Code != eInval || !strings.HasPrefix(ack.Status, "addr "+bad+" does not parse: ") {
			t.Errorf("%q: %d %q", bad, ack.Code, ack.Status)
		}
	}
}

// From one monitor to two, with the second not there yet: as with Ceph nothing goes on
// until it is. And back, by removing the first.
func TestMembers_oneTwoOne(t *testing.T) {
	c := newCluster(t, 1, 33).startAll()
	c.settle()
	cl := c.login(0)
	mm := c.monmap
	c.mons = append(c.mons, &node{name: "b"})
	if ack, _ := cl.command(c.addCommand("b")); ack.Code != 0 {
		t.Fatalf("%+v", ack)
	}
	c.mons = c.mons[:1]
	c.world.Run(time.Minute)
	if c.mons[0].mon.status().Active {
		t.Error("one of two is a quorum")
	}
	b := c.newcomer("b", mm)
	c.until("both serve", func() bool { return b.mon.status().Active && c.mons[0].mon.status().Active })
	if ack, _ := c.login(1).command(`{"prefix":"mon rm","name":"a"}`); ack.Code != 0 {
		t.Errorf("%+v", ack)
	}
	c.until("a ends", c.mons[0].ended)
	if ack, data := c.login(1).command(`{"prefix":"mon dump"}`); ack.Code != 0 || !strings.Contains(string(data), "0: v1:10.0.0.2:6789/0 mon.b\n") {
		t.Errorf("%+v %s", ack, data)
	}
	c.mons[1].machine.PowerCut()
	c.start(1)
	c.until("b serves alone after a restart", func() bool { return b.mon.status().Active })
}

// A leader that is removed ends, and what its clients want is done by the others.
func TestMembers_leaderIsRemoved(t *testing.T) {
	for _, size := range []int{2, 3, 4} {
		c := newCluster(t, size, 34+uint64(size)).startAll()
		old := c.settle()
		cl := c.login((old + 1) % size)
		if ack, _ := cl.command(fmt.Sprintf(`{"prefix":"mon rm","name":%q}`, c.mons[old].name)); ack.Code != 0 {
			t.Errorf("%+v", ack)
		}
		c.until("the old leader ends", c.mons[old].ended)
		if leader := c.settle(); leader == old {
			t.Error("it still leads")
		}
		if ack, data := cl.command(`{"prefix":"mon stat"}`); ack.Code != 0 || !strings.HasPrefix(string(data), fmt.Sprintf("e2: %d mons", size-1)) {
			t.Errorf("%+v %s", ack, data)
		}
		// With its disk it finds out again.
		c.start(old)
		c.until("it ends again", c.mons[old].ended)
		c.sameCommits()
	}
}

// Of the same name with another disk it is another monitor, and its number another.
func TestMembers_removedAndAddedAgain(t *testing.T) {
	c := newCluster(t, 3, 38).startAll()
	who := c.settle()
	name := c.mons[who].name
	cl := c.login((who + 1) % 3)
	if ack, _ := cl.command(fmt.Sprintf(`{"prefix":"mon rm","name":%q}`, name)); ack.Code != 0 {
		t.Fatalf("%+v", ack)
	}
	c.until("it ends", c.mons[who].ended)
	mm := cl.n.mon.monMap().Clone()
	if ack, _ := cl.command(c.addCommand(name)); ack.Code != 0 {
		t.Fatalf("%+v", ack)
	}
	c.start(who) // with the disk of the old one: the others say so
	c.until("the old one ends", c.mons[who].ended)
	c.mons[who].config = func(cfg *Config) { cfg.MonMap, cfg.Addr, cfg.Dir = mm, addrOf(who), "mon.2" }
	c.start(who)
	c.until("the new one serves", func() bool { return c.mons[who].mon.status().Active })
	if id := c.mons[who].mon.node.ID(); id != 4 {
		t.Errorf("its number is %d", id)
	}
	c.sameCommits()
}

// A monitor that joins believes no message that is older than the map it was made
// with: it is for another one, which had that number.
func TestMembers_numberOfAnother(t *testing.T) {
	c := newCluster(t, 3, 39).startAll()
	c.settle()
	mm := c.monmap.Clone()
	mm.Epoch = 5
	d := c.newcomer("d", mm)
	c.world.Run(time.Second)
	told := func(epoch uint64, name string) {
		d.loop.Post(func() {
			d.mon.receive(c.link(3, 0), msg.New(&msg.MonRaft{FSID: c.fsid, Epoch: epoch, From: 1, To: 2, Name: name}))
		})
		c.world.Run(time.Second)
	}
	told(4, "d")
	told(5, "c")
	if id := d.mon.node.ID(); id != 0 {
		t.Fatalf("it takes number %d", id)
	}
	told(6, "d")
	if id := d.mon.node.ID(); id != 2 {
		t.Errorf("it has number %d", id)
	}
}

// Who is of another cluster stays outside, and both sides say so.
func TestMembers_anotherCluster(t *testing.T) {
	c := newCluster(t, 3, 40).startAll()
	leader := c.settle()
	mm := c.monmap.Clone()
	mm.FSID = wire.UUID{9}
	fsid := c.fsid
	c.fsid = mm.FSID
	d := c.newcomer("d", mm)
	c.fsid = fsid
	logs := map[*node]*strings.Builder{}
	for _, n := range []*node{d, c.mons[leader]} {
		logs[n] = &strings.Builder{}
		n.mon.log = slog.New(slog.NewTextHandler(logs[n], nil))
	}
	cl := c.login(leader)
	if ack, _ := cl.command(c.addCommand("d")); ack.Code != 0 {
		t.Errorf("%+v", ack)
	}
	c.world.Run(time.Minute)
	if d.mon.node.ID() != 0 || d.mon.outsider.probed.Epoch != 0 {
		t.Error("it has joined")
	}
	if ack, _ := cl.command(`{"prefix":"mon rm","name":"d"}`); ack.Code != 0 {
		t.Errorf("%+v", ack)
	}
	for _, n := range []*node{d, c.mons[leader]} {
		if !strings.Contains(logs[n].String(), "monitor of another cluster") {
			t.Errorf("mon.%s says nothing of it", n.name)
		}
	}
}

// Ids of clients stay unique while the ranks change.
func TestMembers_globalIDs(t *testing.T) {
	c := newCluster(t, 3, 41).startAll()
	leader := c.settle()
	seen := map[uint64]bool{}
	logins := func() {
		for i, n := range c.mons {
			if n.proc.Dead() || n.mon.rank < 0 || !n.mon.status().Active {
				continue
			}
			for range 20 {
				gid := c.login(i).gid
				if seen[gid] {
					t.Fatalf("id %d was given twice", gid)
				}
				seen[gid] = true
			}
		}
	}
	logins()
	d := c.newcomer("d", c.monmap)
	cl := c.login(leader)
	cl.command(c.addCommand("d"))
	logins()
	c.until("d serves", func() bool { return d.mon.status().Active })
	logins()
	victim := (leader + 1) % 3
	cl.command(fmt.Sprintf(`{"prefix":"mon rm","name":%q}`, c.mons[victim].name))
	c.until("it ends", c.mons[victim].ended)
	logins()
}
