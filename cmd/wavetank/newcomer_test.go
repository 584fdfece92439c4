package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuide_firstScenario does literally what the guide tells a newcomer: it writes the
// files that the page shows, runs its commands in their order, and looks for the output
// that stands below them.
func TestGuide_firstScenario(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a module")
	}
	page, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)\n## Your first scenario.*?\n## `).FindString(string(page))
	dir := t.TempDir()
	env := newcomer(t, dir)
	commands := 0
	for _, part := range guidePart.FindAllStringSubmatch(section, -1) {
		if name, content := part[1], part[2]; name != "" {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		commands++
		tryCommand(t, dir, env, part[3], strings.Split(strings.TrimSpace(part[4]), "\n"))
	}
	if commands < 6 {
		t.Errorf("only %d commands were found", commands)
	}
}

// guidePart is a file, the last name in code before a block; or an indented command with the
// lines that it prints.
var guidePart = regexp.MustCompile("(?s)`([^`\n]+)`[^`]*\n\n```[a-z]+\n(.*?)```\n|(?m:^    \\$ ([^\n]*)\n((?:    [^$\n][^\n]*\n)*))")

// newcomer is the environment of somebody who has built wavetank.
func newcomer(t *testing.T, dir string) []string {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return append(os.Environ(), "WAVETANK="+root, "PWD="+dir,
		fmt.Sprintf("PATH=%s%c%s", bin, os.PathListSeparator, os.Getenv("PATH")))
}

// tryCommand runs a line of the guide. It must end well, unless it looks for a failure.
func tryCommand(t *testing.T, dir string, env []string, line string, shown []string) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if failure := strings.Contains(line, "--mutant") || strings.Contains(line, " shrink "); (err != nil) != failure {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	for _, want := range shown {
		if !strings.Contains(string(out), strings.TrimSpace(want)) {
			t.Errorf("%s: no %q in\n%s", line, want, out)
		}
	}
}
