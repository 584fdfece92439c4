package realceph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// Require reports which of the named programs ("ceph-mon") cannot be found, as a
// cluster.ErrInfrastructure. bin is the folder to look in; empty means PATH.
func Require(bin string, programs ...string) error {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(locate(bin, p)); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: not installed: %s", cluster.ErrInfrastructure, strings.Join(missing, ", "))
	}
	return nil
}

// locate is where a program is to be looked for: one with a whole path is there.
func locate(bin, program string) string {
	if filepath.IsAbs(program) {
		return program
	}
	return filepath.Join(bin, program)
}

// program is a command that is ready to run, with the cluster's configuration.
func (c *Cluster) program(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	if err := Require(c.config.Bin, name); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, locate(c.config.Bin, name), args...)
	cmd.Dir = c.config.Dir
	// Whoever set them meant another cluster.
	cmd.Env = append(os.Environ(), "CEPH_ARGS=", "CEPH_CONF="+c.confFile())
	endWithParent(cmd)
	return cmd, nil
}

// ExitError is a program that has failed.
type ExitError struct {
	Command string // as it was called
	Code    int    // exit status, -1 if a signal has ended it
	Stderr  string // what it said
}

// Error says all of it.
func (e *ExitError) Error() string {
	return fmt.Sprintf("%s: exit status %d: %s", e.Command, e.Code, strings.TrimSpace(e.Stderr))
}

// run runs a program to its end and returns what it printed. Errors: *ExitError,
// cluster.ErrInfrastructure if it could not be started, the context's.
func (c *Cluster) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd, err := c.program(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	text := strings.Join(append([]string{name}, args...), " ")
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return out.Bytes(), fmt.Errorf("%s: %w; it said: %s", text, context.Cause(ctx), said.String())
	case errors.As(err, &exit):
		return out.Bytes(), &ExitError{Command: text, Code: exit.ExitCode(), Stderr: said.String()}
	}
	return nil, infrastructure(text, err)
}

// Ceph runs the ceph command line with args as client.admin and returns what it
// printed. The context bounds it. Errors: *ExitError if the command failed (its
// Code is the errno, positive), cluster.ErrInfrastructure, the context's.
//
// Now and then the command line asks for the command descriptions before it has
// got the monitor map, is told "wrong fsid" and gives up, with Ceph's monitors as
// with others. It has not sent the command then, so it is run again.
func (c *Cluster) Ceph(ctx context.Context, args ...string) (out []byte, err error) {
	args = append([]string{"-c", c.confFile()}, args...)
	for range tooEarlyAttempts {
		if out, err = c.run(ctx, "ceph", args...); !TooEarly(err) {
			break
		}
	}
	return out, err
}

// tooEarlyAttempts bounds the repetitions of a command that was too early.
const tooEarlyAttempts = 5

// TooEarly reports whether an error is an *ExitError of the command line that has given up
// before it has sent the command, see [Cluster.Ceph]. There are some ways: for a monitor
// (without its name if any will do), by name as long as it knows only addresses, and for a
// manager.
func TooEarly(err error) bool {
	var exit *ExitError
	if !errors.As(err, &exit) {
		return false
	}
	about, found := strings.CutPrefix(exit.Stderr[max(0, strings.Index(exit.Stderr, noDescriptions)):], noDescriptions)
	switch {
	case !found:
		return false
	case strings.HasPrefix(about, "mon"):
		return exit.Code == int(syscall.EPERM) || exit.Code == int(syscall.ENOENT)
	}
	return strings.HasPrefix(about, "mgr") && exit.Code == int(syscall.EACCES)
}

// noDescriptions is what the command line says then, and of whom.
const noDescriptions = "problem getting command descriptions from "
