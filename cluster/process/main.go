package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wavetank/wavetank/cluster/cephconf"
	"github.com/wavetank/wavetank/cluster/cinderd"
	"github.com/wavetank/wavetank/daemons/sysinfo"
)

// StatusUsage is the exit status of a mistake on the command line or in the
// configuration. The others are the daemon's.
const StatusUsage = 2

// statusFailed is the status of a daemon that could not start, as of Ceph's.
const statusFailed = 1

// Kinds are the kinds of daemons that can be run: Ceph's.
func Kinds() []string { return []string{"mgr", "mon"} }

// CinderKinds are those of Cinder, with cinder-manage, which is none.
func CinderKinds() []string { return append(cinderd.Kinds(), cinderManage) }

// Streams are what a process writes to besides its log.
type Streams struct{ Out, Err io.Writer }

// Main runs a daemon until it ends, and returns the exit status. It takes possession of
// the process: of its signals, and of its whole if the daemon respawns.
func Main(kind string, args []string, to Streams) int {
	if isCinder(kind) {
		return to.cinder(kind, args)
	}
	args = append(strings.Fields(os.Getenv("CEPH_ARGS")), args...)
	command, err := parseArgs(kind, args)
	switch {
	case err != nil:
		return to.failed(StatusUsage, fmt.Errorf("%w; see wavetank daemon %s --help", err, kind))
	case command.help:
		return to.print(usage(kind))
	case command.version:
		return to.print(sysinfo.Version + "\n")
	}
	g, err := newConfig(command, os.Getenv)
	if err == nil {
		err = to.perform(g)
	}
	return to.status(command.name(), err)
}

// status is the exit status for an error, which is told.
func (to Streams) status(name string, err error) int {
	var ended *exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return to.failed(ended.status, err)
	case errors.Is(err, ErrConfig), errors.Is(err, cephconf.ErrSyntax),
		errors.Is(err, cinderd.ErrConfig), errors.Is(err, cinderd.ErrSyntax):
		return to.failed(StatusUsage, err)
	}
	return to.failed(statusFailed, fmt.Errorf("%s: %w", name, err))
}

// perform does what the command line asks for.
func (to Streams) perform(g *config) error {
	if g.mkfs {
		return mkfs(g, to.Err)
	}
	return run(g.setup(), to.Err)
}

// exit is the end of a daemon that it has chosen itself.
type exit struct {
	status int
	reason string
}

func (e *exit) Error() string { return e.reason }

func (to Streams) failed(status int, err error) int {
	fmt.Fprintf(to.Err, "wavetank daemon: %v\n", err)
	return status
}

func (to Streams) print(text string) int {
	if _, err := io.WriteString(to.Out, text); err != nil {
		return to.failed(statusFailed, err)
	}
	return 0
}

func usage(kind string) string {
	text := `usage: wavetank daemon ` + kind + ` -i <ID> [flags]

  --conf/-c FILE    read configuration from the given configuration file
  --id/-i ID        set ID portion of my name
  --name/-n TYPE.ID set name
  --cluster NAME    set cluster name (default: that of the configuration file)
  -m MONS           where the monitors are (mon_host)
  -d                log to stderr
  -f                run in foreground, which it does anyway
  --version         show version and quit
`
	if kind == "mon" {
		text += "  --mkfs            build fresh monitor fs; needs --monmap FILE\n"
	}
	return text + "\n  --OPTION VALUE    any of\n    " + strings.Join(optionNames(kind), "\n    ") + "\n"
}
