package shrink

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
)

// A goal that is missed says something only if the cluster could have reached it: a script
// without what ended its damage misses every goal, for no other reason.

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
	switch faults.HarmOf(f) {
	case faults.Disturbed, faults.Remaining, faults.Interrupted:
		return true
	}
	return false
}
