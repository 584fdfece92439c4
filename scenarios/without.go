package scenarios

import (
	"reflect"
	"slices"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// Without is the script without some of its steps, with those that take them back, and what
// is expected of them. If none is left there is one that does nothing, for a script has a
// step.
func (s Script) Without(gone func(int, faults.Step) bool) Script {
	var plan faults.Plan
	place := make([]int, len(s.Plan)) // of each step in the new plan
	lost := make(map[faults.Fault]bool)
	for i, step := range s.Plan {
		u, undoes := step.Fault.(faults.Undoing)
		if gone(i, step) || undoes && lost[u.Undoes()] {
			if reflect.TypeOf(step.Fault).Comparable() {
				lost[step.Fault] = true
			}
			place[i] = -1
			continue
		}
		place[i] = len(plan)
		plan = append(plan, step)
	}
	if len(plan) == 0 {
		plan = faults.Plan{{Fault: faults.Restart{Who: cluster.RoleDead}}}
	}
	var goals []Goal
	for _, g := range s.Goals {
		if place[g.Step] >= 0 && place[g.Fault] >= 0 {
			g.Step, g.Fault = place[g.Step], place[g.Fault]
			goals = append(goals, g)
		}
	}
	s.Plan, s.Goals = plan, goals
	if !slices.ContainsFunc(plan, func(step faults.Step) bool { return step.Fault.Kind() == s.Bite }) {
		s.Bite = "" // any will do
	}
	return s
}
