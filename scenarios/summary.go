package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/scenarios/novelty"
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
	Failures     int // fail, nondeterministic and infrastructure, but for the quarantined
	Quarantined  int // runs whose failure is known and does not count
	Inconclusive int
	Resumed      int            // runs whose result the journal had
	Twice        int            // runs that were run twice and compared
	Verdict      Verdict        // the heaviest; at least Fail if the canary was not found
	Found        []*Found       // each failure once, in the order in which they were found
	Canary       *Canary        // nil if there was none
	Err          error          // of the journal, which has ended the campaign
	Faults       map[string]int // how often each kind of fault landed
	Marks        map[string]int // in how many runs each mark was reached
	Points       map[string]PointRuns
	Features     novelty.Book  // what the runs of each scenario have shown
	Virtual      time.Duration // the worlds' time, added up
	Real         time.Duration
	Steps        uint64
	Drops        []time.Duration // Result.DropAfter where there is one, ascending after Sort
	Slowest      []Result        // some runs that took longest in real time, the longest first

	possible   []string // marks
	quarantine []Quarantined
	today      time.Time
	distinct   int // failures that count
}

// Found is a failure that a campaign has found, once or more often.
type Found struct {
	// Signature is what its runs have in common.
	Signature string
	Verdict   Verdict
	// Count is how many runs failed like this, First the first of them and Cheapest
	// that with the fewest steps.
	Count           int
	First, Cheapest Result
	// Known is its entry in the quarantine, nil if there is none, and Quarantined says
	// that the entry still holds.
	Known       *Quarantined
	Quarantined bool
}

// maxSlowest is how many slow runs a summary has.
const maxSlowest = 5

func newSummary(c Campaign) *Summary {
	s := &Summary{
		Faults: make(map[string]int), Marks: make(map[string]int), Points: make(map[string]PointRuns), Features: make(novelty.Book),
		quarantine: c.Quarantine, today: c.Today,
	}
	for _, spec := range c.Specs {
		s.possible = addNew(s.possible, spec.Scenario.marks())
	}
	return s
}

// sing takes note of how the canary fared.
func (s *Summary) sing(c Canary) {
	s.Canary = &c
	if c.Caught == nil {
		s.Verdict = max(s.Verdict, Fail)
	}
}

func (s *Summary) add(r Result) {
	s.Runs++
	switch r.Verdict {
	case Fail, Nondeterministic, Infrastructure:
		s.fail(r)
	case Inconclusive:
		s.Inconclusive++
		s.Verdict = max(s.Verdict, r.Verdict)
	}
	if r.Resumed {
		s.Resumed++
	}
	if r.Twice {
		s.Twice++
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
	s.Features.Of(r.Spec.Scenario.Name).Add(r.Features, func() string { return LineOf(r).String() })
	if r.DropAfter != 0 {
		s.Drops = append(s.Drops, r.DropAfter)
	}
	s.Virtual += r.Virtual
	s.Steps += r.Steps
	s.time(r)
}

// fail counts a run that failed.
func (s *Summary) fail(r Result) {
	f := s.found(r)
	f.Count++
	if r.Steps < f.Cheapest.Steps {
		f.Cheapest = r
	}
	if f.Quarantined {
		s.Quarantined++
		return
	}
	s.Failures++
	s.Verdict = max(s.Verdict, r.Verdict)
}

// found is the failure that a run had, a new one if no run had it before.
func (s *Summary) found(r Result) *Found {
	signature := r.Verdict.String()
	if r.Failure != nil {
		signature = r.Failure.Signature()
	}
	i := slices.IndexFunc(s.Found, func(f *Found) bool { return f.Verdict == r.Verdict && f.Signature == signature })
	if i >= 0 {
		return s.Found[i]
	}
	f := &Found{Signature: signature, Verdict: r.Verdict, First: r, Cheapest: r}
	if k := slices.IndexFunc(s.quarantine, func(q Quarantined) bool { return q.Signature == signature }); k >= 0 && r.Verdict == Fail {
		f.Known, f.Quarantined = &s.quarantine[k], s.quarantine[k].Holds(s.today)
	}
	if !f.Quarantined {
		s.distinct++
	}
	s.Found = append(s.Found, f)
	return f
}

// time keeps a run if it is one of the slowest.
func (s *Summary) time(r Result) {
	i := slices.IndexFunc(s.Slowest, func(o Result) bool { return o.Real < r.Real })
	if i < 0 {
		i = len(s.Slowest)
	}
	if i < maxSlowest && !r.Resumed {
		s.Slowest = slices.Insert(s.Slowest, i, r)
		s.Slowest = s.Slowest[:min(len(s.Slowest), maxSlowest)]
	}
}

// conclude is told how long the campaign took, and what broke it, if something has.
func (s *Summary) conclude(took time.Duration, broken <-chan error) {
	s.Real = took
	select {
	case s.Err = <-broken:
		s.Verdict = max(s.Verdict, Infrastructure)
	default:
	}
	if s.Runs == 0 {
		s.Verdict = max(s.Verdict, Inconclusive)
	}
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

// IsQuarantined reports whether a result of the campaign is a failure that does not
// count.
func (s *Summary) IsQuarantined(r Result) bool {
	return r.Failure != nil && slices.ContainsFunc(s.Found, func(f *Found) bool {
		return f.Quarantined && f.Verdict == r.Verdict && f.Signature == r.Failure.Signature()
	})
}

// NeverFailed are the entries of the quarantine that no run has failed like.
func (s *Summary) NeverFailed() []Quarantined {
	return slices.DeleteFunc(slices.Clone(s.quarantine), func(q Quarantined) bool {
		return slices.ContainsFunc(s.Found, func(f *Found) bool { return f.Known != nil && f.Known.Signature == q.Signature })
	})
}

// SeedsPerSecond is the speed of the campaign in real time.
func (s *Summary) SeedsPerSecond() float64 { return float64(s.Runs-s.Resumed) / s.Real.Seconds() }

// Quantile is the q-th quantile, 0 to 1, of the times from the first fault to
// the drop of the active manager; 0 if there are none.
func (s *Summary) Quantile(q float64) time.Duration {
	if len(s.Drops) == 0 {
		return 0
	}
	slices.Sort(s.Drops)
	return s.Drops[int(q*float64(len(s.Drops)-1))]
}
