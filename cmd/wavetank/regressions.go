package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/wavetank/wavetank/scenarios"
)

// regressions are the scripts of the folder that is the only thing to run; nil if it is
// something else.
func (c *runCmd) regressions() ([]scenarios.Regression, error) {
	if len(c.Scenarios) != 1 {
		return nil, nil
	}
	info, err := os.Stat(c.Scenarios[0])
	if err != nil || !info.IsDir() {
		return nil, nil
	}
	all, err := scenarios.OpenRegressions(c.Scenarios[0])
	if err == nil && (c.Seed != nil || c.Seeds != "" || c.For != nil || c.Mutant != "" || c.World != scenarios.WorldSim) {
		err = errors.New("scripts of a folder are run as their headers say: without seeds, a mutant and another world")
	}
	return all, err
}

// checkRegressions runs each script as its header says, and tells how it came out.
func checkRegressions(io *streams, all []scenarios.Regression) error {
	bad := 0
	for _, r := range all {
		found, problem := r.Check()
		switch {
		case problem != "":
			bad++
			fmt.Fprintf(io.out, "%s: FAIL: %s\n", r.Scenario.File, problem)
		case r.Mutant != "":
			fmt.Fprintf(io.out, "%s: %s is found with seed %d, and nothing without it\n", r.Scenario.File, r.Mutant, found.Spec.Seed)
		default:
			fmt.Fprintf(io.out, "%s: does not fail any more\n", r.Scenario.File)
		}
	}
	fmt.Fprintf(io.out, "regressions: %d of %d as they must be\n", len(all)-bad, len(all))
	if bad > 0 {
		return exit{status: scenarios.Fail.ExitCode()}
	}
	return nil
}
