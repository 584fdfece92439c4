package scenarios

import (
	"context"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// withPlan is mgr-failover with another plan.
func withPlan(plan func() (faults.Plan, []Goal)) Scenario {
	s := mgrFailover()
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) { return plan() }
	return s
}

// TestCampaign_rechecks: all, some or no runs are run twice, and the summary says
// how many. Which ones is up to their seeds.
func TestCampaign_rechecks(t *testing.T) {
	good := func() Scenario { s, _ := Find("messenger"); return s }()
	bad := withPlan(func() (faults.Plan, []Goal) { // the goal is missed
		return faults.Plan{{At: time.Second, Fault: faults.Pause{Who: cluster.RoleMons}}}, []Goal{replaced(0)}
	})
	for _, tt := range []struct {
		name     string
		scenario Scenario
		seeds    uint64
		recheck  Recheck
		min, max int
	}{
		{"all", good, 20, RecheckAll, 20, 20},
		{"none", good, 200, RecheckNone, 0, 0},
		{"some", good, 400, RecheckSome, 2, 20}, // 8 are to be expected
		{"failures", bad, 4, RecheckSome, 4, 4},
	} {
		c := Campaign{Specs: []Spec{{Scenario: tt.scenario}}, Seeds: Seeds{1, tt.seeds}, Recheck: tt.recheck}
		first, again := c.Run(context.Background()), c.Run(context.Background())
		if first.Twice < tt.min || first.Twice > tt.max || first.Twice != again.Twice {
			t.Errorf("%s: %d and %d runs were run twice, want %d to %d", tt.name, first.Twice, again.Twice, tt.min, tt.max)
		}
	}
}

// TestCampaign_findsNondeterminism: a failure that cannot be replayed is not
// reported as one that can.
func TestCampaign_findsNondeterminism(t *testing.T) {
	s := withPlan(func() (faults.Plan, []Goal) {
		at := time.Second + time.Duration(rand.Intn(1e9))
		return faults.Plan{{At: at, Fault: faults.Pause{Who: cluster.RoleMons}}}, []Goal{replaced(0)}
	})
	var got Result
	c := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 1}, OnResult: func(r Result) { got = r }}
	if sum := c.Run(context.Background()); sum.Verdict != Nondeterministic || sum.Verdict.ExitCode() != 4 {
		t.Errorf("verdict %v", sum.Verdict)
	}
	if got.Failure == nil || got.Failure.Property != propertyReplay || !strings.Contains(got.Failure.Detail, "source ") {
		t.Errorf("%v", got.Failure)
	}
}

// TestResult_recheck: three runs of which two agree are not the same either.
func TestResult_recheck(t *testing.T) {
	first := Result{Verdict: Fail, Hash: 1, Steps: 5, Failure: &Failure{Property: "I-MGR-7"}}
	if r := first.recheck(Result{Verdict: Fail, Hash: 2, Steps: 5}); r.Verdict != Nondeterministic {
		t.Errorf("another hash: %v", r.Verdict)
	}
	if r := first.recheck(first); r.Verdict != Fail || !r.Twice || r.Failure.Property != "I-MGR-7" {
		t.Errorf("the same: %v %v", r.Verdict, r.Failure)
	}
}
