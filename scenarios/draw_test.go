package scenarios

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// TestDraw_somethingNew: one more choice, or another option, leaves the other
// choices as they are.
func TestDraw_somethingNew(t *testing.T) {
	old := func(d *Draw, options ...string) []any {
		return []any{d.Between("when", 0, time.Hour), d.Int("how many", 1, 100), d.Pick("who", options...), d.Chance("twice", 2)}
	}
	moved := 0
	for seed := range uint64(200) {
		was := old(newDraw(seed, "s"), "a", "b", "c")
		now := newDraw(seed, "s")
		now.Int("new", 1, 6)
		for i, v := range old(now, "a", "new", "b", "c") {
			switch {
			case v == "new":
				moved++
			case v != was[i]:
				t.Fatalf("seed %d: choice %d is %v, was %v", seed, i, v, was[i])
			}
		}
	}
	if moved < 20 || moved > 100 {
		t.Errorf("%d of 200 seeds draw the option that is new", moved)
	}
	twice := newDraw(1, "s")
	if a, b := twice.Int("n", 0, 1<<40), twice.Int("n", 0, 1<<40); a == b {
		t.Errorf("a name drawn twice gives %d twice", a)
	}
}

// TestHash_somethingNew: what a version of the program may have on top of another
// leaves the hash of a run alone that makes no use of it: fault points that are
// reached and not enabled, or enabled and not reached, further streams, further
// draws of the plan.
func TestHash_somethingNew(t *testing.T) {
	run := func(name string, more func(*cluster.Cluster), draws int) Result {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		own := s.Plan
		s.Plan = func(d *Draw, topology cluster.Topology) (faults.Plan, []Goal) {
			for range draws {
				d.Int("new", 1, 6)
			}
			plan, goals := own(d, topology)
			for i := range goals {
				goals[i].Step, goals[i].Fault = goals[i].Step+1, goals[i].Fault+1
			}
			return append(faults.Plan{{Fault: doing(more)}}, plan...), goals
		}
		return Run(Spec{Scenario: s, Seed: 11})
	}
	for _, name := range []string{"mgr-failover", "mgr-partition", "mon-pause"} {
		before := run(name, func(*cluster.Cluster) {}, 0)
		after := run(name, func(c *cluster.Cluster) {
			s := c.World().(*cluster.SimWorld).Sim()
			h := s.Host("mon.a").Process()
			s.EnablePoint(s.Host("mon.a"), "test.never_reached", 1)
			if h.Point("test.not_enabled") {
				t.Error("a point that was not enabled strikes")
			}
			h.Rand("new").Uint64()
			sim.NewStream(11, "new").Uint64()
		}, 3)
		if before.Verdict != Pass || after.Hash != before.Hash || after.Steps != before.Steps {
			t.Errorf("%s: %v %v, hash %x after %d steps; then hash %x after %d", name, before.Verdict, before.Failure,
				before.Hash, before.Steps, after.Hash, after.Steps)
		}
	}
}
