package vet

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// report is what was found in all packages, in the order of files and lines.
type report struct {
	findings []reported
	complete bool // every package could be checked
}

// reported is a finding as the command shows it.
type reported struct {
	Rule    rule     `json:"rule"`
	File    string   `json:"file"` // from the current folder, if it is below that
	Start   position `json:"start"`
	End     position `json:"end"` // behind the last character
	Message string   `json:"message"`
}

// position counts lines and bytes from 1, as Go's tools do.
type position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// vetDiagnostic is one diagnostic in the output of go vet -json.
type vetDiagnostic struct {
	Category, Posn, End, Message string
}

// parseReport reads the output of go vet -json: an object for each package, in
// it one for each analyzer, in it a list of diagnostics or an error.
func parseReport(out io.Reader) (report, error) {
	var r report
	here, _ := os.Getwd() // without it names stay absolute
	for dec := json.NewDecoder(out); ; {
		var packages map[string]map[string]json.RawMessage
		switch err := dec.Decode(&packages); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(r.findings, compareReported)
			r.findings = slices.Compact(r.findings) // a package and its variant for tests
			return r, nil
		case err != nil:
			return r, fmt.Errorf("output of go vet: %w", err)
		}
		for name, analyzers := range packages {
			list, err := parseDiagnostics(analyzers[Analyzer.Name], here)
			if err != nil {
				return r, fmt.Errorf("output of go vet for %s: %w", name, err)
			}
			r.findings = append(r.findings, list...)
		}
	}
}

func parseDiagnostics(text json.RawMessage, here string) ([]reported, error) {
	var diagnostics []vetDiagnostic
	if err := json.Unmarshal(text, &diagnostics); err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	var list []reported
	for _, d := range diagnostics {
		file, start, err := parsePosition(d.Posn)
		if err != nil {
			return nil, err
		}
		_, end, err := parsePosition(d.End)
		if err != nil {
			end = start
		}
		list = append(list, reported{rule(d.Category), relative(here, file), start, end, d.Message})
	}
	return list, nil
}

// parsePosition parses file:line:column.
func parsePosition(s string) (file string, p position, err error) {
	rest, column, _ := cutLast(s)
	file, line, ok := cutLast(rest)
	if p.Column, err = strconv.Atoi(column); err == nil {
		p.Line, err = strconv.Atoi(line)
	}
	if !ok || err != nil {
		return "", p, fmt.Errorf("position %q is not file:line:column", s)
	}
	return file, p, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// relative is file as seen from here, with slashes, if it is below that.
func relative(here, file string) string {
	if rel, err := filepath.Rel(here, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	return filepath.ToSlash(file)
}

func compareReported(a, b reported) int {
	return cmp.Or(
		strings.Compare(a.File, b.File),
		cmp.Compare(a.Start.Line, b.Start.Line),
		cmp.Compare(a.Start.Column, b.Start.Column),
		strings.Compare(string(a.Rule), string(b.Rule)),
		strings.Compare(a.Message, b.Message),
	)
}

// writeText writes a line for each finding, as compilers do.
func writeText(out io.Writer, r report) error {
	w := bufio.NewWriter(out)
	for _, f := range r.findings {
		fmt.Fprintf(w, "%s:%d:%d: %s (%s)\n", f.File, f.Start.Line, f.Start.Column, f.Message, f.Rule)
	}
	return w.Flush()
}

// writeJSON writes an object a line for each finding, and one for the whole.
func writeJSON(out io.Writer, r report) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, f := range r.findings {
		if err := enc.Encode(struct {
			Kind string `json:"kind"`
			reported
		}{"finding", f}); err != nil {
			return err
		}
	}
	return enc.Encode(struct {
		Kind     string `json:"kind"`
		Schema   int    `json:"schema"`
		Findings int    `json:"findings"`
		Complete bool   `json:"complete"`
	}{"summary", 1, len(r.findings), r.complete})
}
