package realceph

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// mkfsTimeout bounds each program of Mkfs; they take a tenth of a second.
const mkfsTimeout = time.Minute

// Mkfs makes the initial monitor map and every monitor's store. It is called
// once, before the first monitor is started. Errors: *ExitError,
// cluster.ErrInfrastructure.
func (c *Cluster) Mkfs() error {
	if c.config.FSID.IsZero() {
		c.config.FSID = newFSID()
		if err := c.configure(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), mkfsTimeout)
	defer cancel()
	monmap := filepath.Join(c.config.Dir, "monmap")
	args := []string{"--create", "--fsid", c.config.FSID.String()}
	for _, m := range c.config.Mons {
		args = append(args, "--addv", m.Name, m.vector())
	}
	if _, err := c.run(ctx, "monmaptool", append(args, monmap)...); err != nil {
		return err
	}
	for _, m := range c.config.Mons {
		if err := c.mkfsMon(ctx, m.Name, monmap); err != nil {
			return fmt.Errorf("mon.%s: %w", m.Name, err)
		}
	}
	return nil
}

func (c *Cluster) mkfsMon(ctx context.Context, name, monmap string) error {
	if err := os.MkdirAll(c.config.dataDir(KindMon, name), 0o755); err != nil {
		return infrastructure("store", err)
	}
	_, err := c.run(ctx, "ceph-mon", "-c", c.confFile(), "-i", name, "--mkfs", "--monmap", monmap)
	return err
}
