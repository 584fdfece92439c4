package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/why"
)

// whyCmd tells when a failure was decided, and by what.
type whyCmd struct {
	Line          string `arg:"" help:"The line that a failure printed, or the folder that --out wrote." placeholder:"LINE|DIR"`
	Continuations int    `help:"How often the run is continued from each time." default:"20" placeholder:"N"`
	Times         int    `help:"How many times are looked at first." default:"12" placeholder:"N"`
	Jobs          int    `short:"j" help:"Runs at the same time; the default is one a core." placeholder:"N"`
	JSON          bool   `name:"json" help:"The report as one JSON object."`
}

// Run implements the command.
func (c *whyCmd) Run(io *streams) error {
	if c.Continuations < 1 || c.Continuations > 10_000 || c.Times < 2 || c.Times > 1000 || c.Jobs < 0 || c.Jobs > maxJobs {
		return usage(fmt.Errorf("--continuations must be 1 to 10000, --times 2 to 1000, --jobs 0 to %d", maxJobs))
	}
	text, err := lineText(c.Line)
	if err != nil {
		return usage(err)
	}
	line, err := scenarios.ParseLine(text)
	if err != nil {
		return usage(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := why.Why(ctx, line.Spec, why.Options{Continuations: c.Continuations, Times: c.Times, Workers: c.Jobs})
	switch {
	case errors.Is(err, context.Canceled):
		return exit{status: exitInterrupted, text: "interrupted"}
	case err != nil:
		return usage(err)
	case c.JSON:
		return json.NewEncoder(io.out).Encode(report)
	}
	return report.Write(io.out)
}
