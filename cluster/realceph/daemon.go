package realceph

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Kind is a kind of daemon.
type Kind string

// The kinds of daemons that can be started.
const (
	KindMon Kind = "mon"
	KindMgr Kind = "mgr"
	KindMDS Kind = "mds"
)

// Daemon is a process of Ceph's. Its methods may be called from several
// goroutines.
type Daemon struct {
	name  string
	cmd   *exec.Cmd
	out   string // the file that takes what it prints
	ended chan struct{}
}

// Start starts a daemon and returns when its process is there, which says nothing
// about its being ready. One that has ended may be started again. Errors:
// cluster.ErrInfrastructure.
func (c *Cluster) Start(kind Kind, name string, args ...string) (*Daemon, error) {
	return c.StartAs([]string{"ceph-" + string(kind)}, kind, name, args...)
}

// StartAs is Start with another program in the place of Ceph's, which takes the same
// arguments after those given here.
func (c *Cluster) StartAs(program []string, kind Kind, name string, args ...string) (*Daemon, error) {
	if err := os.MkdirAll(c.config.dataDir(kind, name), 0o755); err != nil {
		return nil, infrastructure("data folder", err)
	}
	args = slices.Concat(program[1:], []string{"-c", c.confFile(), "-i", name, "-f"}, args)
	cmd, err := c.program(context.Background(), program[0], args...)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		name: fmt.Sprintf("%s.%s", kind, name), cmd: cmd, ended: make(chan struct{}),
		out: filepath.Join(c.config.Dir, fmt.Sprintf("%s.%s.out", kind, name)),
	}
	if err := d.start(); err != nil {
		return nil, infrastructure("start "+d.name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemons = append(c.daemons, d)
	return d, nil
}

func (d *Daemon) start() error {
	out, err := os.OpenFile(d.out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() // the process has a copy
	d.cmd.Stdout, d.cmd.Stderr = out, out
	if err := d.cmd.Start(); err != nil {
		return err
	}
	go func() {
		d.cmd.Wait() // how it ended is in ProcessState
		close(d.ended)
	}()
	return nil
}

// Name is "mon.a".
func (d *Daemon) Name() string { return d.name }

// PID is the process's id.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (d *Daemon) Ended() <-chan struct{} { return d.ended }

// Running reports whether the process is there.
func (d *Daemon) Running() bool {
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// Kill is kill -9. When it returns the process has gone.
func (d *Daemon) Kill() {
	d.cmd.Process.Kill() // fails only if it has ended
	<-d.ended
}

// Pause stops the process where it is (SIGSTOP), without a word to anybody, until
// Resume.
func (d *Daemon) Pause() {
	d.cmd.Process.Signal(syscall.SIGSTOP) // fails only if it has ended
}

// Resume lets a paused process go on.
func (d *Daemon) Resume() {
	d.cmd.Process.Signal(syscall.SIGCONT) // fails only if it has ended
}

// Stop asks the daemon to end (SIGTERM), and kills it if it has not within the
// given time. It reports whether it ended by itself.
func (d *Daemon) Stop(within time.Duration) bool {
	d.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case <-d.ended:
		return true
	case <-limit.C:
		d.Kill()
		return false
	}
}

// Output is the last 4 KiB of what the daemon has printed, over all its starts.
// Its log is another file, see [Cluster.Dir].
func (d *Daemon) Output() string {
	text, err := os.ReadFile(d.out)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4096):])
}
