package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// PointRuns says in how many runs a fault point was reached, could fire, and did.
type PointRuns struct {
	Reached int `json:"reached"`
	Enabled int `json:"enabled"`
	Fired   int `json:"fired"`
}

// Summary is a campaign in numbers.
type Summary struct {
	Runs         int
	Failures     int // fail, nondeterministic and infrastructure
	Inconclusive int
	Twice        int            // runs that were run twice and compared
	Verdict      Verdict        // the heaviest
	Faults       map[string]int // how often each kind of fault landed
	Marks        map[string]int // in how many runs each mark was reached
	Points       map[string]PointRuns
	Virtual      time.Duration // the worlds' time, added up
	Real         time.Duration
	Steps        uint64
	Drops        []time.Duration // Result.DropAfter where there is one, ascending after Sort

	possible []string // marks
}

func newSummary(specs []Spec) *Summary {
	s := &Summary{Faults: make(map[string]int), Marks: make(map[string]int), Points: make(map[string]PointRuns)}
	for _, spec := range specs {
		s.possible = addNew(s.possible, spec.Scenario.marks())
	}
	return s
}

func (s *Summary) add(r Result) {
	s.Runs++
	s.Verdict = max(s.Verdict, r.Verdict)
	if r.Twice {
		s.Twice++
	}
	switch r.Verdict {
	case Fail, Nondeterministic, Infrastructure:
		s.Failures++
	case Inconclusive:
		s.Inconclusive++
	}
	for _, l := range r.Faults {
		s.Faults[l.Kind] += l.Count
	}
	for _, m := range r.Marks {
		s.Marks[m]++
	}
	for _, p := range r.Points {
		s.Points[p.Name] = s.Points[p.Name].plus(p)
	}
	if r.DropAfter != 0 {
		s.Drops = append(s.Drops, r.DropAfter)
	}
	s.Virtual += r.Virtual
	s.Steps += r.Steps
}

func (n PointRuns) plus(p sim.PointCount) PointRuns {
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	count(&n.Reached, p.Reached > 0)
	count(&n.Enabled, p.Enabled)
	count(&n.Fired, p.Fired > 0)
	return n
}

// NeverMarked are the marks that no run of the campaign's scenarios has reached.
func (s *Summary) NeverMarked() []string {
	return slices.DeleteFunc(slices.Clone(s.possible), func(m string) bool { return s.Marks[m] > 0 })
}

// SeedsPerSecond is the speed of the campaign in real time.
func (s *Summary) SeedsPerSecond() float64 { return float64(s.Runs) / s.Real.Seconds() }

// Quantile is the q-th quantile, 0 to 1, of the times from the first fault to
// the drop of the active manager; 0 if there are none.
func (s *Summary) Quantile(q float64) time.Duration {
	if len(s.Drops) == 0 {
		return 0
	}
	slices.Sort(s.Drops)
	return s.Drops[int(q*float64(len(s.Drops)-1))]
}
