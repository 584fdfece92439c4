package mon

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Beacons reach the leader from whatever monitor, maps reach subscribers of
// every monitor, and no peon keeps a beacon (I-MGR-14).
func TestMon_beaconsThroughPeons(t *testing.T) {
	c := newCluster(t, 3, 3).startAll()
	leader := c.settle()
	var mgrs []*client
	for i := range 3 { // the first one, which becomes active, talks to a peon
		cl := c.login((leader + 1 + i) % 3)
		cl.subscribe("mgrmap", 0, false)
		mgrs = append(mgrs, cl)
		if i == 0 {
			cl.beacon("x", false)
			c.world.Run(time.Second)
		}
	}
	for range 5 {
		for i, cl := range mgrs {
			cl.beacon(string(rune('x'+i)), cl.last.ActiveGID == cl.gid)
		}
		c.world.Run(2 * time.Second)
	}
	for i, cl := range mgrs {
		if cl.last.ActiveGID == 0 || !cl.last.Available || len(cl.last.Standbys) != 2 {
			t.Errorf("mgr %d sees %+v", i, cl.last)
		}
		for j := 1; j < len(cl.maps); j++ {
			if cl.maps[j] <= cl.maps[j-1] {
				t.Errorf("mgr %d got epochs %v", i, cl.maps)
			}
		}
		if n := len(c.mons[i].mon.kept); n != 0 {
			t.Errorf("mon %d keeps %d requests", i, n)
		}
	}
	c.sameCommits()
}

func TestMon_commandsThroughPeons(t *testing.T) { // SV-4
	c := newCluster(t, 3, 4).startAll()
	leader := c.settle()
	mgr := c.login(leader)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	peon := (leader + 1) % 3
	cl := c.login(peon)
	ack, _ := cl.command(`{"prefix":"mgr fail","who":"x"}`)
	if ack.Code != 0 || ack.MapVersion != 3 {
		t.Errorf("ack %+v", ack)
	}
	if n := len(c.mons[peon].mon.kept); n != 0 {
		t.Errorf("the peon keeps %d requests", n)
	}
	_, data := c.login(leader).command(`{"prefix":"mgr dump","format":"json"}`)
	if !strings.Contains(string(data), `"epoch":3,"active_gid":0`) {
		t.Errorf("dump: %s", data)
	}
	acked := c.facts(leader, "mon.command_acked")
	if len(acked) < 1 || acked[0] != (CommandAcked{Mon: c.mons[leader].name, Prefix: "mgr fail", Epoch: 3}) {
		t.Errorf("facts %v", acked)
	}
}

// SV-5: what a peon passed on to a leader that dies goes to the next one.
func TestMon_forwardedCommandSurvivesTheLeader(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		c := newCluster(t, 3, seed).startAll()
		leader := c.settle()
		mgr := c.login((leader + 1) % 3)
		mgr.beacon("x", false)
		c.world.Run(2 * time.Second)
		cl := c.login((leader + 2) % 3)
		c.mons[leader].machine.Kill()
		ack, _ := cl.command(`{"prefix":"mgr fail","who":"x"}`)
		if ack.Code != 0 {
			t.Errorf("seed %d: %+v", seed, ack)
		}
		if got := cl.c.mons[(leader+2)%3].mon.mgr.committed.ActiveGID; got != 0 {
			t.Errorf("seed %d: still active: %d", seed, got)
		}
	}
}

// SV-4, with a lossy network: an answer that was lost is asked for again.
func TestMon_lostAnswerIsAskedForAgain(t *testing.T) {
	c := newCluster(t, 3, 6).startAll()
	leader := c.settle()
	peon := (leader + 1) % 3
	cl := c.login(peon)
	c.cut[[2]int{leader, peon}] = true
	tid := cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"mgr fail","who":"nobody"}`}})
	c.world.Run(100 * time.Millisecond)
	c.cut[[2]int{leader, peon}] = false
	n := c.mons[peon]
	n.loop.Post(func() { n.mon.lost(c.link(peon, leader)) })
	c.until("answer", func() bool { return cl.got[len(cl.got)-1].Header.Tid == tid })
	c.world.Run(time.Second)
	if len(n.mon.kept) != 0 {
		t.Error("the request is still kept")
	}
}

func TestMon_clientResetDropsItsRequests(t *testing.T) { // SV-6
	c := newCluster(t, 3, 7).startAll()
	leader := c.settle()
	peon := (leader + 1) % 3
	cl := c.login(peon)
	c.cut[[2]int{peon, leader}] = true
	cl.send(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"mgr fail"}`}})
	c.world.Run(100 * time.Millisecond)
	m := c.mons[peon].mon
	if len(m.kept) != 1 {
		t.Fatalf("%d requests kept", len(m.kept))
	}
	c.mons[peon].loop.Post(func() { m.lost(cl.con) })
	c.world.Run(time.Millisecond)
	if len(m.kept) != 0 || len(m.sessions.list) != 0 {
		t.Errorf("%d requests kept, %d sessions", len(m.kept), len(m.sessions.list))
	}
}

func TestMon_staleActiveGetsANullMapThroughAPeon(t *testing.T) { // MM-7
	c := newCluster(t, 3, 13).startAll()
	leader := c.settle()
	mgr := c.login((leader + 1) % 3)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	c.login(leader).command(`{"prefix":"mgr fail"}`)
	mgr.beacon("x", true)
	c.world.Run(time.Second)
	if len(mgr.maps) != 1 || mgr.last.Epoch != 0 || mgr.last.ActiveGID != 0 {
		t.Fatalf("got epochs %v, %+v", mgr.maps, mgr.last)
	}
	if n := c.mons[(leader+1)%3]; len(n.mon.kept) != 0 {
		t.Error("the beacon is kept")
	}
}
