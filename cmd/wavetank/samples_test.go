package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what wavetank trace prints into the pages that show it")

// TestSamples_areTrue: where a page shows wavetank trace and what it prints, it prints
// that. A change of what runs do writes the samples anew with -update.
func TestSamples_areTrue(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md") {
		old, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text, n := withSamples(t, string(old))
		found += n
		switch {
		case text == string(old):
		case *update:
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: a sample is not what wavetank trace prints; go test ./cmd/wavetank -run Samples -update writes it anew", page)
		}
	}
	if found < 3 {
		t.Errorf("only %d samples were found", found)
	}
}

// sample is a command in a page, with the indented lines below it. A command that
// shows nothing is no sample.
var sample = regexp.MustCompile(`(?m)^    \$ (?:bin/)?wavetank (trace .*)\n((?:    [^$\n].*\n)+)`)

// withSamples is a page with what its commands print now, and how many there are.
func withSamples(t *testing.T, page string) (text string, n int) {
	text = sample.ReplaceAllStringFunc(page, func(old string) string {
		n++
		command, _, _ := strings.Cut(old, "\n")
		var out bytes.Buffer
		if status := run(strings.Fields(sample.FindStringSubmatch(old)[1]), &streams{out: &out, err: io.Discard}); status > 1 {
			t.Errorf("%s: status %d", command, status)
		}
		for line := range strings.Lines(out.String()) {
			command += "\n    " + strings.TrimSuffix(line, "\n")
		}
		return command + "\n"
	})
	return text, n
}
