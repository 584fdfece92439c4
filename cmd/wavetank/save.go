package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wavetank/wavetank/cluster/capture"
	"github.com/wavetank/wavetank/scenarios"
)

// inconclusive is why a run has proved nothing.
func inconclusive(r scenarios.Result) string {
	if r.Vain != "" {
		return "inconclusive: waited in vain: " + r.Vain
	}
	return "inconclusive: the fault never landed"
}

func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }

// seedOf is the seed of a run, and which of its choices were drawn anew.
func seedOf(s scenarios.Spec) string {
	if len(s.Vary) == 0 {
		return seedText(s.Seed)
	}
	return fmt.Sprintf("%d vary %v", s.Seed, s.Vary)
}

func hashText(hash uint64) string { return fmt.Sprintf("%016x", hash) }

// Files in the folder of a run.
const (
	lineFile    = "replay.txt"
	resultFile  = "result.json"
	traceFile   = "trace.jsonl"
	captureFile = "capture.pcapng"
	historyFile = "history.jsonl"
	scriptFile  = "script" + scenarios.ScriptSuffix
)

// save writes what --out and --junit ask for.
func (c *runCmd) save(r *report, s scenarios.Summary) error {
	var err error
	if c.Out != "" {
		for _, res := range c.worthSaving(r, s) {
			err = errors.Join(err, saveRun(c.Out, res))
		}
	}
	if c.JUnit != "" {
		err = errors.Join(err, r.junit.save(c.JUnit, s))
	}
	return err
}

// worthSaving are the runs for --out: of each failure the first and the shortest, and
// those that were inconclusive.
func (c *runCmd) worthSaving(r *report, s scenarios.Summary) []scenarios.Result {
	if c.shown() {
		return r.kept
	}
	var all []scenarios.Result
	for _, f := range s.Found {
		all = append(all, f.First)
		if scenarios.LineOf(f.Cheapest).String() != scenarios.LineOf(f.First).String() {
			all = append(all, f.Cheapest)
		}
	}
	all = append(all, r.vain...)
	return all[:min(len(all), maxKept)]
}

// saveRun writes the folder of one run. A simulated run is run again for its
// trace, its packet capture and its history: that is cheaper than writing them for every
// run of a campaign. One on real sockets has kept its history.
func saveRun(dir string, r scenarios.Result) error {
	name := fmt.Sprintf("%s-%d", r.Spec.Scenario.Name, r.Spec.Seed)
	if len(r.Spec.Vary) > 0 {
		name += "-vary-" + r.Spec.Vary.String()
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, old := range []string{traceFile, captureFile, historyFile, scriptFile} { // of another run in this place
		if err := os.Remove(filepath.Join(dir, old)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	result, err := json.MarshalIndent(resultJSON(r), "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, lineFile), []byte(scenarios.LineOf(r).String()+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, resultFile), append(result, '\n'), 0o644),
	)
	if script, scriptErr := scenarios.ScriptOf(r.Spec); scriptErr == nil {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, scriptFile), []byte(script.String()), 0o644))
	}
	switch {
	case err != nil:
		return err
	case r.Spec.World == scenarios.WorldTCP:
		return saveHistory(dir, r)
	}
	return record(dir, r)
}

// saveHistory writes what a run has for 'wavetank judge', if it has anything.
func saveHistory(dir string, r scenarios.Result) error {
	if r.History == nil {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, historyFile), r.History, 0o644)
}

// record runs a simulated run again and writes what went on in it.
func record(dir string, r scenarios.Result) (err error) {
	trace, err := os.Create(filepath.Join(dir, traceFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trace.Close()) }()
	packets, err := os.Create(filepath.Join(dir, captureFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, packets.Close()) }()
	w, err := capture.New(packets, capture.Run{Scenario: r.Spec.Scenario.Name, Seed: r.Spec.Seed, Hash: r.Hash})
	if err != nil {
		return err
	}
	noted := &notingWriter{to: trace}
	spec := r.Spec
	spec.Trace, spec.OnPacket, spec.History = noted, w.Packet, true
	again := scenarios.Run(spec)
	err = errors.Join(noted.err, w.Flush(), saveHistory(dir, again))
	if again.Hash != r.Hash {
		err = errors.Join(err, fmt.Errorf("%s: the traced run has hash %s, the first one %s: it is another run",
			dir, hashText(again.Hash), hashText(r.Hash)))
	}
	return err
}

// notingWriter remembers the first error, which whoever writes a trace has no use
// for.
type notingWriter struct {
	to  io.Writer
	err error
}

func (n *notingWriter) Write(p []byte) (int, error) {
	written, err := n.to.Write(p)
	if n.err == nil {
		n.err = err
	}
	return written, err
}
