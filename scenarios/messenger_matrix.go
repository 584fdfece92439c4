package scenarios

import (
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/scenarios/messenger"
	"github.com/wavetank/wavetank/scenarios/novelty"
)

// messengerMatrix is S-21 to S-23: two messengers, and damage at the positions of
// their protocol.
func messengerMatrix() Scenario {
	return Scenario{
		Name:  "messenger",
		Doc:   "two messengers with any pair of policies are damaged at positions of their protocol",
		Alone: runMatrix,
		Marks: matrixMarks(),
	}
}

// matrixMarks are the positions at which something may strike.
func matrixMarks() []string {
	var all []string
	for _, p := range msgr.Points() {
		all = append(all, struckAt(p))
	}
	return all
}

func struckAt(point string) string { return "struck at " + point }

// runMatrix runs one seed.
func runMatrix(spec Spec) Result {
	plan := messenger.Choose(spec.Seed, spec.Vary)
	mutant, _ := FindMutant(spec.Mutant)
	o := messenger.Run(messenger.Config{
		Plan: plan, Defects: mutant.Messenger,
		Trace: spec.Trace, Line: spec.line(), LogLevel: spec.LogLevel, OnPacket: spec.OnPacket, Witness: spec.Witness,
		Schedule: spec.schedule(), Watch: spec.watch,
	})
	r := Result{Choices: spec.choices(plan.String()), Hash: o.Hash, Steps: o.Steps, Virtual: o.Virtual, Points: o.Points}
	r.Features = matrixFeatures(plan.Pair.Name, o)
	for _, s := range o.Struck {
		r.Faults = append(r.Faults, Landed{
			Kind: s.Damage.Kind.Fault(), Fault: s.Damage.Fault(), Struck: s.At, Count: 1,
		})
		if s.Damage.Point != "" && !s.Late {
			r.Marks = addNew(r.Marks, []string{struckAt(s.Damage.Point)})
		}
	}
	if len(o.Wrong) > 0 {
		first := o.Wrong[0]
		r.Verdict = Fail
		r.Failure = &Failure{Property: first.Property, Detail: o.Err().Error(), At: first.At, Step: first.Step}
	}
	return r
}

// matrixFeatures are what a run has shown: which damage struck where, what came after what,
// and how often each position was reached.
func matrixFeatures(pair string, o messenger.Outcome) (list []novelty.Feature) {
	before := "the beginning"
	for i, s := range o.Struck {
		kind, place := s.Damage.Kind.Fault(), "elsewhere"
		if s.Damage.Point != "" && !s.Late {
			place = s.Damage.Point
		}
		list = append(list, novelty.Target(kind, place), novelty.New(novelty.Sessions, pair+": "+before+" > "+place))
		if before = place; i > 0 {
			list = append(list, novelty.Pair(o.Struck[i-1].Damage.Kind.Fault(), kind))
		}
	}
	for _, p := range o.Points {
		if p.Reached > 0 {
			list = append(list, novelty.Reached(pair+" "+p.Name, p.Reached))
		}
	}
	return novelty.Sorted(list)
}
