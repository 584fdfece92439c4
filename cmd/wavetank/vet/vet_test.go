package vet

import (
	"bytes"
	"errors"
	"io"
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
	for _, pkg := range []string{"clock", "threads", "outside", "addresses", "maporder", "state", "floats", "exceptions"} {
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
		{"-tags netns -json /tmp/b001/vet.cfg", true},
		{"./daemons/...", false},
		{"run mgr-failover --seed 7", false},
		{"vet ./x.cfg", false},
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

const (
	clean = "package daemon\n\nfunc F() {}\n"
	dirty = "package daemon\n\nimport \"time\"\n\nfunc F() (string, time.Time) { return \"😀\", time.Now() }\n"
)

func TestCommand_exitCodes(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	for _, tt := range []struct {
		name, source, args string
		want               int
		output             string
	}{
		{"clean", clean, "./...", exitClean, ""},
		{"finding", dirty, "./...", exitFindings, "daemon.go:5:52: time.Now: it reads this machine's clock"},
		{"with a build flag", dirty, "-tags netns ./...", exitFindings, "host.Clock.Now (time)"},
		{"does not compile", "package daemon\n\nfunc F() { x }\n", ".", exitUsage, "undefined: x"},
		{"no such package", clean, "./nope", exitUsage, "nope"},
		{"no packages", clean, "", exitUsage, "usage: wavetank vet"},
		{"only a flag", clean, "-json", exitUsage, "usage: wavetank vet"},
		{"two formats", clean, "--json --sarif .", exitUsage, "exclude one another"},
		{"unknown flag", clean, "-nonsense .", exitUsage, "nonsense"},
		{"help", clean, "--help", exitClean, "usage: wavetank vet"},
		{"clean, as JSON", clean, "--json .", exitClean, `{"kind":"summary","schema":1,"findings":0,"complete":true}`},
		{"finding, as JSON", dirty, "--json .", exitFindings,
			`{"kind":"finding","rule":"time","file":"daemon.go","start":{"line":5,"column":52},"end":{"line":5,"column":55},"message":"time.Now: `},
		{"does not compile, as JSON", "package daemon\n\nfunc F() { x }\n", "--json .", exitUsage, `"findings":0,"complete":false}`},
		{"finding, as SARIF", dirty, "--sarif .", exitFindings, `"ruleId": "time"`},
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

// failing is a writer on a full disk.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestCommand_unwritable(t *testing.T) {
	module(t, dirty)
	for _, format := range []string{"", "--json ", "--sarif "} {
		if got := command(strings.Fields(format+"."), failing{}, io.Discard); got != exitInfrastructure {
			t.Errorf("%q: exit code %d, want %d", format, got, exitInfrastructure)
		}
	}
}

// TestGoVet_vettool is the other way to call the linter.
func TestGoVet_vettool(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	module(t, dirty)
	out, err := exec.Command("go", "vet", "-vettool="+self, ".").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "daemon.go:5:52: time.Now: ") {
		t.Errorf("go vet -vettool: %v\n%s", err, out)
	}
}

// TestDocs_explainEveryRule keeps the page that findings lead to complete.
func TestDocs_explainEveryRule(t *testing.T) {
	page, err := os.ReadFile("../../../docs/vet.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules() {
		if !strings.Contains(string(page), "\n### "+string(r.rule)+"\n") {
			t.Errorf("docs/vet.md has no heading %q", "### "+r.rule)
		}
	}
}
