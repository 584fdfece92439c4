package vet

import (
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

const usage = `usage: wavetank vet [build flags] packages

Reports code that makes a simulated run depend on more than its seed.
Test files are not checked. The same check as a vet tool:

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
	return args[0] == "-V=full" || args[0] == "-flags" || strings.HasSuffix(args[len(args)-1], ".cfg")
}

// Main is the command "wavetank vet": args are build flags of the go command
// followed by packages. Findings go to standard error. It returns the exit code:
// 0 if the packages are clean, 1 if there are findings (or a package does not
// compile), 2 if args make no sense, 5 if the go command cannot be run.
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
	if slices.Contains(args, "-h") || slices.Contains(args, "--help") || slices.Contains(args, "-help") {
		fmt.Fprint(stdout, usage)
		return exitClean
	}
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(stderr, "wavetank vet: find own executable: %v\n", err)
		return exitInfrastructure
	}
	vet := exec.Command("go", append([]string{"vet", "-vettool=" + self}, args...)...)
	vet.Stdout, vet.Stderr = stdout, stderr
	return exitCode(vet.Run(), stderr)
}

// exitCode is the exit code for the outcome of go vet.
func exitCode(err error, stderr io.Writer) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return exitClean
	case !errors.As(err, &ended):
		fmt.Fprintf(stderr, "wavetank vet: run go vet: %v\n", err)
		return exitInfrastructure
	case ended.ExitCode() == exitUsage:
		return exitUsage
	}
	return exitFindings
}
