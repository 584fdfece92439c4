package shrink_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

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
	for seed := uint64(1); seed <= 1000; seed++ {
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
		{"mgr-failover", "dropMetaOnPromote", 1},
		{"mgr-pause", "noMgrBlocklist", 1},
		{"mon-split", "noRestartReset", 4},
		{"monc-reset", "keepAuthErrOnReopen", 1},
		{"monc-reset", "shutdownKeepsCons", 1},
		{"mon-crash", "quorumTimerDuringWrite", 1},
		{"mon-power", "quorumAckBeforeSync", 3},
		{"svc-intervals", "noIntervalCheck", 1}, // without an API it would fail without the bug
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
			if len(small.Ingredients) == 0 || !strings.Contains(small.Header(), "\n# necessary: ") {
				t.Errorf("it does not say which lines are necessary:\n%s", small.Header())
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
			without := spec
			without.Mutant = ""
			if r := scenarios.Run(without); r.Failure != nil {
				t.Errorf("it fails without the bug: %v", r.Failure)
			}
			if again := scenarios.Run(spec); again.Hash != small.Result.Hash {
				t.Errorf("hash %x, from its text %x", small.Result.Hash, again.Hash)
			}
		})
	}
}

var every = flag.Bool("every", false, "make a failure of every planted bug small, and print a table")

// mostSteps are as many as the smallest script of a planted bug may have, unless here it
// says otherwise.
const mostSteps = 5

var largePlans = map[string]int{
	"quorumSendBeforeSave": 6, // two of three lose power one after the other, with slow disks, and come back
}

// Each planted bug that scripts can find comes down to few steps.
func TestShrink_everyMutant(t *testing.T) {
	if !*every {
		t.Skip("takes minutes; make shrink")
	}
	fmt.Println("| planted bug | found by | steps drawn | steps left | runs | seconds | necessary |\n| --- | --- | --- | --- | --- | --- | --- |")
	for _, m := range scenarios.Mutants() {
		if m.Plant == nil {
			continue // found by the messenger matrix, which has no script
		}
		r := failing(t, m.Scenario, m.Name)
		drawn, err := scenarios.ScriptOf(r.Spec)
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		began := time.Now()
		small, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{})
		if err != nil || !small.Complete {
			t.Errorf("%s: complete: %v, %v", m.Name, small.Complete, err)
			continue
		}
		_, necessary, _ := strings.Cut(small.Header(), "\n# necessary: ")
		necessary, _, _ = strings.Cut(strings.TrimSpace(necessary), ";")
		fmt.Printf("| %s | %s | %d | %d | %d | %.1f | %s |\n", m.Name, m.Scenario, len(drawn.Plan), len(small.Script.Plan),
			small.Tried, time.Since(began).Seconds(), necessary)
		if most := cmp.Or(largePlans[m.Name], mostSteps); len(small.Script.Plan) > most {
			t.Errorf("%s has %d steps, want at most %d:\n%s", m.Name, len(small.Script.Plan), most, small.Script)
		}
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

// A goal that is missed for want of anybody who could reach it shows nothing: what is made
// small needs what the failure was about.
func TestShrink_keepsTheCause(t *testing.T) {
	script, err := scenarios.ParseScript("scenario cause\nlength 3m\n\nat 5s pause standbys\nat 6s kill active-mgr\nexpect succeeded within 90s\n")
	if err != nil {
		t.Fatal(err)
	}
	small, err := shrink.Shrink(context.Background(), scenarios.Spec{Scenario: script.Scenario(), Seed: 7}, shrink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if plan := small.Script.Plan.String(); !strings.Contains(plan, "pause standbys") || !strings.Contains(plan, "kill active-mgr") {
		t.Errorf("left is\n%s", small.Script)
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

// A shrink that ends early goes on, as often as it must, and comes to the same.
func TestShrink_goesOn(t *testing.T) {
	r := failing(t, "mgr-fail-command", "mgrReselectStaleActive")
	whole, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, runs := range []int{7, 40} {
		var at *shrink.State
		opt := shrink.Options{Save: func(s shrink.State) { at = &s }}
		var small shrink.Small
		for parts := 1; !small.Complete; parts++ {
			opt.Runs += runs
			if small, err = shrink.Shrink(context.Background(), r.Spec, opt); err != nil || parts > 300 {
				t.Fatalf("part %d: %v", parts, err)
			}
			text, err := json.Marshal(at)
			if err != nil {
				t.Fatal(err)
			}
			opt.Resume = new(shrink.State)
			if err := json.Unmarshal(text, opt.Resume); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := small.Header()+small.Script.String(), whole.Header()+whole.Script.String(); got != want {
			t.Errorf("at once\n%s\nin parts of %d runs\n%s", want, runs, got)
		}
		if small.Tried != whole.Tried {
			t.Errorf("%d runs at once, %d in parts of %d", whole.Tried, small.Tried, runs)
		}
	}
}

func TestShrink_refusesTheStateOfAnother(t *testing.T) {
	r := failing(t, "mgr-storm", "noFenceWait")
	var at shrink.State
	if _, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{Runs: 50, Save: func(s shrink.State) { at = s }}); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*shrink.State){
		"another line":                func(s *shrink.State) { s.Line = "w1:mgr-storm:seed=99" },
		"another number of seeds":     func(s *shrink.State) { s.Seeds = 3 },
		"a script that is none":       func(s *shrink.State) { s.Script = "scenario" },
		"a script that does not fail": func(s *shrink.State) { s.Script = "scenario a\nat 0s mon-rm mon.a\n" },
		"a pass that there is not":    func(s *shrink.State) { s.Pass = 99 },
		"an edit before the first":    func(s *shrink.State) { s.Edit = -1 },
		"a round that there is not":   func(s *shrink.State) { s.Round = -1 },
	} {
		other := at
		change(&other)
		if _, err := shrink.Shrink(context.Background(), r.Spec, shrink.Options{Resume: &other}); !errors.Is(err, shrink.ErrState) {
			t.Errorf("%s: %v", what, err)
		}
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
