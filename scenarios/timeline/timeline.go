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

// Options say how a page looks.
type Options struct {
	// Filter says what is on it.
	Filter Filter
	// Width is the most characters in a line; at least MinWidth.
	Width int
	// Colour makes damage and failures loud and the network quiet, in the way of
	// ANSI terminals.
	Colour bool
	// Context is how many events Diff shows around those that differ.
	Context int
}

// MinWidth is the least width of a page.
const MinWidth = 60

// marginWidth is what stands left of the lanes: the time, and a column for what
// concerns no host.
const marginWidth = timeWidth + len(" # ")

// headingEvery is after how many lines the names of the columns come again, so
// that they are on the screen.
const headingEvery = 40

// lookahead bounds how many events at time 0, when the machines start, are read
// to know the columns.
const lookahead = 1000

// Write draws a trace as a timeline: a line for each event, with the time in
// seconds, what concerns no host in a column of its own, and a column for each
// host. A legend and a summary follow. Errors: those of the reader, after what
// could be read was drawn; ErrNoHost; those of w.
func Write(w io.Writer, r *tracefile.Reader, o Options) error {
	t := &page{
		out: bufio.NewWriter(w), in: r, options: o,
		looks: newWardrobe(), lanes: newLanes(), used: make(map[byte]string),
		below: headingEvery,
	}
	return errors.Join(t.write(), t.out.Flush())
}

// page is one timeline being drawn.
type page struct {
	out     *bufio.Writer
	in      *tracefile.Reader
	options Options
	looks   *wardrobe
	lanes   *lanes
	met     roster          // every host of the trace, drawn or not
	used    map[byte]string // the glyphs drawn, with their kinds
	glyphs  []byte          // their order
	events  int
	shown   int
	below   int // lines below the last heading
	last    tracefile.Event
}

func (p *page) write() error {
	ahead, err := p.peek()
	for _, e := range ahead {
		p.event(&e)
	}
	for err == nil && !p.options.Filter.past(&p.last) {
		var e tracefile.Event
		if e, err = p.in.Next(); err == nil {
			p.meet(&e)
			p.event(&e)
		}
	}
	p.summary()
	if err != nil && err != io.EOF {
		return err
	}
	return p.options.Filter.missing(p.met.hosts)
}

// peek reads what happens at time 0.
func (p *page) peek() (ahead []tracefile.Event, err error) {
	for len(ahead) < lookahead {
		e, err := p.in.Next()
		if err != nil {
			return ahead, err
		}
		p.meet(&e)
		ahead = append(ahead, e)
		if e.At > 0 {
			break
		}
	}
	return ahead, nil
}

// meet makes lanes for the hosts that an event names.
func (p *page) meet(e *tracefile.Event) {
	hosts := hostsOf(e)
	p.met.meet(e)
	if wanted := p.options.Filter.Hosts; len(wanted) > 0 {
		hosts = slices.DeleteFunc(hosts, func(h string) bool { return !slices.Contains(wanted, h) })
	}
	if p.lanes.add(hosts...) {
		p.lanes.fit(p.options.Width - marginWidth)
		p.below = headingEvery
	}
}

// event draws an event if it passes.
func (p *page) event(e *tracefile.Event) {
	p.last = *e
	if p.options.Filter.past(e) {
		return
	}
	p.events++
	p.lanes.live(e)
	if !p.options.Filter.passes(e) {
		return
	}
	if p.below == headingEvery {
		p.heading()
	}
	p.shown++
	p.below++
	l := p.looks.of(e.Kind)
	if _, ok := p.used[l.glyph]; !ok {
		p.used[l.glyph] = l.kind
		p.glyphs = append(p.glyphs, l.glyph)
	}
	gutter := byte(' ')
	if len(hostsOf(e)) == 0 {
		gutter = l.glyph
	}
	begin := fmt.Sprintf("%s %c %s", seconds(e.At), gutter, p.lanes.draw(e, l.glyph))
	if e.Kind == kindFailure {
		p.unabridged(begin, l.text(e), l.tone)
		return
	}
	p.line(begin, p.offPage(e)+l.text(e), l.tone)
}

// offPage names the end of something on the network that has no lane.
func (p *page) offPage(e *tracefile.Event) string {
	shown := func(host string) bool { return host == "" || slices.Contains(p.lanes.hosts, host) }
	switch from := e.Get("from"); {
	case !strings.HasPrefix(e.Kind, "net."):
	case !shown(e.Host):
		return "to " + clean(e.Host) + ": "
	case !shown(from):
		return "from " + clean(from) + ": "
	}
	return ""
}

// kindFailure is the kind that a timeline is read for.
const kindFailure = "failure"

// maxUnabridged bounds the lines of one event: a panic brings its whole stack.
const maxUnabridged = 8

// unabridged writes a line, and below it what does not fit.
func (p *page) unabridged(begin, text string, t tone) {
	lines := wrap(text, p.options.Width-len(begin), p.options.Width-marginWidth)
	for i, l := range lines[:min(len(lines), maxUnabridged)] {
		if i == 1 {
			begin = strings.Repeat(" ", marginWidth)
		}
		p.line(begin, l, t)
	}
}

// heading names the columns.
func (p *page) heading() {
	p.below = 0
	p.line(fmt.Sprintf("%*s   %s", timeWidth, "time", p.lanes.heading()), "", plain)
}

// line writes a line with as much of the text as fits.
func (p *page) line(begin, text string, t tone) {
	line := begin + cut(text, p.options.Width-len(begin))
	fmt.Fprintln(p.out, t.paint(strings.TrimRight(cut(line, p.options.Width), " "), p.options.Colour))
}

// paint puts a line in its colour.
func (t tone) paint(line string, colour bool) string {
	switch {
	case !colour || t == plain:
		return line
	case t == loud:
		return "\x1b[1;31m" + line + "\x1b[0m"
	default:
		return "\x1b[2m" + line + "\x1b[0m"
	}
}

// summary writes the legend and what was not shown.
func (p *page) summary() {
	if p.shown > 0 {
		p.legend()
	}
	text := fmt.Sprintf("%d of %d events", p.shown, p.events)
	switch {
	case p.options.Filter.past(&p.last):
		text = fmt.Sprintf("%d of the first %d events", p.shown, p.events)
	case p.last.Kind == tracefile.KindEnd:
		text += fmt.Sprintf(" of seed %d, which ended at %s s in step %d", p.in.Header().Seed,
			strings.TrimSpace(seconds(p.last.At)), p.last.Step)
	}
	for _, l := range wrap(text, p.options.Width, p.options.Width) {
		fmt.Fprintln(p.out, l)
	}
}

// legend explains the glyphs that were drawn, in as few lines as possible.
func (p *page) legend() {
	slices.Sort(p.glyphs)
	entries := []string{"| runs", ": paused", "o--> came from"}
	for _, g := range p.glyphs {
		kind := p.used[g]
		if g == unknown {
			kind = "another kind"
		}
		entries = append(entries, string(g)+" "+kind)
	}
	line := "legend:"
	for _, e := range entries {
		if len(line)+2+len(e) > p.options.Width {
			fmt.Fprintln(p.out, line)
			line = "       "
		}
		line += "  " + e
	}
	fmt.Fprintln(p.out, line)
}
