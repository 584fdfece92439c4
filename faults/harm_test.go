package faults

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Each kind of fault says what it leaves behind.
func TestVocabulary_harm(t *testing.T) {
	of := make(map[Harm][]string)
	for _, w := range Vocabulary() {
		if w.Harm < Requested || w.Harm > Remaining {
			t.Errorf("%s does not say what it leaves behind", w.Kind())
		}
		of[w.Harm] = append(of[w.Harm], w.Kind())
	}
	for h := Requested; h <= Remaining; h++ {
		if len(of[h]) == 0 {
			t.Errorf("no fault leaves harm %d behind", h)
		}
	}
	plan, err := ParsePlan("at 0s cut a <-> b\nat 1s heal a <-> b\nat 1s kill a\n")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Harm{Disturbed, Undone, Interrupted} {
		if got := HarmOf(plan[i].Fault); got != want {
			t.Errorf("%v leaves %d behind, want %d", plan[i].Fault, got, want)
		}
	}
}

// What is wrong with what goes between machines says between which.
func TestVocabulary_spanning(t *testing.T) {
	draw := drawers()
	rapid.Check(t, func(t *rapid.T) {
		for _, w := range Vocabulary() {
			if w.Harm != Disturbed && w.Harm != Broken {
				continue
			}
			f, ok := draw[w.Kind()](t, nil).(Spanning)
			if !ok {
				t.Fatalf("%s does not say between whom it is", w.Kind())
			}
			if one, other := f.Ends(); !strings.Contains(f.String(), one) || !strings.Contains(f.String(), other) || one == "" {
				t.Fatalf("%v is between %q and %q", f, one, other)
			}
		}
	})
}

// What leaves nothing behind because it undoes another fault can name that one.
func TestVocabulary_undoes(t *testing.T) {
	for _, text := range []string{
		"cut a <-> b | heal a <-> b", "hold a -> b | release a -> b", "clog a | unclog a", "slow a 2 times | fast a",
		"stall a -> b | link-mend stall a -> b", "disk-full a but for 1 B | disk-mend disk-full a but for 1 B",
		"crash-at p a nth 1 by kill | disarm crash-at p a nth 1 by kill",
	} {
		first, second, _ := strings.Cut(text, " | ")
		plan, err := ParsePlan("at 0s " + first + "\nat 1s " + second + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if u, ok := plan[1].Fault.(Undoing); !ok || u.Undoes() != plan[0].Fault || HarmOf(plan[1].Fault) != Undone {
			t.Errorf("%v does not undo %v", plan[1].Fault, plan[0].Fault)
		}
	}
}
