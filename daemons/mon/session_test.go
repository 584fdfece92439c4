package mon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
)

func TestMon_authenticatesAndPushesTheMonMap(t *testing.T) {
	c := newCluster(t, 3, 1).startAll()
	c.settle()
	seen := map[uint64]bool{}
	for i := range 250 { // more than one step of ids
		cl := c.login(i % 3)
		if seen[cl.gid] || cl.gid < 4097 || cl.gid%3 != uint64(i%3) {
			t.Fatalf("client %d of mon %d has gid %d", i, i%3, cl.gid)
		}
		seen[cl.gid] = true
		c.world.Run(2 * time.Millisecond)
		if b, ok := cl.got[1].Body.(*msg.MonMapMsg); !ok || b.Map.Epoch != 1 || b.Map.Size() != 3 {
			t.Fatalf("second message is %v", cl.got[1])
		}
	}
	old := c.client(1)
	old.auth(4242)
	c.until("authenticated", func() bool { return old.gid != 0 })
	if old.gid != 4242 {
		t.Errorf("a client that had gid 4242 has %d now", old.gid)
	}
}

func TestMon_idsStayUniqueOverRestarts(t *testing.T) {
	c := newCluster(t, 3, 2).startAll()
	seen := map[uint64]bool{}
	for round := range 4 {
		c.settle()
		for rank := range 3 {
			for range 5 {
				cl := c.login(rank)
				if seen[cl.gid] {
					t.Fatalf("round %d: gid %d given twice", round, cl.gid)
				}
				seen[cl.gid] = true
			}
		}
		for rank := range 3 {
			c.mons[rank].machine.PowerCut()
		}
		c.startAll()
	}
}

func TestMon_nothingBeforeAuthentication(t *testing.T) {
	c := newCluster(t, 1, 1).startAll()
	c.settle()
	cl := c.client(0)
	cl.subscribe("mgrmap", 0, false)
	c.world.Run(time.Second)
	if len(cl.got) != 0 {
		t.Fatalf("got %v", cl.got)
	}
}

func TestMon_subscriptions(t *testing.T) { // SV-8
	for _, c := range []struct {
		what    string
		start   uint64
		onetime bool
		want    string // epochs received, after two later commits
	}{
		{"the latest, kept", 0, false, "[1 2 3]"},
		{"the latest, once", 0, true, "[1]"},
		{"the current, kept", 1, false, "[1 2 3]"},
		{"the next, kept", 2, false, "[2 3]"},
		{"the next, once", 2, true, "[2]"},
		{"a later one", 3, false, "[3]"},
	} {
		t.Run(c.what, func(t *testing.T) {
			cl := newCluster(t, 1, 1).startAll()
			cl.settle()
			sub, mgr := cl.login(0), cl.login(0)
			sub.subscribe("mgrmap", c.start, c.onetime)
			cl.world.Run(time.Second)
			mgr.beacon("x", false)
			cl.world.Run(2 * time.Second)
			mgr.beacon("x", true)
			cl.world.Run(2 * time.Second)
			if got := fmt.Sprint(sub.maps); got != c.want {
				t.Errorf("got epochs %v, want %v", got, c.want)
			}
		})
	}
}

func TestMon_configIsAnsweredEmpty(t *testing.T) {
	c := newCluster(t, 1, 1).startAll()
	cl := c.login(0)
	cl.subscribe("config", 0, false)
	cl.subscribe("monmap", 2, false)
	cl.subscribe("nosuchmap", 0, false)
	c.world.Run(time.Second)
	last := cl.got[len(cl.got)-1]
	if b, ok := last.Body.(*msg.Config); !ok || len(b.Options) != 0 {
		t.Errorf("got %v", last)
	}
	if last.Header.Priority != msg.PrioHigh {
		t.Errorf("priority %d", last.Header.Priority)
	}
}

func TestMon_outOfQuorum(t *testing.T) { // SV-7
	c := newCluster(t, 3, 8).startAll()
	leader := c.settle()
	known := c.login(leader)
	for i := range c.mons {
		if i != leader {
			c.mons[i].machine.Kill()
		}
	}
	c.until("stepped down", func() bool { return c.mons[leader].mon.status().Role == quorum.Electing })
	stranger := c.client(leader)
	stranger.auth(0)
	c.world.Run(4 * time.Second)
	if stranger.con.down || stranger.gid != 0 {
		t.Errorf("after 4 s: closed %v, gid %d", stranger.con.down, stranger.gid)
	}
	if known.con.down {
		t.Error("a known client is sent away too early")
	}
	c.world.Run(1100 * time.Millisecond)
	if !stranger.con.down {
		t.Error("a stranger is still held after mon_lease")
	}
	c.world.Run(5 * time.Second)
	if !known.con.down {
		t.Error("a session outlives the quorum")
	}
}

// A monitor that cannot serve does not keep a client waiting where the fault point
// fires: it tells it to try again, and lets it in later.
func TestMon_tellsToTryAgain(t *testing.T) {
	c := newCluster(t, 3, 9).startAll()
	c.mons[0].proc.Fires = PointTryAgain
	cl := c.client(0) // before there is a quorum
	cl.auth(0)
	c.world.Run(10 * time.Millisecond)
	if len(cl.got) != 1 || cl.got[0].Body.(*msg.AuthReply).Result != eAgain || cl.con.down {
		t.Fatalf("got %v, closed %v", cl.got, cl.con.down)
	}
	c.settle()
	cl.auth(0)
	c.until("authenticated", func() bool { return cl.gid != 0 })
}

// Before Ceph 16 the monitor map comes before the answer, to those who need it.
func TestMon_monMapFirst(t *testing.T) {
	for epoch, want := range map[uint32][]msg.Type{0: {msg.TypeMonMap, msg.TypeAuthReply}, 1: {msg.TypeAuthReply}} {
		c := newCluster(t, 1, 1)
		c.opts.MonMapFirst = true
		c.startAll().settle()
		cl := c.client(0)
		req := msg.AuthRequest{Methods: []uint32{msg.AuthNone}, Name: msg.AuthName{Type: uint32(msg.EntityMgr), ID: "x"}}
		cl.send(&msg.Auth{Payload: req.Encode(), MonMapEpoch: epoch})
		c.world.Run(time.Second)
		var got []msg.Type
		for _, m := range cl.got {
			got = append(got, m.Header.Type)
		}
		if !slices.Equal(got, want) {
			t.Errorf("a client with epoch %d got %v, want %v", epoch, got, want)
		}
	}
}

func TestMon_clientHeldUntilQuorum(t *testing.T) {
	c := newCluster(t, 3, 9).startAll()
	cl := c.client(0) // before there is a quorum
	cl.auth(0)
	cl.subscribe("mgrmap", 0, false)
	c.until("authenticated", func() bool { return cl.gid != 0 && len(cl.maps) == 1 })
}

func TestMon_silentSessionIsTrimmed(t *testing.T) {
	c := newCluster(t, 1, 10).startAll()
	silent, alive := c.login(0), c.login(0)
	for range 70 {
		alive.con.keep = c.world.Now()
		c.world.Run(5 * time.Second)
	}
	if !silent.con.down || alive.con.down {
		t.Errorf("silent closed %v, alive closed %v", silent.con.down, alive.con.down)
	}
}

func TestMon_getVersion(t *testing.T) {
	c := newCluster(t, 1, 15).startAll()
	cl := c.login(0)
	cl.beacon("x", false)
	c.world.Run(2 * time.Second)
	cl.send(&msg.MonGetVersion{Handle: 5, What: "mgrmap"})
	c.world.Run(time.Second)
	r, ok := cl.got[len(cl.got)-1].Body.(*msg.MonGetVersionReply)
	if !ok || *r != (msg.MonGetVersionReply{Handle: 5, Newest: 2, Oldest: 1}) {
		t.Errorf("got %+v", cl.got[len(cl.got)-1].Body)
	}
}

// A peon that is given a snapshot without having been out of the quorum tells its
// subscribers of what is in it: there may be no commit after it for long.
func TestMon_snapshotReachesSubscribers(t *testing.T) {
	c := newCluster(t, 3, 1)
	c.opts.SnapshotEvery, c.opts.KeepEntries = 1, 0
	c.startAll()
	leader := c.settle()
	peon, other := (leader+1)%3, (leader+2)%3
	sub, mgr := c.login(peon), c.login(leader)
	sub.subscribe("mgrmap", 0, false)
	c.world.Run(time.Second)
	cut := func(cut bool) {
		for _, rank := range []int{leader, other} {
			c.cut[[2]int{peon, rank}], c.cut[[2]int{rank, peon}] = cut, cut
		}
	}
	cut(true)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	restored := len(c.facts(peon, "quorum.restored"))
	cut(false)
	c.until("snapshot", func() bool { return len(c.facts(peon, "quorum.restored")) > restored })
	if !c.mons[peon].mon.status().Active {
		t.Fatal("the peon was out of the quorum, this test proves nothing")
	}
	c.world.Run(10 * time.Millisecond)
	if sub.last.Epoch != 2 || sub.last.ActiveName != "x" {
		t.Errorf("the subscriber has epochs %v, want those up to 2", sub.maps)
	}
}
