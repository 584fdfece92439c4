package main

import (
	"encoding/xml"
	"os"

	"github.com/wavetank/wavetank/scenarios"
)

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

// junit collects what --junit writes: of a run that passes only its name and time, for a
// campaign of a night has very many.
type junit struct {
	cases []junitCase
	bad   map[int]scenarios.Result // by place among the cases, those that did not pass
}

func newJUnit() *junit { return &junit{bad: make(map[int]scenarios.Result)} }

func (j *junit) result(r scenarios.Result) {
	if r.Verdict != scenarios.Pass {
		j.bad[len(j.cases)] = r
	}
	j.cases = append(j.cases, junitCase{Class: r.Spec.Scenario.Name, Name: "seed " + seedOf(r.Spec), Seconds: r.Real.Seconds()})
}

// save writes the report. Which failures are quarantined the summary says.
func (j *junit) save(path string, s scenarios.Summary) error {
	suite := junitSuite{Name: "wavetank"}
	for i, c := range j.cases {
		if r, bad := j.bad[i]; bad {
			c.judge(r, s)
		}
		suite.add(c)
	}
	if s.Canary != nil {
		c := junitCase{Class: "canary", Name: s.Canary.Mutant.Name}
		if s.Canary.Caught == nil {
			c.Failure = &junitMessage{Message: "not found", Text: canaryText(s.Canary)}
		}
		suite.add(c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}

// judge fills in what became of a run that did not pass.
func (c *junitCase) judge(r scenarios.Result, s scenarios.Summary) {
	replay := "wavetank replay '" + scenarios.LineOf(r).String() + "'"
	switch {
	case r.Failure != nil && s.IsQuarantined(r):
		c.Skipped = &junitMessage{Message: "quarantined: " + r.Failure.Signature(), Text: replay}
	case r.Failure != nil:
		c.Failure = &junitMessage{Message: r.Failure.Property, Text: r.Failure.String() + "\n" + replay}
	case r.Verdict == scenarios.Inconclusive:
		c.Skipped = &junitMessage{Message: inconclusive(r)}
	}
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}
