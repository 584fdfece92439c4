package realceph_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The tests of this file need no Ceph: shell scripts play its programs.

// newFake makes a cluster whose programs are scripts, by name.
func newFake(t *testing.T, scripts map[string]string) *realceph.Cluster {
	t.Helper()
	bin := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c, err := realceph.New(realceph.Config{Dir: t.TempDir(), Bin: bin, Mons: oneMon()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func oneMon() []realceph.Mon {
	return []realceph.Mon{{Name: "a", Addr: netip.MustParseAddrPort("127.1.2.3:6789")}}
}

func TestConfig_refusesWhatCannotWork(t *testing.T) {
	for _, tt := range []struct {
		mons []realceph.Mon
		want string
	}{
		{nil, "there is no monitor"},
		{[]realceph.Mon{{Name: "", Addr: netip.MustParseAddrPort("127.0.0.1:1")}}, `monitor ""`},
		{[]realceph.Mon{{Name: "a"}}, `monitor "a" at invalid`},
		{[]realceph.Mon{{Name: "a", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}, "address and port must be given"},
	} {
		if _, err := realceph.New(realceph.Config{Mons: tt.mons}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.mons, err, tt.want)
		}
	}
}

func TestCluster_writesItsConfiguration(t *testing.T) {
	dir := t.TempDir()
	c, err := realceph.New(realceph.Config{
		Dir: dir, FSID: wire.UUID{15: 1}, Public: netip.MustParseAddr("127.1.2.250"),
		Mons:    append(oneMon(), realceph.Mon{Name: "b", Addr: netip.MustParseAddrPort("127.1.2.4:6789")}),
		Options: []string{"mon lease = 2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text, err := os.ReadFile(filepath.Join(dir, "ceph.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"fsid = 00000000-0000-0000-0000-000000000001",
		"mon host = [v1:127.1.2.3:6789],[v1:127.1.2.4:6789]",
		"auth client required = none", "ms bind msgr2 = false", "public addr = 127.1.2.250",
		"mon lease = 2", "[mgr]\nmgr data = " + dir + "/mgr.$id",
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	if m := c.MonMap(); m.Epoch != 0 || m.Size() != 2 || m.FSID != c.FSID() || m.Addr(1).IP.String() != "127.1.2.4:6789" {
		t.Errorf("monmap %+v", m)
	}
}

func TestCluster_missingProgramsAreInfrastructure(t *testing.T) {
	c := newFake(t, nil)
	_, cli := c.Ceph(t.Context(), "-s")
	_, start := c.Start(realceph.KindMgr, "x")
	for what, err := range map[string]error{"mkfs": c.Mkfs(), "command line": cli, "start": start} {
		if !errors.Is(err, cluster.ErrInfrastructure) || !strings.Contains(err.Error(), "not installed: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCluster_closeRemovesATemporaryFolder(t *testing.T) {
	c, err := realceph.New(realceph.Config{Mons: oneMon()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Dir()); err != nil {
		t.Error(err)
	}
	c.Close()
	if _, err := os.Stat(c.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", c.Dir(), err)
	}
}

// Mkfs draws an id, makes the map of it and hands that to each monitor.
func TestCluster_mkfs(t *testing.T) {
	c := newFake(t, map[string]string{"monmaptool": `echo monmaptool "$@" >>calls`, "ceph-mon": `echo ceph-mon "$@" >>calls`})
	if err := c.Mkfs(); err != nil {
		t.Fatal(err)
	}
	calls, _ := os.ReadFile(filepath.Join(c.Dir(), "calls"))
	want := "monmaptool --create --fsid " + c.FSID().String() + " --addv a [v1:127.1.2.3:6789] " + c.Dir() + "/monmap\n" +
		"ceph-mon -c " + c.Dir() + "/ceph.conf -i a --mkfs --monmap " + c.Dir() + "/monmap\n"
	if string(calls) != want || c.FSID().IsZero() {
		t.Errorf("called\n%swant\n%s", calls, want)
	}
	conf, _ := os.ReadFile(filepath.Join(c.Dir(), "ceph.conf"))
	if !strings.Contains(string(conf), "fsid = "+c.FSID().String()+"\n") {
		t.Errorf("the id is not in\n%s", conf)
	}
}

func TestCluster_cephSaysHowItFailed(t *testing.T) {
	c := newFake(t, map[string]string{"ceph": `
case $3 in
good) echo out; echo chatter >&2 ;;
bad) echo part; echo Error EINVAL >&2; exit 22 ;;
slow) exec sleep 1000 ;;
early) echo x >>tries; [ $(wc -l <tries) -gt 2 ] && exit; echo Error EPERM: problem getting command descriptions from mon. >&2; exit 1 ;;
named) echo x >>names; [ $(wc -l <names) -gt 1 ] && exit; echo Error ENOENT: problem getting command descriptions from mon.b >&2; exit 2 ;;
never) echo x >>nevers; echo Error EPERM: problem getting command descriptions from mon. >&2; exit 1 ;;
esac`})
	if out, err := c.Ceph(t.Context(), "good"); err != nil || string(out) != "out\n" {
		t.Errorf("good: %q, %v", out, err)
	}
	var exit *realceph.ExitError
	if out, err := c.Ceph(t.Context(), "bad"); !errors.As(err, &exit) || exit.Code != 22 || exit.Stderr != "Error EINVAL\n" || string(out) != "part\n" {
		t.Errorf("bad: %q, %v", out, err)
	}
	if _, err := c.Ceph(t.Context(), "early"); err != nil {
		t.Errorf("early: %v", err)
	}
	if _, err := c.Ceph(t.Context(), "named"); err != nil {
		t.Errorf("named: %v", err)
	}
	if _, err := c.Ceph(t.Context(), "never"); !errors.As(err, &exit) || exit.Code != 1 {
		t.Errorf("never: %v", err)
	}
	if nevers, _ := os.ReadFile(filepath.Join(c.Dir(), "nevers")); len(nevers) != len("x\n")*5 {
		t.Errorf("never: tried %q", nevers)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Ceph(ctx, "slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
}

func TestDaemon_life(t *testing.T) {
	c := newFake(t, map[string]string{
		"ceph-mon": `echo "I am $4"; exec sleep 1000`,
		"ceph-mgr": `trap "" TERM; echo deaf; while :; do sleep 0.05; done`,
		"ceph-mds": `exit 3`,
	})
	start := func(kind realceph.Kind, name string) *realceph.Daemon {
		t.Helper()
		d, err := c.Start(kind, name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	said := func(d *realceph.Daemon, text string) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(d.Output(), text); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s said %q, want %q", d.Name(), d.Output(), text)
			}
		}
	}

	mon := start(realceph.KindMon, "a")
	said(mon, "I am a\n")
	if !mon.Running() || mon.Name() != "mon.a" || mon.PID() <= 0 {
		t.Errorf("running %v, %s, pid %d", mon.Running(), mon.Name(), mon.PID())
	}
	if !mon.Stop(10*time.Second) || mon.Running() {
		t.Error("SIGTERM did not end it")
	}
	mon.Kill() // does nothing
	again := start(realceph.KindMon, "a")
	said(again, "I am a\nI am a\n")

	mgr := start(realceph.KindMgr, "x")
	said(mgr, "deaf")
	if mgr.Stop(20*time.Millisecond) || mgr.Running() {
		t.Error("it ended at SIGTERM, or not at all")
	}
	<-start(realceph.KindMDS, "a").Ended()

	c.Close()
	if again.Running() {
		t.Error("Close left a daemon behind")
	}
}
