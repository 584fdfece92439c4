package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/shrink"
	"github.com/wavetank/wavetank/scenarios/timeline"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// shrinkCmd makes a failure small.
type shrinkCmd struct {
	Line  string `arg:"" help:"The line that a failure printed, or the folder that --out wrote." placeholder:"LINE|DIR"`
	Out   string `short:"o" help:"Write the script to a file, NAME.wt, and not to standard output, and a page with a sequence diagram to NAME.md." placeholder:"FILE"`
	Seeds int    `help:"How many seeds a smaller script is tried with." default:"8" placeholder:"N"`
	Runs  int    `help:"How many runs there are at most." default:"5000" placeholder:"N"`
	Jobs  int    `short:"j" help:"Runs at the same time; the default is one a core." placeholder:"N"`

	For *time.Duration `help:"End after this much time, with what there is then. With --out the same command goes on from there." placeholder:"2m"`
}

// Run implements the command. The exit status is 1, that of the failure, if one was made
// small.
func (c *shrinkCmd) Run(io *streams) error {
	spec, err := c.spec()
	if err != nil {
		return usage(err)
	}
	state := newShrinkState(c.Out)
	resumed, err := state.read()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	if c.For != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *c.For)
		defer cancel()
	}
	if resumed != nil && io.terminal {
		fmt.Fprintf(io.err, "%5d runs so far, going on from %s\n", resumed.Tried, state.file)
	}
	small, err := shrink.Shrink(ctx, spec, shrink.Options{
		Seeds: c.Seeds, Runs: c.Runs, Workers: c.Jobs, Resume: resumed, Save: state.save, Progress: func(s shrink.Small) {
			if io.terminal {
				fmt.Fprintf(io.err, "%5d runs, %3d steps: without %s\n", s.Tried, len(s.Script.Plan), s.Last)
			}
		},
	})
	switch {
	case errors.Is(err, shrink.ErrState):
		return usage(fmt.Errorf("%s: %w; without that file it begins anew", state.file, err))
	case errors.Is(err, shrink.ErrNoFailure), errors.Is(err, scenarios.ErrNotScripted):
		return usage(err)
	case err != nil:
		return err
	}
	if err := state.end(small.Complete); err != nil {
		return err
	}
	return c.write(io, small)
}

func (c *shrinkCmd) spec() (scenarios.Spec, error) {
	if c.Seeds < 1 || c.Runs < 1 || c.Jobs < 0 || c.Jobs > maxJobs {
		return scenarios.Spec{}, fmt.Errorf("--seeds and --runs must be positive, --jobs 0 to %d", maxJobs)
	}
	if c.For != nil && *c.For <= 0 {
		return scenarios.Spec{}, fmt.Errorf("--for %v: want a positive time", *c.For)
	}
	if c.Out != "" && !strings.HasSuffix(c.Out, scenarios.ScriptSuffix) {
		return scenarios.Spec{}, fmt.Errorf("--out %s: the name of a script ends with %s", c.Out, scenarios.ScriptSuffix)
	}
	text, err := lineText(c.Line)
	if err != nil {
		return scenarios.Spec{}, err
	}
	line, err := scenarios.ParseLine(text)
	if err == nil && line.Spec.World == scenarios.WorldTCP {
		err = errors.New("a run on real sockets comes out otherwise each time, and cannot be made small")
	}
	return line.Spec, err
}

// story is what a diagram of a failure shows: damage, what became of processes and roles,
// and the messages that carry those.
const story = `^(\S* )?(fault|failure|process\.|host\.|mgr\.mode|mgr\.respawn|mon\.role|mon\.mgr_dropped|cinder\.)|net\.recv .*msg=.*(Map:|Beacon)`

// drawStory writes a page with the failure, its script and a diagram of its last events
// beside the script's file.
func drawStory(file string, small shrink.Small) error {
	spec := small.Result.Spec
	spec.Scenario = small.Script.Scenario()
	var trace, page bytes.Buffer
	spec.Trace = &trace
	if again := scenarios.Run(spec); again.Hash != small.Result.Hash {
		return fmt.Errorf("%v: run again its hash is %016x", scenarios.LineOf(small.Result), again.Hash)
	}
	r, err := tracefile.NewReader(file, &trace)
	if err != nil {
		return err
	}
	f := small.Result.Failure
	fmt.Fprintf(&page, "# %s\n\n%s\n\n```\n%s%s```\n\n```mermaid\n", f.Property, f.Detail, small.Header(), small.Script)
	if err := timeline.Mermaid(&page, r, timeline.Options{Filter: timeline.Filter{Grep: regexp.MustCompile(story)}}); err != nil {
		return err
	}
	page.WriteString("```\n")
	return os.WriteFile(strings.TrimSuffix(file, scenarios.ScriptSuffix)+".md", page.Bytes(), 0o644)
}

// goOn says how an unfinished shrink is finished.
func (c *shrinkCmd) goOn() string {
	if c.Out == "" {
		return ""
	}
	return "; the same command goes on from here"
}

func (c *shrinkCmd) write(io *streams, small shrink.Small) error {
	text := small.Header() + small.Script.String()
	if c.Out == "" {
		fmt.Fprint(io.out, text)
	} else if err := errors.Join(os.WriteFile(c.Out, []byte(text), 0o644), drawStory(c.Out, small)); err != nil {
		return err
	}
	if !small.Complete {
		fmt.Fprintf(io.err, "wavetank: ended after %d runs: more could perhaps be left out%s\n", small.Tried, c.goOn())
	}
	if c.Out != "" {
		again := small.Result
		again.Spec.Scenario.File = c.Out
		fmt.Fprintf(io.out, "%s: %d steps, %d runs\nwavetank replay '%v'\n", c.Out, len(small.Script.Plan), small.Tried, scenarios.LineOf(again))
	}
	return exit{status: scenarios.Fail.ExitCode()}
}
