package shrink

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// Which of the decisions among loops matter that the seed of a failing run has drawn? None
// does if the script fails alike when loops take turns. Otherwise they take turns but for
// the decisions on a list, at first all of them, of which halves, quarters, down to single
// ones are taken off. With another seed a decision is another one, so only that of the
// failing run is tried.

const (
	// mostDecisions are as many as a script may name. More say nothing to anybody, and
	// the script stays as it was.
	mostDecisions = 12
	// decisionRuns bounds the runs for it.
	decisionRuns = 500
)

// findDecisions makes the script say which decisions the failure needs.
func (s *shrinker) findDecisions() {
	before := s.small
	if before.Script.Schedule.Kind != sim.Uniform || s.try(ordered("all decisions", sim.Schedule{Kind: sim.Fair})) {
		return
	}
	all := sim.Decisions{First: 1, Last: before.Result.Decisions}
	fair := ordered("no decision", sim.Schedule{Kind: sim.Fair, Except: []sim.Decisions{all}})
	fair.own = true
	if all.Last == 0 || !s.try(fair) {
		return
	}
	s.fewerDecisions(before.Tried + decisionRuns)
	if len(decisions(s.small.Script)) > mostDecisions {
		before.Tried = s.small.Tried
		s.small = before
	}
}

// fewerDecisions takes decisions off the list, until none can be or so many runs were made.
func (s *shrinker) fewerDecisions(runs int) {
	for size := len(decisions(s.small.Script)) / 2; size > 0; size /= 2 {
		for from := 0; from < len(decisions(s.small.Script)); {
			if s.over() || s.small.Tried >= runs {
				return
			}
			list := decisions(s.small.Script)
			to := min(from+size, len(list))
			e := ordered(fmt.Sprintf("%d decisions", to-from), except(slices.Delete(list, from, to)))
			e.own = true
			if !s.try(e) {
				from = to
			}
		}
	}
}

// ordered sets the schedule.
func ordered(what string, schedule sim.Schedule) edit {
	return edit{what: what, apply: func(s scenarios.Script) scenarios.Script {
		s.Schedule = schedule
		return s
	}}
}

// decisions are those that the script's schedule excepts, one by one.
func decisions(s scenarios.Script) (list []uint64) {
	for _, d := range s.Schedule.Except {
		for n := d.First; n <= d.Last; n++ {
			list = append(list, n)
		}
	}
	return list
}

// except is fair but for those decisions.
func except(list []uint64) sim.Schedule {
	s := sim.Schedule{Kind: sim.Fair}
	for _, n := range list {
		if last := len(s.Except) - 1; last >= 0 && s.Except[last].Last+1 == n {
			s.Except[last].Last = n
		} else {
			s.Except = append(s.Except, sim.Decisions{First: n, Last: n})
		}
	}
	return s
}
