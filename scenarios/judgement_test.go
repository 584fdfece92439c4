package scenarios

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// doing is a fault that does what a test wants.
type doing func(*cluster.Cluster)

func (doing) Kind() string   { return "doing" }
func (doing) String() string { return "doing" }
func (d doing) Strike(t faults.Target) (int, error) {
	d(t.(*cluster.Cluster))
	return 1, nil
}

// judged runs a plan of steps three seconds apart with the given goals.
func judged(t *testing.T, goals []Goal, steps ...faults.Fault) Result {
	t.Helper()
	var plan faults.Plan
	for i, f := range steps {
		plan = append(plan, faults.Step{At: time.Duration(3+60*i) * time.Second, Fault: f})
	}
	s := Scenario{
		Name: "judged", Length: 90 * time.Second, Bite: steps[0].Kind(),
		Plan: func(*Draw, cluster.Topology) (faults.Plan, []Goal) { return plan, goals },
	}
	return Run(Spec{Scenario: s, Seed: 1})
}

func process(c *cluster.Cluster, name string) interface{ Exit(int, string) } {
	return c.World().(*cluster.SimWorld).Sim().Host(name).Process()
}

// TestJudgement: what must not pass does not, and says why.
func TestJudgement(t *testing.T) {
	tests := map[string]struct {
		goals    []Goal
		steps    []faults.Fault
		property string
	}{
		"a goal to be undisturbed looks at its deadline, not only at once": {
			goals: []Goal{undisturbed(0, 45*time.Second)},
			steps: []faults.Fault{doing(func(c *cluster.Cluster) {
				c.World().(*cluster.SimWorld).Sim().At(10*time.Second, func() { c.Command("mgr fail") })
			})},
			property: "I-MGR-12",
		},
		"a goal about the second fault is not reached by the first": {
			goals:    []Goal{replaced(0), replaced(1)},
			steps:    []faults.Fault{faults.Kill{Who: cluster.RoleActiveMgr}, faults.Pause{Who: cluster.RoleMons}},
			property: "I-MGR-11",
		},
		"a goal about a step that is not there": {
			goals:    []Goal{{Property: "never", Step: 1, Within: detection, Reached: func(*Progress) bool { return false }}},
			steps:    []faults.Fault{faults.Kill{Who: "mgr.x"}},
			property: "plan",
		},
		"a daemon that gives up": {
			steps:    []faults.Fault{doing(func(c *cluster.Cluster) { process(c, "mon.b").Exit(1, "assertion failed") })},
			property: "I-PROC-1",
		},
		"a daemon that panics": {
			steps: []faults.Fault{doing(func(c *cluster.Cluster) {
				c.World().(*cluster.SimWorld).Sim().At(0, func() { panic("out of thoughts") })
			})},
			property: "panic",
		},
		"a daemon that goes round in circles": {
			steps: []faults.Fault{doing(func(c *cluster.Cluster) {
				l := c.World().(*cluster.SimWorld).Sim().Host("mon.b").Process().NewLoop("circle")
				var again func()
				again = func() { l.Post(again) }
				l.Post(again)
			})},
			property: "livelock",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := judged(t, tt.goals, tt.steps...)
			if r.Verdict != Fail || !strings.HasPrefix(r.Failure.Property, tt.property) {
				t.Errorf("verdict %v: %v; want a failure of %s", r.Verdict, r.Failure, tt.property)
			}
		})
	}
}

// TestGoal_deadlineThatIsPast: a goal whose time another goal has used up is
// missed at once, and time does not go back for it.
func TestGoal_deadlineThatIsPast(t *testing.T) {
	var last time.Duration
	second := Goal{
		Property: "second", Within: func(cluster.Topology) time.Duration { return 10 * time.Second },
		Reached: func(p *Progress) bool {
			if now := p.World().Now(); now < last {
				t.Errorf("time went from %v to %v", last, now)
			}
			last = p.World().Now()
			return false
		},
	}
	r := judged(t, []Goal{replaced(0), second}, faults.Kill{Who: cluster.RoleActiveMgr})
	if r.Verdict != Fail || r.Failure.Property != "second" || r.Virtual < 30*time.Second {
		t.Errorf("%v %v after %v", r.Verdict, r.Failure, r.Virtual)
	}
}

// TestRestart_ofARunningDaemon lands nothing.
func TestRestart_ofARunningDaemon(t *testing.T) {
	if r := judged(t, nil, faults.Restart{Who: "mgr.x"}); r.Verdict != Inconclusive || r.Faults[0].Count != 0 {
		t.Errorf("verdict %v, landed %d", r.Verdict, r.Faults[0].Count)
	}
}

// TestTimeline: each heal ends its own cut, and a host is paused once however
// often it is told to be.
func TestTimeline(t *testing.T) {
	w := cluster.NewSim(cluster.SimConfig{Seed: 7})
	defer w.Close()
	c := cluster.Deploy(w, cluster.DefaultTopology())
	c.Start()
	w.Run(time.Second)
	tl := newTimeline(live{w}, c.Resolve)
	began := w.Now()
	do := func(f faults.Fault, victims ...string) {
		if _, err := f.Strike(c); err != nil {
			t.Fatal(err)
		}
		tl.struck(f, victims)
	}
	first, second := &faults.Cut{A: "mon.a", B: "mgr.x", Direction: faults.Both}, &faults.Cut{A: "mon.b", B: "mgr.y", Direction: faults.Both}
	do(first)
	do(second)
	do(faults.Pause{Who: "mon.a"}, "mon.a")
	do(faults.Pause{Who: cluster.RoleMons}, "mon.a", "mon.b", "mon.c")
	w.Run(10 * time.Second)
	do(faults.Heal{Cut: first})
	do(faults.Kill{Who: "mon.b"}, "mon.b")
	w.Run(200 * time.Second)
	if !tl.LinksDisturbed(w.Now()-time.Second, w.Now()) {
		t.Error("the second cut lasts, the timeline has it healed")
	}
	do(faults.Heal{Cut: second})
	w.Run(200 * time.Second)
	if tl.LinksDisturbed(w.Now()-time.Second, w.Now()) {
		t.Error("both cuts are healed, the timeline has one lasting")
	}
	for name, want := range map[string]time.Duration{"mon.a": w.Now() - began, "mon.b": 10 * time.Second, "mgr.x": 0} {
		if got := tl.PausedDuring(name, began, w.Now()); got != want {
			t.Errorf("%s was paused for %v, want %v", name, got, want)
		}
	}
	for _, tt := range []struct {
		host, other string
		want        time.Duration
	}{{"mon.a", "mgr.x", w.Now() - began}, {"mon.a", "mon.b", w.Now() - began - 10*time.Second}, {"mon.b", "mon.a", 0}} {
		if got := tl.PausedApart(tt.host, tt.other, began, w.Now()); got != tt.want {
			t.Errorf("%s was paused for %v while %s was not, want %v", tt.host, got, tt.other, tt.want)
		}
	}
}

// TestTimeline_pathDisturbed: of two machines counts what goes between the two, whoever is
// meant by a role when it begins, and until it is long over.
func TestTimeline_pathDisturbed(t *testing.T) {
	for _, tt := range []struct{ plan, disturbed string }{
		{"at 0s cut mon.a -> mgr.x", "mon.a mgr.x"},
		{"at 0s cut mon.a <- mons", "mon.a mon.b, mon.a mon.c"},
		{"at 0s delay mon.c <-> mons constant 1s", "mon.a mon.c, mon.b mon.c"},
		{"at 0s rule mons -> mons MMgrMap hold", "mon.a mon.b, mon.a mon.c, mon.b mon.c"},
		{"at 0s hold mon.b -> mgr.x", "mon.b mgr.x"},
		{"at 0s clog mon.b", "mon.a mon.b, mon.b mon.c, mon.b mgr.x"},
		{"at 0s cut mon.a <-> peons", "mon.a mon.b, mon.a mon.c"}, // mon.a leads
		{"at 0s reset mons <-> mons", ""},
		{"at 0s kill mon.a", ""},
		{"at 0s cut mon.a <-> mon.b\nat 1s heal mon.a <-> mon.b", "mon.a mon.b"}, // only just
		{"at 0s cut mon.a <-> mon.b\nat 1s heal mon.a <-> mon.b\nat 100s kill mgr.x", ""},
	} {
		w := cluster.NewSim(cluster.SimConfig{Seed: 1, Decode: true})
		c := cluster.Deploy(w, cluster.DefaultTopology())
		tl := newTimeline(live{w}, c.Resolve)
		c.Start()
		if !w.Until(time.Minute, c.Ready) || c.View().Leader() != "mon.a" {
			t.Fatalf("not ready, or %s leads", c.View().Leader())
		}
		plan, err := faults.ParsePlan(tt.plan)
		if err != nil {
			t.Fatal(err)
		}
		began := w.Now()
		for _, step := range plan {
			w.Run(began + step.At - w.Now())
			if _, err := step.Fault.Strike(c); err != nil {
				t.Fatal(err)
			}
			tl.struck(step.Fault, nil)
		}
		var disturbed []string
		for _, pair := range []string{"mon.a mon.b", "mon.a mon.c", "mon.b mon.c", "mon.a mgr.x", "mon.b mgr.x", "mgr.x mgr.y"} {
			a, b, _ := strings.Cut(pair, " ")
			one, other := tl.PathDisturbed(a, b, w.Now(), w.Now()), tl.PathDisturbed(b, a, w.Now(), w.Now())
			if one != other {
				t.Errorf("%s: %s: %v, and the other way %v", tt.plan, pair, one, other)
			}
			if one {
				disturbed = append(disturbed, pair)
			}
		}
		if got := strings.Join(disturbed, ", "); got != tt.disturbed {
			t.Errorf("%s: disturbed is %q, want %q", tt.plan, got, tt.disturbed)
		}
		w.Close()
	}
}

// TestTimeline_calmSince: damage that lasts is there until it is undone, what is done at
// once is over at once, and what nobody can undo is there for ever.
func TestTimeline_calmSince(t *testing.T) {
	w := cluster.NewSim(cluster.SimConfig{Seed: 7})
	defer w.Close()
	c := cluster.Deploy(w, cluster.DefaultTopology())
	c.Start()
	tl := newTimeline(live{w}, c.Resolve)
	const never, always = longAgo, -1
	want := func(what string, since time.Duration) {
		t.Helper()
		got, calm := tl.CalmSince()
		if calm != (since != always) || calm && got != since {
			t.Errorf("%s: calm since %v (%v), want %v", what, got, calm, since)
		}
		w.Run(10 * time.Second)
	}
	do := func(f faults.Fault, victims ...string) {
		if _, err := f.Strike(c); err != nil {
			t.Fatal(err)
		}
		tl.struck(f, victims)
	}
	want("nothing struck", never)
	do(faults.FailMgr{})
	want("a command", never)
	cut := &faults.Cut{A: "mon.a", B: "mgr.x", Direction: faults.Both}
	do(cut)
	want("a cut", always)
	do(faults.Heal{Cut: cut})
	want("a heal", 30*time.Second)
	do(faults.Kill{Who: "mgr.y"}, "mgr.y")
	want("a kill", 40*time.Second)
	do(faults.Pause{Who: "mgr.x"}, "mgr.x")
	want("a pause", always)
	do(faults.Resume{Who: "mgr.x"}, "mgr.x")
	want("a resume", 60*time.Second)
	do(&faults.Slow{Who: "mgr.x", Factor: 2}, "mgr.x")
	want("a slow machine", always)
}

// TestProgress_sometimes: a goal states a mark, which counts for the run and, where
// nothing states it, is missed by the campaign.
func TestProgress_sometimes(t *testing.T) {
	goal := replaced(0)
	reached := goal.Reached
	goal.Reached = func(p *Progress) bool {
		if p.View().MgrMap().Epoch > p.Before.Epoch {
			p.Sometimes("a newer map was seen")
		}
		return reached(p)
	}
	s := withPlan(func() (faults.Plan, []Goal) {
		return faults.Plan{{At: time.Second, Fault: faults.Kill{Who: cluster.RoleActiveMgr}}}, []Goal{goal}
	})
	s.Marks = []string{"a newer map was seen", "pigs flew"}
	sum := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 2}}.Run(context.Background())
	if sum.Marks["a newer map was seen"] != 2 {
		t.Errorf("marks %v", sum.Marks)
	}
	if never := sum.NeverMarked(); !slices.Contains(never, "pigs flew") || slices.Contains(never, "a newer map was seen") {
		t.Errorf("never %v", never)
	}
}

// TestSummary_points: the counts of a campaign are numbers of runs.
func TestSummary_points(t *testing.T) {
	s, err := Find("mgr-points")
	if err != nil {
		t.Fatal(err)
	}
	sum := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 40}}.Run(context.Background())
	header := sum.Points["msgr.open.header"]
	if header.Reached != 40 || header.Enabled < 3 || header.Enabled > 25 || header.Fired == 0 || header.Fired > header.Enabled {
		t.Errorf("msgr.open.header %+v of 40 runs", header)
	}
	if sum.Verdict != Pass {
		t.Errorf("verdict %v", sum.Verdict)
	}
}
