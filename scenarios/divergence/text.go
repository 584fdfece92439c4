package divergence

import (
	"fmt"
	"strings"
)

// String is the divergence as a page of text: where it likely came from, what each
// run did, and the steps around it. docs/determinism.md says how to read it.
func (d *Divergence) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the runs differ first in step %d at %v, after %d acts that are the same\n", d.Step, d.At, d.Acts)
	fmt.Fprintf(&b, "source    %v\n", d.Source())
	for i := range d.Runs {
		d.Runs[i].write(&b, i+1)
	}
	b.WriteString("both took these steps:\n")
	writeSteps(&b, d.Before)
	for i := range d.Runs {
		if steps := d.Runs[i].After; len(steps) > 0 {
			fmt.Fprintf(&b, "then run %d:\n", i+1)
			writeSteps(&b, steps)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (s *Side) write(b *strings.Builder, number int) {
	act := s.Act
	if s.Over {
		act = "was over"
	}
	fmt.Fprintf(b, "run %d     %s\n", number, act)
	if s.idle || s.Over {
		if s.Callback.Func != "" {
			fmt.Fprintf(b, "          after %v\n", s.Callback)
		}
		return
	}
	for i, p := range s.Stack {
		fmt.Fprintf(b, "          %s %v\n", preposition(i, "at"), p)
	}
	for i, p := range s.Posted {
		fmt.Fprintf(b, "          %s %v\n", preposition(i, "posted at"), p)
	}
}

// preposition begins the line of the i-th place of a stack.
func preposition(i int, first string) string {
	if i == 0 {
		return first
	}
	return strings.Repeat(" ", len(first)-len("by")) + "by"
}

func writeSteps(b *strings.Builder, steps []Step) {
	for _, s := range steps {
		line := fmt.Sprintf("  step %-7d %-15v %-9s %-20s %s", s.Number, s.At, s.Kind, where(s.Host, s.Loop), s.Callback.name())
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func (p Place) name() string {
	if p.Func == "" {
		return ""
	}
	return p.String()
}
