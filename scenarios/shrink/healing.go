package shrink

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
)

// A goal that is missed says something only if the cluster could have reached it. A script
// without what ended its damage misses every goal, and so does one whose cluster has nobody
// who could take over, with any fault or none.

// healing is what is asked of smaller scripts, if a goal was missed.
type healing struct {
	missed  bool
	landed  bool // the faults that the goal is about have struck somebody
	reached bool // the goal is, with nothing but those
}

// newHealing finds out what holds of the script that is made small.
func (s *shrinker) newHealing(script scenarios.Script, r scenarios.Result) (h healing) {
	if h.missed = missesGoal(script, r.Failure); h.missed {
		h.landed = landed(script, r)
		h.reached = s.reaches(script, r.Spec.Seed)
	}
	return h
}

// meansSomething reports whether a script that misses a goal could have reached it as well as
// the one that is made small.
func (s *shrinker) meansSomething(script scenarios.Script, r scenarios.Result) bool {
	return (!s.healing.landed || landed(script, r)) && (!s.healing.reached || s.reaches(script, r.Spec.Seed))
}

// landed reports whether the faults that missed goals are about have struck somebody.
func landed(script scenarios.Script, r scenarios.Result) bool {
	for i, f := range r.Faults {
		if isAbout(script, r.Failure.Property, i) && f.Count == 0 {
			return false
		}
	}
	return true
}

// reaches reports whether a script reaches the goal, with one of some seeds, without its
// damage but for that which the goal is about.
func (s *shrinker) reaches(script scenarios.Script, seed uint64) bool {
	property := s.small.Result.Failure.Property
	bare := script.Without(func(i int, step faults.Step) bool { return damages(step.Fault) && !isAbout(script, property, i) })
	for _, seed := range []uint64{seed, 1, 2, 3} {
		s.small.Tried++
		spec := s.spec
		spec.Scenario, spec.Seed = bare.Scenario(), seed
		if r := scenarios.Run(spec); r.Failure == nil || r.Failure.Signature() != s.small.Signature {
			return true
		}
	}
	return false
}

// isAbout reports whether goals of a property are about a step.
func isAbout(s scenarios.Script, property string, step int) bool {
	return slices.ContainsFunc(s.Goals, func(g scenarios.Goal) bool {
		return g.Property == property && (g.Step == step || g.Fault == step)
	})
}

// missesGoal reports whether a failure is that a goal of the script was missed.
func missesGoal(s scenarios.Script, f *scenarios.Failure) bool {
	return f.Host == "" && slices.ContainsFunc(s.Goals, func(g scenarios.Goal) bool { return g.Property == f.Property })
}

// asWhole reports whether all damage that a smaller plan leaves is left by the other one too.
func asWhole(smaller, than faults.Plan) bool {
	left := lasting(than)
	for _, f := range lasting(smaller) {
		i := slices.Index(left, f)
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// lasting is the damage, in words, that no step of a plan ends. A mend ends all: whoever is
// not in its core need not work.
func lasting(plan faults.Plan) (words []string) {
	var left []faults.Fault
	over := func(which func(faults.Fault) bool) { left = slices.DeleteFunc(left, which) }
	for _, step := range plan {
		switch f := step.Fault.(type) {
		case *faults.Mend:
			left = nil
		case faults.Undoing:
			over(func(d faults.Fault) bool { return d == f.Undoes() })
		case faults.DBFast:
			over(func(d faults.Fault) bool { return d.Kind() == faults.DBSlow{}.Kind() })
		case faults.Restart:
			over(func(d faults.Fault) bool { return isDown(d) && concerns(f.Who, cluster.RoleDead, d) })
		case faults.Resume:
			over(func(d faults.Fault) bool {
				return d.Kind() == faults.Pause{}.Kind() && concerns(f.Who, cluster.RolePaused, d)
			})
		default:
			if damages(f) {
				left = append(left, f)
			}
		}
	}
	for _, f := range left {
		words = append(words, f.String())
	}
	return words
}

func isDown(f faults.Fault) bool {
	return f.Kind() == faults.Kill{}.Kind() || f.Kind() == (&faults.PowerOff{}).Kind()
}

// concerns reports whether what is said of who, or of everybody that all stands for, is said
// of whom a fault struck.
func concerns(who, all string, f faults.Fault) bool {
	aimed, ok := f.(faults.Aimed)
	return who == all || !ok || strings.Join(aimed.Aim(), " ") == who
}

// damages reports whether a fault does damage that lasts until something ends it.
func damages(f faults.Fault) bool {
	if _, mends := f.(*faults.Mend); mends {
		return false
	}
	switch faults.HarmOf(f) {
	case faults.Disturbed, faults.Remaining, faults.Interrupted:
		return true
	}
	return false
}
