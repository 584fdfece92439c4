package scenarios

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/scenarios/divergence"
	"github.com/wavetank/wavetank/sim"
)

// propertyReplay is the property that the same seed gives the same run.
const propertyReplay = "I-DET-1 replay"

// RunTwice runs a Spec twice, act by act, and compares. If the runs part, the
// verdict is Nondeterministic and the detail says where, with the likely line of
// code. A run in real time promises nothing and is run once.
func RunTwice(spec Spec) Result {
	if spec.World == WorldTCP {
		return Run(spec)
	}
	began := time.Now()
	result := guard(spec, attemptTwice)
	if f := result.Failure; f != nil && f.Property == propertyWatchdog {
		return Run(spec) // which says where it hangs; the hash is nobody's
	}
	result.Spec, result.Real = spec, time.Since(began)
	return result
}

// attemptTwice makes two runs in step with each other on the calling goroutine.
func attemptTwice(spec Spec) Result {
	var results [2]Result
	runs := 0
	found := divergence.Find(func(w sim.Witness) {
		i := runs
		runs++
		one := spec
		if one.Witness = w; i > 0 {
			one.Trace, one.OnPacket, one.History, one.watch = nil, nil, false, new(sim.Watch) // the first run has had them
		}
		results[i] = attempt(one)
	})
	first := results[0]
	first.Twice = true
	switch {
	case found != nil:
		first.parted(found.Step, fmt.Sprintf("two runs of seed %d are not the same: %v", spec.Seed, found))
		first.Failure.At = found.At
	case first.Hash != results[1].Hash || first.Steps != results[1].Steps:
		first.parted(first.Steps, unlike(spec.Seed, first, results[1]))
	}
	return first
}

// parted makes a result that of a run that was another one the second time.
func (r *Result) parted(step uint64, detail string) {
	r.Verdict = Nondeterministic
	r.Failure = &Failure{Property: propertyReplay, At: r.Virtual, Step: step, Detail: detail}
}

func unlike(seed uint64, a, b Result) string {
	return fmt.Sprintf("runs of seed %d ended with hashes %016x and %016x after %d and %d steps",
		seed, a.Hash, b.Hash, a.Steps, b.Steps)
}
