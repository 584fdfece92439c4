package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster/process"
)

// daemonCmd passes its arguments on: they are those of Ceph's and Cinder's daemons.
type daemonCmd struct {
	Args []string `arg:"" help:"Kind of daemon, then its flags." placeholder:"mgr|mon|cinder-volume|... ..."`
}

// Run implements the command: it returns when the daemon has ended.
func (c *daemonCmd) Run(io *streams) error {
	kind := c.Args[0]
	if kind == "--help" || kind == "-h" {
		_, err := fmt.Fprintf(io.out, "usage: wavetank daemon %s -i <ID> [flags], see wavetank daemon mgr --help\n"+
			"       wavetank daemon %s [--config-file <FILE>], see wavetank daemon cinder-volume --help\n",
			strings.Join(process.Kinds(), "|"), strings.Join(process.CinderKinds(), "|"))
		return err
	}
	kinds := append(process.Kinds(), process.CinderKinds()...)
	if !slices.Contains(kinds, kind) {
		return usage(fmt.Errorf("daemon: %q is none of %s", kind, strings.Join(kinds, ", ")))
	}
	if status := process.Main(kind, c.Args[1:], process.Streams{Out: io.out, Err: io.err}); status != 0 {
		return exit{status: status}
	}
	return nil
}
