package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/why"
)

// whyCmd tells when a failure was decided, and by what.
type whyCmd struct {
	Line          string `arg:"" help:"The line that a failure printed, or the folder that --out wrote." placeholder:"LINE|DIR"`
	Continuations int    `help:"How often the run is continued from each time." default:"20" placeholder:"N"`
	Times         int    `help:"How many times are looked at first." default:"12" placeholder:"N"`
	Jobs          int    `short:"j" help:"Runs at the same time; the default is one a core." placeholder:"N"`

	For  *time.Duration `help:"End after this much time, with what is known then." placeholder:"2m"`
	JSON bool           `name:"json" help:"The report as one JSON object."`
}

// Run implements the command.
func (c *whyCmd) Run(io *streams) error {
	if c.Continuations < 1 || c.Continuations > 10_000 || c.Times < 2 || c.Times > 1000 || c.Jobs < 0 || c.Jobs > maxJobs {
		return usage(fmt.Errorf("--continuations must be 1 to 10000, --times 2 to 1000, --jobs 0 to %d", maxJobs))
	}
	if c.For != nil && *c.For <= 0 {
		return usage(fmt.Errorf("--for %v: want a positive time", *c.For))
	}
	text, err := lineText(c.Line)
	if err != nil {
		return usage(err)
	}
	line, err := scenarios.ParseLine(text)
	if err != nil {
		return usage(err)
	}
	ctx, stop := interruptible()
	defer stop()
	interrupted := ctx
	if c.For != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *c.For)
		defer cancel()
	}
	report, err := why.Why(ctx, line.Spec, why.Options{
		Continuations: c.Continuations, Times: c.Times, Workers: c.Jobs, Progress: c.progress(io),
	})
	if err != nil {
		return usage(err)
	}
	if c.JSON {
		err = json.NewEncoder(io.out).Encode(report)
	} else {
		err = report.Write(io.out)
	}
	if err == nil && interrupted.Err() != nil {
		return exit{status: exitInterrupted, text: "interrupted"}
	}
	return err
}

// progress tells on a terminal how far it is.
func (c *whyCmd) progress(io *streams) func(why.Report) {
	if !io.terminal {
		return nil
	}
	return func(r why.Report) {
		fmt.Fprintf(io.err, "%5d runs, %2d times and %2d faults looked at  %s\n", r.Runs, len(r.Moments), len(r.Faults), r.Sparkline())
	}
}
