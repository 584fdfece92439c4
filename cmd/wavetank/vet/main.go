package vet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"
)

// Exit codes of [Main].
const (
	exitClean          = 0
	exitFindings       = 1
	exitUsage          = 2
	exitInfrastructure = 5
)

const usage = `usage: wavetank vet [--json | --sarif] [build flags] packages

Reports code that makes a simulated run depend on more than its seed.
Test files are not checked. Findings go to standard output:

	--json     one JSON object a line: findings, and a summary
	--sarif    a SARIF 2.1.0 log, for code scanning

Exit status: 0 nothing found, 1 something found, 2 the packages cannot be
checked (a mistake in the arguments, or they do not compile), 5 the go command
cannot be run.

The same check as a vet tool:

	go vet -vettool=$(which wavetank) packages
`

// IsToolCall reports whether args (without the program's name) are those with
// which go vet calls the program given to its flag -vettool. A program that has
// other commands too must ask this first and then call [Main] with the same
// args, because go vet knows nothing of commands.
func IsToolCall(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if args[0] == "-V=full" || args[0] == "-flags" {
		return true
	}
	isCommand := len(args) > 1 && !strings.HasPrefix(args[0], "-")
	return !isCommand && strings.HasSuffix(args[len(args)-1], ".cfg")
}

// Main is the command "wavetank vet": args are its flags and build flags of the
// go command, followed by packages. Findings go to standard output, complaints
// about the packages themselves to standard error. It returns the exit code: 0 if
// the packages are clean, 1 if there are findings, 2 if the packages cannot be
// checked, 5 if the go command cannot be run or the findings cannot be written.
//
// When args are those of a call by go vet ([IsToolCall]), Main speaks the
// protocol of go vet with the arguments of the process, and does not return.
func Main(args []string) int {
	if IsToolCall(args) {
		unitchecker.Main(Analyzer)
	}
	return command(args, os.Stdout, os.Stderr)
}

func command(args []string, stdout, stderr io.Writer) int {
	if slices.ContainsFunc(args, isHelp) {
		fmt.Fprint(stdout, usage)
		return exitClean
	}
	args, write, err := chooseFormat(args)
	if err != nil || len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		if err != nil {
			fmt.Fprintf(stderr, "wavetank vet: %v\n\n", err)
		}
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	r, err := runGoVet(args, stderr)
	if err == nil {
		err = write(stdout, r)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "wavetank vet: %v\n", err)
		return exitInfrastructure
	case !r.complete:
		return exitUsage
	case len(r.findings) > 0:
		return exitFindings
	}
	return exitClean
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// chooseFormat takes the flags that choose a format out of args.
func chooseFormat(args []string) (rest []string, write func(io.Writer, report) error, err error) {
	write = writeText
	chosen := ""
	for _, arg := range args {
		switch name := strings.TrimLeft(arg, "-"); {
		case name == arg || name != "json" && name != "sarif":
			rest = append(rest, arg)
			continue
		case chosen != "" && chosen != name:
			return nil, nil, errors.New("--json and --sarif exclude one another")
		case name == "json":
			chosen, write = name, writeJSON
		default:
			chosen, write = name, writeSARIF
		}
	}
	return rest, write, nil
}

// runGoVet has go vet call this program for each package, and collects what it
// says. What the go command itself has to say goes to stderr.
func runGoVet(args []string, stderr io.Writer) (report, error) {
	self, err := os.Executable()
	if err != nil {
		return report{}, fmt.Errorf("find own executable: %w", err)
	}
	var out bytes.Buffer
	vet := exec.Command("go", append([]string{"vet", "-json", "-vettool=" + self}, args...)...)
	vet.Stdout, vet.Stderr = &out, stderr
	err = vet.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return report{}, fmt.Errorf("run go vet: %w", err)
	}
	r, parseErr := parseReport(&out)
	r.complete = err == nil
	return r, parseErr
}
