// Package scoreboard measures how many seeds a campaign needs to find each planted bug:
// what a green campaign is worth.
//
//	hunts := []scoreboard.Hunt{{Mutant: m, Scenario: s, Trials: 20, Limit: 1000, First: 1}}
//	scoreboard.Run(ctx, hunts, workers, func(s scoreboard.Score) { ... })
//
// A trial runs seeds until one fails. Trials have seeds apart from each other's, so the
// median over some of them says what to expect of seeds that nobody has tried. [Bounds]
// hold medians: a bug that has become harder to find shows there first. The command line
// uses this package, and nothing below it may.
package scoreboard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wavetank/wavetank/scenarios"
)

// Hunt is the search for one planted bug.
type Hunt struct {
	Mutant scenarios.Mutant
	// Scenario is where it is looked for.
	Scenario scenarios.Scenario
	// Trials is how often, Limit after how many seeds a trial gives up, at most Stride.
	Trials int
	Limit  uint64
	// First is the first seed of the first trial. Each trial begins Stride seeds after
	// the one before it.
	First uint64
}

// Stride is the distance between the seeds of two trials.
const Stride = 100_000

// Trial is one search.
type Trial struct {
	// Seeds is how many were run, the one that failed included.
	Seeds uint64
	// Caught is the run that failed; nil if none did.
	Caught *scenarios.Result
	// Took is its real time.
	Took time.Duration
	// Vain says that it was not made, for its outcome could not change the median any
	// more: more than half of the trials had found nothing.
	Vain bool
}

// Score is how the trials of a hunt ended.
type Score struct {
	Hunt   Hunt
	Trials []Trial
	// Again says why the first failure did not come out the same when its line was
	// replayed; "" if it did, or if there is none.
	Again string
}

// Found is in how many trials the bug was found.
func (s Score) Found() int {
	n := 0
	for _, t := range s.Trials {
		if t.Caught != nil {
			n++
		}
	}
	return n
}

// Median is how many seeds it took to find the bug in half of the trials, and at least in
// the smaller half of an even number; ok is false if it was found in fewer.
func (s Score) Median() (seeds uint64, ok bool) {
	var found []uint64
	for _, t := range s.Trials {
		if t.Caught != nil {
			found = append(found, t.Seeds)
		}
	}
	slices.Sort(found)
	middle := (len(s.Trials) - 1) / 2
	if middle >= len(found) {
		return 0, false
	}
	return found[middle], true
}

// Catch is a property and how many trials it ended.
type Catch struct {
	Property string
	Count    int
}

// Caught are the properties by which the bug was found, the most frequent first.
func (s Score) Caught() []Catch {
	var all []Catch
	for _, t := range s.Trials {
		if t.Caught == nil {
			continue
		}
		property := t.Caught.Failure.Property
		i := slices.IndexFunc(all, func(c Catch) bool { return c.Property == property })
		if i < 0 {
			i, all = len(all), append(all, Catch{Property: property})
		}
		all[i].Count++
	}
	slices.SortStableFunc(all, func(a, b Catch) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Property, b.Property))
	})
	return all
}

// Took is the real time of all trials.
func (s Score) Took() time.Duration {
	total := time.Duration(0)
	for _, t := range s.Trials {
		total += t.Took
	}
	return total
}

// Complaint says what is wrong whatever the bounds are; "" if nothing is. A bug must be
// found in half of the trials, and once by the property that it is said to break if it
// was looked for in the scenario that it is said to be found in.
func (s Score) Complaint() string {
	if _, ok := s.Median(); !ok {
		return fmt.Sprintf("found in %d of %d trials of at most %d seeds", s.Found(), len(s.Trials), s.Hunt.Limit)
	}
	own := slices.ContainsFunc(s.Caught(), func(c Catch) bool { return strings.HasPrefix(c.Property, s.Hunt.Mutant.Property) })
	if !own && s.Hunt.Scenario.Name == s.Hunt.Mutant.Scenario {
		return fmt.Sprintf("found, and never by %s", s.Hunt.Mutant.Property)
	}
	return s.Again
}

// Run hunts, with so many trials at once, and tells each score in the order of the hunts.
// It ends early when ctx is done; hunts whose trials are not all through are not told.
func Run(ctx context.Context, hunts []Hunt, workers int, told func(Score)) {
	b := &board{scores: make([]Score, len(hunts)), told: told}
	for i, h := range hunts {
		b.scores[i] = Score{Hunt: h, Trials: make([]Trial, h.Trials)}
		b.open = append(b.open, h.Trials)
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				hunt, trial, ok := b.next()
				if !ok {
					return
				}
				b.ended(ctx, hunt, trial, b.search(ctx, hunt, trial))
			}
		})
	}
	all.Wait()
}

// board is what is under way.
type board struct {
	told func(Score)

	mu     sync.Mutex
	scores []Score
	open   []int // trials of each hunt that have not ended
	hunt   int   // the next trial to be made
	trial  int
	said   int // hunts that were told
}

// next hands out a trial.
func (b *board) next() (hunt, trial int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.hunt < len(b.scores) && b.trial == len(b.scores[b.hunt].Trials) {
		b.hunt, b.trial = b.hunt+1, 0
	}
	if b.hunt == len(b.scores) {
		return 0, 0, false
	}
	b.trial++
	return b.hunt, b.trial - 1, true
}

// watchdog is how long a step may take: long enough that a busy machine is no hang, which
// would count as found.
const watchdog = 2 * time.Minute

// search makes one trial.
func (b *board) search(ctx context.Context, hunt, trial int) (t Trial) {
	h := b.scores[hunt].Hunt
	if b.isVain(hunt) {
		return Trial{Vain: true}
	}
	began := time.Now()
	defer func() { t.Took = time.Since(began) }()
	spec := scenarios.Spec{Scenario: h.Scenario, Mutant: h.Mutant.Name, World: scenarios.WorldSim, Watchdog: watchdog}
	for t.Seeds < h.Limit && ctx.Err() == nil {
		spec.Seed = h.First + uint64(trial)*Stride + t.Seeds
		t.Seeds++
		if r := scenarios.Run(spec); r.Verdict == scenarios.Fail {
			t.Caught = &r
			return t
		}
	}
	return t
}

// isVain reports whether more than half of a hunt's trials have found nothing.
func (b *board) isVain(hunt int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	missed := 0
	for _, t := range b.scores[hunt].Trials {
		if t.Seeds > 0 && t.Caught == nil {
			missed++
		}
	}
	return missed > len(b.scores[hunt].Trials)/2
}

// ended takes a trial's outcome, and tells the scores that are complete.
func (b *board) ended(ctx context.Context, hunt, trial int, t Trial) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scores[hunt].Trials[trial] = t
	b.open[hunt]--
	for ctx.Err() == nil && b.said < len(b.scores) && b.open[b.said] == 0 {
		s := &b.scores[b.said]
		s.Again = replay(*s)
		b.said++
		b.told(*s)
	}
}

// replay runs the line of the first failure again.
func replay(s Score) string {
	i := slices.IndexFunc(s.Trials, func(t Trial) bool { return t.Caught != nil })
	if i < 0 {
		return ""
	}
	text := scenarios.LineOf(*s.Trials[i].Caught).String()
	line, err := scenarios.ParseLine(text)
	if err != nil {
		return err.Error()
	}
	if r, difference := scenarios.Replay(line); difference != "" || r.Verdict != scenarios.Fail {
		return fmt.Sprintf("replay of %s: %v %s", text, r.Verdict, difference)
	}
	return ""
}
