package process

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster/cinderd"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/sysinfo"
)

// cinderManage is the kind that is no daemon: it works on the database and ends.
const cinderManage = "cinder-manage"

// cinderConf is the configuration file that is read if none is named.
const cinderConf = "/etc/cinder/cinder.conf"

func isCinder(kind string) bool { return slices.Contains(CinderKinds(), kind) }

// cinderCommand is what the command line of one of Cinder's programs says.
type cinderCommand struct {
	files         []string
	backend       string   // of cinder-volume, "" for all
	logFile       string   // "" for the configuration's
	args          []string // of cinder-manage
	help, version bool
}

// parseCinder reads a command line of Cinder's programs. Error: ErrUsage.
func parseCinder(kind string, args []string) (*cinderCommand, error) {
	c := &cinderCommand{}
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		switch {
		case name == "--help" || name == "-h":
			c.help = true
			continue
		case name == "--version":
			c.version = true
			continue
		case kind == cinderManage && !strings.HasPrefix(name, "-"):
			c.args = append(c.args, name)
			continue
		case name != "--config-file" && name != "--log-file" && (name != "--backend_name" || kind != cinderd.KindVolume):
			return nil, fmt.Errorf("%w: unexpected %q", ErrUsage, name)
		case !hasValue && len(args) == 0:
			return nil, fmt.Errorf("%w: option %s requires an argument", ErrUsage, name)
		case !hasValue:
			value, args = args[0], args[1:]
		}
		switch name {
		case "--config-file":
			c.files = append(c.files, value)
		case "--log-file":
			c.logFile = value
		default:
			c.backend = value
		}
	}
	if len(c.files) == 0 {
		c.files = []string{cinderConf}
	}
	return c, nil
}

// cinder runs one of Cinder's programs until it ends, and returns the exit status.
func (to Streams) cinder(kind string, args []string) int {
	command, err := parseCinder(kind, args)
	switch {
	case err != nil:
		return to.failed(StatusUsage, fmt.Errorf("%w; see wavetank daemon %s --help", err, kind))
	case command.help:
		return to.print(cinderUsage(kind))
	case command.version:
		return to.print(sysinfo.Version + "\n")
	}
	conf, err := cinderd.Read(command.files...)
	switch {
	case err != nil:
	case kind == cinderManage:
		err = manage(conf, command.args)
	default:
		err = run(cinderSetup(kind, conf, command), to.Err)
	}
	if errors.Is(err, ErrUsage) {
		return to.failed(StatusUsage, err)
	}
	return to.status(kind, err)
}

func cinderUsage(kind string) string {
	text := "usage: wavetank daemon " + kind + " [flags]"
	if kind == cinderManage {
		text += " db sync | service remove BINARY HOST"
	}
	text += `

  --config-file FILE   read configuration from the given file; may be given more than
                       once, later files count more (default: ` + cinderConf + `)
  --log-file FILE      log there and not to stderr
  --version            show version and quit
`
	if kind == cinderd.KindVolume {
		text += "  --backend_name NAME  run the service of this backend only\n"
	}
	return text
}

func cinderSetup(kind string, conf *cinderd.Config, command *cinderCommand) setup {
	s := setup{
		name: kind, conf: strings.Join(command.files, " "), logFile: command.logFile, dataDir: conf.StatePath,
		prepare: func() (daemon, []netip.Addr, error) { return newCinder(kind, conf, command.backend) },
	}
	if s.logFile == "" {
		s.logFile = conf.Log(kind)
	}
	return s
}

// cinderDaemon are the daemons of one process: one, or one for each backend.
type cinderDaemon []*cinderd.Daemon

func newCinder(kind string, conf *cinderd.Config, backend string) (daemon, []netip.Addr, error) {
	all, err := conf.Daemons(kind)
	if err != nil {
		return nil, nil, err
	}
	if backend != "" {
		all = slices.DeleteFunc(all, func(d *cinderd.Daemon) bool { return d.Name != kind+"@"+backend })
		if len(all) == 0 {
			return nil, nil, fmt.Errorf("%w: backend %s is not enabled", cinderd.ErrConfig, backend)
		}
	}
	return cinderDaemon(all), all[0].Addrs, nil
}

func (d cinderDaemon) start(h host.Host) error {
	for _, one := range d {
		if err := one.Start(h, h.NewLoop(one.Name)); err != nil {
			return err
		}
	}
	return nil
}

// stop leaves the rows as they are: others notice in time.
func (d cinderDaemon) stop(done func()) { done() }

// manage does what cinder-manage is asked for. Error: ErrUsage.
func manage(conf *cinderd.Config, args []string) error {
	h := oshost.New(oshost.Options{Name: conf.Host})
	defer h.Kill()
	loop := h.NewLoop("main")
	result := make(chan error, 1)
	done := func(err error) { result <- err }
	switch {
	case slices.Equal(args, []string{"db", "sync"}):
		loop.Post(func() { conf.SyncDatabase(h, loop, done) })
	case len(args) == 4 && args[0] == "service" && args[1] == "remove":
		loop.Post(func() { conf.RemoveService(h, loop, args[2], args[3], done) })
	default:
		return fmt.Errorf("%w: %q is none of: db sync, service remove BINARY HOST", ErrUsage, args)
	}
	return <-result
}
