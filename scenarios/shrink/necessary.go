package shrink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// Ingredient is a line of a small script: a step, an expectation, an option, a number of
// daemons that is not the default, fault points, decisions of the schedule.
type Ingredient struct {
	Line string
	// Needed reports that the failure is gone without the line, or with the default in its
	// place: none of the seeds fails alike.
	Needed bool
}

// necessary says in one line which ingredients are needed.
func necessary(all []Ingredient) string {
	if len(all) == 0 {
		return ""
	}
	var others []string
	for _, i := range all {
		if !i.Needed {
			others = append(others, i.Line)
		}
	}
	text := fmt.Sprintf("%d of %d lines", len(all)-len(others), len(all))
	if len(others) > 0 {
		text += "; it fails too without: " + strings.Join(others, ", ")
	}
	return text
}

// findNecessary takes each line away in turn, and looks whether the failure still comes.
func (s *shrinker) findNecessary() {
	var all []Ingredient
	for _, e := range lines(s.small.Script) {
		_, fails := s.fails(e.apply(s.small.Script), s.seeds())
		if s.over() {
			return
		}
		all = append(all, Ingredient{Line: e.what, Needed: !fails})
	}
	s.small.Ingredients = all
}

// lines are the edits that take one line away each, and are called as the line.
func lines(s scenarios.Script) []edit {
	all := slices.Concat(defaults(s), pointLines(s))
	switch {
	case s.Schedule.Kind == sim.PCT:
		all = append(all, ordered("schedule "+s.Schedule.String(), sim.Schedule{}))
	case len(s.Schedule.Except) > 0:
		all = append(all, ordered("schedule "+s.Schedule.String(), sim.Schedule{Kind: sim.Fair}))
	}
	for i, step := range s.Plan {
		all = append(all, edit{what: step.String(), apply: func(s scenarios.Script) scenarios.Script {
			return s.Without(func(at int, _ faults.Step) bool { return at == i })
		}})
	}
	for i, g := range s.Goals {
		all = append(all, edit{what: "expect " + g.Words, apply: func(s scenarios.Script) scenarios.Script {
			s.Goals = slices.Delete(slices.Clone(s.Goals), i, i+1)
			return s
		}})
	}
	return all
}

// defaults put each number, module and option back to what it is in the default topology.
func defaults(s scenarios.Script) (all []edit) {
	plain := s.Plain()
	for _, name := range s.Numbers().Names() {
		if text, usual := s.Numbers().Text(name), plain.Numbers().Text(name); text != usual {
			all = append(all, edit{what: name + " " + text, apply: func(s scenarios.Script) scenarios.Script {
				_ = s.Numbers().Put(name, usual) // numbers are of the copy s
				return s
			}})
		}
	}
	for i, m := range s.Topology.MgrModules {
		all = append(all, edit{what: "module " + m.Name, apply: func(s scenarios.Script) scenarios.Script {
			s.Topology.MgrModules = slices.Delete(slices.Clone(s.Topology.MgrModules), i, i+1)
			return s
		}})
	}
	for _, e := range plainOptions(s, scenarios.Result{}) {
		if e.apply(s).String() != s.String() {
			all = append(all, e)
		}
	}
	return all
}
