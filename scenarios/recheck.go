package scenarios

import (
	"github.com/wavetank/wavetank/sim"
)

// Recheck says which runs of a campaign are run twice and compared, see RunTwice.
type Recheck int

// The choices.
const (
	// RecheckSome: those that fail, so that nobody hunts what cannot be replayed,
	// and one in 50 of the others, chosen by their seeds.
	RecheckSome Recheck = iota
	RecheckAll
	RecheckNone
)

// recheckOneIn is how many runs that need no second look share one that gets it.
const recheckOneIn = 50

// run runs a Spec once or twice.
func (c Recheck) run(spec Spec) Result {
	switch {
	case c == RecheckNone || spec.World == WorldTCP:
		return Run(spec)
	case c == RecheckAll || sampled(spec):
		return RunTwice(spec)
	}
	first := Run(spec)
	if f := first.Failure; first.Verdict != Fail || f != nil && f.Property == propertyWatchdog {
		return first // nothing to look at twice, or it would only hang again
	}
	return first.recheck(RunTwice(spec))
}

// sampled reports whether the seed is one of those that are looked at twice in
// any case.
func sampled(spec Spec) bool {
	return sim.NewStream(spec.Vary.Last(spec.Seed), "recheck/"+spec.Scenario.Name).IntN(recheckOneIn) == 0
}

// recheck is the result of a run that has since been run twice more.
func (r Result) recheck(again Result) Result {
	switch {
	case again.Verdict == Nondeterministic:
		return again
	case again.Hash != r.Hash || again.Steps != r.Steps:
		r.parted(min(r.Steps, again.Steps), unlike(r.Spec.Seed, r, again)+"; two more were the same act by act")
	}
	r.Twice = true
	return r
}
