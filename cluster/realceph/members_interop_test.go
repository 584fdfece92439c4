//go:build interop

package realceph_test

import (
	"context"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/local"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realceph"
)

// upCluster is a cluster in a folder, as "wavetank up" runs it, and Ceph's command line.
type upCluster struct {
	*local.Cluster
	t *testing.T
}

func up(t *testing.T, dir string, at netip.Addr, mons int) upCluster {
	t.Helper()
	c, err := local.Open(local.Config{Dir: dir, Mons: mons, Mgrs: 1, Addr: at})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx); err != nil {
		t.Fatal(err)
	}
	return upCluster{c, t}
}

// ceph is what the command line prints, and whether it was content.
func (c upCluster) ceph(args ...string) (string, bool) {
	c.t.Helper()
	out, err := cephWith(c.t, c.ConfFile(), args...)
	return out, err == nil
}

func (c upCluster) want(text string, args ...string) {
	c.t.Helper()
	if out, ok := c.ceph(args...); !ok || !strings.Contains(out, text) {
		c.t.Errorf("ceph %s: %s", strings.Join(args, " "), out)
	}
}

func (c upCluster) eventually(text string, args ...string) {
	c.t.Helper()
	out := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if out, _ = c.ceph(args...); strings.Contains(out, text) {
			return
		}
	}
	c.t.Fatalf("ceph %s: no %q in %s", strings.Join(args, " "), text, out)
}

// Ceph's command line adds a monitor to a cluster of ours and removes one, the cluster
// starts the new one by itself, and finds the changed monmap when it is opened again.
func TestMembers_realCommandLine(t *testing.T) {
	t.Parallel()
	if err := realceph.Require("", "ceph", "monmaptool"); err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(t.TempDir(), "demo")
	at := loopbacktest.Net(t).Addr(1)
	c := up(t, dir, at, 3)
	addr := netip.AddrPortFrom(at, 6799).String()

	if out, ok := c.ceph("mon", "add", "a", addr); ok || !strings.Contains(out, "Error EEXIST: mon.a already exists at address v1:"+at.String()+":6789/0") {
		t.Errorf("a name that is there: %s", out)
	}
	c.want("adding mon.d at v1:"+addr+"/0", "mon", "add", "d", addr)
	c.eventually(" a,b,c,d\n", "mon", "stat")
	c.want("", "mon", "rm", "a")
	c.eventually("quorum 0,1,2 b,c,d\n", "mon", "stat")
	c.want("mon.a does not exist or has already been removed", "mon", "rm", "a")

	file := filepath.Join(t.TempDir(), "map")
	c.want("got monmap epoch 3", "mon", "getmap", "-o", file)
	out, err := exec.Command("monmaptool", "--print", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "epoch 3\n") || !strings.Contains(string(out), "2: v1:"+addr+"/0 mon.d\n") {
		t.Errorf("monmaptool: %v\n%s", err, out)
	}
	c.want("1: v1:", "mon", "dump", "1")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = up(t, dir, at, 0)
	defer c.Close()
	if got := c.Daemons(); !slices.Equal(got, []string{"mon.b", "mon.c", "mon.d", "mgr.x"}) {
		t.Errorf("opened again it has %v", got)
	}
	c.eventually("quorum 0,1,2 b,c,d\n", "mon", "stat")
}
