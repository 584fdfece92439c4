package novelty

import (
	"fmt"
	"testing"

	"github.com/wavetank/wavetank/scenarios/vary"
)

// seeds are those of a generation.
func seeds(first, n uint64) (list []uint64) {
	for i := range n {
		list = append(list, first+i)
	}
	return list
}

// Children are of runs that have shown something new, more of those whose features are
// rare, and each parent's turn comes.
func TestPopulation_rareParentsHaveMoreChildren(t *testing.T) {
	p := NewPopulation()
	if runs := p.Next(seeds(1, 50)); fmt.Sprint(runs[49]) != "{50 }" {
		t.Errorf("without parents there are children: %v", runs)
	}
	for seed := range uint64(40) {
		shown := []Feature{"roles common"}
		if seed == 30 {
			shown = append(shown, "roles rare")
		}
		p.Add(Run{Seed: seed}, shown, true)
	}
	children := make(map[uint64]int)
	fresh := 0
	for generation := range uint64(20) {
		for i, r := range p.Next(seeds(1000+64*generation, 64)) {
			own := 1000 + 64*generation + uint64(i)
			switch {
			case len(r.Vary) == 0 && r.Seed == own:
				fresh++
			case len(r.Vary) == 1 && r.Vary[0] == own:
				children[r.Seed]++
			default:
				t.Fatalf("seed %d is run as %v", own, r)
			}
		}
	}
	if len(children) != 2 || children[30] < 2*children[0] || children[0] == 0 {
		t.Errorf("children by parent: %v", children)
	}
	if fresh < 20*64/8 || fresh > 20*64*7/8 {
		t.Errorf("%d of %d seeds are their own", fresh, 20*64)
	}
}

// What cannot be varied is no parent, nor is what was varied so often already.
func TestPopulation_noParents(t *testing.T) {
	p := NewPopulation()
	p.Add(Run{Seed: 1}, []Feature{"roles a"}, false)
	p.Add(Run{Seed: 2, Vary: make(vary.Vary, vary.Most)}, []Feature{"roles b"}, true)
	p.Add(Run{Seed: 3}, []Feature{"roles a", "roles b"}, true)
	for _, r := range p.Next(seeds(10, 64)) {
		if len(r.Vary) > 0 {
			t.Fatalf("%v is a child", r)
		}
	}
}
