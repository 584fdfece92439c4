//go:build interop

package realceph_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The tests of this file put Ceph's command line in front of our monitors.

// ours is a cluster of our daemons on loopback, and a site whose configuration
// names its monitors.
type ours struct {
	*site
	world   *cluster.TCPWorld
	cluster *cluster.Cluster
}

// newOurs starts our daemons and waits until a manager is available.
func newOurs(t *testing.T, mons, mgrs int) *ours {
	t.Helper()
	topology := cluster.DefaultTopology()
	topology.Mons, topology.Mgrs = mons, mgrs
	topology.Scale(5)
	// Real daemons beat as seldom as ever, and are starved now and then.
	topology.Mon.MgrBeaconGrace, topology.Mon.MDSBeaconGrace = 15*time.Second, 15*time.Second
	world, err := cluster.NewTCP(cluster.TCPConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	o := &ours{site: &site{t: t, net: loopbacktest.Net(t)}, world: world, cluster: cluster.Deploy(world, topology)}
	config := realceph.Config{Dir: t.TempDir()}
	for _, name := range topology.MonNames() {
		config.Mons = append(config.Mons, realceph.Mon{
			Name: strings.TrimPrefix(name, "mon."), Addr: netip.AddrPortFrom(world.Host(name).Addr(), 6789),
		})
	}
	o.open(config)
	o.check(realceph.Require("", "ceph"))
	o.cluster.Start()
	if !world.Until(patience, o.settled) {
		t.Fatalf("no manager is available; the map is %+v", o.cluster.View().MgrMap())
	}
	all := strings.ReplaceAll(strings.Join(topology.MonNames(), ","), "mon.", "")
	o.eventually("a quorum of all", func() bool { return strings.HasSuffix(o.ceph("mon", "stat"), " "+all+"\n") })
	return o
}

// leader is the monitor that leads as far as is known now.
func (o *ours) leader() string {
	o.world.Until(0, func() bool { return true }) // takes what was stated meanwhile
	return o.cluster.View().Leader()
}

// settled reports whether every manager is in the map, one of them available.
func (o *ours) settled() bool {
	v := o.cluster.View()
	return v.Available() && len(cluster.Standbys(v.MgrMap())) == o.cluster.Topology().Mgrs-1
}

// The command line completes the handshake with each of our monitors, sends what
// it validated against their command descriptions, and prints what they answer.
func TestCLI_realWithOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 2)
	active := strings.TrimPrefix(o.cluster.View().ActiveMgr(), "mgr.")

	t.Run("status", func(t *testing.T) {
		out := o.ceph("-s")
		for _, want := range []string{"mon: 3 daemons, quorum a,b,c", "mgr: " + active + "(active, since ", ", standbys: "} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	})
	t.Run("every monitor answers", func(t *testing.T) {
		for i, name := range []string{"a", "b", "c"} {
			var quorum struct {
				Names  []string `json:"quorum_names"`
				Leader string   `json:"quorum_leader_name"`
			}
			addr := netip.AddrPortFrom(o.world.Host("mon."+name).Addr(), 6789)
			o.eventually(fmt.Sprintf("the quorum of all and its leader by monitor %d", i), func() bool {
				o.cephJSON(&quorum, "-m", "v1:"+addr.String(), "quorum_status")
				return strings.Join(quorum.Names, ",") == "a,b,c" && "mon."+quorum.Leader == o.leader()
			})
		}
	})
	t.Run("mgr dump", func(t *testing.T) {
		type dump struct {
			ActiveName string     `json:"active_name"`
			ActiveGID  uint64     `json:"active_gid"`
			Available  bool       `json:"available"`
			Standbys   []struct{} `json:"standbys"`
		}
		var d dump
		o.cephJSON(&d, "mgr", "dump")
		if m := o.cluster.View().MgrMap(); d.ActiveName != m.ActiveName || d.ActiveGID != m.ActiveGID || !d.Available || len(d.Standbys) != 1 {
			t.Errorf("%+v, committed is %+v", d, m)
		}
		if out := o.ceph("mgr", "dump"); !strings.HasPrefix(out, "{\n    \"epoch\": ") {
			t.Errorf("plain output is not indented: %.40q", out)
		}
		d = dump{ActiveGID: 1}
		if o.cephJSON(&d, "mgr", "dump", "1"); d.ActiveGID != 0 {
			t.Errorf("epoch 1: %+v", d)
		}
	})
	t.Run("mon dump", func(t *testing.T) {
		var d struct {
			FSID string `json:"fsid"`
			Mons []struct {
				Name string `json:"name"`
				Addr string `json:"addr"`
			} `json:"mons"`
		}
		o.cephJSON(&d, "mon", "dump")
		if len(d.Mons) != 3 || d.Mons[2].Name != "c" || d.Mons[2].Addr != o.world.Host("mon.c").Addr().String()+":6789/0" {
			t.Errorf("%+v", d)
		}
	})
	t.Run("osd blocklist", func(t *testing.T) {
		o.ceph("osd", "blocklist", "add", "10.0.0.1:6800/7", "100")
		o.ceph("osd", "blocklist", "range", "add", "10.1.0.0/16")
		if out := o.ceph("osd", "blocklist", "ls"); !strings.HasPrefix(out, "10.0.0.1:6800/7 ") || !strings.Contains(out, "\ncidr:10.1.0.0:0/16 ") {
			t.Errorf("listed %s", out)
		}
		var d osdDump
		if o.cephJSON(&d, "osd", "dump"); d.Epoch != 3 || len(d.Blocklist) != 1 || len(d.Ranges) != 1 || d.Release != "pacific" {
			t.Errorf("%+v", d)
		}
		o.ceph("osd", "blocklist", "rm", "10.0.0.1:6800/7")
		o.ceph("osd", "blocklist", "clear")
		if out := o.ceph("osd", "blocklist", "ls"); out != "" {
			t.Errorf("left: %s", out)
		}
		o.fails(t, "there is no map for epoch 999", "osd", "dump", "999")
	})
	t.Run("osd states", func(t *testing.T) {
		id := strings.TrimSpace(o.ceph("osd", "new", "00000000-0000-0000-0000-000000000007"))
		o.ceph("osd", "out", id, "osd.5")
		if out := o.ceph("osd", "stat"); id != "0" || !strings.HasPrefix(out, "1 osds: 0 up, 0 in; epoch: e") {
			t.Errorf("osd.%s: %s", id, out)
		}
	})
	t.Run("osd getmap", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "osdmap")
		o.ceph("osd", "getmap", "-o", file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := osdmap.Decode(b)
		if err != nil || len(m.OSDs) != 1 {
			t.Fatalf("%+v, %v", m, err)
		}
		if text := osdmaptool(t, m, "--print"); !strings.Contains(text, "osd.0 down out") {
			t.Errorf("osdmaptool says\n%s", text)
		}
	})
	t.Run("errors", func(t *testing.T) {
		o.fails(t, "there is no map for epoch 999", "mgr", "dump", "999")
		o.fails(t, "Error EINVAL: invalid command", "no", "such", "command")
	})
	t.Run("tell the active manager", func(t *testing.T) {
		var state struct {
			Name  string `json:"name"`
			State string `json:"state"`
		}
		if o.cephJSON(&state, "tell", "mgr", "status"); state.Name != active || state.State != "active" {
			t.Errorf("%+v, active is %s", state, active)
		}
	})
	t.Run("mgr fail", func(t *testing.T) {
		before := o.cluster.View().MgrMap()
		o.ceph("mgr", "fail", active)
		if out := o.ceph("osd", "blocklist", "ls"); !strings.Contains(out, before.ActiveAddrs+" ") || before.ActiveAddrs == "" {
			t.Errorf("%s is not fenced: %s", before.ActiveAddrs, out)
		}
		if !o.world.Until(patience, func() bool { return o.cluster.View().MgrMap().ActiveName != active && o.settled() }) {
			t.Errorf("the map is %+v", o.cluster.View().MgrMap())
		}
		if after := o.cluster.View().MgrMap(); after.Epoch <= before.Epoch || after.Standbys == before.Standbys {
			t.Errorf("before %+v, after %+v", before, after)
		}
		o.awaitMgrs(o.cluster.View().MgrMap().ActiveName + ": " + active)
	})
}

// fails runs a command that must fail and say why.
func (o *ours) fails(t *testing.T, why string, args ...string) {
	t.Helper()
	_, err := o.tryCeph(args...)
	var exit *realceph.ExitError
	if !errors.As(err, &exit) || !strings.Contains(exit.Stderr, why) {
		t.Errorf("ceph %v: %v, want %q", args, err, why)
	}
}

// The command line goes on when the monitor that it would ask is down, and when
// the leader is.
func TestCLI_realSurvivesLossOfAMonitor(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	leader := o.leader()
	o.cluster.Kill(leader)
	o.eventually("an answer without "+leader, func() bool {
		out, err := o.tryCeph("--connect-timeout", "5", "mgr", "stat")
		return err == nil && strings.Contains(out, `"available": true`)
	})
}

// What our monitors answer as JSON is of the shape that Ceph's have: every key of
// ours is one of theirs, with a value of the same kind.
func TestCLI_jsonHasCephsShape(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 1, 2)
	s := newSite(t, "a")
	s.startMon("a")
	w := newWorld(t)
	s.startMgr(w, "x")
	s.awaitMgrs("x: ")
	s.startMgr(w, "y")
	s.awaitMgrs("x: y")
	for _, admin := range []*site{o.site, s} {
		admin.ceph("config", "set", "mgr", "debug_ms", "1")
		admin.ceph("log", "hello")
		admin.ceph("osd", "blocklist", "add", "10.0.0.1:6800/7")
		admin.ceph("osd", "new", "00000000-0000-0000-0000-000000000007")
		admin.ceph("health", "mute", "OSD_DOWN", "1h", "--sticky")
	}
	for _, command := range []string{
		"mgr dump", "mgr stat", "mgr metadata", "mgr metadata x", "mgr module ls", "mgr services", "mon dump", "mon stat", "mon metadata",
		"quorum_status", "status", "health", "features", "fsid", "fs dump", "fs ls", "mds stat", "mds metadata",
		"osd dump", "osd stat", "config dump", "config get mgr", "config log", "config-key ls", "log last 1", "tell mon.a mon_status", "tell mon.a version",
		"tell mon.a sessions", "tell mon.a config get mon_lease", "report", "df", "df detail", "time-sync-status", "mon feature ls",
		"mon feature ls --with-value", "config help mon_lease", "config help ms_async_op_threads", "config help mds_cache_memory_limit",
		"health detail",
	} {
		t.Run(command, func(t *testing.T) {
			var mine, theirs any
			o.cephJSON(&mine, strings.Fields(command)...)
			s.cephJSON(&theirs, strings.Fields(command)...)
			for _, difference := range shapeDiffers("", mine, theirs) {
				t.Error(difference)
			}
		})
	}
}

// shapeDiffers lists what of mine is not in theirs. Of lists it looks at the
// first elements.
func shapeDiffers(path string, mine, theirs any) (differences []string) {
	switch mine := mine.(type) {
	case map[string]any:
		theirs, _ := theirs.(map[string]any)
		for _, key := range wire.SortedKeys(mine) {
			if _, ok := theirs[key]; !ok {
				differences = append(differences, path+"."+key+" is not in Ceph's answer")
				continue
			}
			differences = append(differences, shapeDiffers(path+"."+key, mine[key], theirs[key])...)
		}
	case []any:
		theirs, ok := theirs.([]any)
		if len(mine) > 0 && len(theirs) > 0 {
			return shapeDiffers(path+"[0]", mine[0], theirs[0])
		}
		if !ok {
			return []string{path + " is no list in Ceph's answer"}
		}
	default:
		if reflect.TypeOf(mine) != reflect.TypeOf(theirs) {
			return []string{fmt.Sprintf("%s is %T, in Ceph's answer %T", path, mine, theirs)}
		}
	}
	return differences
}
