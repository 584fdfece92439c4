package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/ledger"
)

// ledgerCmd says what a ledger has.
type ledgerCmd struct {
	File string `arg:"" help:"The file that 'wavetank run --ledger' wrote." placeholder:"FILE"`
	JSON bool   `name:"json" help:"One JSON object per line."`

	Features string `help:"Write what the runs of the newest version have shown, as 'wavetank run --features' does." placeholder:"FILE"`
}

// Run implements the command.
func (c *ledgerCmd) Run(io *streams) error {
	if err := cluster.InitializeCinder(); err != nil { // a ledger is SQLite's too
		return err
	}
	l, err := ledger.OpenToRead(c.File)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, ledger.ErrNoLedger) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	defer l.Close()
	failures, err := l.Failures()
	if err != nil {
		return err
	}
	tallies, err := l.Tallies()
	if err != nil {
		return err
	}
	if c.Features != "" {
		shown, err := l.Shown()
		if err := errors.Join(err, saveFeatures(c.Features, shown)); err != nil {
			return err
		}
	}
	open, err := l.Unfinished()
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(io.out)
		return errors.Join(encodeAll(enc, "failure", failures), encodeAll(enc, "tally", tallies), encodeAll(enc, "unfinished", open))
	}
	writeFailures(io.out, failures)
	writeTallies(io.out, tallies)
	writeUnfinished(io.out, open)
	return nil
}

// encodeAll writes a line for each of a list, which says of which kind it is.
func encodeAll[T any](enc *json.Encoder, kind string, list []T) error {
	for _, one := range list {
		if err := enc.Encode(map[string]any{"kind": kind, kind: one}); err != nil {
			return err
		}
	}
	return nil
}

func writeFailures(w io.Writer, list []ledger.Failed) {
	fmt.Fprintf(w, "%d failures, the last seen first\n", len(list))
	for _, f := range list {
		planted := ""
		if f.Mutant != "" {
			planted = ", mutant " + f.Mutant
		}
		fmt.Fprintf(w, "  %d by %q%s\n", f.Count, f.Signature, planted)
		fmt.Fprintf(w, "    from     %s, %s\n", f.First, f.Since)
		fmt.Fprintf(w, "    to       %s, %s\n", f.Last, f.Until)
		fmt.Fprintf(w, "    shortest wavetank replay '%s'\n", f.Replay)
	}
}

func writeTallies(out io.Writer, list []ledger.Tally) {
	fmt.Fprintln(out, "seeds by version, the newest first")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	version := ""
	for i, t := range list {
		if t.Version != version || i == 0 {
			version = t.Version
			fmt.Fprintf(w, "  %s\n", version)
		}
		fmt.Fprintf(w, "    %s\t%s\t%s\t%d seeds\t%d runs\t%d passed\t%d failed\t%d inconclusive\t%d open\tlast %s\n",
			t.Scenario, t.World, t.Mutant, t.Seeds, t.Runs, t.Passed, t.Failed, t.Inconclusive, t.Open, t.Last)
	}
	w.Flush() // into a notingWriter
}

// maxUnfinished is how many of the runs that never ended are named.
const maxUnfinished = 20

func writeUnfinished(w io.Writer, list []ledger.Unfinished) {
	list = slices.DeleteFunc(slices.Clone(list), func(u ledger.Unfinished) bool { return u.UnderWay })
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "%d runs have begun and never ended: their process has, or its machine\n", len(list))
	for _, u := range list[:min(len(list), maxUnfinished)] {
		fmt.Fprintf(w, "  began %s in process %d on %s: wavetank replay '%s'\n", u.Began, u.PID, u.Host, u.Replay)
	}
}

// openLedger opens the campaign's ledger, if it has one, and tells of the runs that an
// earlier process has left behind.
func (c *runCmd) openLedger(io *streams, campaign *scenarios.Campaign) (close func() error, err error) {
	if c.Ledger == "" {
		return func() error { return nil }, nil
	}
	version, err := programVersion()
	if err != nil {
		return nil, err
	}
	if err := cluster.InitializeCinder(); err != nil { // the ledger is SQLite's too
		return nil, err
	}
	l, err := ledger.Open(c.Ledger, ledger.Options{Version: version, Resume: c.Resume})
	if errors.Is(err, ledger.ErrNoLedger) {
		return nil, usage(err)
	}
	if err != nil {
		return nil, err
	}
	lost, err := l.Unfinished()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	writeUnfinished(io.err, lost)
	campaign.Journal = l
	return l.Close, nil
}
