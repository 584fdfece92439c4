package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/timeline"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// traceCmd shows what went on in a run.
type traceCmd struct {
	Sources []string `arg:"" name:"trace" help:"A trace or the folder that --out wrote, '-' for standard input, the line that a failure printed, or a scenario or a script with --seed." placeholder:"TRACE"`

	Seed    *uint64 `help:"The seed of a scenario." placeholder:"N"`
	Profile string  `help:"The profile of a scenario." default:"default"`
	Mutant  string  `help:"A bug to plant into a scenario." placeholder:"NAME"`

	From moment   `help:"Show what happens from this time on: seconds, or 1m20s." placeholder:"TIME"`
	To   moment   `help:"Show what happens up to this time." placeholder:"TIME"`
	Host []string `help:"Show what concerns this host; may be repeated." placeholder:"NAME"`
	Kind []string `help:"Show this kind, or all below it: mon.commit, mon; may be repeated." placeholder:"KIND"`
	Hide []string `help:"Do not show this kind, or all below it; may be repeated." placeholder:"KIND"`
	Grep string   `help:"Show events of which 'host kind key=value ...' matches." placeholder:"REGEXP"`

	Format string `help:"text, or mermaid: a sequence diagram of the last events, for pages that draw them." default:"text" enum:"text,mermaid"`

	Diff    bool `help:"Put two traces side by side where they differ, or a run with a mutant and that without. The status is 1 if they do."`
	Context int  `help:"With --diff: how many equal events to show around a difference." default:"5" placeholder:"N"`

	Pcapng string `help:"Run the run again and write its packets, in place of the timeline." placeholder:"FILE"`
	Line   string `help:"The line that gives the run of a trace file, for --pcapng; otherwise that in its first line." placeholder:"LINE"`

	Width int `help:"The most characters in a line; the default is that of the terminal, or 100." placeholder:"N"`
}

// Run implements the command.
func (c *traceCmd) Run(io *streams) error {
	options, err := c.options(io)
	if err != nil {
		return usage(err)
	}
	sources, err := c.sources()
	if err != nil {
		return usage(err)
	}
	switch {
	case c.Pcapng != "":
		return c.capture(io, sources[0])
	case c.Diff:
		return diffTraces(io, sources, options)
	}
	return c.show(io, sources[0], options)
}

// options checks what the flags say about the page.
func (c *traceCmd) options(io *streams) (timeline.Options, error) {
	width, terminal := pageWidth(io)
	if c.Width != 0 {
		width = c.Width
	}
	o := timeline.Options{
		Width: width, Colour: terminal && os.Getenv("NO_COLOR") == "", Context: c.Context,
		Filter: timeline.Filter{
			From: time.Duration(c.From), To: time.Duration(c.To), Hosts: c.Host, Kinds: c.Kind, Hide: c.Hide,
		},
	}
	var err error
	if c.Grep != "" {
		if o.Filter.Grep, err = regexp.Compile(c.Grep); err != nil {
			err = fmt.Errorf("--grep: %w", err)
		}
	}
	if c.Width != 0 && c.Width < timeline.MinWidth || c.Context < 0 {
		err = errors.Join(err, fmt.Errorf("--width must be at least %d, --context not negative", timeline.MinWidth))
	}
	if c.To != 0 && c.To < c.From {
		err = errors.Join(err, fmt.Errorf("--from %v is after --to %v", time.Duration(c.From), time.Duration(c.To)))
	}
	return o, err
}

// defaultWidth is the width of a page that is not for a terminal, so that it is
// the same everywhere.
const defaultWidth = 100

// pageWidth is how wide the output is, and whether it is a terminal.
func pageWidth(io *streams) (width int, terminal bool) {
	out := io.out
	if noting, ok := out.(*notingWriter); ok {
		out = noting.to
	}
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return defaultWidth, false
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return max(width, timeline.MinWidth), true
	}
	return defaultWidth, true
}

// show draws one trace.
func (c *traceCmd) show(io *streams, s source, o timeline.Options) error {
	return withTraces(io, []source{s}, func(r []*tracefile.Reader) error {
		if c.Format == "mermaid" {
			return timeline.Mermaid(io.out, r[0], o)
		}
		return timeline.Write(io.out, r[0], o)
	})
}

// diffTraces compares two.
func diffTraces(io *streams, s []source, o timeline.Options) error {
	for i, name := range []string{"A", "B"} {
		fmt.Fprintf(io.out, "%s  %s\n", name, s[i].name())
	}
	same := false
	err := withTraces(io, s, func(r []*tracefile.Reader) (err error) {
		same, err = timeline.Diff(io.out, r[0], r[1], o)
		return err
	})
	if err == nil && !same {
		return exit{status: scenarios.Fail.ExitCode()}
	}
	return err
}

// withTraces opens the sources and hands their readers on. What is wrong with a
// trace is the caller's mistake, as what is wrong on the command line is.
func withTraces(io *streams, sources []source, use func([]*tracefile.Reader) error) (err error) {
	var readers []*tracefile.Reader
	for _, s := range sources {
		in, openErr := s.open()
		if openErr != nil {
			return usage(openErr)
		}
		defer func() { err = errors.Join(err, in.Close()) }()
		r, openErr := tracefile.NewReader(s.name(), in)
		if openErr != nil {
			return traceError(openErr)
		}
		readers = append(readers, r)
	}
	return traceError(use(readers))
}

// traceError gives an error its exit status.
func traceError(err error) error {
	for _, mistake := range []error{
		tracefile.ErrSyntax, tracefile.ErrVersion, tracefile.ErrOrder, tracefile.ErrCut, timeline.ErrNoHost,
	} {
		if errors.Is(err, mistake) {
			return usage(err)
		}
	}
	return err
}

// moment is a time of a run on the command line.
type moment time.Duration

// UnmarshalText reads "9.7" as seconds, and "9.7s" or "1m20s" as what they say.
func (m *moment) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if seconds, plain := strconv.ParseFloat(string(text), 64); plain == nil {
		d, err = time.ParseDuration(strconv.FormatFloat(seconds, 'f', -1, 64) + "s")
	}
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no time: want seconds such as 9.7, or a duration such as 1m20s", text)
	}
	*m = moment(d)
	return nil
}
