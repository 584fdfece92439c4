package faults_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// Whatever was done to a core is over when it was mended, and what was done to others, and
// between the core and others, is not.
func TestMend_makesACoreWhole(t *testing.T) {
	for _, text := range []string{
		"kill mon.a", "pause mon.a", "power-off mon.a", "slow mon.a 50 times", "clock-offset mon.a 1m0s", "clock-drift mon.a 300 ppm",
		"cut mon.a <-> mons", "stall mon.b -> mons", "delay mon.a <-> mons constant 1s", "bandwidth mon.a <-> mons 5000 B/s",
		"mtu mon.a <-> mons 10 B", "clog mon.a", "disk-error mon.a every write", "disk-full mon.a but for 0 B",
		"disk-slow mon.a by 1s..2s", "disk-lie mon.a every sync", "fire mon.quorum.save mon.a", "rule mons -> mons hold",
	} {
		t.Run(text, func(t *testing.T) {
			w, c := healthy(t, 1)
			plan, err := faults.ParsePlan("at 1s " + text + "\nat 1s cut mon.c <-> mons\nat 1s pause mon.c\nat 2s mend mon.a mon.b")
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range plan[:3] {
				strike(t, c, step.Fault)
			}
			w.Run(10 * time.Second)
			if n := strike(t, c, plan[3].Fault); n != 2 {
				t.Errorf("landed %d", n)
			}
			checkWhole(t, w, c)
			s := w.Sim()
			if !w.Host("mon.c").Paused() || !s.Link(s.Host("mon.a"), s.Host("mon.c")).IsCut() {
				t.Error("what is outside was mended too")
			}
			before := executed(c)
			strike(t, c, faults.FailMgr{}) // which takes a commit of both
			if !w.Until(2*time.Minute, func() bool { return executed(c) > before }) {
				t.Error("the core commits nothing")
			}
		})
	}
}

// executed is how far both of the core have come.
func executed(c *cluster.Cluster) uint64 {
	return min(c.View().Executed("mon.a"), c.View().Executed("mon.b"))
}

func checkWhole(t *testing.T, w *cluster.SimWorld, c *cluster.Cluster) {
	t.Helper()
	s := w.Sim()
	a, b := s.Host("mon.a"), s.Host("mon.b")
	if !s.Link(a, b).Whole() || !s.Link(b, a).Whole() {
		t.Error("the paths between them are not whole")
	}
	for _, h := range []*sim.Host{a, b} {
		if h.Process() == nil || h.Paused() || h.Clogged() {
			t.Errorf("%s does not run, or is clogged", h.Name())
			continue
		}
		clock := h.Process().Clock()
		if ahead := clock.Now().Sub(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)) - w.Now(); ahead < -time.Second || ahead > time.Second {
			t.Errorf("the clock of %s is %v ahead", h.Name(), ahead)
		}
	}
	if dead, _ := c.Resolve(cluster.RoleDead); slices.Contains(dead, "mon.a") {
		t.Error("mon.a is dead")
	}
}

// Who has stood still since before it could learn that its disk had failed it would end as
// soon as it goes on.
func TestMend_diskHasFailedWhoStandsStill(t *testing.T) {
	w, c := healthy(t, 1)
	plan, err := faults.ParsePlan("at 1s disk-slow mon.a by 1s..2s\nat 1s disk-error mon.a every sync\nat 1s cut mon.c <-> mons\nat 1s mgr-fail\nat 2s pause mon.a\nat 9s mend mon.a mon.b")
	if err != nil {
		t.Fatal(err)
	}
	h := w.Sim().Host("mon.a")
	for _, step := range plan[:4] {
		strike(t, c, step.Fault)
	}
	if !w.Until(time.Minute, func() bool { return h.DiskCounts().SlowSyncs > 0 }) {
		t.Fatal("mon.a syncs nothing")
	}
	strike(t, c, plan[4].Fault)
	w.Run(10 * time.Second)
	if h.Process() == nil || !h.DiskFailed() {
		t.Fatal("its disk has not failed it, or it has ended")
	}
	strike(t, c, plan[5].Fault)
	w.Observe(func(o cluster.Observation) {
		if e, ok := o.Fact.(cluster.ProcessExited); ok {
			t.Errorf("%s ends: %s", o.Host, e.Reason)
		}
	})
	w.Run(time.Minute)
	checkWhole(t, w, c)
}
