package shrink_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/shrink"
)

// failing finds the first seed of a scenario at which a mutant shows.
func failing(t *testing.T, scenario, mutant string) scenarios.Result {
	t.Helper()
	s, err := scenarios.Find(scenario)
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 500; seed++ {
		if r := scenarios.Run(scenarios.Spec{Scenario: s, Seed: seed, Mutant: mutant}); r.Failure != nil {
			return r
		}
	}
	t.Fatalf("%s does not find %s", scenario, mutant)
	return scenarios.Result{}
}

// Failures of drawn plans become small, stay what they are, and come again from the
// script's text; nothing in it can be left out.
func TestShrink_mutants(t *testing.T) {
	for _, tt := range []struct {
		scenario, mutant string
		steps            int // at most
	}{
		{"mgr-storm", "noFenceWait", 2},
		{"mgr-fail-command", "mgrReselectStaleActive", 3},
		{"mon-pause", "noTickGapReset", 2},
		{"mgr-late-map", "mgrDeafWhileStarting", 4},
	} {
		t.Run(tt.mutant, func(t *testing.T) {
			t.Parallel()
			r := failing(t, tt.scenario, tt.mutant)
			small, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d runs\n%s%s", small.Tried, small.Header(), small.Script)
			if got := small.Result.Failure.Signature(); got != r.Failure.Signature() || got != small.Signature {
				t.Errorf("%q became %q", r.Failure.Signature(), got)
			}
			if len(small.Script.Plan) > tt.steps || !small.Complete {
				t.Errorf("%d steps, want at most %d; complete: %v", len(small.Script.Plan), tt.steps, small.Complete)
			}
			read, err := scenarios.ParseScript(small.Header() + small.Script.String())
			if err != nil {
				t.Fatal(err)
			}
			spec := small.Result.Spec
			spec.Scenario = read.Scenario()
			if again := scenarios.Run(spec); again.Hash != small.Result.Hash {
				t.Errorf("hash %x, from its text %x", small.Result.Hash, again.Hash)
			}
		})
	}
}

// The outcome is the same whatever the number of workers.
func TestShrink_anyNumberOfWorkers(t *testing.T) {
	r := failing(t, "mgr-storm", "noFenceWait")
	var texts []string
	for _, workers := range []int{1, 3} {
		small, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, small.Header()+small.Script.String())
	}
	if texts[0] != texts[1] {
		t.Errorf("with one worker\n%s\nwith three\n%s", texts[0], texts[1])
	}
}

func TestShrink_ends(t *testing.T) {
	r := failing(t, "mgr-storm", "noFenceWait")
	small, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{Runs: 30})
	if err != nil || small.Complete || small.Tried > 30 {
		t.Errorf("%d runs, complete: %v, %v", small.Tried, small.Complete, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if small, err = shrink.Shrink(ctx, r.Spec, shrink.Options{}); err != nil || small.Complete || small.Tried != 1 {
		t.Errorf("%d runs, complete: %v, %v", small.Tried, small.Complete, err)
	}
	if !strings.Contains(small.Header(), "mutant noFenceWait") {
		t.Error(small.Header())
	}
}

func TestShrink_refuses(t *testing.T) {
	for name, want := range map[string]error{"mgr-failover": shrink.ErrNoFailure, "messenger": scenarios.ErrNotScripted} {
		s, err := scenarios.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shrink.Shrink(context.Background(), scenarios.Spec{Scenario: s, Seed: 1}, shrink.Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}
