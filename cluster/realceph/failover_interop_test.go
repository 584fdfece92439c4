//go:build interop

package realceph_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wavetank/wavetank/cluster/process"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The tests of this file run our daemons as Ceph's run: a process each, from the same
// configuration, failed over by kill -9, by command and by SIGSTOP.

// TestMain lets the test binary be one of our daemons.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "daemon" {
		os.Exit(process.Main(os.Args[2], os.Args[3:], process.Streams{Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// startOurs starts one of our daemons as a process, with Ceph's arguments.
func (s *site) startOurs(kind realceph.Kind, name string) *realceph.Daemon {
	s.t.Helper()
	d, err := s.StartAs([]string{os.Args[0], "daemon", string(kind)}, kind, name)
	s.check(err)
	return d
}

func (s *site) startReal(name string) *realceph.Daemon {
	s.t.Helper()
	d, err := s.Start(realceph.KindMgr, name)
	s.check(err)
	return d
}

// hurry makes monitors miss managers after 10 s, and not 30: enough for one that beats
// every 2 s and is starved meanwhile. They must tick more often than that for it: see mon
// tick interval in quick.
func (s *site) hurry() {
	s.t.Helper()
	s.ceph("config", "set", "mon", "mon_mgr_beacon_grace", "10")
}

// quick are options with which monitors notice in seconds.
var quick = []string{"mon election timeout = 1", "mon lease = 2", "mon tick interval = 1"}

// oursAndReal are three monitors of Ceph's with two managers, each a process: the active
// one is Ceph's, and ours stands by.
func oursAndReal(t *testing.T) (s *site, real, ours *realceph.Daemon) {
	t.Helper()
	s = newSiteWith(t, quick, "a", "b", "c")
	for _, mon := range []string{"a", "b", "c"} {
		s.startMon(mon)
	}
	s.hurry()
	real = s.startReal("real")
	s.awaitMgrs("real: ")
	ours = s.startOurs(realceph.KindMgr, "x")
	s.awaitMgrs("real: x")
	return s, real, ours
}

// A manager of ours and one of Ceph's replace each other both ways: by command and when
// killed.
func TestFailover_oursAndRealKilled(t *testing.T) {
	t.Parallel()
	s, real, ours := oursAndReal(t)
	if out := s.ceph("-s"); !strings.Contains(out, "mgr: real(active, since ") || !strings.Contains(out, "standbys: x") {
		t.Errorf("ceph -s: %s", out)
	}
	s.sameMetadata("x", "real")

	s.ceph("mgr", "fail")
	s.awaitMgrs("x: real")
	s.servesAsActive("x")
	ours.Kill()
	s.awaitMgrs("real: ")
	s.startOurs(realceph.KindMgr, "x")
	s.awaitMgrs("real: x")
	real.Kill()
	s.awaitMgrs("x: ")
	s.startReal("real")
	s.awaitMgrs("x: real")
	s.respawnsWhileActive("x")
}

// They do so when stopped and continued, which they respawn at, as ours does when it is
// failed.
func TestFailover_oursAndRealStopped(t *testing.T) {
	t.Parallel()
	s, real, ours := oursAndReal(t)
	first, pid := s.gidOf("x"), ours.PID()
	real.Pause()
	s.awaitMgrs("x: ")
	real.Resume()
	s.awaitMgrs("x: real")
	before := s.gidOf("x")
	s.ceph("mgr", "fail", "x")
	if after := s.awaitMgrs("real: x"); after.Standbys[0].GID == before || after.Standbys[0].GID == first {
		t.Errorf("mgr.x came back with global id %d: it did not respawn", after.Standbys[0].GID)
	}
	if !ours.Running() || ours.PID() != pid {
		t.Errorf("mgr.x has ended: %s", ours.Output())
	}
	s.ceph("mgr", "fail")
	s.awaitMgrs("x: real")
	ours.Pause()
	s.awaitMgrs("real: ")
	ours.Resume()
	s.awaitMgrs("real: x")
	if !ours.Stop(patience) {
		t.Errorf("mgr.x does not end: %s", ours.Output())
	}
}

// respawnsWhileActive makes an active manager of ours come back: its address is blocked,
// then a module is switched off. Its name was active, so it is again (MM-3).
func (s *site) respawnsWhileActive(name string) {
	s.t.Helper()
	var d struct {
		Addrs struct {
			List []struct {
				Addr  string `json:"addr"`
				Nonce uint32 `json:"nonce"`
			} `json:"addrvec"`
		} `json:"active_addrs"`
	}
	s.cephJSON(&d, "mgr", "dump")
	before := s.gidOf(name)
	s.ceph("osd", "blocklist", "add", fmt.Sprintf("%s/%d", d.Addrs.List[0].Addr, d.Addrs.List[0].Nonce))
	s.await(s.newest(), "another global id after it was blocked", patience, func(m *msg.MgrMap) bool { return gidIn(m, name) != before })
	s.awaitMgrs(name + ": real")
	before, standby := s.gidOf(name), s.gidOf("real")
	s.ceph("mgr", "module", "disable", "restful")
	s.await(s.newest(), "other global ids of both after modules changed", patience, func(m *msg.MgrMap) bool {
		x, real := gidIn(m, name), gidIn(m, "real")
		return x != before && x != 0 && real != standby && real != 0
	})
	s.awaitMgrs(name + ": real")
}

// gidOf is a manager's global id now, 0 if it is not there.
func (s *site) gidOf(name string) uint64 {
	s.t.Helper()
	any := func(*msg.MgrMap) bool { return true }
	return gidIn(s.await(s.newest(), "a manager map", patience, any), name)
}

func gidIn(m *msg.MgrMap, name string) uint64 {
	if m.ActiveName == name {
		return m.ActiveGID
	}
	if standby := m.StandbyNamed(name); standby != nil {
		return standby.GID
	}
	return 0
}

// sameMetadata compares what a manager of ours says of itself with what Ceph's does:
// they run on the same machine.
func (s *site) sameMetadata(ours, real string) {
	s.t.Helper()
	var x, theirs map[string]string
	s.cephJSON(&x, "mgr", "metadata", ours)
	s.cephJSON(&theirs, "mgr", "metadata", real)
	if xs, rs := wire.SortedKeys(x), wire.SortedKeys(theirs); !slices.Equal(xs, rs) {
		s.t.Errorf("metadata of ours has %v, of Ceph's %v", xs, rs)
	}
	for _, key := range wire.SortedKeys(theirs) {
		switch key {
		case "name", "addr", "addrs", "ceph_version": // ours has its address of the start
		default:
			if x[key] != theirs[key] {
				s.t.Errorf("metadata %s: ours says %q, Ceph's %q", key, x[key], theirs[key])
			}
		}
	}
}

// servesAsActive asks what the command line asks of and about an active manager.
func (s *site) servesAsActive(name string) {
	s.t.Helper()
	var d struct {
		Addr      string `json:"active_addr"`
		Available bool   `json:"available"`
	}
	s.cephJSON(&d, "mgr", "dump")
	if !d.Available || !strings.HasPrefix(d.Addr, s.net.Addr(250).String()+":") {
		s.t.Errorf("mgr dump: %+v, want an address of %v", d, s.net.Addr(250))
	}
	var services map[string]string
	s.cephJSON(&services, "mgr", "services")
	var modules struct {
		AlwaysOn []string `json:"always_on_modules"`
		Enabled  []string `json:"enabled_modules"`
	}
	s.cephJSON(&modules, "mgr", "module", "ls")
	if len(modules.AlwaysOn) == 0 || !slices.Contains(modules.Enabled, "restful") {
		s.t.Errorf("mgr module ls: %+v", modules)
	}
	if out := s.ceph("tell", "mgr", "status"); !strings.Contains(out, `"name": "`+name+`"`) {
		s.t.Errorf("tell mgr status: %s", out)
	}
}

// Our monitors, a process each, stand in for ceph-mon: the same tools make their map and
// folders, the same command line asks them, and a manager of Ceph's stands by and takes
// over.
func TestFailover_realMgrUnderOurProcesses(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, dropIn(t), quick, "a", "b", "c")
	for _, mon := range []string{"a", "b", "c"} {
		s.startMon(mon)
	}
	s.hurry()
	ours := s.startOurs(realceph.KindMgr, "x")
	s.awaitMgrs("x: ")
	real := s.startReal("real")
	s.awaitMgrs("x: real")
	s.sameMetadata("x", "real")
	if out := s.ceph("-s"); !strings.Contains(out, "mon: 3 daemons, quorum a,b,c") || !strings.Contains(out, "standbys: real") {
		t.Errorf("ceph -s: %s", out)
	}
	ours.Kill()
	s.awaitMgrs("real: ")
	s.startOurs(realceph.KindMgr, "x")
	s.awaitMgrs("real: x")
	real.Pause()
	s.awaitMgrs("x: ")
	real.Resume()
	s.awaitMgrs("x: real")
	s.mons["a"].Kill()
	s.ceph("mgr", "fail", "x")
	s.awaitMgrs("real: x")
	s.startMon("a")
	s.eventually("the quorum of all", func() bool { return strings.Contains(s.ceph("-s"), "quorum a,b,c") })
	for name, mon := range s.mons {
		if !mon.Stop(patience) {
			t.Errorf("mon.%s does not end: %s", name, mon.Output())
		}
	}
}

// dropIn is a folder of Ceph's programs in which ceph-mon is ours.
func dropIn(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	for _, program := range []string{"ceph", "ceph-mgr", "monmaptool"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\nexec " + os.Args[0] + " daemon mon \"$@\"\n"
	// Who is forked while the file is open for writing has it open too until it executes
	// its own program, and so long the script cannot be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(bin, "ceph-mon"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return bin
}
