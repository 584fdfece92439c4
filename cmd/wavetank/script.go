package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/scenarios"
)

// scriptCmd prints what a run does as a script.
type scriptCmd struct {
	What string  `arg:"" help:"A scenario, or the line that a failure printed, or the folder that --out wrote." placeholder:"SCENARIO|LINE|DIR"`
	Seed *uint64 `help:"The seed of a scenario. The default is 1." placeholder:"N"`
}

// Run implements the command.
func (c *scriptCmd) Run(io *streams) error {
	spec, err := c.spec()
	if err != nil {
		return usage(err)
	}
	script, err := scenarios.ScriptOf(spec)
	if err != nil {
		return usage(err)
	}
	_, err = fmt.Fprint(io.out, script)
	return err
}

func (c *scriptCmd) spec() (scenarios.Spec, error) {
	text, err := lineText(c.What)
	if err != nil {
		return scenarios.Spec{}, err
	}
	if strings.HasPrefix(text, scenarios.LineVersion+":") {
		if c.Seed != nil {
			return scenarios.Spec{}, errors.New("--seed: the line says which seed it is")
		}
		line, err := scenarios.ParseLine(text)
		return line.Spec, err
	}
	spec := scenarios.Spec{Seed: 1}
	if c.Seed != nil {
		spec.Seed = *c.Seed
	}
	spec.Scenario, err = scenarios.Open(c.What)
	return spec, err
}
