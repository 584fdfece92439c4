//go:build interop

package realceph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/realceph"
)

// The tests of this file are what one shows who doubts that our monitors are taken
// for Ceph's.

// noDecodeErrors looks through the logs of Ceph's daemons for messages that they
// could not read.
func (s *site) noDecodeErrors(daemons ...string) {
	s.t.Helper()
	for _, name := range daemons {
		log, err := os.ReadFile(filepath.Join(s.Dir(), name+".log"))
		if err != nil || len(log) == 0 {
			s.t.Errorf("the log of %s has %d bytes: %v", name, len(log), err)
		}
		for _, bad := range []string{"failed to decode", "malformed", "corrupt", "buffer::", "bad crc", "FAILED ceph_assert"} {
			if strings.Contains(string(log), bad) {
				s.t.Errorf("%q in the log of %s", bad, name)
			}
		}
	}
}

// Ceph's own tools read the maps that our monitors hand out.
func TestMaps_realToolsReadThosePublished(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	o.check(realceph.Require("", "monmaptool", "osdmaptool"))
	o.ceph("osd", "new", "00000000-0000-0000-0000-000000000007")
	o.ceph("osd", "blocklist", "add", "10.0.0.1:6800/7")
	fsid := strings.TrimSpace(o.ceph("fsid"))
	file := filepath.Join(t.TempDir(), "map")

	o.ceph("mon", "getmap", "-o", file)
	text := run(t, "monmaptool", "--print", file)
	wanted := []string{"epoch 1\n", "fsid " + fsid + "\n", "min_mon_release 16 (pacific)\n", "election_strategy: 1\n"}
	for i, name := range []string{"a", "b", "c"} {
		wanted = append(wanted, fmt.Sprintf("%d: v1:%s:6789/0 mon.%s\n", i, o.world.Host("mon."+name).Addr(), name))
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("monmaptool: no %q in\n%s", want, text)
		}
	}
	o.fails(t, "there is no map for epoch 9", "mon", "getmap", "9")

	o.ceph("osd", "getmap", "-o", file)
	text = run(t, "osdmaptool", "--print", file)
	for _, want := range []string{"epoch 3\n", "fsid " + fsid + "\n", "max_osd 1\n", "\nosd.0 down ", "\nblocklist 10.0.0.1:6800/7 expires "} {
		if !strings.Contains(text, want) {
			t.Errorf("osdmaptool: no %q in\n%s", want, text)
		}
	}
}

// "mon.*" is every monitor, each of which answers for itself.
func TestCLI_realTellsAllOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	out := o.ceph("tell", "mon.*", "version")
	for _, name := range []string{"a", "b", "c"} {
		rest, told := strings.CutPrefix(out, "mon."+name+": {\n    \"version\": \"16.2.15\",\n    \"release\": \"pacific\",\n    \"release_type\": \"stable\"\n}")
		if !told {
			t.Errorf("of mon.%s: %q", name, out)
		}
		out = strings.TrimLeft(rest, "\n")
	}
}

// Who sits at the machine asks one monitor by its admin socket.
func TestCLI_realAsksOurMonitorsStatus(t *testing.T) {
	t.Parallel()
	(&site{t: t}).check(realceph.Require("", "ceph", "ceph-conf"))
	c := upped(t, 3, 0)
	ask := func() bool {
		leaders, whole := 0, 0
		for rank, name := range []string{"a", "b", "c"} {
			var status struct {
				Name, State string
				Rank        int
				Quorum      []int
				MonMap      struct{ Mons []struct{ Name string } }
			}
			out, err := operator(t, c, "daemon", "mon."+name, "mon_status")
			if err != nil || json.Unmarshal([]byte(out), &status) != nil {
				t.Fatalf("mon.%s: %v, %s", name, err, out)
			}
			if status.Name != name || status.Rank != rank || len(status.MonMap.Mons) != 3 {
				t.Errorf("mon.%s: %+v", name, status)
			}
			if len(status.Quorum) == 3 {
				whole++
			}
			if status.State == "leader" {
				leaders++
			}
		}
		return leaders == 1 && whole == 3
	}
	(&site{t: t}).eventually("one leader and a quorum of all, by each", ask) // unless there is an election meanwhile
}

// Lines of the cluster log reach who watches as long as it watches, each once and in
// their order.
func TestCLI_realWatchesOurLogForTenSeconds(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out locked
	watch := func() <-chan struct{} {
		watch := exec.CommandContext(ctx, "ceph", "-c", filepath.Join(o.Dir(), "ceph.conf"), "-w")
		watch.Stdout = &out
		if err := watch.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = watch.Wait(); close(ended) }()
		return ended
	}
	ended := watch()
	n := 0
	say := func() {
		n++
		o.ceph("log", fmt.Sprintf("line-%d.", n))
	}
	seen := func() []string { return regexp.MustCompile(`line-\d+\.`).FindAllString(out.String(), -1) }
	o.eventually("the first line", func() bool {
		select {
		case <-ended: // it was too early, see realceph.Cluster.Ceph
			ended = watch()
		default:
		}
		say()
		return len(seen()) > 0
	})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		say()
	}
	last := fmt.Sprintf("line-%d.", n)
	o.eventually("the last line", func() bool { return strings.Contains(out.String(), last) })
	cancel()
	<-ended
	if !strings.Contains(out.String(), "health: HEALTH_OK") {
		t.Errorf("no status in %q", out.String())
	}
	lines := seen()
	var first int
	fmt.Sscanf(lines[0], "line-%d.", &first)
	for i, line := range lines {
		if line != fmt.Sprintf("line-%d.", first+i) {
			t.Fatalf("of the lines from %d on came %v", first, lines)
		}
	}
	if len(lines) != n-first+1 {
		t.Errorf("%d lines from %d to %d", len(lines), first, n)
	}
}

// A leader that dies delays commands, reads and changes alike, and fails none.
func TestCLI_realFailsNothingWhenTheLeaderDies(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	var slowest time.Duration
	set := 0
	both := func() {
		set++
		began := time.Now()
		o.ceph("config-key", "set", fmt.Sprintf("key/%02d", set), "x")
		o.ceph("-s")
		slowest = max(slowest, time.Since(began))
	}
	for range 3 {
		both()
	}
	leader := o.leader()
	// It dies while a command is on its way, and not between two.
	dead := make(chan struct{})
	time.AfterFunc(150*time.Millisecond, func() { o.cluster.Kill(leader); close(dead) })
	for after := 0; after < 5; {
		both()
		select {
		case <-dead:
			after++
		default:
		}
	}
	var quorum struct {
		Leader string `json:"quorum_leader_name"`
	}
	if o.cephJSON(&quorum, "quorum_status"); quorum.Leader == "" || "mon."+quorum.Leader == leader {
		t.Errorf("%s was killed, and %q leads", leader, quorum.Leader)
	}
	var keys []string
	if o.cephJSON(&keys, "config-key", "ls"); len(keys) != set {
		t.Errorf("%d keys were set, there are %v", set, keys)
	}
	t.Logf("%s killed; the slowest two commands took %v", leader, slowest)
}

// A manager and a metadata server of Ceph's stand by in "ceph -s" of our monitors, and
// can read all that they are sent.
func TestCLI_realShowsRealStandbysOfOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	for _, kind := range []realceph.Kind{realceph.KindMgr, realceph.KindMDS} {
		_, err := o.Start(kind, "real")
		o.check(err)
	}
	o.eventually("both stand by", func() bool {
		var status struct {
			FSMap struct {
				Standby int `json:"up:standby"`
			}
			MgrMap struct {
				Standbys int `json:"num_standbys"`
			}
		}
		o.cephJSON(&status, "-s")
		return status.FSMap.Standby == 1 && status.MgrMap.Standbys == 1
	})
	if out := o.ceph("-s"); !strings.Contains(out, "standbys: real\n") {
		t.Errorf("ceph -s: %s", out)
	}
	if out := o.ceph("mds", "stat"); out != " 1 up:standby\n" {
		t.Errorf("mds stat: %q", out)
	}
	o.ceph("config", "set", "mgr", "mgr_stats_period", "7") // more for them to read
	o.ceph("osd", "blocklist", "add", "10.0.0.1:6800/7")
	o.ceph("mgr", "fail", "x")
	o.awaitMgrs("real: x")
	o.noDecodeErrors("mgr.real", "mds.real")
}

// An alert is muted and heard of again; a configuration file is taken in, what cannot be
// is given back, and a minimal one suffices to find the monitors.
func TestCLI_realMutesAndAssimilates(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	o.fails(t, "Error ENOENT: health alert MON_DOWN is not currently raised", "health", "mute", "MON_DOWN")
	o.fails(t, "Error EINVAL: invalid duration: soon (expected digit)", "health", "mute", "MON_DOWN", "soon")
	o.ceph("health", "mute", "MON_DOWN", "1h", "--sticky")
	if out := o.ceph("health"); out != "HEALTH_OK (muted: MON_DOWN(59m))\n" {
		t.Errorf("muted: %q", out)
	}
	o.ceph("health", "unmute")
	if out := o.ceph("health"); out != "HEALTH_OK\n" {
		t.Errorf("unmuted: %q", out)
	}

	file, rest := filepath.Join(t.TempDir(), "conf"), filepath.Join(t.TempDir(), "rest")
	const conf = "[global]\nmon host = 1.2.3.4\nauth client required = none\nms bind msgr2 = false\n[mgr]\nmgr_stats_period = 9\nbogus = 1\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	o.ceph("config", "assimilate-conf", "-i", file, "-o", rest)
	if got := string(read(t, rest)); got != "\n[global]\n\tmon_host = 1.2.3.4\n\n[mgr]\n\tbogus = 1\n" {
		t.Errorf("left over: %q", got)
	}
	if out := o.ceph("config", "get", "mgr.x", "mgr_stats_period"); out != "9\n" {
		t.Errorf("taken: %q", out)
	}
	o.ceph("config", "generate-minimal-conf", "-o", file)
	minimal := append(read(t, file), "\tms_bind_msgr2 = false\n\tauth_service_required = none\n\tauth_cluster_required = none\n"...)
	if err := os.WriteFile(file, minimal, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := cephWith(t, file, "fsid"); err != nil || out != o.ceph("fsid") {
		t.Errorf("with\n%s\nfsid %q, %v", minimal, out, err)
	}
}
