package mon

import (
	"fmt"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

func TestMon_leaderChangeCausesNoFailover(t *testing.T) { // MM-12
	c := newCluster(t, 3, 11).startAll()
	leader := c.settle()
	a, b := c.login((leader+1)%3), c.login((leader+2)%3)
	beat := func(d time.Duration) {
		for end := c.world.Now() + d; c.world.Now() < end; {
			a.beacon("x", true)
			b.beacon("y", false)
			c.world.Run(2 * time.Second)
		}
	}
	a.beacon("x", false)
	c.world.Run(time.Second)
	beat(20 * time.Second)
	c.mons[leader].proc.Pause()
	beat(60 * time.Second)
	c.mons[leader].proc.Resume()
	beat(60 * time.Second)
	for i, n := range c.mons {
		if mm := n.mon.mgr.committed; mm.ActiveGID != a.gid || len(mm.Standbys) != 1 {
			t.Errorf("mon %d: %s", i, standbyList(mm))
		}
		for _, f := range c.facts(i, "mon.mgr_dropped") {
			t.Errorf("mon %d: %+v", i, f)
		}
	}
	c.sameCommits()
}

// A tick that comes while a batch is under way is made up for as soon as that is through:
// requests that follow each other do not keep a silent manager in the map.
func TestMon_ticksAfterTheBatch(t *testing.T) {
	c := newCluster(t, 3, 12).startAll()
	leader := c.settle()
	mgr := c.login(leader)
	mgr.beacon("x", false)
	c.world.Run(time.Second)
	mm := c.mons[leader].mon.mgr.mgrMonitor
	c.until("the next tick is to drop it", func() bool {
		return mm.lastTick+c.opts.TickInterval > mm.lastBeacon[mgr.gid]+c.opts.MgrBeaconGrace
	})
	next := mm.lastTick + c.opts.TickInterval
	for peer := range c.mons {
		c.cut[[2]int{leader, peer}] = true
	}
	mgr.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"config-key set","key":"k","val":"v"}`}})
	c.world.Run(next + time.Second/2 - c.world.Now())
	if n := len(c.facts(leader, "mon.mgr_dropped")); n != 0 {
		t.Fatal("dropped while nothing could be changed")
	}
	clear(c.cut)
	c.world.Run(next + c.opts.TickInterval - time.Second/2 - c.world.Now())
	if n := len(c.facts(leader, "mon.mgr_dropped")); n != 1 {
		t.Errorf("dropped %d times before the tick after", n)
	}
}

// A beacon counts from when it comes, also if a batch is under way and the leader takes it
// in later than it looks at its clocks.
func TestMon_hearsWhileABatchIsUnderWay(t *testing.T) {
	c := newCluster(t, 3, 12).startAll()
	leader := c.settle()
	mgr := c.login(leader)
	mgr.beacon("x", false)
	c.world.Run(time.Second)
	mm := c.mons[leader].mon.mgr.mgrMonitor
	c.until("the next tick is to drop it", func() bool {
		return mm.lastTick+c.opts.TickInterval > mm.lastBeacon[mgr.gid]+c.opts.MgrBeaconGrace
	})
	next := mm.lastTick + c.opts.TickInterval
	for peer := range c.mons {
		c.cut[[2]int{leader, peer}] = true
	}
	mgr.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"config-key set","key":"k","val":"v"}`}})
	mgr.beacon("x", false)
	c.world.Run(next + time.Second/2 - c.world.Now())
	clear(c.cut)
	c.world.Run(next + c.opts.TickInterval - time.Second/2 - c.world.Now())
	if n := len(c.facts(leader, "mon.mgr_dropped")); n != 0 {
		t.Errorf("dropped %d times", n)
	}
}

// A beacon that came before there was a quorum is a sign of life once there is one, and
// once only.
func TestMon_hearsWhatHadToWait(t *testing.T) {
	c := newCluster(t, 1, 12)
	c.start(0)
	m := c.mons[0].mon
	b := &msg.MgrBeacon{FSID: c.fsid, GID: 4100, Name: "x"}
	o := &op{msg: msg.New(b), via: &origin{mon: "b"}}
	m.park(o)
	c.settle()
	for range 2 {
		m.handleBeacon(o, b)
	}
	if n := len(c.facts(0, "mon.mgr_beacon")); n != 1 {
		t.Errorf("heard %d times", n)
	}
}

// The same for a monitor that leads for the second time and still remembers how
// long ago it heard the mgrs when it led first. The planted bug takes away the
// other rule that would help (MM-11).
func TestMon_returningLeaderForgetsOldAges(t *testing.T) { // MM-12
	c := newCluster(t, 3, 21)
	c.defects.NoTickGapReset = true
	c.startAll()
	first := c.settle()
	mgr := c.login(first)
	mgr.beacon("x", false)
	c.world.Run(time.Second)
	c.mons[first].proc.Pause()
	c.until("another leader", func() bool { return c.otherLeader(first) >= 0 })
	c.mons[first].proc.Resume()
	c.world.Run(20 * time.Second)
	for now := c.settle(); now != first; now = c.settle() {
		c.mons[now].proc.Pause()
		c.until("another leader", func() bool { return c.otherLeader(now) >= 0 })
		c.mons[now].proc.Resume()
	}
	c.world.Run(12 * time.Second)
	for _, f := range c.facts(first, "mon.mgr_dropped") {
		t.Errorf("dropped without a full grace: %+v", f)
	}
}

// A deposed leader's change must not be committed over its successor's (the
// apply-time check, and raft's own).
func TestMon_deposedLeadersChangeIsVoid(t *testing.T) {
	c := newCluster(t, 3, 12).startAll()
	leader := c.settle()
	peer := (leader + 1) % 3
	mgr := c.login(leader)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	for i := range c.mons {
		c.cut[[2]int{leader, i}], c.cut[[2]int{i, leader}] = true, true
	}
	mgr.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"mgr fail"}`}})
	c.until("another leader", func() bool { s := c.mons[peer].mon.status(); return s.Active && c.mons[peer].mon.leader() != leader })
	clear(c.cut)
	c.settle()
	c.world.Run(10 * time.Second)
	c.sameCommits()
	for i, n := range c.mons {
		// The command was held by the old leader, which as a peon forwards it:
		// it is carried out once, on the new leader's map.
		if e := n.mon.mgr.committed.Epoch; e != 3 {
			t.Errorf("mon %d is at epoch %d", i, e)
		}
	}
}

// A monitor whose machine lost power comes back with the same maps.
func TestMon_restartKeepsTheMaps(t *testing.T) {
	c := newCluster(t, 1, 16)
	c.opts.SnapshotEvery = 3
	c.startAll()
	for i := range 10 {
		cl := c.login(0)
		cl.beacon(fmt.Sprintf("m%d", i), false)
		c.world.Run(2 * time.Second)
	}
	before := string(encodeMgrMap(c.mons[0].mon.mgr.committed))
	c.mons[0].machine.PowerCut()
	c.start(0)
	c.settle()
	if after := string(encodeMgrMap(c.mons[0].mon.mgr.committed)); after != before {
		t.Error("another map after the restart")
	}
	if n := len(c.mons[0].mon.mgr.described()); n != 10 {
		t.Errorf("metadata of %d mgrs", n)
	}
}

func TestNew_refusesBadConfigs(t *testing.T) {
	c := newCluster(t, 1, 17)
	p := c.mons[0].machine.Start()
	bad := DefaultOptions()
	bad.MgrBeaconGrace = time.Second
	for what, cfg := range map[string]Config{
		"not in the map": {Name: "z", FSID: c.fsid, MonMap: c.monmap},
		"bad options":    {Name: "a", FSID: c.fsid, MonMap: c.monmap, Options: bad},
	} {
		if _, err := assemble(p, cfg); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
