package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// workflow is the part of a workflow of GitHub's that is judged.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		TimeoutMinutes int `yaml:"timeout-minutes"`
		Steps          []struct {
			Uses string `yaml:"uses"`
			Run  string `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// TestWorkflows_areTrue: what workflows run is there, with the flags that it has, and they
// can do no harm.
func TestWorkflows_areTrue(t *testing.T) {
	pages, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(pages) < 2 {
		t.Fatalf("%d workflows, %v", len(pages), err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		complaints, n := judgeWorkflow(text, string(makefile))
		for _, c := range complaints {
			t.Errorf("%s: %s", page, c)
		}
		commands += n
	}
	if commands < 5 {
		t.Errorf("only %d commands of ours were found", commands)
	}
}

// judgeWorkflow lists what is wrong with a workflow, and counts the commands of ours.
func judgeWorkflow(text []byte, makefile string) (complaints []string, commands int) {
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		return []string{err.Error()}, 0
	}
	add := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
		add("permissions are %v, want contents: read and no more", w.Permissions)
	}
	if bytes.Contains(text, []byte("secrets.")) {
		add("it asks for a secret")
	}
	for name, job := range w.Jobs {
		if job.TimeoutMinutes == 0 {
			add("job %s has no timeout-minutes", name)
		}
		for _, step := range job.Steps {
			if step.Uses != "" && !regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`).MatchString(step.Uses) {
				add("%s: want an action by its major version, such as actions/checkout@v4", step.Uses)
			}
			for _, command := range shellCommands(step.Run) {
				if known, err := judgeCommand(command, makefile); err != nil {
					add("%s: %v", strings.Join(command, " "), err)
				} else if known {
					commands++
				}
			}
		}
	}
	return complaints, commands
}

// stands are values that stand for what a shell or GitHub puts in.
var stands = strings.NewReplacer(
	`"${scenarios[@]}"`, "mgr-failover mon-pause", "${{ matrix.shard }}", "1", `"$FOR"`, "10m",
)

// shellCommands are the words of the commands of a script, as far as ours need: no quotes.
func shellCommands(script string) (all [][]string) {
	script = stands.Replace(strings.ReplaceAll(script, "\\\n", " "))
	for _, command := range regexp.MustCompile(`\n|&&|\|\||\||;|<\(`).Split(script, -1) {
		if words := strings.Fields(command); len(words) > 0 {
			all = append(all, words)
		}
	}
	return all
}

// judgeCommand reports whether a command is one of ours, and what is wrong with it.
func judgeCommand(words []string, makefile string) (ours bool, err error) {
	switch {
	case words[0] == "bin/wavetank":
		return true, judgeArguments(words[1:])
	case words[0] == "make":
		for _, target := range words[1:] {
			name, _, isVariable := strings.Cut(target, "=")
			if isVariable && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(name)+`\s*\?=`).MatchString(makefile) ||
				!isVariable && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(name)+`:`).MatchString(makefile) {
				return true, fmt.Errorf("the Makefile has no %s", target)
			}
		}
		return true, nil
	case strings.HasPrefix(words[0], ".ci/"):
		info, err := os.Stat("../../" + words[0])
		if err == nil && info.Mode()&0o111 == 0 {
			err = fmt.Errorf("%s cannot be executed", words[0])
		}
		return true, err
	}
	return false, nil
}

// judgeArguments reads a command line as the program does, and asks the commands that can
// say more than the parser.
func judgeArguments(args []string) error {
	var c cli
	helped := false
	quiet := &streams{out: io.Discard, err: io.Discard}
	ctx, err := newParser(&c, quiet, func(int) { helped = true }).Parse(args)
	if err != nil || helped {
		return err
	}
	command, _, _ := strings.Cut(ctx.Command(), " ")
	switch command {
	case "run":
		if c.Run.Quarantine != "" {
			c.Run.Quarantine = "../../" + c.Run.Quarantine
		}
		_, err = c.Run.campaign(time.Now())
	case "mutants":
		if c.Mutants.Bounds != "" {
			c.Mutants.Bounds = "../../" + c.Mutants.Bounds
		}
		_, _, err = c.Mutants.hunts(time.Now())
	}
	return err
}

// TestWorkflows_complains shows each rule being held.
func TestWorkflows_complains(t *testing.T) {
	const head = "permissions:\n  contents: read\njobs:\n  a:\n    timeout-minutes: 1\n    steps:\n"
	for _, tt := range []struct{ text, want string }{
		{head + "    - run: bin/wavetank run mon-pause --seeds 1-5\n", ""},
		{head + "    - run: |\n        bin/wavetank run mon-pause \\\n          --nope\n", "unknown flag --nope"},
		{head + "    - run: bin/wavetank run mon-pause --shard 9/8 | tee x\n", `--shard "9/8"`},
		{head + "    - run: true && bin/wavetank run nope\n", `no scenario "nope"`},
		{head + "    - run: bin/wavetank run mon-pause --quarantine nope\n", "no such file"},
		{head + "    - run: bin/wavetank mutants --trials 0\n", "--trials must be"},
		{head + "    - run: bin/wavetank frobnicate\n", "unexpected argument"},
		{head + "    - run: make nope\n", "the Makefile has no nope"},
		{head + "    - run: make test NOPE=1\n", "the Makefile has no NOPE=1"},
		{head + "    - run: .ci/nope\n", "no such file"},
		{head + "    - uses: actions/checkout@main\n", "want an action by its major version"},
		{head + "    - run: echo ${{ secrets.X }}\n", "asks for a secret"},
		{strings.Replace(head, "contents: read", "contents: write", 1), "permissions are"},
		{strings.Replace(head, "timeout-minutes: 1", "needs: []", 1), "has no timeout-minutes"},
		{"jobs: [", "yaml: "},
	} {
		got, _ := judgeWorkflow([]byte(tt.text), "test:\n\ttrue\n")
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s: unexpected %q", tt.text, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%s: got %q, want one complaint with %q", tt.text, got, tt.want)
		}
	}
}
