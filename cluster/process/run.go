package process

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// daemon is what runs in the process.
type daemon interface {
	// start starts it on h. It runs on a loop of h.
	start(h host.Host) error
	// stop ends it in order, and then runs done. It runs on the same loop, later.
	stop(done func())
}

// setup is what a process needs to know of its daemon.
type setup struct {
	name        string // "mgr.x"
	conf        string // the configuration file, "" if none
	logFile     string // "" is standard error
	pidFile     string // "" is none
	dataDir     string
	adminSocket string // "" is none
	// prepare makes the daemon, and tells the addresses of its machine.
	prepare func() (daemon, []netip.Addr, error)
}

// running is a process with its daemon.
type running struct {
	daemon
	setup
	log   *slog.Logger
	file  *logFile // nil if the log is not in a file
	addrs []netip.Addr
	ended chan end
}

// end is how a daemon ended: by Exit, or by Respawn.
type end struct {
	exit
	respawn bool
}

// run runs the daemon until it ends.
func run(of setup, stderr io.Writer) error {
	r := &running{setup: of, ended: make(chan end, 1)}
	// First of all, so that nobody who signals early ends the process by default (MS-1).
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	r.openLog(stderr)
	var err error
	if r.daemon, r.addrs, err = r.prepare(); err != nil {
		r.log.Error("cannot start", "error", err)
		return err
	}
	if err := r.writePID(); err != nil {
		return err
	}
	defer r.removePID()
	return r.live(signals)
}

// openLog opens the log. A daemon that cannot have its file logs to stderr and goes on.
func (r *running) openLog(stderr io.Writer) {
	var to io.Writer = stderr
	if r.logFile != "" {
		file, err := openLog(r.logFile)
		if err != nil {
			fmt.Fprintf(stderr, "%s: log file: %v; logging here\n", r.name, err)
		} else {
			r.file, to = file, file
		}
	}
	r.log = slog.New(slog.NewTextHandler(to, nil))
	r.log.Info("starting", "daemon", r.name, "pid", os.Getpid(), "conf", r.conf)
}

func (r *running) writePID() error {
	if r.pidFile != "" {
		return os.WriteFile(r.pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
	}
	return nil
}

// removePID removes the file unless another process has written its own there.
func (r *running) removePID() {
	if text, err := os.ReadFile(r.pidFile); err == nil && string(text) == strconv.Itoa(os.Getpid())+"\n" {
		os.Remove(r.pidFile)
	}
}

// live is the daemon's life and its end.
func (r *running) live(signals <-chan os.Signal) error {
	h := r.newHost()
	loop := h.NewLoop("main")
	loop.Post(func() {
		if err := r.start(h); err != nil {
			h.Exit(statusFailed, err.Error())
		}
	})
	stopping := false
	for {
		select {
		case s := <-signals:
			r.log.Info("signal", "signal", s)
			switch {
			case s == syscall.SIGHUP:
				r.reopenLog()
			case stopping: // not patient any more
				h.Kill()
				return nil
			default:
				stopping = true
				loop.Post(func() { r.stop(func() { h.Exit(0, "signal") }) })
			}
		case e := <-r.ended:
			if e.respawn && !stopping {
				return r.respawn()
			}
			return r.left(e, stopping)
		}
	}
}

func (r *running) newHost() *oshost.Host {
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	return oshost.New(oshost.Options{
		Name: name, Dir: r.dataDir, Log: r.log, Addrs: r.addrs, AdminSocket: r.adminSocket,
		OnExit:    func(code int, reason string) { r.ended <- end{exit: exit{code, reason}} },
		OnRespawn: func(reason string) { r.ended <- end{exit: exit{0, reason}, respawn: true} },
	})
}

func (r *running) reopenLog() {
	if r.file == nil {
		return
	}
	if err := r.file.reopen(); err != nil {
		r.log.Error("log is not opened anew", "error", err)
		return
	}
	r.log.Info("log is opened anew")
}

// left is the error of an end that nobody wished.
func (r *running) left(e end, stopping bool) error {
	r.log.Info("ended", "status", e.status, "reason", e.reason)
	if e.status == 0 || stopping {
		return nil
	}
	return &e.exit
}

// respawn executes the program anew in the same process (MS-22): with the same
// arguments, and with none of its descriptors but the standard ones, for all are
// close-on-exec. It returns only if that fails.
func (r *running) respawn() error {
	program, err := executable()
	if err == nil {
		err = syscall.Exec(program, os.Args, os.Environ())
	}
	return fmt.Errorf("respawn: %w", err)
}

// executable is the program that runs, even if its file was replaced meanwhile.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if name, err := os.Readlink(self); err == nil {
		if _, err := os.Stat(name); err != nil {
			return self, nil
		}
		return filepath.Clean(name), nil
	}
	return os.Executable()
}
