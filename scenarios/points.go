package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// PointAt is a fault point that fires on a machine when its processes reach it for the
// Nth times, counted from the machine's beginning. Only simulated machines have fault
// points.
type PointAt struct {
	Point string
	Who   string // a daemon
	Nth   []int  // from 1, ascending
}

// String is the point in the words of a script.
func (p PointAt) String() string {
	return fmt.Sprintf("point %s %s nth %s", p.Point, p.Who, strings.Trim(fmt.Sprint(p.Nth), "[]"))
}

func readPointAt(p *faults.Phrase) PointAt {
	at := PointAt{Point: p.Point(), Who: p.Machine()}
	p.Expect("nth")
	for last := 0; p.More() || last == 0 && p.End() == nil; {
		last = int(p.Int("the how-manieth time", int64(last)+1, mostSteps))
		at.Nth = append(at.Nth, last)
	}
	return at
}

// mostSteps bounds numbers of steps in a script: far beyond any run.
const mostSteps = 1 << 40

// enablePoints lets the fault points fire that the scenario wants.
func (r *run) enablePoints() {
	w, simulated := r.world.(*cluster.SimWorld)
	if !simulated || r.spec.Scenario.Points == (sim.PointOdds{}) {
		return
	}
	w.Sim().EnablePoints("msgr.", r.spec.Scenario.Points)
	r.lookAtPoints(w)
}

// setPoints lets those fire that the scenario names with their times, on machines that are
// there now.
func (r *run) setPoints() error {
	w, simulated := r.world.(*cluster.SimWorld)
	if !simulated || len(r.spec.Scenario.PointsAt) == 0 {
		return nil
	}
	for _, p := range r.spec.Scenario.PointsAt {
		h := w.Sim().Host(p.Who)
		if h == nil {
			return fmt.Errorf("%v: there is no such machine", p)
		}
		w.Sim().SetPoint(h, p.Point, func(reached uint64) bool { return slices.Contains(p.Nth, int(reached)) })
	}
	r.lookAtPoints(w)
	return nil
}

// lookAtPoints lets the timeline know when points have fired.
func (r *run) lookAtPoints(w *cluster.SimWorld) {
	r.timeline.fired = func() bool {
		return slices.ContainsFunc(w.Sim().Points(), func(p sim.PointCount) bool { return p.Fired > 0 })
	}
}
