//go:build interop

package realceph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// The tests of this file mix Ceph's monitors with our managers, and the other
// way round.

// mgrDump is what these tests read of the manager map.
type mgrDump struct {
	ActiveName string `json:"active_name"`
	ActiveGID  uint64 `json:"active_gid"`
	Available  bool   `json:"available"`
	Standbys   []struct {
		GID  uint64 `json:"gid"`
		Name string `json:"name"`
	} `json:"standbys"`
}

// String is "x: y, z", "x?: y" if x is not available yet.
func (d mgrDump) String() string {
	var names []string
	for _, s := range d.Standbys {
		names = append(names, s.Name)
	}
	state := ""
	if !d.Available {
		state = "?"
	}
	return fmt.Sprintf("%s%s: %s", d.ActiveName, state, strings.Join(names, ", "))
}

// awaitMgrs waits until the map reads so, and returns it.
func (s *site) awaitMgrs(want string) (d mgrDump) {
	s.t.Helper()
	var last string
	s.eventually("managers are "+want, func() bool {
		d = mgrDump{}
		s.cephJSON(&d, "mgr", "dump")
		if d.String() != last {
			last = d.String()
			s.t.Log("managers are", last)
		}
		return last == want
	})
	return d
}

// startMgr starts one of our managers against the site's monitors. It comes back
// by itself when it respawns.
func (s *site) startMgr(w *cluster.TCPWorld, name string) {
	w.AddHost("mgr." + name).Start(func(h host.Host) {
		m, err := mgr.New(h, mgr.Config{Name: name, FSID: s.FSID(), MonMap: s.MonMap(), Options: mgr.DefaultOptions()})
		if err == nil {
			err = m.Start()
		}
		if err != nil {
			s.t.Errorf("mgr.%s: %v", name, err)
		}
	})
}

func newWorld(t *testing.T) *cluster.TCPWorld {
	t.Helper()
	w, err := cluster.NewTCP(cluster.TCPConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// Our managers register with a monitor of Ceph's, fail over at its command, come
// back as standbys, and serve what the command line asks an active manager.
func TestMgr_oursWithRealMonitor(t *testing.T) {
	s := newSite(t, "a")
	s.startMon("a")
	w := newWorld(t)
	s.startMgr(w, "x")
	first := s.awaitMgrs("x: ")
	s.startMgr(w, "y")
	s.awaitMgrs("x: y")

	s.ceph("mgr", "fail", "x")
	after := s.awaitMgrs("y: x")
	if after.Standbys[0].GID == first.ActiveGID {
		t.Errorf("mgr.x came back with global id %d: it did not respawn", first.ActiveGID)
	}
	if out := s.ceph("tell", "mgr", "status"); !strings.Contains(out, `"name": "y"`) {
		t.Errorf("tell mgr status: %s", out)
	}
	if out := s.ceph("-s"); !strings.Contains(out, "mgr: y(active, since ") || !strings.Contains(out, "standbys: x") {
		t.Errorf("ceph -s: %s", out)
	}
}

// A manager of ours and one of Ceph's replace each other under a monitor of
// Ceph's.
func TestMgr_oursWithRealMonitorAndRealMgr(t *testing.T) {
	s := newSite(t, "a")
	s.startMon("a")
	w := newWorld(t)
	d, err := s.Start(realceph.KindMgr, "real")
	s.check(err)
	s.awaitMgrs("real: ")
	s.startMgr(w, "x")
	s.awaitMgrs("real: x")

	s.ceph("mgr", "fail", "real")
	s.awaitMgrs("x: real")
	s.ceph("mgr", "fail", "x")
	s.awaitMgrs("real: x")
	if !d.Running() {
		t.Errorf("ceph-mgr has ended: %s", d.Output())
	}
}

// A manager of Ceph's serves under our monitors: it registers as a standby with what
// it tells of itself, takes over when ours fails, and takes its options from them.
// None of its modules is on: a new cluster of ours enables none.
func TestMgr_realUnderOurMonitors(t *testing.T) {
	o := newOurs(t, 3, 1)
	d, err := o.Start(realceph.KindMgr, "real")
	o.check(err)
	o.awaitMgrs("x: real")
	var metadata map[string]string
	o.cephJSON(&metadata, "mgr", "metadata", "real")
	if !strings.HasPrefix(metadata["ceph_version"], "ceph version ") || metadata["name"] != "real" {
		t.Errorf("metadata %v", metadata)
	}
	o.ceph("mgr", "fail", "x")
	o.awaitMgrs("real: x")
	if out := o.ceph("pg", "stat"); !strings.HasPrefix(out, "0 pgs: ") { // which only a manager answers
		t.Errorf("pg stat: %q", out)
	}
	o.ceph("config", "set", "mgr", "mgr_stats_period", "7")
	o.eventually("the option taken", func() bool {
		out, err := o.tryCeph("tell", "mgr.real", "config", "get", "mgr_stats_period")
		return err == nil && strings.Contains(out, `"mgr_stats_period": "7"`)
	})
	if !d.Running() {
		t.Fatalf("ceph-mgr has ended: %s", d.Output())
	}
	d.Kill() // and then the monitors miss its beacons
	o.awaitMgrs("x: ")
}
