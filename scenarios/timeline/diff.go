package timeline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// Diff puts two traces side by side where they differ: the first event that is
// not the same in every byte, with those before it, and then every event that
// only one of them has. Events that are equal but for their time, step, hash and
// the numbers of connections and ports are pairs, and so are not shown unless one
// of them is the first difference. It reports whether the traces are the same.
//
// Only what passes the filter is compared. A window of each trace is kept: what
// has moved by more than about five hundred events is shown on both sides.
// Errors: those of the readers, after what could be read was written; ErrNoHost;
// those of w.
func Diff(w io.Writer, a, b *tracefile.Reader, o Options) (same bool, err error) {
	d := &diff{out: bufio.NewWriter(w), options: o, looks: newWardrobe()}
	d.rows = newAligner(a, b, &d.options.Filter)
	err = errors.Join(d.write(), d.out.Flush())
	return d.apart == nil && err == nil, err
}

// diff is one comparison being written.
type diff struct {
	out     *bufio.Writer
	options Options
	looks   *wardrobe
	rows    *aligner
	apart   *row   // the first row that is not the same
	before  []row  // the last ones, which are only shown if a difference follows
	skipped int    // rows that were not shown since the last one that was
	after   int    // how many rows that are equal are shown yet
	over    string // the trace that is over, A or B, once one is
	other   string // that which goes on
	beyond  int    // rows since then that were not shown
	counts  struct{ same, moved, onlyA, onlyB int }
}

func (d *diff) write() error {
	for {
		r, err := d.rows.next()
		if err == io.EOF {
			d.summary()
			return d.options.Filter.missing(append(d.rows.a.met.hosts, d.rows.b.met.hosts...))
		}
		if err != nil {
			return err
		}
		d.row(r)
	}
}

// row counts a row, and shows it if it is a difference or near to one.
func (d *diff) row(r row) {
	first := d.apart == nil && !r.same()
	if first {
		d.apart = &r
		d.announce(r)
	}
	d.count(r)
	switch {
	case d.over != "" && d.after == 0:
		d.beyond++
	case d.over != "" || r.matched() && !first && d.after > 0:
		d.after--
		d.print(r)
	case first || !r.matched():
		d.show(r)
	default:
		d.before = append(d.before, r)
		if len(d.before) > d.options.Context {
			d.before = d.before[1:]
			d.skipped++
		}
	}
	d.notice(r)
}

// notice notes that one of two traces that differ is over. What the other one has
// after that differs for no other reason: but for the next events, it is only
// counted.
func (d *diff) notice(r row) {
	switch {
	case d.over != "" || r.matched():
	case r.a != nil && r.a.Kind == tracefile.KindEnd:
		d.over, d.other = "A", "B"
	case r.b != nil && r.b.Kind == tracefile.KindEnd:
		d.over, d.other = "B", "A"
	}
}

func (d *diff) count(r row) {
	switch c := &d.counts; {
	case r.same():
		c.same++
	case r.matched():
		c.moved++
	case r.a != nil:
		c.onlyA++
	default:
		c.onlyB++
	}
}

// tell writes a sentence.
func (d *diff) tell(format string, args ...any) {
	for _, l := range wrap(fmt.Sprintf(format, args...), d.options.Width, d.options.Width) {
		fmt.Fprintln(d.out, l)
	}
}

// announce says where the traces part.
func (d *diff) announce(r row) {
	next := ""
	switch {
	case r.matched():
		next = fmt.Sprintf("(line %d of A, %d of B) differs in %s", r.a.Line, r.b.Line, strings.Join(differing(r), ", "))
	case r.a != nil:
		next = fmt.Sprintf("is only in A (line %d)", r.a.Line)
	default:
		next = fmt.Sprintf("is only in B (line %d)", r.b.Line)
	}
	d.tell("The first %d events are the same. The next one %s:", d.counts.same, next)
	d.print(row{})
}

// differing names the fields in which two events differ.
func differing(r row) (names []string) {
	if r.a.At != r.b.At {
		names = append(names, "t")
	}
	if r.a.Step != r.b.Step {
		names = append(names, "step")
	}
	for _, f := range r.a.Fields {
		if r.b.Get(f.Key) != f.Value() && !slices.Contains(names, f.Key) {
			names = append(names, f.Key)
		}
	}
	if len(names) == 0 {
		return []string{"the way it is written"}
	}
	return names
}

// show prints a difference and what comes before it.
func (d *diff) show(r row) {
	if d.skipped > 0 {
		fmt.Fprintf(d.out, "%*s   %d the same\n", timeWidth, "...", d.skipped)
	}
	for _, b := range d.before {
		d.print(b)
	}
	d.before, d.skipped, d.after = d.before[:0], 0, d.options.Context
	d.print(r)
}

// print writes a row; one without events is the heading.
func (d *diff) print(r row) {
	half := (d.options.Width - len(" | ")) / 2
	left, right, mark, tone := d.cell(r.a, half), d.cell(r.b, half), "|", loud
	switch {
	case r.same():
		mark, tone = " ", quiet
	case r.matched():
		mark, tone = "~", plain
	case r.a != nil:
		mark = "<"
	case r.b != nil:
		mark = ">"
	default:
		left, right, tone = fmt.Sprintf("%*s A", timeWidth, "time"), fmt.Sprintf("%*s B", timeWidth, "time"), plain
	}
	line := strings.TrimRight(fmt.Sprintf("%-*s %s %s", half, left, mark, right), " ")
	fmt.Fprintln(d.out, tone.paint(line, d.options.Colour))
}

// cell is an event in half a line.
func (d *diff) cell(e *tracefile.Event, width int) string {
	if e == nil {
		return ""
	}
	host := ""
	if e.Host != "" {
		host = clean(e.Host) + " "
	}
	return cut(seconds(e.At)+" "+host+d.looks.of(e.Kind).text(e), width)
}

// summary is the last line.
func (d *diff) summary() {
	c := d.counts
	if d.apart == nil {
		d.tell("the same: %d events", c.same)
		return
	}
	if rest := d.skipped + len(d.before); rest > 0 && d.beyond == 0 {
		fmt.Fprintf(d.out, "%*s   %d the same\n", timeWidth, "...", rest)
	}
	if d.beyond > 0 {
		fmt.Fprintf(d.out, "%*s   %s is over, %s has %d more\n", timeWidth, "...", d.over, d.other, d.beyond)
	}
	d.tell("%d events of A, %d of B: %d the same, %d but for time or numbers (~), %d only in A (<), %d only in B (>)",
		d.rows.a.count, d.rows.b.count, c.same, c.moved, c.onlyA, c.onlyB)
}
