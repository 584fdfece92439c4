package timeline

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// MostInDiagram is how many events a diagram has at most: the last ones. What draws such
// diagrams gives up on larger ones, and so do readers.
const MostInDiagram = 80

// Mermaid writes the last events of a trace that pass the filter as a Mermaid sequence
// diagram, for pages that draw those: an arrow for what goes from one host to another,
// notes for all else. Errors: those of the reader; ErrNoHost; those of w.
func Mermaid(w io.Writer, r *tracefile.Reader, o Options) error {
	var met roster
	var last []tracefile.Event
	left := 0
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		met.meet(&e)
		if !o.Filter.passes(&e) {
			continue
		}
		if len(last) == MostInDiagram {
			last, left = last[1:], left+1
		}
		last = append(last, e)
	}
	if err := o.Filter.missing(met.hosts); err != nil {
		return err
	}
	d := diagram{out: bufio.NewWriter(w), looks: newWardrobe()}
	d.draw(last, left)
	return d.out.Flush()
}

type diagram struct {
	out   *bufio.Writer
	looks *wardrobe
	hosts []string
}

func (d *diagram) draw(events []tracefile.Event, left int) {
	for _, e := range events {
		d.hosts = append(d.hosts, hostsOf(&e)...)
	}
	d.hosts = sorted(d.hosts)
	fmt.Fprintln(d.out, "sequenceDiagram")
	for _, h := range d.hosts {
		fmt.Fprintf(d.out, "    participant %s as %s\n", id(h), escape(h))
	}
	if left > 0 {
		d.note(d.everybody(), fmt.Sprintf("%d events before", left))
	}
	for _, e := range events {
		d.event(&e)
	}
}

func (d *diagram) event(e *tracefile.Event) {
	text := strings.TrimSpace(seconds(e.At)) + " " + d.looks.of(e.Kind).text(e)
	from, to := "", e.Host
	if hasEnds(e) {
		from = e.Get("from")
		if to == "" {
			to = e.Get("to")
		}
	}
	switch {
	case slices.Contains(d.hosts, from) && slices.Contains(d.hosts, to):
		fmt.Fprintf(d.out, "    %s->>%s: %s\n", id(from), id(to), escape(text))
	case slices.Contains(d.hosts, to):
		d.note(id(to), text)
	default:
		d.note(d.everybody(), text)
	}
}

func (d *diagram) note(over, text string) {
	if over != "" {
		fmt.Fprintf(d.out, "    Note over %s: %s\n", over, escape(text))
	}
}

// everybody is the first and the last host, between which a wide note lies.
func (d *diagram) everybody() string {
	switch n := len(d.hosts); n {
	case 0:
		return ""
	case 1:
		return id(d.hosts[0])
	default:
		return id(d.hosts[0]) + "," + id(d.hosts[n-1])
	}
}

// id is a host's name as the language takes it.
func id(host string) string {
	return "h_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, host)
}

// escape is text without what means something in the language.
func escape(text string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(clean(text))
}
