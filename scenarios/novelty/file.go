package novelty

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Book is the tallies of scenarios, by name.
type Book map[string]*Tally

// Of is the tally of a scenario, a new one if there is none.
func (b Book) Of(scenario string) *Tally {
	if b[scenario] == nil {
		b[scenario] = NewTally()
	}
	return b[scenario]
}

// Scenarios are the names, in order.
func (b Book) Scenarios() (names []string) {
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Merge adds what another book has, whose runs come after those of b.
func (b Book) Merge(other Book) {
	for _, name := range other.Scenarios() {
		b.Of(name).Merge(other[name])
	}
}

// bookHead begins the text of a book. Its number changes with its form.
const bookHead = "# wavetank features 1"

// never stands in place of a line for what no run has shown.
const never = "-"

// Write writes the book as text: for each scenario a line with its name and its number of
// runs, and a line for each feature, with in how many runs it was shown, which one of them
// was the first, the line of that, and the feature. Pairs that were never shown though
// their parts were follow with 0 runs, see Tally.Never.
func (b Book) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, bookHead)
	for _, name := range b.Scenarios() {
		t := b[name]
		fmt.Fprintf(out, "scenario %s %d\n", strconv.Quote(name), t.runs)
		for _, f := range t.Features() {
			c := t.counts[f]
			fmt.Fprintf(out, "%d\t%d\t%s\t%s\n", c.Runs, c.nth, c.First, f)
		}
		for _, f := range t.Never() {
			fmt.Fprintf(out, "0\t0\t%s\t%s\n", never, f)
		}
	}
	return out.Flush()
}

// ErrBook: a text is no book of features.
var ErrBook = errors.New("no list of features")

// maxLine is more than any line of a book has, and maxFeatures more than a scenario can
// show, see the package.
const (
	maxLine     = 64 << 10
	maxFeatures = 1 << 20
)

// ReadBook reads what Write writes. Errors: ErrBook, with the line.
func ReadBook(r io.Reader) (Book, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	b := make(Book)
	var t *Tally
	n := 0
	for in.Scan() {
		n++
		text := in.Text()
		var err error
		switch name, ok := strings.CutPrefix(text, "scenario "); {
		case n == 1:
			if text != bookHead {
				err = fmt.Errorf("it begins with %.40q, want %q", text, bookHead)
			}
		case ok:
			t, err = b.open(name)
		case t == nil:
			err = errors.New("a feature before the first scenario")
		default:
			err = t.read(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrBook, n, err)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrBook, n+1, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrBook)
	}
	return b, nil
}

// open reads the name and the runs of a scenario.
func (b Book) open(text string) (*Tally, error) {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return nil, fmt.Errorf("%.40q: want a name in quotes, and a number of runs", text)
	}
	name, _ := strconv.Unquote(quoted) // it is one
	runs, err := strconv.ParseUint(strings.TrimPrefix(text[len(quoted):], " "), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%.40q: want a number of runs", text)
	}
	if b[name] != nil {
		return nil, fmt.Errorf("scenario %s is there twice", quoted)
	}
	t := b.Of(name)
	t.runs = runs
	return t, nil
}

// read reads a line of a feature.
func (t *Tally) read(text string) error {
	fields := strings.SplitN(text, "\t", 4)
	if len(fields) != 4 {
		return fmt.Errorf("%.40q: want RUNS, FIRST, LINE and FEATURE with tabs between them", text)
	}
	runs, errRuns := strconv.ParseUint(fields[0], 10, 64)
	nth, errNth := strconv.ParseUint(fields[1], 10, 64)
	f := Feature(fields[3])
	switch {
	case errRuns != nil || errNth != nil || runs > t.runs || nth > t.runs || (runs == 0) != (nth == 0):
		return fmt.Errorf("%.40q: want two numbers up to %d", text, t.runs)
	case !slices.Contains(Kinds(), f.Kind()):
		return fmt.Errorf("feature %.40q is of no kind: there are %v", f, Kinds())
	case t.counts[f] != nil:
		return fmt.Errorf("feature %.40q is there twice", f)
	case len(t.counts) >= maxFeatures:
		return fmt.Errorf("more than %d features", maxFeatures)
	case runs > 0:
		t.counts[f] = &Count{Runs: runs, First: fields[2], nth: nth}
	}
	return nil
}
