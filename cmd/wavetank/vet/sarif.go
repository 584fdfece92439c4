package vet

import (
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
)

// The part of SARIF 2.1.0 (OASIS Standard, 2020-03-27) that the linter needs.
// Field comments name the sections of the standard.
type (
	sarifLog struct { // 3.13
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct { // 3.14
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct { // 3.18
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct { // 3.19
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct { // 3.49
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		HelpURI          string       `json:"helpUri"`
		Configuration    sarifLevel   `json:"defaultConfiguration"`
	}
	sarifLevel struct { // 3.50
		Level string `json:"level"`
	}
	sarifInvocation struct { // 3.20
		ExecutionSuccessful bool `json:"executionSuccessful"`
	}
	sarifResult struct { // 3.27
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifMessage struct { // 3.11
		Text string `json:"text"`
	}
	sarifLocation struct { // 3.28
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct { // 3.29
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct { // 3.4
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct { // 3.30: columns count UTF-16 code units from 1
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifError  = "error"
)

// writeSARIF writes a SARIF log with one run.
func writeSARIF(out io.Writer, r report) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "wavetank vet", InformationURI: "https://github.com/wavetank/wavetank", Rules: sarifRules(),
		}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: r.complete}},
		ColumnKind:  "utf16CodeUnits",
		Results:     []sarifResult{}, // empty: nothing found; absent: not known
	}
	sources := make(sourceLines)
	for _, f := range r.findings {
		run.Results = append(run.Results, sarifResultOf(f, sources))
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRules() []sarifRule {
	var list []sarifRule
	for _, r := range rules() {
		list = append(list, sarifRule{
			ID: string(r.rule), ShortDescription: sarifMessage{r.text},
			HelpURI: helpURI + "#" + string(r.rule), Configuration: sarifLevel{sarifError},
		})
	}
	return list
}

func sarifResultOf(f reported, sources sourceLines) sarifResult {
	artifact := sarifArtifact{URI: (&url.URL{Path: f.File}).String(), BaseID: "%SRCROOT%"}
	if filepath.IsAbs(f.File) {
		artifact = sarifArtifact{URI: (&url.URL{Scheme: "file", Path: f.File}).String()}
	}
	return sarifResult{
		RuleID:    string(f.Rule),
		RuleIndex: slices.IndexFunc(rules(), func(r ruleText) bool { return r.rule == f.Rule }),
		Level:     sarifError,
		Message:   sarifMessage{f.Message},
		Locations: []sarifLocation{{sarifPhysical{artifact, sarifRegion{
			StartLine: f.Start.Line, StartColumn: sources.column(f.File, f.Start),
			EndLine: f.End.Line, EndColumn: sources.column(f.File, f.End),
		}}}},
	}
}

// sourceLines are the lines of the files that were asked for.
type sourceLines map[string][]string

// column is the column of a position in UTF-16 code units. Where the source
// cannot be read, or is another by now, it is that in bytes.
func (s sourceLines) column(file string, p position) int {
	lines, ok := s[file]
	if !ok {
		text, _ := os.ReadFile(filepath.FromSlash(file))
		lines = strings.Split(string(text), "\n")
		s[file] = lines
	}
	if p.Line > len(lines) || p.Column-1 > len(lines[p.Line-1]) {
		return p.Column
	}
	return len(utf16.Encode([]rune(lines[p.Line-1][:p.Column-1]))) + 1
}
