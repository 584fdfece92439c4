package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wavetank": main})
}

// TestScript runs testdata/script: one script per subcommand, with the command
// line as a user types it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

// TestRun_terminal draws a bar and clears it.
func TestRun_terminal(t *testing.T) {
	var out, err writer
	if status := run([]string{"run", "mon-pause", "--seeds", "1-20"}, &streams{out: &out, err: &err, terminal: true}); status != 0 {
		t.Fatalf("status %d: %s", status, err)
	}
	if len(err) == 0 {
		t.Error("nothing was drawn on the terminal")
	}
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) { *w = append(*w, p...); return len(p), nil }
