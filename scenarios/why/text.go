package why

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// sparks are an eighth each.
var sparks = []rune("▁▂▃▄▅▆▇█")

// Sparkline is the shares of the moments, one character each.
func (r Report) Sparkline() string {
	var b strings.Builder
	for _, m := range r.Moments {
		b.WriteRune(sparks[min(m.Percent()*len(sparks)/100, len(sparks)-1)])
	}
	return b.String()
}

// Write writes the report for people.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, at %v\n%s\n\n", r.Signature, r.FailedAt, r.Sparkline())
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "drawn anew from\tfails\t\n")
	for _, m := range r.Moments {
		fmt.Fprintf(t, "%v\t%3d %%\t%s\n", m.At.Round(time.Microsecond), m.Percent(), strings.Repeat("#", m.Percent()/5))
	}
	t.Flush()
	switch before, after := r.Decided(); {
	case after.At > before.At:
		fmt.Fprintf(&b, "decided between %v and %v: of %d continuations %d fail, then %d\n", before.At, after.At, after.Of, before.Failed, after.Failed)
	case len(r.Moments) > 1:
		b.WriteString("decided from the beginning: continuations fail as often from any time\n")
	}
	r.writeFaults(&b)
	if !r.Complete {
		fmt.Fprintf(&b, "ended after %d runs: what is missing was not looked at\n", r.Runs)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Report) writeFaults(b *strings.Builder) {
	if len(r.Faults) == 0 {
		return
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "drawn anew from the fault\twith it\twithout\n")
	for _, f := range r.Faults {
		fmt.Fprintf(t, "%s\t%3d %%\t%3d %%\n", f.Step, f.With.Percent(), f.Without.Percent())
	}
	t.Flush()
	if most := r.Foremost(); most != nil {
		fmt.Fprintf(b, "mattered most: %s\n", most.Step)
	} else if r.Complete {
		b.WriteString("no single fault mattered: the failure comes as often without it\n")
	}
}
