package novelty

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Count is how often a feature was shown.
type Count struct {
	// Runs is in how many runs.
	Runs uint64
	// First is the line of the first of them.
	First string

	nth uint64 // that run's number, from 1
}

// Tally counts what the runs of a scenario have shown. The zero value is not usable, see
// NewTally. It is used by one goroutine.
type Tally struct {
	runs   uint64
	counts map[Feature]*Count
}

// NewTally has seen nothing.
func NewTally() *Tally { return &Tally{counts: make(map[Feature]*Count)} }

// Add counts a run, and reports how many of its features no run has shown before. The
// line is asked for if any is new.
func (t *Tally) Add(shown []Feature, line func() string) (news int) {
	t.runs++
	first := ""
	for _, f := range shown {
		if c := t.counts[f]; c != nil {
			c.Runs++
			continue
		}
		if news++; news == 1 {
			first = line()
		}
		t.counts[f] = &Count{Runs: 1, First: first, nth: t.runs}
	}
	return news
}

// Merge adds what another tally has counted, whose runs come after those of t.
func (t *Tally) Merge(other *Tally) {
	for f, c := range other.counts {
		if own := t.counts[f]; own != nil {
			own.Runs += c.Runs
			continue
		}
		t.counts[f] = &Count{Runs: c.Runs, First: c.First, nth: t.runs + c.nth}
	}
	t.runs += other.runs
}

// Runs is how many runs were counted.
func (t *Tally) Runs() uint64 { return t.runs }

// Len is how many features of a kind were shown.
func (t *Tally) Len(k Kind) (n int) {
	for f := range t.counts {
		if f.Kind() == k {
			n++
		}
	}
	return n
}

// Total is how many features were shown.
func (t *Tally) Total() int { return len(t.counts) }

// Late is how many features were shown first in the last tenth of the runs: what of those
// that are there the campaign may have missed.
func (t *Tally) Late() (n int) {
	for _, c := range t.counts {
		if c.nth > t.runs-t.runs/10 {
			n++
		}
	}
	return n
}

// String is the numbers in a line, "312 role tuples, 88 fault pairs (12 new in the last tenth)".
func (t *Tally) String() string {
	var parts []string
	for _, k := range Kinds() {
		if n := t.Len(k); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k.Noun()))
		}
	}
	return fmt.Sprintf("%s (%d new in the last tenth)", strings.Join(parts, ", "), t.Late())
}

// Features are those that were shown, in order.
func (t *Tally) Features() []Feature { return slices.Sorted(maps.Keys(t.counts)) }

// Of is how often a feature was shown.
func (t *Tally) Of(f Feature) Count {
	if c := t.counts[f]; c != nil {
		return *c
	}
	return Count{}
}

// Never are the pairs that no run has shown, though both parts were each in some pair:
// two kinds of faults that were never in force at once, a fault that never struck a role
// that others did, a change that never came right after another one.
func (t *Tally) Never() (list []Feature) {
	for _, k := range Kinds() {
		joint := k.joint()
		if joint == "" {
			continue
		}
		before, after := make(map[string]bool), make(map[string]bool)
		for f := range t.counts {
			if f.Kind() == k {
				a, b, _ := strings.Cut(strings.TrimPrefix(string(f), string(k)+" "), joint)
				before[a], after[b] = true, true
				if k == Faults {
					before[b], after[a] = true, true
				}
			}
		}
		for a := range before {
			for b := range after {
				f := New(k, a+joint+b)
				if t.counts[f] == nil && (k != Faults || a <= b) {
					list = append(list, f)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
