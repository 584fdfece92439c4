package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// Config says which cluster to open.
type Config struct {
	// Dir is the cluster's folder. It is made if there is none; a new cluster gets no
	// folder that has something else in it.
	Dir string
	// Mons and Mgrs are how many there are, 0 to MaxDaemons each. The number of
	// monitors is for good: in a folder that has a cluster it must be that cluster's,
	// or 0.
	Mons, Mgrs int
	// Addr is the loopback address at which it serves, 127.0.0.1 if there is none. It is
	// for good, as the number of monitors: with one of its own, a cluster takes no port
	// that another wants.
	Addr netip.Addr
}

// MaxDaemons is how many monitors, and how many managers, a cluster can have. All of
// them share a process, and each monitor has a port.
const MaxDaemons = 64

// ErrConfig: a Config cannot be meant.
var ErrConfig = errors.New("unusable configuration of a local cluster")

func (c Config) validate() error {
	switch {
	case c.Dir == "":
		return fmt.Errorf("%w: it names no folder", ErrConfig)
	case c.Mons < 0 || c.Mons > MaxDaemons || c.Mgrs < 0 || c.Mgrs > MaxDaemons:
		return fmt.Errorf("%w: %d monitors and %d managers, where 0 to %d of each can be", ErrConfig, c.Mons, c.Mgrs, MaxDaemons)
	}
	return validAddr(c.Addr)
}

// Cluster is a cluster in a folder. Its methods may be called on any goroutine.
type Cluster struct {
	config Config
	id     *identity
	lock   *flock.Flock // of the folder
	mons   []string     // "mon.a"
	mgrs   []string

	mu      sync.Mutex
	daemons []*daemon
	closed  bool
	serving map[string]bool // monitors that are in the quorum and know everything committed
	ready   chan struct{}   // closed when all are
	fate    fate
}

// Open takes possession of a folder, and makes a new cluster in it if there is
// none. Nothing runs yet. Errors: ErrConfig, ErrInUse, ErrFolder, and those of the
// file system.
func Open(config Config) (*Cluster, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	dir, lock, err := openFolder(config.Dir, identityFile)
	if err != nil {
		return nil, err
	}
	config.Dir = dir
	c := &Cluster{config: config, lock: lock, serving: map[string]bool{}, ready: make(chan struct{}), fate: newFate()}
	if err := c.identify(); err != nil {
		return nil, errors.Join(fmt.Errorf("local cluster: %w", err), c.lock.Unlock())
	}
	return c, nil
}

// identify reads what cluster the folder has, or makes it a new one.
func (c *Cluster) identify() error {
	id, err := readIdentity(c.config.Dir)
	switch {
	case isNew(err):
		if c.config.Mons == 0 {
			c.config.Mons = 3
		}
		if id, err = newIdentity(cmp.Or(c.config.Addr, defaultAddr()), cluster.Topology{Mons: c.config.Mons}.MonNames()); err != nil {
			return err
		}
		if err = id.write(c.config.Dir); err != nil {
			return err
		}
	case err != nil:
		return err
	case c.config.Mons != 0 && c.config.Mons != len(id.Mons):
		return fmt.Errorf("%s has %d monitors, not %d: %w", c.config.Dir, len(id.Mons), c.config.Mons, ErrFolder)
	case c.config.Addr.IsValid() && c.config.Addr != id.addr():
		return fmt.Errorf("%s has a cluster that serves at %v, not %v: %w", c.config.Dir, id.addr(), c.config.Addr, ErrFolder)
	}
	c.id = id
	c.mons = monsOf(id)
	c.mgrs = cluster.Topology{Mgrs: c.config.Mgrs}.MgrNames()
	return replaceFile(c.ConfFile(), id.conf(c.config.Dir))
}

// ConfFile is the configuration for Ceph's programs: ceph -c FILE -s.
func (c *Cluster) ConfFile() string { return filepath.Join(c.config.Dir, "ceph.conf") }

// AdminSocket is where a daemon answers its operator: ceph daemon PATH help.
func (c *Cluster) AdminSocket(daemon string) string {
	return filepath.Join(c.config.Dir, daemon+".asok")
}

// Daemons are the names of all daemons, monitors first.
func (c *Cluster) Daemons() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Concat(c.mons, c.mgrs)
}

// Start starts every daemon. Errors: those of the files for logs.
func (c *Cluster) Start() error {
	for _, name := range c.Daemons()[:len(c.Daemons())-len(c.mgrs)] {
		if err := c.start(name, c.runMon); err != nil {
			return err
		}
	}
	for _, name := range c.mgrs {
		if err := c.start(name, c.runMgr); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) start(name string, program func(host.Host)) error {
	d, err := newDaemon(c, name, program)
	if err != nil {
		return fmt.Errorf("local cluster: %w", err)
	}
	d.adminSocket = c.AdminSocket(name)
	c.mu.Lock()
	c.daemons = append(c.daemons, d)
	c.mu.Unlock()
	d.begin()
	return nil
}

// Await waits until every monitor serves. Errors: why a daemon has ended, or the
// context's.
func (c *Cluster) Await(ctx context.Context) error { return c.fate.await(ctx, c.ready) }

// Wait waits until a daemon ends itself, which none should, and says why, or until
// the context is done, which is no error.
func (c *Cluster) Wait(ctx context.Context) error { return c.fate.wait(ctx) }

// Close ends every daemon and gives the folder free.
func (c *Cluster) Close() error {
	c.mu.Lock()
	daemons := c.daemons
	c.daemons, c.closed = nil, true
	c.mu.Unlock()
	var errs []error
	for _, d := range daemons {
		errs = append(errs, d.end())
	}
	return errors.Join(append(errs, c.lock.Unlock())...)
}

func monsOf(id *identity) (names []string) {
	for _, m := range id.members() {
		names = append(names, "mon."+m.Name)
	}
	return names
}

func (c *Cluster) folder() string { return c.config.Dir }

func (c *Cluster) addr() netip.Addr { return c.id.addr() }

// seen takes a fact of a daemon.
func (c *Cluster) seen(fact host.Fact) {
	switch f := fact.(type) {
	case mon.Role:
		c.seenRole(f)
	case mon.Members:
		c.seenMembers(f)
	}
}

// seenMembers keeps another epoch of the monmap, and starts who was added.
func (c *Cluster) seenMembers(f mon.Members) {
	for _, name := range c.takeMembers(f) {
		if err := c.start(name, c.runMon); err != nil {
			c.exited(name, 1, err.Error())
		}
	}
}

// takeMembers names the monitors that are to be started.
func (c *Cluster) takeMembers(f mon.Members) (added []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.mons
	if c.closed || !c.id.follow(f) {
		return nil
	}
	c.mons = monsOf(c.id)
	err := errors.Join(c.id.write(c.config.Dir), replaceFile(c.ConfFile(), c.id.conf(c.config.Dir)))
	if err != nil {
		c.fate.fail(fmt.Errorf("monmap %d: %w", f.Epoch, err))
	}
	for _, name := range c.mons {
		if !slices.Contains(was, name) && slices.ContainsFunc(c.id.Members, func(p place) bool { return "mon."+p.Name == name && p.Addr.Addr().IsLoopback() }) {
			added = append(added, name)
		}
	}
	return added
}

// seenRole notes which monitors serve.
func (c *Cluster) seenRole(role mon.Role) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serving[role.Mon] = role.Active
	for _, name := range c.mons {
		if !c.serving[short(name)] {
			return
		}
	}
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
}

// exited is the end of a daemon that nobody wished.
func (c *Cluster) exited(name string, code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if code == 0 && !slices.Contains(c.mons, name) {
		return // a monitor that was removed
	}
	c.fate.fail(fmt.Errorf("%s ended with status %d: %s", name, code, reason))
}

func (c *Cluster) runMon(h host.Host) {
	c.mu.Lock()
	config := c.id.config(short(h.Name()))
	c.mu.Unlock()
	m, err := mon.New(h, config)
	if err == nil {
		err = m.Start()
	}
	exitOn(h, err)
}

func (c *Cluster) runMgr(h host.Host) {
	c.mu.Lock()
	monmap := c.id.currentMonMap()
	c.mu.Unlock()
	m, err := mgr.New(h, mgr.Config{
		Name: short(h.Name()), FSID: c.id.fsid(), MonMap: monmap, Options: mgr.DefaultOptions(), Client: monc.DefaultOptions(),
		Modules: modules.All(),
		// All managers have one address, so ports can be nobody's.
		ModuleDefaults: map[string]string{"mgr/dashboard/server_port": "0", "mgr/prometheus/server_port": "0"},
	})
	if err == nil {
		err = m.Start()
	}
	exitOn(h, err)
}

func exitOn(h host.Host, err error) {
	if err != nil {
		h.Log().Error("start failed", "error", err)
		h.Exit(1, err.Error())
	}
}

// short is a daemon's name without its type.
func short(name string) string {
	_, id, _ := strings.Cut(name, ".")
	return id
}
