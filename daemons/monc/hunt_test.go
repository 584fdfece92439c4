package monc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/monc/monctest"
)

func mons(spec string) []candidate {
	var list []candidate
	for _, s := range strings.Fields(spec) {
		var c candidate
		c.name = s[:1]
		if len(s) > 1 {
			if _, err := fmt.Sscanf(s[1:], ":%d:%d", &c.priority, &c.weight); err != nil {
				panic(err)
			}
		}
		list = append(list, c)
	}
	return list
}

func sortedNames(list []candidate) string {
	var names []string
	for _, c := range list {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return strings.Join(names, "")
}

// MC-1: those not yet tried, lowest priority value first, and all over again when
// all were tried. A batch is named as a set: its order is drawn.
func TestHunter_triesEverybodyInTurn(t *testing.T) {
	for _, tt := range []struct {
		name     string
		mons     string
		parallel int
		want     []string // the sizes of sets where the draw decides
	}{
		{"one", "a", 3, []string{"a", "a", "a"}},
		{"three at once", "a b c", 3, []string{"abc", "abc"}},
		{"priorities", "a:2:0 b:1:0 c:1:0 d:2:0", 3, []string{"bc", "ad", "bc", "ad"}},
		{"priorities of their own", "a:3:0 b:1:0 c:2:0", 3, []string{"b", "c", "a", "b"}},
		{"nobody", "", 3, []string{"", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHunter(Options{HuntParallel: tt.parallel}.withDefaults(), monctest.NewRand(1))
			for i, want := range tt.want {
				if got := sortedNames(h.next(mons(tt.mons))); got != want {
					t.Errorf("hunt %d dials %q, want %q", i, got, want)
				}
			}
		})
	}
}

// Whatever is drawn, nobody is dialled again before everybody was.
func TestHunter_coversAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := mons("a b c d e f g")[:rapid.IntRange(1, 7).Draw(t, "mons")]
		parallel := rapid.IntRange(1, 4).Draw(t, "parallel")
		h := newHunter(Options{HuntParallel: parallel}.withDefaults(), monctest.NewRand(rapid.Uint64().Draw(t, "seed")))
		seen := map[string]bool{}
		for len(seen) < len(all) {
			for _, c := range h.next(all) {
				if seen[c.name] {
					t.Fatalf("%s is dialled again after %d of %d", c.name, len(seen), len(all))
				}
				seen[c.name] = true
			}
		}
	})
}

func TestHunter_drawsByWeight(t *testing.T) {
	first := func(spec string) map[string]int {
		counts := map[string]int{}
		for seed := range uint64(4000) {
			h := newHunter(DefaultOptions(), monctest.NewRand(seed))
			counts[h.next(mons(spec))[0].name]++
		}
		return counts
	}
	for _, tt := range []struct {
		spec string
		want map[string]int // of 4000
	}{
		{"a b c d", map[string]int{"a": 1000, "b": 1000, "c": 1000, "d": 1000}},
		{"a:0:1 b:0:3", map[string]int{"a": 1000, "b": 3000}},
		{"a:0:0 b:0:1", map[string]int{"a": 0, "b": 4000}},
	} {
		got := first(tt.spec)
		for name, want := range tt.want {
			if d := got[name] - want; d < -150 || d > 150 {
				t.Errorf("%q: %s comes first %d times of 4000, want about %d", tt.spec, name, got[name], want)
			}
		}
	}
}

// MC-3 and MC-4.
func TestHunter_backsOff(t *testing.T) {
	h := newHunter(DefaultOptions(), monctest.NewRand(1))
	want := func(step string, seconds float64) {
		t.Helper()
		if got := h.interval(); got.Round(time.Millisecond) != time.Duration(seconds*1000)*time.Millisecond {
			t.Errorf("%s: interval is %v, want %vs", step, got, seconds)
		}
	}
	h.begin()
	h.begin()
	want("before the first session", 3)
	h.succeed()
	h.begin()
	want("first hunt after a session", 4.5)
	h.begin()
	want("second", 6.75)
	h.begin()
	want("third", 10.125)
	for range 10 {
		h.begin()
	}
	want("many", 30)
	h.succeed()
	h.relax()
	want("found one", 20)
	for range 10 {
		h.relax()
	}
	want("healthy for long", 3)
}
