package shrink

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// firing is a fault point that fired on a machine when it was reached for the n-th time.
type firing struct {
	point, who string
	nth        int
}

// firings are those of a run, which is run again for it.
func firings(r scenarios.Result) (list []firing) {
	var trace bytes.Buffer
	r.Spec.Trace = &trace
	scenarios.Run(r.Spec)
	t, err := tracefile.NewReader("run", &trace)
	if err != nil {
		return nil // a panic before the first line
	}
	for {
		e, err := t.Next()
		if err != nil {
			return list
		}
		if nth, err := strconv.Atoi(e.Get("reached")); e.Kind == "point" && err == nil {
			list = append(list, firing{e.Get("point"), e.Host, nth})
		}
	}
}

// withoutPoints takes the odds of fault points away, or else puts the times in their place
// at which points have fired: that is the same run.
func withoutPoints(s scenarios.Script, r scenarios.Result) []edit {
	if s.Points == (sim.PointOdds{}) {
		return nil
	}
	return []edit{
		{what: "fault points", apply: func(s scenarios.Script) scenarios.Script { s.Points = sim.PointOdds{}; return s }},
		{what: "odds of fault points", own: true, apply: func(s scenarios.Script) scenarios.Script {
			s.Points = sim.PointOdds{}
			s.PointsAt = grouped(append(flat(s.PointsAt), firings(r)...))
			return s
		}},
	}
}

// fewerPoints takes firings of points away: halves, quarters, down to single ones.
func fewerPoints(s scenarios.Script, _ scenarios.Result) (edits []edit) {
	list := flat(s.PointsAt)
	for _, r := range ranges(len(list)) {
		edits = append(edits, edit{what: fmt.Sprintf("%d firings of fault points", r.to-r.from), apply: func(s scenarios.Script) scenarios.Script {
			s.PointsAt = grouped(slices.Delete(slices.Clone(list), r.from, r.to))
			return s
		}})
	}
	return edits
}

// fewerFirings lets points that a step of the plan enables fire once, at one of the first
// times that they have.
func fewerFirings(s scenarios.Script, r scenarios.Result) (edits []edit) {
	for i, step := range s.Plan {
		f, ok := step.Fault.(*faults.Fire)
		if !ok || f.Nth > 0 {
			continue
		}
		for nth := 1; nth <= 3; nth++ {
			edits = append(edits, edit{what: fmt.Sprintf("all but one firing of %v", f), apply: func(s scenarios.Script) scenarios.Script {
				s.Plan = slices.Clone(s.Plan)
				s.Plan[i].Fault = &faults.Fire{Who: f.Who, Point: f.Point, Nth: nth}
				return s
			}})
		}
	}
	return edits
}

// pointLines take away one line each.
func pointLines(s scenarios.Script) (all []edit) {
	if s.Points != (sim.PointOdds{}) {
		all = append(all, withoutPoints(s, scenarios.Result{})[0])
	}
	for i, p := range s.PointsAt {
		all = append(all, edit{what: p.String(), apply: func(s scenarios.Script) scenarios.Script {
			s.PointsAt = slices.Delete(slices.Clone(s.PointsAt), i, i+1)
			return s
		}})
	}
	return all
}

// flat and grouped turn lines of a script into single firings and back.
func flat(points []scenarios.PointAt) (list []firing) {
	for _, p := range points {
		for _, n := range p.Nth {
			list = append(list, firing{p.Point, p.Who, n})
		}
	}
	return list
}

func grouped(list []firing) (points []scenarios.PointAt) {
	for _, f := range list {
		i := slices.IndexFunc(points, func(p scenarios.PointAt) bool { return p.Point == f.point && p.Who == f.who })
		if i < 0 {
			i = len(points)
			points = append(points, scenarios.PointAt{Point: f.point, Who: f.who})
		}
		if at, there := slices.BinarySearch(points[i].Nth, f.nth); !there {
			points[i].Nth = slices.Insert(points[i].Nth, at, f.nth)
		}
	}
	return points
}
