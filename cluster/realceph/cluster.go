package realceph

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Cluster is a folder with a configuration, and the processes that were started
// from it. Its methods may be called from several goroutines.
type Cluster struct {
	config    Config
	temporary bool

	mu      sync.Mutex
	daemons []*Daemon // every one that was started
}

// New makes the folder and writes the configuration. Nothing runs yet. Errors: a
// Config that makes no sense, and cluster.ErrInfrastructure.
func New(config Config) (*Cluster, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Cluster{config: config, temporary: config.Dir == ""}
	if c.temporary {
		dir, err := os.MkdirTemp("", "realceph-")
		if err != nil {
			return nil, infrastructure("scratch folder", err)
		}
		c.config.Dir = dir
	}
	if err := c.configure(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// configure writes ceph.conf.
func (c *Cluster) configure() error {
	if err := os.MkdirAll(filepath.Join(c.config.Dir, "run"), 0o755); err != nil {
		return infrastructure("configuration", err)
	}
	if err := os.WriteFile(c.confFile(), []byte(c.config.text()), 0o644); err != nil {
		return infrastructure("configuration", err)
	}
	return nil
}

func (c *Cluster) confFile() string { return filepath.Join(c.config.Dir, "ceph.conf") }

// Dir is the folder of the cluster; logs are directly in it, "mon.a.log".
func (c *Cluster) Dir() string { return c.config.Dir }

// FSID is the cluster's id, zero as long as nobody has chosen one.
func (c *Cluster) FSID() wire.UUID { return c.config.FSID }

// MonMap is where to look for the monitors at first: a map of epoch 0. After Mkfs
// it has the cluster's id.
func (c *Cluster) MonMap() msg.MonMap { return c.config.monMap() }

// Close kills every process that still runs, and removes a temporary folder.
func (c *Cluster) Close() {
	c.mu.Lock()
	daemons := c.daemons
	c.daemons = nil
	c.mu.Unlock()
	for _, d := range daemons {
		d.Kill()
	}
	if c.temporary {
		os.RemoveAll(c.config.Dir)
	}
}

// newFSID is a random UUID (RFC 9562, version 4).
func newFSID() wire.UUID {
	var id wire.UUID
	rand.Read(id[:]) // never fails, see its documentation
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// infrastructure marks an error as the machine's fault.
func infrastructure(what string, err error) error {
	return fmt.Errorf("ceph cluster: %s: %w: %w", what, cluster.ErrInfrastructure, err)
}
