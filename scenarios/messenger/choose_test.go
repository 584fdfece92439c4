package messenger

import (
	"slices"
	"testing"

	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/scenarios/vary"
)

// TestChoose_somethingNew: a kind of damage or a fault point that is added changes
// the plans that have it, and no other one.
func TestChoose_somethingNew(t *testing.T) {
	const seeds = 2000
	kinds := []Kind{Reset, Reset, Strike, Strike, Strike, Cut, Swallow, Restart, Respawn}
	for name, more := range map[string]choices{
		"a kind":        {kinds: append(slices.Clone(kinds), "melt"), points: msgr.Points()},
		"a point":       {kinds: kinds, points: append(msgr.Points(), "msgr.new")},
		"another order": {kinds: kinds, points: reversed(msgr.Points())},
	} {
		touched := 0
		for seed := range uint64(seeds) {
			plan := more.plan(seed, nil)
			if slices.ContainsFunc(plan.Damages, func(d Damage) bool { return d.Kind == "melt" || d.Point == "msgr.new" }) {
				touched++
				continue
			}
			if got, want := plan.String(), Choose(seed, nil).String(); got != want {
				t.Fatalf("%s: seed %d has nothing of it and is now\n%s, was\n%s", name, seed, got, want)
			}
		}
		if wanted := name == "a kind" || name == "a point"; wanted != (touched > 0) || touched > seeds/3 {
			t.Errorf("%s: in %d plans of %d", name, touched, seeds)
		}
	}
}

func reversed(list []string) []string {
	slices.Reverse(list)
	return list
}

// TestChoose_varied: choices that are drawn anew are another seed's, the others stay.
func TestChoose_varied(t *testing.T) {
	kept, others := 0, 0
	for seed := range uint64(100) {
		plain, varied, salt := Choose(seed, nil), Choose(seed, vary.Vary{1000}), Choose(1000, nil)
		if varied.Window != plain.Window && varied.Window != salt.Window {
			t.Errorf("seed %d: window %d is nobody's", seed, varied.Window)
		}
		if varied.Pair.Name == plain.Pair.Name && varied.Window == plain.Window && varied.Throttle == plain.Throttle {
			kept++
		}
		if varied.String() != plain.String() {
			others++
		}
	}
	if kept < 5 || others < 80 {
		t.Errorf("of 100 plans %d keep what is plain, %d are others", kept, others)
	}
}
