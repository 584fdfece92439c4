package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wavetank/wavetank/scenarios"
)

func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }
func hashText(hash uint64) string { return fmt.Sprintf("%016x", hash) }

// Files in the folder of a run.
const (
	lineFile   = "replay.txt"
	resultFile = "result.json"
	traceFile  = "trace.jsonl"
)

// save writes what --out and --junit ask for.
func (c *runCmd) save(r *report) error {
	var err error
	if c.Out != "" {
		results := r.failed
		if c.single() {
			results = r.kept
		}
		for _, res := range results {
			err = errors.Join(err, saveRun(c.Out, res))
		}
	}
	if c.JUnit != "" {
		err = errors.Join(err, saveJUnit(c.JUnit, r.kept))
	}
	return err
}

// saveRun writes the folder of one run. A simulated run is run again for its
// trace: that is cheaper than tracing every run of a campaign.
func saveRun(dir string, r scenarios.Result) error {
	dir = filepath.Join(dir, fmt.Sprintf("%s-%d", r.Spec.Scenario.Name, r.Spec.Seed))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	result, err := json.MarshalIndent(resultJSON(r), "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, lineFile), []byte(scenarios.LineOf(r).String()+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, resultFile), append(result, '\n'), 0o644),
	)
	if r.Spec.World == scenarios.WorldTCP || err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, traceFile))
	if err != nil {
		return err
	}
	spec := r.Spec
	spec.Trace = f
	scenarios.Run(spec)
	return f.Close()
}

// junitSuite and junitCase are the part of JUnit's format that CI systems read.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds float64       `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func saveJUnit(path string, results []scenarios.Result) error {
	suite := junitSuite{Name: "wavetank", Tests: len(results)}
	for _, r := range results {
		c := junitCase{Class: r.Spec.Scenario.Name, Name: "seed " + seedText(r.Spec.Seed), Seconds: r.Real.Seconds()}
		line := scenarios.LineOf(r).String()
		switch {
		case r.Failure != nil:
			suite.Failures++
			c.Failure = &junitMessage{Message: r.Failure.Property, Text: r.Failure.String() + "\nwavetank replay '" + line + "'"}
		case r.Verdict == scenarios.Inconclusive:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: "inconclusive: the fault never landed"}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
