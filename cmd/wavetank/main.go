// Wavetank runs chaos campaigns against Ceph-style daemons, in a simulator where
// a seed decides everything or on real sockets.
//
//	wavetank run mgr-failover --seeds 1-1000
//	wavetank replay 'w1:mgr-failover:seed=7:hash=...'
//	wavetank list
//
// Exit status: 0 pass, 1 a failure was found, 2 usage, 3 inconclusive, 4
// nondeterministic, 5 infrastructure (the only one worth a retry), 130
// interrupted.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wavetank/wavetank/cmd/wavetank/vet"
	"github.com/wavetank/wavetank/scenarios"
)

// Exit statuses besides those of scenarios.Verdict.
const (
	exitUsage          = 2
	exitInfrastructure = 5
	exitInterrupted    = 130
)

// cli is the command line.
type cli struct {
	Version versionFlag `help:"Say which version this is, and which formats it reads and writes."`

	List    listCmd    `cmd:"" help:"Name the scenarios, invariants, fault kinds, mutants and marks."`
	Run     runCmd     `cmd:"" help:"Run scenarios, one seed or many."`
	Replay  replayCmd  `cmd:"" help:"Run one run again, exactly, and compare."`
	Judge   judgeCmd   `cmd:"" help:"Ask the invariants of this program about runs that were saved, by this one or another."`
	Mutants mutantsCmd `cmd:"" help:"Plant each bug there is and say how many seeds it takes to find it."`
	Script  scriptCmd  `cmd:"" help:"Print what a run does as a script, which 'wavetank run' takes."`
	Shrink  shrinkCmd  `cmd:"" help:"Make a failure small: a script of a few lines that fails in the same way. The status is then 1, that of the failure."`
	Why     whyCmd     `cmd:"" help:"Tell when a failure was decided, and by which fault."`
	Ledger  ledgerCmd  `cmd:"" help:"Say what campaigns have run: failures since when, seeds by version, runs that never ended."`
	Shown   shownCmd   `cmd:"" name:"features" help:"Add up what runs have shown, of files of 'wavetank run --features'."`
	Trace   traceCmd   `cmd:"" help:"Show what went on in a run, or how two runs differ."`
	Up      upCmd      `cmd:"" help:"Run a cluster on loopback that the real ceph command can use, until interrupted."`
	Daemon  daemonCmd  `cmd:"" help:"Run one daemon as a process of its own, with the flags of Ceph's: daemon mgr|mon --help." passthrough:""`
	Vet     vetCmd     `cmd:"" help:"Report code behind the seam that could break determinism." passthrough:""`
}

// streams are where a command reads and writes.
type streams struct {
	out, err io.Writer
	terminal bool             // err is one
	now      func() time.Time // nil is the machine's clock
}

// today is the time in UTC, of which commands take the date.
func (s *streams) today() time.Time {
	if s.now == nil {
		return time.Now().UTC()
	}
	return s.now().UTC()
}

// exit ends a command with a status; its text is empty if all was said.
type exit struct {
	status int
	text   string
}

func (e exit) Error() string { return e.text }

// usage is a mistake of the caller.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return exit{status: exitUsage, text: err.Error()}
}

func main() {
	if vet.IsToolCall(os.Args[1:]) {
		os.Exit(vet.Main(os.Args[1:]))
	}
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	os.Exit(run(os.Args[1:], &streams{out: os.Stdout, err: os.Stderr, terminal: terminal}))
}

// run is main without the process.
func run(args []string, given *streams) int {
	out := &notingWriter{to: given.out}
	io := &streams{out: out, err: given.err, terminal: given.terminal, now: given.now}
	var c cli
	helped := false
	parser := newParser(&c, io, func(int) { helped = true })
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	switch {
	case helped:
		return written(0, out, io.err)
	case out.err != nil: // of a page of help
		return written(0, out, io.err)
	case err != nil:
		explain(parser, err, io.err)
		return exitUsage
	}
	return written(status(ctx.Run(), io.err), out, io.err)
}

// newParser is what reads a command line into c. It calls exit when it has helped.
func newParser(c *cli, io *streams, exit func(int)) *kong.Kong {
	parser, err := kong.New(c,
		kong.Name("wavetank"),
		kong.Description("Deterministic simulation and chaos tests for Ceph-style daemons.\n\n"+examples),
		kong.Writers(io.out, io.err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(io),
	)
	if err != nil {
		panic(err) // the struct above is malformed
	}
	return parser
}

// written is how a command ends that has written to out: what could not be written
// there is the machine's failure, unless the command has found something worse or
// has told of it.
func written(status int, out *notingWriter, err io.Writer) int {
	if out.err == nil || status == exitInfrastructure {
		return status
	}
	fmt.Fprintf(err, "wavetank: output is not complete: %v\n", out.err)
	if status == scenarios.Fail.ExitCode() || status == scenarios.Nondeterministic.ExitCode() {
		return status
	}
	return exitInfrastructure
}

// explain shows a mistake on the command line and what could have been written.
func explain(parser *kong.Kong, err error, out io.Writer) {
	fmt.Fprintf(out, "wavetank: %v\n\n", err)
	var mistake *kong.ParseError
	if errors.As(err, &mistake) {
		parser.Stdout = out
		if err := mistake.Context.PrintUsage(false); err != nil {
			fmt.Fprintln(out, "see wavetank --help")
		}
	}
}

func status(err error, out io.Writer) int {
	if err == nil {
		return 0
	}
	var e exit
	if !errors.As(err, &e) {
		e = exit{status: exitInfrastructure, text: err.Error()} // what is nobody's mistake is the machine's
	}
	if e.text != "" {
		fmt.Fprintf(out, "wavetank: %s\n", e.text)
	}
	return e.status
}

const examples = `Examples:
  wavetank run mgr-failover --seeds 1-1000      a thousand seeds on all cores
  wavetank run mgr-pause --seed 7 --out run7    one seed, its trace in run7
  wavetank run mgr-failover --world tcp         real sockets, real time
  wavetank run mon-pause --mutant noTickGapReset --stop-after 1
  wavetank replay 'w1:mgr-pause:seed=7'         that run again
  wavetank trace mgr-pause --seed 7             what went on in it
  wavetank judge run7                           what this program says of a saved run`

// vetCmd passes its arguments on.
type vetCmd struct {
	Packages []string `arg:"" help:"Go packages, as for go vet."`
}

// Run implements the command.
func (c *vetCmd) Run() error {
	if status := vet.Main(c.Packages); status != 0 {
		return exit{status: status}
	}
	return nil
}
