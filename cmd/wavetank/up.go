package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/cluster/local"
)

// upCmd runs a cluster of our daemons for people and their tools.
type upCmd struct {
	Dir string `required:"" help:"The cluster's folder: its data, logs and ceph.conf. A cluster that is there is started again; a new one needs a new or an empty folder." placeholder:"DIR"`
	Mon int    `help:"How many monitors a new cluster gets (3)." placeholder:"N"`
	Mgr int    `help:"How many managers to run." default:"2" placeholder:"N"`

	Cinder bool       `help:"Run Cinder in place of Ceph: the API, a scheduler and two volume services."`
	Addr   netip.Addr `help:"The loopback address at which a new cluster serves (127.0.0.1): each of several on one machine may have its own, with the usual ports." placeholder:"IP"`
	DB     string     `name:"db" help:"The database of Cinder (SQLite in the folder): a URL such as postgresql://user:password@127.0.0.1/cinder." placeholder:"URL"`
}

// upCluster is what runs: Ceph or Cinder.
type upCluster interface {
	Await(context.Context) error
	Wait(context.Context) error
	Close() error
}

// Run implements the command: it returns when it is interrupted, or when a daemon
// ends.
func (c *upCmd) Run(io *streams) (err error) {
	ctx, stop := interruptible()
	defer stop()
	cluster, hint, err := c.start(ctx)
	if errors.Is(err, local.ErrFolder) || errors.Is(err, local.ErrConfig) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	if err := cluster.Await(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	fmt.Fprintln(io.err, hint)
	if _, err := fmt.Fprintln(io.out, "ready"); err != nil {
		return err
	}
	return cluster.Wait(ctx)
}

// start starts what was asked for. hint is how to begin with it.
func (c *upCmd) start(ctx context.Context) (cluster upCluster, hint string, err error) {
	switch {
	case c.Cinder && c.Mon > 0:
		return nil, "", usage(errors.New("up: --cinder has no monitors"))
	case c.DB != "" && !c.Cinder:
		return nil, "", usage(errors.New("up: --db is for --cinder"))
	case c.Cinder:
		return c.startCinder(ctx)
	}
	ceph, err := local.Open(local.Config{Dir: c.Dir, Mons: c.Mon, Mgrs: c.Mgr, Addr: c.Addr})
	if err != nil {
		return nil, "", err
	}
	if err := ceph.Start(); err != nil {
		return nil, "", errors.Join(err, ceph.Close())
	}
	return ceph, fmt.Sprintf("ceph -c %s -s", ceph.ConfFile()), nil
}

func (c *upCmd) startCinder(ctx context.Context) (cluster upCluster, hint string, err error) {
	cloud, err := local.OpenCloud(local.CloudConfig{Dir: c.Dir, DB: c.DB, Addr: c.Addr})
	if err != nil {
		return nil, "", err
	}
	if err := cloud.Start(ctx); err != nil {
		return nil, "", errors.Join(err, cloud.Close())
	}
	return cloud, fmt.Sprintf(". %s && cinder service-list", cloud.EnvFile()), nil
}
