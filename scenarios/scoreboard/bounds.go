package scoreboard

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Bounds are the most seeds that the medians of hunts may take, by mutant and scenario.
// As a file it has a line for each: the mutant, the scenario, the bound. They may only
// become tighter; who wants a looser one edits the file and says why.
type Bounds struct {
	lines []bound
}

type bound struct {
	mutant, scenario string
	seeds            uint64
}

// ErrBounds: a file of bounds cannot be used.
var ErrBounds = errors.New("unusable bounds")

// ParseBounds reads the text of a file; name is for errors: ErrBounds with the place.
func ParseBounds(name, text string) (*Bounds, error) {
	b := new(Bounds)
	for i, line := range strings.Split(text, "\n") {
		if err := b.parse(line); err != nil {
			return nil, fmt.Errorf("%w: %s:%d: %w", ErrBounds, name, i+1, err)
		}
	}
	return b, nil
}

func (b *Bounds) parse(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if len(words) != 3 {
		return fmt.Errorf("want MUTANT SCENARIO SEEDS, not %d words", len(words))
	}
	seeds, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil || seeds < 1 || seeds > Stride {
		return fmt.Errorf("%q: want a number of seeds from 1 to %d", words[2], Stride)
	}
	if _, ok := b.Of(words[0], words[1]); ok {
		return fmt.Errorf("%s in %s was there before", words[0], words[1])
	}
	b.lines = append(b.lines, bound{words[0], words[1], seeds})
	return nil
}

const boundsHead = `# The most seeds that the median of the trials of 'wavetank mutants' may take: the planted
# bug, the scenario in which it is looked for, the bound. 'make bounds' makes them tighter
# where they can be, four times what was measured or somewhat more, and never looser. Who
# edits a line to a looser one says in the commit why the bug has become harder to find.
`

// String is the text of a file.
func (b *Bounds) String() string {
	var out strings.Builder
	out.WriteString(boundsHead)
	for _, l := range b.lines {
		fmt.Fprintf(&out, "%s %s %d\n", l.mutant, l.scenario, l.seeds)
	}
	return out.String()
}

// Of is the bound of a mutant in a scenario.
func (b *Bounds) Of(mutant, scenario string) (seeds uint64, ok bool) {
	if i := b.index(mutant, scenario); i >= 0 {
		return b.lines[i].seeds, true
	}
	return 0, false
}

func (b *Bounds) index(mutant, scenario string) int {
	return slices.IndexFunc(b.lines, func(l bound) bool { return l.mutant == mutant && l.scenario == scenario })
}

// Mutants are the mutants that have bounds.
func (b *Bounds) Mutants() []string {
	var all []string
	for _, l := range b.lines {
		if !slices.Contains(all, l.mutant) {
			all = append(all, l.mutant)
		}
	}
	return all
}

// Complaint says what is wrong with a score: it has no bound, or is above it, or what
// Score.Complaint says.
func (b *Bounds) Complaint(s Score) string {
	most, ok := b.Of(s.Hunt.Mutant.Name, s.Hunt.Scenario.Name)
	if !ok {
		return "has no bound"
	}
	if c := s.Complaint(); c != "" {
		return c
	}
	if median, _ := s.Median(); median > most {
		return fmt.Sprintf("the median of %d seeds is above its bound of %d", median, most)
	}
	return ""
}

// Tighten takes a score that nothing is wrong with: its bound becomes at least four times
// its median, rounded up to a power of two, where that is less than it was, or where there
// was none. Lines stay in the order of their mutants.
func (b *Bounds) Tighten(s Score) {
	median, ok := s.Median()
	if !ok || s.Complaint() != "" {
		return
	}
	seeds := min(uint64(1)<<bits.Len64(4*median-1), Stride)
	i := b.index(s.Hunt.Mutant.Name, s.Hunt.Scenario.Name)
	if i >= 0 {
		b.lines[i].seeds = min(b.lines[i].seeds, seeds)
		return
	}
	b.lines = append(b.lines, bound{s.Hunt.Mutant.Name, s.Hunt.Scenario.Name, seeds})
	slices.SortStableFunc(b.lines, func(x, y bound) int { return strings.Compare(x.mutant+" "+x.scenario, y.mutant+" "+y.scenario) })
}
