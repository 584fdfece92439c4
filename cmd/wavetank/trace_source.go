package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// source is where a trace comes from.
type source interface {
	// name is for the reader of the page, and for errors.
	name() string
	// open begins to read. Close reports what was wrong with the source, once its
	// reader has had enough.
	open() (io.ReadCloser, error)
}

// lineLike matches what can only be meant as a repro line.
func lineLike() *regexp.Regexp { return regexp.MustCompile(`^w[0-9]+:`) }

// sources finds out what the arguments are.
func (c *traceCmd) sources() ([]source, error) {
	want := 1
	if c.Diff {
		want = 2
	}
	switch {
	case c.Diff && c.Pcapng != "":
		return nil, errors.New("--diff and --pcapng are two different things")
	case c.Line != "" && c.Pcapng == "":
		return nil, errors.New("--line is for --pcapng")
	}
	var list []source
	for _, arg := range c.Sources {
		s, err := c.source(arg)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if c.Diff && len(list) == 1 {
		list = append(list, healthy(list[0])...)
	}
	if len(list) != want {
		return nil, fmt.Errorf("want %d trace(s), not %d: two with --diff (one, if it is of a run with a mutant), otherwise one", want, len(list))
	}
	return list, nil
}

// healthy is the same run without the planted bug, if it has one.
func healthy(s source) []source {
	run, ok := s.(runSource)
	if !ok || run.line.Spec.Mutant == "" {
		return nil
	}
	run.line.Spec.Mutant, run.line.Hash, run.line.Step = "", 0, 0
	return []source{run}
}

// source finds out what one argument is.
func (c *traceCmd) source(arg string) (source, error) {
	isScript := strings.HasSuffix(arg, scenarios.ScriptSuffix)
	_, unknown := scenarios.Find(arg)
	info, statErr := os.Stat(arg)
	switch {
	case lineLike().MatchString(arg):
		return c.lineSource(arg)
	case c.Seed != nil || isScript || unknown == nil && statErr != nil:
		return c.scenarioSource(arg)
	case c.describes():
		return nil, errors.New("--mutant and --profile are for a scenario with --seed; a trace says for itself")
	case arg == "-":
		return fileSource{path: arg, stdin: bufio.NewReaderSize(os.Stdin, maxHeader)}, nil
	case statErr != nil:
		return nil, fmt.Errorf("%w, nor a scenario with --seed, nor a line such as w1:mgr-pause:seed=7", statErr)
	case info.IsDir():
		path, err := fileBelow(arg, traceFile)
		return fileSource{path: path}, err
	}
	return fileSource{path: arg}, nil
}

// describes reports whether the flags say what run it is, besides its seed.
func (c *traceCmd) describes() bool {
	return c.Mutant != "" || c.Profile != string(scenarios.ProfileDefault)
}

func (c *traceCmd) lineSource(text string) (source, error) {
	line, err := scenarios.ParseLine(text)
	if err == nil && (c.Seed != nil || c.describes()) {
		err = errors.New("a line says for itself which seed, profile and mutant it is about")
	}
	if err == nil && line.Spec.World != scenarios.WorldSim {
		err = fmt.Errorf("%s: only simulated runs have a trace", text)
	}
	return runSource{line: line}, err
}

// scenarioSource is a scenario, perhaps a script, with a seed and perhaps a mutant.
func (c *traceCmd) scenarioSource(name string) (source, error) {
	s, err := scenarios.Open(name)
	err = errors.Join(err, scenarios.CheckProfile(c.Profile), scenarios.CheckMutant(c.Mutant))
	if c.Seed == nil {
		err = errors.Join(err, fmt.Errorf("%s: which run of it? --seed N", name))
	}
	if err != nil {
		return nil, err
	}
	return runSource{line: scenarios.Line{Spec: scenarios.Spec{
		Scenario: s, Seed: *c.Seed, World: scenarios.WorldSim, Profile: scenarios.Profile(c.Profile), Mutant: c.Mutant,
	}}}, nil
}

// fileBelow finds a file in the folder of a run, or in the only such folder
// below.
func fileBelow(dir, name string) (string, error) {
	own := filepath.Join(dir, name)
	if _, err := os.Stat(own); err == nil {
		return own, nil
	}
	switch found, _ := filepath.Glob(filepath.Join(dir, "*", name)); len(found) {
	case 0:
		return "", fmt.Errorf("%s holds no %s", dir, name)
	case 1:
		return found[0], nil
	default:
		return "", fmt.Errorf("%s holds %d runs, name one of them, such as %s", dir, len(found), filepath.Dir(found[0]))
	}
}

// fileSource is a trace in a file, or on standard input.
type fileSource struct {
	path  string
	stdin *bufio.Reader // for "-"
}

// maxHeader is more than the first line of a trace needs.
const maxHeader = 64 << 10

// line is the line of the run that the trace is of, as its header says.
func (s fileSource) line() (string, error) {
	in, err := s.open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	if s.stdin != nil {
		head, _ := s.stdin.Peek(maxHeader) // it stays to be read
		in = io.NopCloser(bytes.NewReader(head))
	}
	r, err := tracefile.NewReader(s.name(), in)
	if err == nil && r.Header().Line == "" {
		err = fmt.Errorf("%s: which run is it of? Its header does not say: --line LINE", s.name())
	}
	if err != nil {
		return "", err
	}
	return r.Header().Line, nil
}

func (s fileSource) name() string {
	if s.path == "-" {
		return "standard input"
	}
	return s.path
}

func (s fileSource) open() (io.ReadCloser, error) {
	if s.path == "-" {
		return io.NopCloser(s.stdin), nil
	}
	return os.Open(s.path)
}

// runSource is a run that is run for its trace, while that is read.
type runSource struct{ line scenarios.Line }

func (s runSource) name() string { return s.line.String() }

func (s runSource) open() (io.ReadCloser, error) {
	r, w := io.Pipe()
	t := &traceOfRun{PipeReader: r, line: s.line, done: make(chan scenarios.Result, 1)}
	go func() {
		spec := s.line.Spec
		spec.Trace = w
		result := scenarios.Run(spec)
		w.Close()
		t.done <- result
	}()
	return t, nil
}

// traceOfRun is the trace of a run under way.
type traceOfRun struct {
	*io.PipeReader
	line scenarios.Line
	done chan scenarios.Result
}

// Close lets the run come to its end without being read, and says whether it was
// the line's.
func (t *traceOfRun) Close() error {
	t.PipeReader.Close()
	return sameRun(t.line, <-t.done)
}

// sameRun is an error if a result is not that of the line.
func sameRun(line scenarios.Line, r scenarios.Result) error {
	if line.Hash == 0 || r.Hash == line.Hash {
		return nil
	}
	return exit{status: scenarios.Nondeterministic.ExitCode(), text: "not the same run: " + line.Compare(r)}
}
