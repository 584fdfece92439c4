package local

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// owner is the cluster that a daemon is one of. Its methods may be called on any
// goroutine.
type owner interface {
	// folder is where the daemon has its data and its log.
	folder() string
	// addr is the address at which it may listen.
	addr() netip.Addr
	// seen takes a fact that the daemon states.
	seen(host.Fact)
	// exited is the end of a daemon that nobody wished.
	exited(name string, code int, reason string)
}

// daemon is one of a cluster's, over all its incarnations.
type daemon struct {
	owner   owner
	name    string
	program func(host.Host)
	log     *os.File

	adminSocket string // "" is none

	mu    sync.Mutex
	now   *oshost.Host // the incarnation that runs
	ended bool         // the owner's wish
}

func newDaemon(o owner, name string, program func(host.Host)) (*daemon, error) {
	log, err := os.OpenFile(filepath.Join(o.folder(), name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &daemon{owner: o, name: name, program: program, log: log}, nil
}

// begin starts an incarnation. Its program runs on a loop of its own.
func (d *daemon) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	d.now = oshost.New(oshost.Options{
		Name:   d.name,
		Dir:    filepath.Join(d.owner.folder(), d.name),
		Log:    slog.New(slog.NewTextHandler(d.log, nil)),
		Addrs:  []netip.Addr{d.owner.addr()},
		OnFact: d.owner.seen,

		AdminSocket: d.adminSocket,

		OnRespawn: func(string) { d.begin() },
		OnExit:    func(code int, reason string) { d.owner.exited(d.name, code, reason) },
	})
	h := d.now
	h.NewLoop("main").Post(func() { d.program(h) })
}

// end is the end of it.
func (d *daemon) end() error {
	d.mu.Lock()
	d.ended = true
	h := d.now
	d.mu.Unlock()
	if h != nil {
		h.Doom()
		h.Wait()
	}
	if err := d.log.Close(); err != nil {
		return fmt.Errorf("log of %s: %w", d.name, err)
	}
	return nil
}
