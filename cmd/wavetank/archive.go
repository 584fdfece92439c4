package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/scenarios"
)

// archives reports whether archives are what is named, and an error if other things are too.
func (c *runCmd) archives() (bool, error) {
	n := 0
	for _, name := range c.Scenarios {
		if strings.HasSuffix(name, scenarios.ArchiveSuffix) {
			n++
		}
	}
	switch {
	case n == 0 && c.Update:
		return false, errors.New("--update is for archives, NAME.txtar")
	case n > 0 && n < len(c.Scenarios):
		return false, errors.New("archives say themselves how they are run: name no scenarios beside them")
	}
	return n > 0, nil
}

// runArchives runs archives, each as it says itself.
func (c *runCmd) runArchives(io *streams) error {
	failed := 0
	for _, name := range c.Scenarios {
		a, err := scenarios.OpenArchive(name)
		if err != nil {
			return usage(err)
		}
		if c.Update {
			err = a.Write(name)
		} else {
			err = a.Check()
		}
		switch {
		case err == nil:
			fmt.Fprintf(io.out, "PASS %s: %d runs\n", name, a.Runs())
		case errors.Is(err, scenarios.ErrArchive):
			failed++
			fmt.Fprintf(io.out, "FAIL %s\n  %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n  "))
		default:
			return usage(fmt.Errorf("%s: %w", name, err))
		}
	}
	if failed > 0 {
		return exit{status: scenarios.Fail.ExitCode()}
	}
	return nil
}
