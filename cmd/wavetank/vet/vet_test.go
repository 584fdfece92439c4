package vet

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// TestMain lets the test program stand in for the wavetank program when go vet
// calls it.
func TestMain(m *testing.M) {
	if IsToolCall(os.Args[1:]) {
		os.Exit(Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// Each package under testdata/src shows what one rule rejects, with the message
// to expect in a comment, and what it lets pass.
func TestAnalyzer_rules(t *testing.T) {
	for _, pkg := range []string{"clock", "threads", "outside", "formats", "maporder", "exceptions"} {
		t.Run(pkg, func(t *testing.T) {
			analysistest.Run(t, analysistest.TestData(), Analyzer, pkg)
		})
	}
}

func TestIsToolCall(t *testing.T) {
	for _, tt := range []struct {
		args string
		want bool
	}{
		{"", false},
		{"-V=full", true},
		{"-flags", true},
		{"/tmp/vet.cfg", true},
		{"-json /tmp/b001/vet.cfg", true},
		{"./daemons/...", false},
		{"run mgr-failover --seed 7", false},
	} {
		if got := IsToolCall(strings.Fields(tt.args)); got != tt.want {
			t.Errorf("IsToolCall(%q) = %t, want %t", tt.args, got, tt.want)
		}
	}
}

// module writes a module with one package and makes it the current folder.
func module(t *testing.T, source string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/daemon\n\ngo 1.26\n", "daemon.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func TestCommand_exitCodes(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	const clean = "package daemon\n\nfunc F() {}\n"
	const dirty = "package daemon\n\nimport \"time\"\n\nfunc F() time.Time { return time.Now() }\n"
	for _, tt := range []struct {
		name, source, args string
		want               int
		output             string
	}{
		{"clean", clean, "./...", exitClean, ""},
		{"finding", dirty, "./...", exitFindings, "daemon.go:5:34: time.Now: it reads this machine's clock"},
		{"with a build flag", dirty, "-tags netns ./...", exitFindings, "host.Clock.Now"},
		{"does not compile", "package daemon\n\nfunc F() { x }\n", ".", exitFindings, "undefined: x"},
		{"no packages", clean, "", exitUsage, "usage: wavetank vet"},
		{"only a flag", clean, "-json", exitUsage, "usage: wavetank vet"},
		{"unknown flag", clean, "-nonsense .", exitUsage, "nonsense"},
		{"help", clean, "--help", exitClean, "usage: wavetank vet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			module(t, tt.source)
			var out bytes.Buffer
			if got := command(strings.Fields(tt.args), &out, &out); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			if !strings.Contains(out.String(), tt.output) {
				t.Errorf("output does not contain %q:\n%s", tt.output, out.String())
			}
		})
	}
}

func TestCommand_withoutGo(t *testing.T) {
	t.Setenv("PATH", "")
	var out bytes.Buffer
	if got := command([]string{"./..."}, &out, &out); got != exitInfrastructure {
		t.Errorf("exit code %d, want %d", got, exitInfrastructure)
	}
}
