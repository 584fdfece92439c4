package local

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/wavetank/wavetank/cluster/cinderd"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// CloudConfig says which Cinder to open.
type CloudConfig struct {
	// Dir is its folder, as a cluster's.
	Dir string
	// DB is the URL of its database. Empty is the one that the folder has already, for
	// a new folder SQLite in a file there.
	DB string
	// Addr is the loopback address at which it serves, as a cluster's.
	Addr netip.Addr
}

// Cloud is Cinder in a folder: the API, a scheduler, two volume services, the broker
// between them, and a database. Its methods may be called on any goroutine.
type Cloud struct {
	dir  string
	id   cloudIdentity
	conf *cinderd.Config
	lock *flock.Flock
	fate fate

	mu      sync.Mutex
	daemons []*daemon
	waiting map[string]bool // services that have yet to start
	ready   chan struct{}   // closed when none has
}

// cloudIdentity is what a Cloud is for good. It is kept in cinder.json.
type cloudIdentity struct {
	DB     string         `json:"db"`
	API    netip.AddrPort `json:"api"`
	Broker netip.AddrPort `json:"broker"`
}

// The first ports that are tried, those of cinder-api and RabbitMQ.
const (
	cloudAPIPort    = 8776
	cloudBrokerPort = 5672
)

// OpenCloud takes possession of a folder, and makes a new Cinder in it if there is none.
// Nothing runs yet. Errors: ErrConfig, ErrInUse, ErrFolder, and those of the file system.
func OpenCloud(config CloudConfig) (*Cloud, error) {
	if config.Dir == "" {
		return nil, fmt.Errorf("%w: it names no folder", ErrConfig)
	}
	if err := validAddr(config.Addr); err != nil {
		return nil, err
	}
	dir, lock, err := openFolder(config.Dir, cloudFile)
	if err != nil {
		return nil, err
	}
	c := &Cloud{dir: dir, lock: lock, fate: newFate(), ready: make(chan struct{}), waiting: map[string]bool{}}
	if err := c.identify(config); err != nil {
		return nil, errors.Join(fmt.Errorf("local cluster: %w", err), lock.Unlock())
	}
	return c, nil
}

// identify reads what the folder has, or makes it new, and writes the files for others.
func (c *Cloud) identify(config CloudConfig) error {
	name := filepath.Join(c.dir, cloudFile)
	text, err := os.ReadFile(name)
	switch {
	case isNew(err):
		if err = c.found(config, name); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(text, &c.id); err != nil || !c.id.API.IsValid() || !c.id.Broker.IsValid() || c.id.DB == "" {
			return fmt.Errorf("%s: %w: %w", name, ErrFolder, errors.Join(err, errors.New("database, API or broker is missing")))
		}
		if config.DB != "" && config.DB != c.id.DB {
			return fmt.Errorf("%s has another database: %w", name, ErrFolder)
		}
		if config.Addr.IsValid() && config.Addr != c.addr() {
			return fmt.Errorf("%s serves at %v, not %v: %w", name, c.addr(), config.Addr, ErrFolder)
		}
	}
	if err := errors.Join(c.writePrivately(c.ConfFile(), c.confText()), replaceFile(c.EnvFile(), []byte(c.envText()))); err != nil {
		return err
	}
	c.conf, err = cinderd.Read(c.ConfFile())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}

// found chooses what a new Cinder is for good.
func (c *Cloud) found(config CloudConfig, name string) (err error) {
	if c.id.DB = config.DB; config.DB == "" {
		c.id.DB = "sqlite:///" + filepath.Join(c.dir, "cinder.db")
	}
	if c.id.API, err = freePort(cmp.Or(config.Addr, defaultAddr()), cloudAPIPort); err != nil {
		return err
	}
	if c.id.Broker, err = freePort(c.id.API.Addr(), cloudBrokerPort); err != nil {
		return err
	}
	text, err := json.MarshalIndent(c.id, "", "  ")
	if err != nil {
		return err
	}
	return c.writePrivately(name, string(text)+"\n")
}

// writePrivately replaces a file that may have a password in it.
func (c *Cloud) writePrivately(name, text string) error {
	next := name + nextSuffix
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(next, name)
}

// confText is a configuration that "wavetank daemon cinder-volume" takes too.
func (c *Cloud) confText() string {
	return fmt.Sprintf(`# Written by wavetank for the Cinder in this folder; changes are overwritten.
[DEFAULT]
host = ctl
state_path = %s
auth_strategy = noauth
transport_url = wavetank://%v
osapi_volume_listen = %v
osapi_volume_listen_port = %d
enabled_backends = lvm1,lvm2

[database]
connection = %s

[lvm1]
replication_device = backend_id:replica

[lvm2]
replication_device = backend_id:replica
`, c.dir, c.id.Broker, c.id.API.Addr(), c.id.API.Port(), strings.ReplaceAll(c.id.DB, "$", "$$"))
}

// envText is what the cinder and openstack commands need to know.
func (c *Cloud) envText() string {
	url := fmt.Sprintf("http://%v/v3", c.id.API)
	return `# Written by wavetank for the Cinder in this folder, to be sourced by a shell.
unset OS_AUTH_URL OS_USERNAME OS_PASSWORD OS_TOKEN OS_CLOUD OS_PROJECT_NAME OS_TENANT_NAME OS_REGION_NAME
export OS_AUTH_TYPE=noauth
export OS_USER_ID=admin
export OS_PROJECT_ID=admin
export OS_ENDPOINT=` + url + `
export OS_VOLUME_API_VERSION=3.70
export CINDER_ENDPOINT=` + url + "\n"
}

// ConfFile is the configuration of Cinder's daemons.
func (c *Cloud) ConfFile() string { return filepath.Join(c.dir, "cinder.conf") }

// EnvFile sets the environment of the cinder and openstack commands.
func (c *Cloud) EnvFile() string { return filepath.Join(c.dir, "cinder.env") }

// API is where the API listens.
func (c *Cloud) API() netip.AddrPort { return c.id.API }

// kinds are the daemons that run, those first that others need.
func kinds() []string {
	return []string{cinderd.KindBroker, cinderd.KindAPI, cinderd.KindScheduler, cinderd.KindVolume}
}

// Start makes the tables, and starts every daemon. Errors: those of the database and of
// the files for logs.
func (c *Cloud) Start(ctx context.Context) error {
	if err := c.syncDatabase(ctx); err != nil {
		return fmt.Errorf("local cluster: %w", err)
	}
	var all []*daemon
	for _, kind := range kinds() {
		daemons, err := c.conf.Daemons(kind)
		if err != nil {
			return fmt.Errorf("local cluster: %w", err)
		}
		for _, d := range daemons {
			made, err := newDaemon(c, d.Name, func(h host.Host) { exitOn(h, d.Start(h, h.NewLoop(d.Name))) })
			if err != nil {
				return fmt.Errorf("local cluster: %w", err)
			}
			all = append(all, made)
		}
	}
	c.mu.Lock()
	c.daemons = all
	c.waiting[cinderd.KindScheduler+" "+c.conf.Host] = true
	for _, b := range c.conf.Backends {
		c.waiting[cinderd.KindVolume+" "+b.Service()] = true
	}
	c.mu.Unlock()
	for _, d := range all {
		d.begin()
	}
	return nil
}

// databasePatience bounds the wait for a database that does not answer.
const databasePatience = 2 * time.Minute

func (c *Cloud) syncDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	h := oshost.New(oshost.Options{Name: "cinder-manage"})
	defer h.Doom()
	done := make(chan error, 1)
	loop := h.NewLoop("main")
	loop.Post(func() { c.conf.SyncDatabase(h, loop, func(err error) { done <- err }) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the database does not answer: %w", ctx.Err())
	}
}

// Await waits until every service has started. Errors: why a daemon has ended, or the
// context's.
func (c *Cloud) Await(ctx context.Context) error { return c.fate.await(ctx, c.ready) }

// Wait waits until a daemon ends itself, which none should, and says why, or until the
// context is done, which is no error.
func (c *Cloud) Wait(ctx context.Context) error { return c.fate.wait(ctx) }

// Close ends every daemon and gives the folder free.
func (c *Cloud) Close() error {
	c.mu.Lock()
	daemons := c.daemons
	c.daemons = nil
	c.mu.Unlock()
	var errs []error
	for _, d := range daemons {
		errs = append(errs, d.end())
	}
	return errors.Join(append(errs, c.lock.Unlock())...)
}

func (c *Cloud) folder() string { return c.dir }

func (c *Cloud) addr() netip.Addr { return c.id.API.Addr() }

// seen notes which services have started.
func (c *Cloud) seen(fact host.Fact) {
	f, ok := fact.(cinder.Started)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return
	}
	delete(c.waiting, f.Binary+" "+f.Host)
	if len(c.waiting) == 0 {
		close(c.ready)
	}
}

func (c *Cloud) exited(name string, code int, reason string) {
	c.fate.fail(fmt.Errorf("%s ended with status %d: %s", name, code, reason))
}
