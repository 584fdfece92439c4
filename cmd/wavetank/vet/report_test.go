package vet

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/findings.sarif anew; check it against the schema of SARIF 2.1.0 then")

func TestParseReport(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(here, "b.go")
	diagnostic := func(rule, file, message string) string {
		return `{"category":"` + rule + `","posn":"` + file + `:3:34","end":"` + file + `:3:37","message":"` + message + `"}`
	}
	text := `{"p":{"wavetank":[` + diagnostic("time", inside, "later") + `,` + diagnostic("order", "/a/c.go", "outside") + `]}}
		{"p [p.test]":{"wavetank":[` + diagnostic("time", inside, "later") + `]}}`
	got, err := parseReport(strings.NewReader(text))
	want := []reported{
		{"order", "/a/c.go", position{3, 34}, position{3, 37}, "outside"},
		{"time", "b.go", position{3, 34}, position{3, 37}, "later"},
	}
	if err != nil || !reflect.DeepEqual(got.findings, want) {
		t.Errorf("parseReport = %+v, %v; want %+v", got.findings, err, want)
	}
}

func TestParseReport_refuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`nonsense`, "output of go vet: invalid character"},
		{`{"p":{"wavetank":`, "output of go vet: unexpected EOF"},
		{`{"p":{"wavetank":{"error":"no facts"}}}`, "no facts"},
		{`{"p":{"wavetank":[{"posn":"x.go:3"}]}}`, `position "x.go:3" is not file:line:column`},
		{`{"p":{"wavetank":[{"posn":"x.go:a:b"}]}}`, `position "x.go:a:b"`},
	} {
		if _, err := parseReport(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("parseReport(%q): %v, want %q", tt.text, err, tt.want)
		}
	}
}

// sarifOf is the SARIF log of a report with one finding inside and one outside
// the current folder.
func sarifOf(t *testing.T, complete bool) []byte {
	t.Helper()
	t.Chdir(t.TempDir())
	source := []byte("package p\n\nvar s, t = \"\U0001F600é\", time.Now()\n")
	if err := os.WriteFile("a b.go", source, 0o666); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := writeSARIF(&out, report{complete: complete, findings: []reported{
		{ruleTime, "a b.go", position{3, 22}, position{3, 30}, "time.Now: <no>"},
		{ruleFloats, "/elsewhere/x.go", position{3, 34}, position{4, 2}, "sum"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestWriteSARIF_golden holds the log to one that the JSON schema of SARIF 2.1.0
// (OASIS, errata 01) accepts.
func TestWriteSARIF_golden(t *testing.T) {
	golden, err := filepath.Abs("testdata/findings.sarif")
	if err != nil {
		t.Fatal(err)
	}
	got := sarifOf(t, true)
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("run with -update, and check against the schema, if this is wanted:\n%s", got)
	}
}

// TestWriteSARIF_structure holds what the standard demands beyond the schema.
func TestWriteSARIF_structure(t *testing.T) {
	for _, complete := range []bool{true, false} {
		var log sarifLog
		dec := json.NewDecoder(bytes.NewReader(sarifOf(t, complete)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&log); err != nil {
			t.Fatal(err)
		}
		run := log.Runs[0]
		if got := run.Invocations[0].ExecutionSuccessful; got != complete {
			t.Errorf("executionSuccessful is %t, want %t", got, complete)
		}
		seen := make(map[string]bool)
		for _, r := range run.Tool.Driver.Rules {
			if seen[r.ID] {
				t.Errorf("rule %s is there twice (3.19.23)", r.ID)
			}
			seen[r.ID] = true
		}
		for _, r := range run.Results {
			if got := run.Tool.Driver.Rules[r.RuleIndex].ID; got != r.RuleID {
				t.Errorf("ruleIndex leads to %s, ruleId is %s (3.27.7)", got, r.RuleID)
			}
			region := r.Locations[0].Physical.Region
			if region.EndLine < region.StartLine || region.EndLine == region.StartLine && region.EndColumn < region.StartColumn {
				t.Errorf("region %+v ends before it starts (3.30)", region)
			}
		}
	}
}

// TestWriteSARIF_nothing says that nothing was found, not that nothing is known.
func TestWriteSARIF_nothing(t *testing.T) {
	var out bytes.Buffer
	if err := writeSARIF(&out, report{complete: true}); err != nil || !strings.Contains(out.String(), `"results": []`) {
		t.Errorf("%v: %s", err, out.String())
	}
}
