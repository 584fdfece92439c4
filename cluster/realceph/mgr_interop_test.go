//go:build interop

package realceph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/msg"
)

// The tests of this file mix Ceph's monitors with our managers, and the other
// way round.

// watch is a subscriber of a site's manager map. To ask the command line again and again
// would take more of the machine than all daemons.
type watch struct {
	t      *testing.T // whose end it is to last to
	client *client
}

// mgrMaps are the manager maps that the site has had since somebody first asked.
func (s *site) mgrMaps() *journal {
	s.t.Helper()
	if s.watch.client == nil {
		s.watch.client = newClientAt(s.in(s.watch.t), s.net.Addr(201), nil)
	}
	return s.watch.client.journal
}

// await waits for a manager map after the first n entries of the journal that is as
// wanted, and returns it.
func (s *site) await(n int, what string, within time.Duration, wanted func(*msg.MgrMap) bool) *msg.MgrMap {
	s.t.Helper()
	j := s.mgrMaps()
	for limit := time.After(within); ; {
		list, more := j.since(n)
		for _, x := range list {
			n++
			if b, ok := x.(*msg.MgrMapMsg); ok && wanted(&b.Map) {
				return &b.Map
			}
		}
		select {
		case <-more:
		case <-limit:
			s.t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// roster is a manager map in short: "x: y, z", "x?: y" if x is not available yet.
func roster(m *msg.MgrMap) string {
	var names []string
	for _, s := range m.Standbys {
		names = append(names, s.Name)
	}
	state := ""
	if !m.Available {
		state = "?"
	}
	return fmt.Sprintf("%s%s: %s", m.ActiveName, state, strings.Join(names, ", "))
}

// awaitMgrs waits until the newest map reads so, and returns it.
func (s *site) awaitMgrs(want string) *msg.MgrMap {
	s.t.Helper()
	return s.await(s.newest(), "managers are "+want, patience, func(m *msg.MgrMap) bool {
		s.t.Logf("epoch %d: managers are %s", m.Epoch, roster(m))
		return roster(m) == want
	})
}

// newest is the place in the journal of the newest map, 0 if there is none.
func (s *site) newest() (at int) {
	s.t.Helper()
	list, _ := s.mgrMaps().since(0)
	for i, x := range list {
		if _, ok := x.(*msg.MgrMapMsg); ok {
			at = i
		}
	}
	return at
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
