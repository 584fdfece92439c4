package scenarios

import (
	"context"
	"slices"

	"github.com/wavetank/wavetank/sim"
)

// Canary is how the hunt for a planted bug ended that must be found, or else the
// campaign proves nothing.
type Canary struct {
	Mutant Mutant
	// Seeds is how many were run.
	Seeds int
	// Caught is the failure; nil if there was none.
	Caught *Result
}

// canarySeeds is how many seeds are run for a planted bug before it counts as not
// found: several times what the rarest of them needs.
const canarySeeds = 3000

// CanaryFor chooses a planted bug for a campaign by its first seed, of those that belong
// to its scenarios or, if none does, of all.
func CanaryFor(specs []Spec, first uint64) Mutant {
	all := Mutants()
	own := slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool {
		return !slices.ContainsFunc(specs, func(s Spec) bool { return s.Scenario.Name == m.Scenario })
	})
	if len(own) > 0 {
		all = own
	}
	return all[sim.NewStream(first, "canary").IntN(len(all))]
}

// canary hunts for the campaign's planted bug, in the simulator and in its own scenario.
func (c Campaign) canary(ctx context.Context) Canary {
	found := Canary{Mutant: *c.Canary}
	s, err := Find(c.Canary.Scenario)
	if err != nil {
		return found
	}
	hunt := Campaign{
		Specs: []Spec{{Scenario: s, Mutant: c.Canary.Name}}, Seeds: Seeds{First: 1, Last: canarySeeds},
		Workers: c.Workers, Recheck: RecheckNone, StopAfter: 1,
		OnResult: func(r Result) {
			found.Seeds++
			if r.Verdict == Fail {
				found.Caught = &r
			}
		},
	}
	hunt.Run(ctx)
	return found
}
