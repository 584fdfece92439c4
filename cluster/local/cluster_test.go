package local_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/local"
	"github.com/wavetank/wavetank/cluster/loopback"
)

// patience bounds waits in real time for what takes a second, or some where SQLite is
// loaded under the race detector.
const patience = 2 * time.Minute

// ownAddr is an address of loopback that no other cluster has, since a cluster's ports are
// looked for and then bound. It is none on a system where loopback is one address.
func ownAddr(t *testing.T) netip.Addr {
	t.Helper()
	n, err := loopback.Claim()
	if err != nil {
		return netip.Addr{}
	}
	t.Cleanup(n.Close)
	return n.Addr(1)
}

// open opens the cluster of a folder, a new one if a number of monitors is given.
func open(t *testing.T, dir string, mons, mgrs int) *local.Cluster {
	t.Helper()
	config := local.Config{Dir: dir, Mons: mons, Mgrs: mgrs}
	if mons > 0 {
		config.Addr = ownAddr(t)
	}
	c, err := local.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serve(t *testing.T, c *local.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx); err != nil {
		t.Fatal(err)
	}
}

func shut(t *testing.T, c *local.Cluster) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// A cluster that is opened again is the same one, with its data.
func TestCluster_survives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "demo")
	c := open(t, dir, 3, 1)
	conf := c.ConfFile()
	serve(t, c)
	shut(t, c)
	before := read(t, conf)
	logs := size(t, filepath.Join(dir, "mon.a", "mon", "log"))

	c = open(t, dir, 0, 2)
	serve(t, c)
	if got := strings.Join(c.Daemons(), " "); got != "mon.a mon.b mon.c mgr.x mgr.y" {
		t.Errorf("daemons are %s", got)
	}
	shut(t, c)
	if after := read(t, conf); after != before {
		t.Errorf("ceph.conf was\n%s\nand is\n%s", before, after)
	}
	if now := size(t, filepath.Join(dir, "mon.a", "mon", "log")); now <= logs {
		t.Errorf("the log of mon.a had %d bytes and has %d", logs, now)
	}
}

func TestOpen_refuses(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1, 0)
	if _, err := local.Open(local.Config{Dir: dir}); !errors.Is(err, local.ErrInUse) {
		t.Errorf("open twice: %v", err)
	}
	shut(t, c)
	if _, err := local.Open(local.Config{Dir: dir, Mons: 3}); !errors.Is(err, local.ErrFolder) {
		t.Errorf("another number of monitors: %v", err)
	}
	for _, text := range []string{"", "{", "{}", `{"fsid": "x", "mons": []}`,
		`{"fsid": "11111111-2222-4333-8444-555555555555", "mons": [{"name": "a", "addr": "127.0.0.1:0"}]}`} {
		if err := os.WriteFile(filepath.Join(dir, "cluster.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := local.Open(local.Config{Dir: dir}); !errors.Is(err, local.ErrFolder) || !strings.Contains(err.Error(), "cluster.json") {
			t.Errorf("cluster.json %q: %v", text, err)
		}
	}
	if _, err := local.Open(local.Config{Dir: filepath.Join(dir, "cluster.json", "x")}); err == nil {
		t.Error("a folder below a file was opened")
	}
}

// A new cluster takes no folder that has something else in it, and leaves it as it
// is; what a beginning left that came no further is its own.
func TestOpen_foreignFolder(t *testing.T) {
	for file, foreign := range map[string]bool{"ceph.conf": true, "notes": true, "lock": false, "cluster.json.new": false} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := local.Open(local.Config{Dir: dir, Mons: 1})
		if !foreign {
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			shut(t, c)
			continue
		}
		if !errors.Is(err, local.ErrFolder) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
		entries, _ := os.ReadDir(dir)
		if len(entries) != 1 || read(t, filepath.Join(dir, file)) != "precious" {
			t.Errorf("%s: the folder has %v", file, entries)
		}
	}
}

// Clusters with addresses of their own have the same ports, and keep them.
func TestOpen_addr(t *testing.T) {
	at := ownAddr(t)
	if !at.IsValid() {
		t.Skip("loopback is one address")
	}
	config := local.Config{Dir: t.TempDir(), Mons: 1, Mgrs: 1, Addr: at}
	for range 2 {
		c, err := local.Open(config)
		if err != nil {
			t.Fatal(err)
		}
		serve(t, c)
		if conf := read(t, c.ConfFile()); !strings.Contains(conf, "v1:"+at.String()+":6789") {
			t.Errorf("ceph.conf:\n%s", conf)
		}
		shut(t, c)
		config.Addr = netip.Addr{}
	}
	config.Addr = at.Next()
	if _, err := local.Open(config); !errors.Is(err, local.ErrFolder) {
		t.Errorf("another address: %v", err)
	}
}

func TestOpen_badConfig(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	for _, c := range []local.Config{{}, {Dir: dir, Mons: -1}, {Dir: dir, Mgrs: local.MaxDaemons + 1}, {Dir: dir, Mons: 100_000},
		{Dir: dir, Addr: netip.MustParseAddr("10.0.0.1")}, {Dir: dir, Addr: netip.IPv6Loopback()}} {
		if _, err := local.Open(c); !errors.Is(err, local.ErrConfig) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
}

// Each daemon answers at its admin socket, a standby as well, and takes it along when
// it ends.
func TestCluster_adminSockets(t *testing.T) {
	dir, err := os.MkdirTemp("", "up") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c := open(t, dir, 1, 2)
	serve(t, c)
	for _, daemon := range c.Daemons() {
		reply := ask(t, c.AdminSocket(daemon), `{"prefix": "config show", "format": "json"}`)
		if !strings.Contains(reply, `"name":"`+daemon+`"`) {
			t.Errorf("%s: %q", daemon, reply)
		}
	}
	shut(t, c)
	if left, err := filepath.Glob(filepath.Join(dir, "*.asok")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// ask is the answer at an admin socket, without its length.
func ask(t *testing.T, path, request string) string {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request+"\x00"); err != nil {
		t.Fatal(err)
	}
	reply, err := io.ReadAll(conn)
	if err != nil || len(reply) < 4 || int(binary.BigEndian.Uint32(reply)) != len(reply)-4 {
		t.Fatalf("%s: %q, %v", request, reply, err)
	}
	return string(reply[4:])
}

// Who waits for a cluster whose monitor cannot start is told why.
func TestCluster_monitorFails(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1, 0)
	conf := read(t, c.ConfFile())
	_, rest, _ := strings.Cut(conf, "[v1:")
	addr, _, _ := strings.Cut(rest, "]")
	taken, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Await(ctx); err == nil || !strings.Contains(err.Error(), "mon.a") || !strings.Contains(err.Error(), addr) {
		t.Errorf("answered %v", err)
	}
	shut(t, c)
}

// So is one whose monitor's store has changed under it, which also writes it down.
func TestCluster_monitorIsCorrupt(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1, 0)
	serve(t, c)
	shut(t, c)
	file := filepath.Join(dir, "mon.a", "mon", "log")
	store := []byte(read(t, file))
	store[len(store)/2+4096] ^= 4
	if err := os.WriteFile(file, store, 0o644); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, 0, 0)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reason := c.Await(ctx)
	shut(t, c)
	for _, text := range []string{"mon.a", "mon/log", "corrupt log at offset "} {
		if reason == nil || !strings.Contains(reason.Error(), text) {
			t.Errorf("%q is not in the reason: %v", text, reason)
		}
	}
	if log := read(t, filepath.Join(dir, "mon.a.log")); !strings.Contains(log, "corrupt log at offset ") {
		t.Errorf("the log says\n%s", log)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func size(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
