package realdb

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/loopback"
)

// Kind is a kind of server.
type Kind string

// The kinds of servers.
const (
	PostgreSQL Kind = "postgresql"
	MariaDB    Kind = "mariadb"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{PostgreSQL, MariaDB} }

// startLimit is how long a server may take to answer.
const startLimit = time.Minute

// Server is a database server on loopback. Its methods are called by one goroutine at a
// time.
type Server struct {
	kind      Kind
	flavour   flavour
	dir       string
	temporary bool
	net       *loopback.Net // where it listens, at the usual port
	cmd       *exec.Cmd
	ended     chan struct{}
}

// flavour is what differs between kinds.
type flavour interface {
	// initialise makes the server's folder.
	initialise(s *Server) error
	// admit lets users in, once, when the server has been started first.
	admit(s *Server) error
	// command runs the server.
	command(s *Server) (*exec.Cmd, error)
	// ask runs SQL with the server's own client.
	ask(s *Server, sql string) error
	// url is that of a database.
	url(s *Server, database string) string
	// stop is the signal that ends it in order.
	stop() os.Signal
}

func flavourOf(k Kind) (flavour, error) {
	switch k {
	case PostgreSQL:
		return postgres{}, nil
	case MariaDB:
		return mariadb{}, nil
	}
	return nil, fmt.Errorf("no server of kind %q", k)
}

// Start makes a server in folder dir, which must be empty or not be there yet, and starts it; with no folder in a
// temporary one. It returns when the server answers. Error: cluster.ErrInfrastructure,
// also if it is not installed.
func Start(kind Kind, dir string) (*Server, error) {
	f, err := flavourOf(kind)
	if err != nil {
		return nil, err
	}
	s := &Server{kind: kind, flavour: f, dir: dir, temporary: dir == ""}
	if err := s.prepare(); err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %s: %w", cluster.ErrInfrastructure, kind, err)
	}
	return s, nil
}

func (s *Server) prepare() (err error) {
	if s.temporary {
		if s.dir, err = os.MkdirTemp("", string(s.kind)+"-"); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	if s.net, err = loopback.Claim(); err != nil {
		return err
	}
	if err := s.flavour.initialise(s); err != nil {
		return err
	}
	if err := s.Restart(); err != nil {
		return err
	}
	return s.flavour.admit(s)
}

// addr is its address.
func (s *Server) addr() netip.Addr { return s.net.Addr(1) }

// Kind is what the server is.
func (s *Server) Kind() Kind { return s.kind }

// URL is that of a database, as Cinder's option connection.
func (s *Server) URL(database string) string { return s.flavour.url(s, database) }

// Create makes an empty database and returns its URL.
func (s *Server) Create(database string) (string, error) {
	if err := s.flavour.ask(s, "create database "+database); err != nil {
		return "", fmt.Errorf("%s: create %s: %w", s.kind, database, err)
	}
	return s.URL(database), nil
}

// Drop removes a database.
func (s *Server) Drop(database string) error {
	if err := s.flavour.ask(s, "drop database "+database); err != nil {
		return fmt.Errorf("%s: drop %s: %w", s.kind, database, err)
	}
	return nil
}

// Restart starts a server that was killed or stopped, with the data it had, and returns
// when it answers. One that runs it leaves alone.
func (s *Server) Restart() error {
	if s.Running() {
		return nil
	}
	cmd, err := s.flavour.command(s)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() // the process has a copy
	cmd.Stdout, cmd.Stderr = out, out
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.ended = cmd, make(chan struct{})
	ended := s.ended
	go func() {
		cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	return s.awaitAnswer()
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// awaitAnswer waits until the server answers.
func (s *Server) awaitAnswer() error {
	limit := time.Now().Add(startLimit)
	for {
		err := s.flavour.ask(s, "select 1")
		switch {
		case err == nil:
			return nil
		case !s.Running():
			return fmt.Errorf("the server ended: %s", s.output())
		case time.Now().After(limit):
			return fmt.Errorf("no answer within %v: %w; the server said: %s", startLimit, err, s.output())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// output is the end of the server's log.
func (s *Server) output() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-2048):]))
}

// Running reports whether the process is there.
func (s *Server) Running() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// Kill is kill -9 of the server, with all of its processes: those of PostgreSQL would go
// on for a while, and not let it start again.
func (s *Server) Kill() {
	if !s.Running() {
		return
	}
	s.Pause() // so that there are no more of them
	orphans := children(s.cmd.Process.Pid)
	s.end(os.Kill)
	for _, pid := range orphans {
		syscall.Kill(pid, syscall.SIGKILL) // fails only if it has ended
	}
	for limit := time.Now().Add(startLimit); slices.ContainsFunc(orphans, alive) && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
}

// children are the processes that a process has started, where there is a /proc.
func children(pid int) (pids []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for word := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(word); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// alive reports whether a process has not ended. One that has, and of which nobody has
// taken note yet, holds nothing any more.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// Stop ends the server in order.
func (s *Server) Stop() { s.end(s.flavour.stop()) }

func (s *Server) end(with os.Signal) {
	if !s.Running() {
		return
	}
	s.cmd.Process.Signal(with) // fails only if it has ended
	select {
	case <-s.ended:
	case <-time.After(startLimit):
		s.cmd.Process.Kill()
		<-s.ended
	}
}

// Pause stops the process where it is (SIGSTOP) until Resume. Of PostgreSQL that is the
// one process that accepts connections: those that are there go on.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	if s.Running() {
		s.cmd.Process.Signal(sig) // fails only if it has ended
	}
}

// Close kills the server and removes a temporary folder.
func (s *Server) Close() {
	s.Kill()
	if s.net != nil {
		s.net.Close()
	}
	if s.temporary && s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// run runs a program to its end.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(string(out[max(0, len(out)-1024):])))
	}
	return nil
}

// find looks for a program in PATH and in folders.
func find(program string, folders ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, pattern := range folders {
		matches, err := filepath.Glob(filepath.Join(pattern, program))
		if err == nil && len(matches) > 0 {
			return matches[len(matches)-1], nil
		}
	}
	return "", fmt.Errorf("%s: %w", program, errNotInstalled)
}

var errNotInstalled = errors.New("not installed")
