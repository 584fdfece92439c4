//go:build interop

package realceph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster/realceph"
)

// fsDump is what these tests read of the map of file systems.
type fsDump struct {
	Epoch    int `json:"epoch"`
	Standbys []struct {
		GID   uint64 `json:"gid"`
		Name  string `json:"name"`
		State string `json:"state"`
		Laggy string `json:"laggy_since"`
	} `json:"standbys"`
}

// awaitMDSs waits until the standbys have these names, none of them laggy, and then
// the given condition holds. It returns their gids by name.
func (s *site) awaitMDSs(names string, holds func(gids map[string]uint64) bool) map[string]uint64 {
	s.t.Helper()
	var last string
	var gids map[string]uint64
	s.eventually("metadata servers "+names, func() bool {
		var d fsDump
		s.cephJSON(&d, "fs", "dump")
		var is []string
		gids = map[string]uint64{}
		for _, i := range d.Standbys {
			gids[i.Name] = i.GID
			if i.Laggy != "" || i.State != "up:standby" {
				i.Name += "?"
			}
			is = append(is, i.Name)
		}
		slices.Sort(is)
		if now := strings.Join(is, " "); now != last {
			last = now
			s.t.Logf("epoch %d: %s", d.Epoch, last)
		}
		return last == names && (holds == nil || holds(gids))
	})
	return gids
}

// Metadata servers of Ceph's stand by under our monitors: they stay when the leader
// dies, come back under another gid when they are failed, and are missed when they are
// killed.
func TestMDS_realUnderOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	x, err := o.Start(realceph.KindMDS, "x")
	o.check(err)
	o.awaitMDSs("x", nil)
	y, err := o.Start(realceph.KindMDS, "y")
	o.check(err)
	before := o.awaitMDSs("x y", nil)

	var status struct {
		FSMap struct {
			Standby int `json:"up:standby"`
		} `json:"fsmap"`
	}
	if o.cephJSON(&status, "-s"); status.FSMap.Standby != 2 {
		t.Errorf("ceph -s: %+v", status)
	}
	if out := o.ceph("mds", "stat"); out != " 2 up:standby\n" {
		t.Errorf("mds stat: %q", out)
	}
	if out := o.ceph("fs", "dump"); !strings.Contains(out, "Standby daemons:\n \n[mds.") || !strings.Contains(out, " compat {c=[1],r=[1],i=[7ff]}]\n") {
		t.Errorf("fs dump: %s", out)
	}
	var metadata map[string]string
	if o.cephJSON(&metadata, "mds", "metadata", "x"); !strings.HasPrefix(metadata["ceph_version"], "ceph version ") || !strings.HasPrefix(metadata["addr"], "v1:127.") {
		t.Errorf("metadata %v", metadata)
	}

	leader := o.leader()
	o.cluster.Kill(leader)
	o.eventually("a new leader", func() bool {
		_, err := o.tryCeph("--connect-timeout", "10", "mds", "stat")
		now := o.leader()
		return err == nil && now != "" && now != leader
	})
	if after := o.awaitMDSs("x y", nil); !maps.Equal(after, before) {
		t.Errorf("the standbys were %v, and are %v", before, after)
	}

	o.ceph("mds", "fail", "x")
	after := o.awaitMDSs("x y", func(gids map[string]uint64) bool { return gids["x"] != before["x"] })
	if after["y"] != before["y"] {
		t.Errorf("mds.y had gid %d, and has %d: only mds.x was failed", before["y"], after["y"])
	}
	o.ceph("mds", "fail", fmt.Sprint(before["y"]))
	o.awaitMDSs("x y", func(gids map[string]uint64) bool { return gids["y"] != before["y"] })
	if !x.Running() || !y.Running() {
		t.Fatalf("a ceph-mds has ended: %s %s", x.Output(), y.Output())
	}
	y.Kill()
	o.awaitMDSs("x", nil)
	x.Stop(patience) // which takes its leave
	o.awaitMDSs("", nil)

	o.noDecodeErrors("mds.x", "mds.y")
}
