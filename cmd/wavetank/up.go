package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/wavetank/wavetank/cluster/local"
)

// upCmd runs a cluster of our daemons for people and their tools.
type upCmd struct {
	Dir string `required:"" help:"The cluster's folder: its data, logs and ceph.conf. A cluster that is there is started again; a new one needs a new or an empty folder." placeholder:"DIR"`
	Mon int    `help:"How many monitors a new cluster gets (3)." placeholder:"N"`
	Mgr int    `help:"How many managers to run." default:"2" placeholder:"N"`
}

// Run implements the command: it returns when it is interrupted, or when a daemon
// ends.
func (c *upCmd) Run(io *streams) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills
	cluster, err := local.Open(local.Config{Dir: c.Dir, Mons: c.Mon, Mgrs: c.Mgr})
	if errors.Is(err, local.ErrFolder) || errors.Is(err, local.ErrConfig) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	if err := cluster.Start(); err != nil {
		return err
	}
	if err := cluster.Await(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	fmt.Fprintf(io.err, "ceph -c %s -s\n", cluster.ConfFile())
	if _, err := fmt.Fprintln(io.out, "ready"); err != nil {
		return err
	}
	return cluster.Wait(ctx)
}
