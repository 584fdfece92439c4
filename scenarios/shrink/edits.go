package shrink

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// edit is one way to make a script smaller.
type edit struct {
	what string
	// own says that the edit is about one seed, that of the failing run: it is not tried
	// with others.
	own   bool
	apply func(scenarios.Script) scenarios.Script
}

// pass makes the edits of one kind for a script that fails as in the result.
type pass func(scenarios.Script, scenarios.Result) []edit

// rounds are the passes of each round.
func rounds() [][]pass { return [][]pass{coarse(), passes()} }

// coarse are the passes that take away most.
func coarse() []pass {
	return []pass{unstruck, shorter, withoutGoals, withoutKinds, withoutSteps, withoutPoints}
}

// passes are tried in this order: what takes away most comes first.
func passes() []pass {
	return []pass{
		unstruck, shorter, withoutGoals, withoutKinds, withoutSteps, together, withoutModules, fewerDaemons, fewerClients, plainOptions,
		plainConditions, earlier, rounder, withoutPoints, fewerPoints, fewerFirings, plainSchedule,
	}
}

// unstruck takes the steps away that had not struck when the run failed: it is the same run.
func unstruck(_ scenarios.Script, r scenarios.Result) []edit {
	return []edit{{what: "what had not struck", own: true, apply: func(s scenarios.Script) scenarios.Script {
		if len(r.Faults) >= len(s.Plan) {
			return s
		}
		return s.Without(func(i int, _ faults.Step) bool { return i >= len(r.Faults) })
	}}}
}

// shorter ends the run when it has failed. A script that does not say how long it lasts comes
// to say so, for otherwise its last step could be needed only to give it time.
func shorter(s scenarios.Script, r scenarios.Result) []edit {
	length := (r.Failure.At + time.Second).Round(time.Second)
	if s.Length != 0 && length >= s.Length {
		return nil
	}
	return []edit{{what: fmt.Sprintf("everything after %v", length), apply: func(s scenarios.Script) scenarios.Script {
		s.Length = length
		return s
	}}}
}

// withoutGoals takes expectations away, all of them first.
func withoutGoals(s scenarios.Script, _ scenarios.Result) []edit {
	var edits []edit
	for _, r := range ranges(len(s.Goals)) {
		edits = append(edits, edit{what: fmt.Sprintf("%d expectations", r.to-r.from), apply: func(s scenarios.Script) scenarios.Script {
			s.Goals = slices.Delete(slices.Clone(s.Goals), r.from, r.to)
			return s
		}})
	}
	return edits
}

// withoutKinds takes away all faults of a kind.
func withoutKinds(s scenarios.Script, _ scenarios.Result) []edit {
	var kinds []string
	for _, step := range s.Plan {
		if k := step.Fault.Kind(); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	var edits []edit
	for _, kind := range kinds {
		edits = append(edits, edit{what: "every " + kind, apply: func(s scenarios.Script) scenarios.Script {
			return s.Without(func(_ int, step faults.Step) bool { return step.Fault.Kind() == kind })
		}})
	}
	return edits
}

// withoutSteps takes steps away: halves, quarters, down to single ones.
func withoutSteps(s scenarios.Script, _ scenarios.Result) []edit {
	var edits []edit
	for _, r := range ranges(len(s.Plan)) {
		what := fmt.Sprintf("%d steps", r.to-r.from)
		if r.to-r.from == 1 {
			what = s.Plan[r.from].String()
		}
		edits = append(edits, edit{what: what, apply: func(s scenarios.Script) scenarios.Script {
			return s.Without(func(i int, _ faults.Step) bool { return i >= r.from && i < r.to })
		}})
	}
	return edits
}

// together has a restart start everybody who is down, and those behind it left out that come
// before anything else does.
func together(s scenarios.Script, _ scenarios.Result) (edits []edit) {
	restarts := func(i int) bool { return i < len(s.Plan) && s.Plan[i].Fault.Kind() == (faults.Restart{}).Kind() }
	for i := range s.Plan {
		if !restarts(i) || !restarts(i+1) || i > 0 && restarts(i-1) {
			continue
		}
		end := i
		for restarts(end) {
			end++
		}
		edits = append(edits, edit{what: fmt.Sprintf("%d restarts but for one of all", end-i), apply: func(s scenarios.Script) scenarios.Script {
			s = s.Without(func(n int, _ faults.Step) bool { return n > i && n < end })
			s.Plan[i].Fault = faults.Restart{Who: cluster.RoleDead}
			return s
		}})
	}
	return edits
}

// withoutModules takes the managers' modules away, all of them first.
func withoutModules(s scenarios.Script, _ scenarios.Result) (edits []edit) {
	for _, r := range ranges(len(s.Topology.MgrModules)) {
		edits = append(edits, edit{what: fmt.Sprintf("%d modules", r.to-r.from), apply: func(s scenarios.Script) scenarios.Script {
			s.Topology.MgrModules = slices.Delete(slices.Clone(s.Topology.MgrModules), r.from, r.to)
			return s
		}})
	}
	return edits
}

// fewerDaemons takes daemons away, fewerClients who gives them work.
func fewerDaemons(s scenarios.Script, _ scenarios.Result) []edit { return fewer(s, false) }
func fewerClients(s scenarios.Script, _ scenarios.Result) []edit { return fewer(s, true) }

func fewer(s scenarios.Script, clients bool) []edit {
	var edits []edit
	for _, name := range s.Numbers().Names() {
		if strings.HasSuffix(name, "-clients") != clients {
			continue
		}
		if name != "mons" {
			edits = append(edits, numbered(name, func(int) int { return 0 }), numbered(name, func(n int) int { return n / 2 }))
		}
		edits = append(edits, numbered(name, func(n int) int { return n - 1 }))
	}
	return edits
}

// numbered changes how many there are of something, if there are any. One monitor stays.
func numbered(name string, change func(int) int) edit {
	return edit{what: "some " + name, apply: func(s scenarios.Script) scenarios.Script {
		numbers := s.Numbers()
		n := 0
		if _, err := fmt.Sscan(numbers.Text(name), &n); err != nil || n == 0 || name == "mons" && n == 1 {
			return s
		}
		_ = numbers.Put(name, fmt.Sprint(change(n))) // Numbers are of the copy s
		return s
	}}
}

// plainOptions gives options their defaults.
func plainOptions(s scenarios.Script, _ scenarios.Result) []edit {
	var edits []edit
	for i, section := range s.Options() {
		for _, name := range section.Set.Names() {
			value := section.Set.Text(name)
			edits = append(edits, edit{what: fmt.Sprintf("option %s %s %s", section.Name, name, value), apply: func(s scenarios.Script) scenarios.Script {
				plain := s.Plain()
				_ = s.Options()[i].Set.Put(name, plain.Options()[i].Set.Text(name))
				return s
			}})
		}
	}
	return edits
}

// plainConditions lets steps wait for less: without the number, the place and the fields of
// what they wait for.
func plainConditions(s scenarios.Script, _ scenarios.Result) (edits []edit) {
	for i, step := range s.Plan {
		if step.When == nil {
			continue
		}
		less := func(what string, change func(*faults.Condition)) {
			edits = append(edits, edit{what: what + " of " + step.String(), apply: func(s scenarios.Script) scenarios.Script {
				s.Plan = slices.Clone(s.Plan)
				when := *s.Plan[i].When
				change(&when)
				s.Plan[i].When = &when
				return s
			}})
		}
		less("the number", func(c *faults.Condition) { c.Nth = 0 })
		less("the place", func(c *faults.Condition) { c.On = "" })
		for f := range step.When.Fields {
			less("a field", func(c *faults.Condition) { c.Fields = slices.Delete(slices.Clone(c.Fields), f, f+1) })
		}
	}
	return edits
}

// plainSchedule lets the seed draw the order among loops, if a strategy does.
func plainSchedule(s scenarios.Script, _ scenarios.Result) []edit {
	if s.Schedule.Kind == sim.Uniform {
		return nil
	}
	return []edit{ordered("the schedule "+s.Schedule.String(), sim.Schedule{})}
}

// earlier closes the gaps between steps: a step and all behind it come earlier.
func earlier(s scenarios.Script, _ scenarios.Result) []edit {
	var edits []edit
	before := time.Duration(0)
	for i, step := range s.Plan {
		if !step.Timed() {
			continue
		}
		for _, gap := range []time.Duration{time.Second, (step.At - before) / 2} {
			if by := step.At - before - gap; by >= time.Second/2 {
				edits = append(edits, edit{what: fmt.Sprintf("%v before %v", by, step), apply: func(s scenarios.Script) scenarios.Script {
					return moved(s, i, func(at time.Duration) time.Duration { return at - by })
				}})
			}
		}
		before = step.At
	}
	return edits
}

// rounder makes times round: to seconds, or tenths of one. They never become later, so
// that this and earlier come to an end.
func rounder(s scenarios.Script, _ scenarios.Result) []edit {
	var edits []edit
	for _, to := range []time.Duration{time.Second, 100 * time.Millisecond} {
		edits = append(edits, edit{what: fmt.Sprintf("less than %v of all times", to), apply: func(s scenarios.Script) scenarios.Script {
			return moved(s, 0, func(at time.Duration) time.Duration { return at.Truncate(to) })
		}})
		for i, step := range s.Plan {
			edits = append(edits, edit{what: fmt.Sprintf("less than %v of %v", to, step), apply: func(s scenarios.Script) scenarios.Script {
				s.Plan = slices.Clone(s.Plan)
				if s.Plan[i].At = step.At.Truncate(to); s.Plan.Check() != nil {
					s.Plan[i].At = step.At
				}
				return s
			}})
		}
	}
	return edits
}

// moved changes the times of the steps from the i-th on.
func moved(s scenarios.Script, from int, change func(time.Duration) time.Duration) scenarios.Script {
	s.Plan = slices.Clone(s.Plan)
	for i := from; i < len(s.Plan); i++ {
		if s.Plan[i].Timed() {
			s.Plan[i].At = change(s.Plan[i].At)
		}
	}
	return s
}

// span is a part of a list.
type span struct{ from, to int }

// ranges are all of n, its halves, quarters, down to single ones.
func ranges(n int) []span {
	var all []span
	for size := n; size > 0; size /= 2 {
		for from := 0; from < n; from += size {
			all = append(all, span{from, min(from+size, n)})
		}
	}
	return all
}
