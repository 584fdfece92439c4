package scoreboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/scenarios"
)

// scored is a score whose trials took so many seeds, 0 for those that found nothing.
func scored(property string, seeds ...uint64) Score {
	s := Score{Hunt: Hunt{
		Mutant:   scenarios.Mutant{Name: "bug", Scenario: "place", Property: "I-1"},
		Scenario: scenarios.Scenario{Name: "place"}, Limit: 99,
	}}
	for _, n := range seeds {
		t := Trial{Seeds: n}
		if n > 0 {
			t.Caught = &scenarios.Result{Failure: &scenarios.Failure{Property: property}}
		}
		s.Trials = append(s.Trials, t)
	}
	return s
}

func TestScore_Median(t *testing.T) {
	for _, tt := range []struct {
		seeds []uint64
		want  uint64
		ok    bool
	}{
		{[]uint64{7}, 7, true},
		{[]uint64{9, 1, 5}, 5, true},
		{[]uint64{9, 1, 5, 7}, 5, true},
		{[]uint64{9, 0, 5}, 9, true},
		{[]uint64{0, 0, 5}, 0, false},
		{[]uint64{0, 3, 5, 0}, 5, true},
		{[]uint64{0}, 0, false},
	} {
		if got, ok := scored("I-1", tt.seeds...).Median(); got != tt.want || ok != tt.ok {
			t.Errorf("%v: %d, %v", tt.seeds, got, ok)
		}
	}
}

func TestScore_Complaint(t *testing.T) {
	elsewhere := scored("I-2", 1, 2)
	elsewhere.Hunt.Scenario.Name = "another"
	again := scored("I-1", 1)
	again.Again = "another run"
	for _, tt := range []struct {
		name  string
		score Score
		want  string
	}{
		{"found", scored("I-1 words", 1, 2, 0), ""},
		{"missed", scored("I-1", 1, 0, 0), "found in 1 of 3 trials of at most 99 seeds"},
		{"by something else", scored("I-2", 1, 2), "found, and never by I-1"},
		{"by something else, elsewhere", elsewhere, ""},
		{"not replayed", again, "another run"},
	} {
		if got := tt.score.Complaint(); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// TestRun: bugs that are planted are found, one that is not is given up, each is told once
// and in order, and twice the same.
func TestRun(t *testing.T) {
	messenger, err := scenarios.Find("messenger")
	if err != nil {
		t.Fatal(err)
	}
	var hunts []Hunt
	for _, name := range []string{"forgetSent", "none", "ackWithoutWake"} {
		m, ok := scenarios.FindMutant(name)
		if !ok {
			m = scenarios.Mutant{Name: "", Scenario: "messenger"}
		}
		hunts = append(hunts, Hunt{Mutant: m, Scenario: messenger, Trials: 7, Limit: 60, First: 5})
	}
	run := func(workers int) (text string) {
		Run(context.Background(), hunts, workers, func(s Score) {
			median, ok := s.Median()
			text += fmt.Sprintln(s.Hunt.Mutant.Name, s.Found(), median, ok, s.Caught(), s.Again)
			vain := 0
			for i, trial := range s.Trials {
				if trial.Vain {
					vain++
				}
				if trial.Caught != nil && trial.Caught.Spec.Seed != 5+uint64(i)*Stride+trial.Seeds-1 {
					t.Errorf("trial %d found seed %d with its seed number %d", i, trial.Caught.Spec.Seed, trial.Seeds)
				}
			}
			if want := s.Hunt.Mutant.Name == "" && workers == 1; want && vain != 3 {
				t.Errorf("%q: %d of 7 trials were not made", s.Hunt.Mutant.Name, vain)
			}
		})
		return text
	}
	one, three := run(1), run(3)
	if one != three {
		t.Errorf("with one worker\n%s, with three\n%s", one, three)
	}
	lines := strings.Split(one, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "forgetSent 7 ") || !strings.HasPrefix(lines[1], " 0 0 false") || !strings.HasPrefix(lines[2], "ackWithoutWake 7 1 true [{I-MC-3 ") {
		t.Errorf("scores:\n%s", one)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	Run(ctx, hunts, 2, func(s Score) { t.Errorf("told of %s though nothing was done", s.Hunt.Mutant.Name) })
}

func TestParseBounds(t *testing.T) {
	b, err := ParseBounds("bounds", "# first\nbug place 16\n\n  bug  swarm\t512\n")
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := b.Of("bug", "swarm"); n != 512 || !ok {
		t.Errorf("bug in swarm: %d, %v", n, ok)
	}
	if _, ok := b.Of("bug", "elsewhere"); ok {
		t.Error("a bound that is not there")
	}
	if got := b.String(); got != boundsHead+"bug place 16\nbug swarm 512\n" {
		t.Errorf("printed: %s", got)
	}
	if again, err := ParseBounds("", b.String()); err != nil || again.String() != b.String() {
		t.Errorf("printed and read: %v", err)
	}
	for text, want := range map[string]string{
		"bug place":                   "bounds:1: want MUTANT SCENARIO SEEDS, not 2 words",
		"\nbug place 1 2":             "bounds:2: want MUTANT SCENARIO SEEDS, not 4 words",
		"bug place 0":                 `bounds:1: "0": want a number of seeds from 1 to 100000`,
		"bug place x":                 `bounds:1: "x": want a number`,
		"bug place 100001":            `bounds:1: "100001": want a number`,
		"bug place 16\nbug place 32 ": "bounds:2: bug in place was there before",
	} {
		if _, err := ParseBounds("bounds", text); !errors.Is(err, ErrBounds) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseBounds(f *testing.F) {
	f.Add("# first\nbug place 16\n\n  bug  swarm\t512\n")
	f.Add("bug place 99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBounds("f", text)
		if err != nil {
			if !errors.Is(err, ErrBounds) {
				t.Errorf("unknown error: %v", err)
			}
			return
		}
		if again, err := ParseBounds("f", b.String()); err != nil || again.String() != b.String() {
			t.Errorf("%q: printed and read: %v", b, err)
		}
	})
}

func TestBounds_Complaint(t *testing.T) {
	b, _ := ParseBounds("", "bug place 16\n")
	other := scored("I-1", 1)
	other.Hunt.Mutant.Name = "another"
	for want, s := range map[string]Score{
		"": scored("I-1", 16), "the median of 17 seeds is above its bound of 16": scored("I-1", 17, 1, 18),
		"has no bound": other, "found in 0 of 1 trials of at most 99 seeds": scored("I-1", 0),
	} {
		if got := b.Complaint(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestBounds_Tighten: a bound is four to eight times the median, only ever falls, and is
// left alone by a hunt that has found nothing.
func TestBounds_Tighten(t *testing.T) {
	b := new(Bounds)
	var got []string
	for _, s := range []Score{scored("I-1", 5), scored("I-1", 3), scored("I-1", 100), scored("I-1", 0), scored("I-2", 1), scored("I-1", 1)} {
		b.Tighten(s)
		n, _ := b.Of("bug", "place")
		got = append(got, fmt.Sprint(n))
	}
	if diff := cmp.Diff("32 16 16 16 16 4", strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		b, before := new(Bounds), uint64(Stride)
		for range 10 {
			median := rapid.Uint64Range(1, Stride).Draw(t, "median")
			b.Tighten(scored("I-1", median))
			now, _ := b.Of("bug", "place")
			if now > before || now > max(8*median, 4) {
				t.Fatalf("from %d to %d by a median of %d", before, now, median)
			}
			before = now
		}
	})
}

// TestBounds_areComplete: every planted bug has a bound in its own scenario.
func TestBounds_areComplete(t *testing.T) {
	const file = "../testdata/mutant_bounds.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseBounds(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range scenarios.Mutants() {
		if _, ok := b.Of(m.Name, m.Scenario); !ok {
			t.Errorf("%s has no bound in %s: make build && bin/wavetank mutants %s --bounds scenarios/testdata/mutant_bounds.txt --update", m.Name, m.Scenario, m.Name)
		}
	}
}
