package scenarios

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// TestCatalogue_passes runs a few seeds of every scenario, which neither the golden
// hashes nor the suite have. Campaigns do that at length; here it guards the packages'
// own tests.
func TestCatalogue_passes(t *testing.T) {
	for _, s := range Catalogue() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range []uint64{0, 3, 4, 5} {
				r := Run(Spec{Scenario: s, Seed: seed})
				if r.Verdict != Pass {
					t.Errorf("seed %d: %v: %v (%v)", seed, r.Verdict, r.Failure, LineOf(r))
				}
			}
		})
	}
}

// TestRun_sameSeedSameTrace compares whole traces of each kind of scenario, and that
// another seed gives another one. Those of all scenarios are compared across processes
// before a change goes in.
func TestRun_sameSeedSameTrace(t *testing.T) {
	for _, name := range []string{"messenger", "mgr-storm", "mon-power", "monc-quorum", "svc-failover", "swarm"} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		a, b := traceOf(Spec{Scenario: s, Seed: 3}), traceOf(Spec{Scenario: s, Seed: 3})
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two traces of one seed differ: %v", s.Name, RunTwice(Spec{Scenario: s, Seed: 3}).Failure)
		}
		if bytes.Equal(a, traceOf(Spec{Scenario: s, Seed: 4})) {
			t.Errorf("%s: two seeds have the same trace", s.Name)
		}
	}
}

// TestRun_tracingChangesNothing: the hash is that of the run without a trace.
func TestRun_tracingChangesNothing(t *testing.T) {
	s, _ := Find("mgr-pause")
	plain := Run(Spec{Scenario: s, Seed: 5})
	traced := Run(Spec{Scenario: s, Seed: 5, Trace: new(bytes.Buffer)})
	if plain.Hash != traced.Hash || plain.Steps != traced.Steps {
		t.Errorf("with a trace %x after %d steps, without %x after %d", traced.Hash, traced.Steps, plain.Hash, plain.Steps)
	}
}

// TestMutants_areFound: planted bugs are found where they say, by the property they
// say, and their lines fail at the same step again. Here it is one of each kind of
// daemons; .ci/mutants has all of them, with bounds.
func TestMutants_areFound(t *testing.T) {
	of := make(map[string]Mutant)
	for _, m := range Mutants() {
		of[m.Name] = m
	}
	for _, name := range []string{"dropMetaOnPromote", "noFenceWait", "keepLosers", "racingRows"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := of[name]
			s, err := Find(m.Scenario)
			if err != nil {
				t.Fatal(err)
			}
			var found *Result
			c := Campaign{
				Specs: []Spec{{Scenario: s, Mutant: m.Name}}, Seeds: Seeds{1, 500}, StopAfter: 1,
				OnResult: func(r Result) {
					if r.Verdict == Fail {
						found = &r
					}
				},
			}
			c.Run(context.Background())
			if found == nil {
				t.Fatal("not found in 500 seeds")
			}
			if !strings.HasPrefix(found.Failure.Property, m.Property) {
				t.Errorf("found by %s, want %s", found.Failure.Property, m.Property)
			}
			replayAgain(t, LineOf(*found).String())
		})
	}
}

func traceOf(spec Spec) []byte {
	var out bytes.Buffer
	spec.Trace = &out
	Run(spec)
	return out.Bytes()
}

func replayAgain(t *testing.T, text string) {
	t.Helper()
	line, err := ParseLine(text)
	if err != nil {
		t.Fatal(err)
	}
	if r, difference := Replay(line); difference != "" || r.Verdict != Fail {
		t.Errorf("replay of %s: %v, %s", text, r.Verdict, difference)
	}
	line.Hash++
	if _, difference := Replay(line); difference == "" {
		t.Errorf("replay of %s with another hash saw no difference", text)
	}
}

// TestRun_inconclusive: a run whose fault never landed proves nothing.
func TestRun_inconclusive(t *testing.T) {
	s := mgrFailover()
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
		return faults.Plan{{At: time.Second, Fault: faults.Kill{Who: cluster.RoleDead}}}, nil
	}
	if r := Run(Spec{Scenario: s, Seed: 1}); r.Verdict != Inconclusive {
		t.Errorf("verdict %v, want inconclusive", r.Verdict)
	}
}

// TestRun_missedGoal: a goal that is not reached is a failure that names it.
func TestRun_missedGoal(t *testing.T) {
	s := mgrFailover()
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
		return faults.Plan{{At: time.Second, Fault: faults.Pause{Who: cluster.RoleMons}}}, []Goal{replaced(0)}
	}
	r := Run(Spec{Scenario: s, Seed: 1})
	if r.Verdict != Fail || r.Failure.Property != "I-MGR-11 bounded detection" {
		t.Errorf("verdict %v, %v", r.Verdict, r.Failure)
	}
}

// TestRun_unknownTarget: a plan that names nobody is an error that says who there
// is.
func TestRun_unknownTarget(t *testing.T) {
	s := mgrFailover()
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
		return faults.Plan{{At: time.Second, Fault: faults.Kill{Who: "mgr.q"}}}, nil
	}
	r := Run(Spec{Scenario: s, Seed: 1})
	if r.Verdict != Fail || !strings.Contains(r.Failure.Detail, `"mgr.q": unknown daemon or role (there are mon.a,`) {
		t.Errorf("verdict %v, %v", r.Verdict, r.Failure)
	}
}

// TestCampaign_resultsInOrder: whatever the number of workers, results come by
// seed.
func TestCampaign_resultsInOrder(t *testing.T) {
	s, _ := Find("mon-pause")
	var seeds []uint64
	c := Campaign{
		Specs: []Spec{{Scenario: s}}, Seeds: Seeds{10, 40}, Workers: 4,
		OnResult: func(r Result) { seeds = append(seeds, r.Spec.Seed) },
	}
	sum := c.Run(context.Background())
	for i, seed := range seeds {
		if seed != uint64(10+i) {
			t.Fatalf("result %d is of seed %d", i, seed)
		}
	}
	if sum.Runs != 31 || len(seeds) != 31 || sum.Verdict != Pass {
		t.Errorf("%d runs, %d results, verdict %v", sum.Runs, len(seeds), sum.Verdict)
	}
}

// TestRunTwice_noticesADifference: a run that depends on more than its seed is
// caught, and the first line that differs is shown.
func TestRunTwice_noticesADifference(t *testing.T) {
	runs := 0
	s := mgrFailover()
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
		runs++
		return faults.Plan{{At: time.Duration(runs) * time.Second, Fault: faults.Kill{Who: cluster.RoleActiveMgr}}}, nil
	}
	r := RunTwice(Spec{Scenario: s, Seed: 1})
	if r.Verdict != Nondeterministic || !strings.Contains(r.Failure.Detail, "differ first in step") {
		t.Errorf("verdict %v, %v", r.Verdict, r.Failure)
	}
}
