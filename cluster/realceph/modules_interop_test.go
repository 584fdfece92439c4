//go:build interop

package realceph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/daemons/msg"
)

// startFullMgr starts one of our managers with its modules: its page for people is at the
// same place each time, as a redirect by a standby needs it.
func (s *site) startFullMgr(w *cluster.TCPWorld, name string) {
	w.AddHost("mgr." + name).Start(func(h host.Host) {
		m, err := mgr.New(h, mgr.Config{
			Name: name, FSID: s.FSID(), MonMap: s.MonMap(), Options: mgr.DefaultOptions(), Modules: modules.All(),
			ModuleDefaults: map[string]string{"mgr/dashboard/server_port": "28080", "mgr/prometheus/server_port": "0"},
		})
		if err == nil {
			err = m.Start()
		}
		if err != nil {
			s.t.Errorf("mgr.%s: %v", name, err)
		}
	})
}

// tell is "ceph tell mgr...".
func (s *site) tell(args ...string) (string, error) {
	return s.tryCeph(append([]string{"tell"}, args...)...)
}

// services are where the active manager's modules serve.
func (s *site) services() (all map[string]string) {
	s.t.Helper()
	s.cephJSON(&all, "mgr", "services")
	return all
}

// page is what an ordinary client gets; empty if it gets none, or not now: a module may
// serve before it has something to tell.
func (s *site) page(url string) string {
	s.t.Helper()
	client := &http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	r, err := client.Get(url)
	if err != nil {
		s.t.Log(err)
		return ""
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		s.t.Logf("%s: %s, %v", url, r.Status, err)
		return ""
	}
	return string(body)
}

// A service daemon of Ceph's library: it registers, updates its status twice, and ends
// when its input does.
const serviceDaemon = `
import rados, sys
c = rados.Rados(conffile=sys.argv[1], name='client.admin')
c.connect()
c.service_daemon_register('tank', 'one', {'daemon_type': 'pump'})
c.service_daemon_update({'level': 'high'})
print('registered', flush=True)
sys.stdin.read()
c.shutdown()
`

// Our active manager does its work under a monitor of Ceph's: modules, commands,
// services, health, and what real daemons report to it.
func TestMgr_oursIsActiveUnderRealMonitor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	w := newWorld(t)
	s.startFullMgr(w, "x")
	s.awaitMgrs("x: ")

	t.Run("commands", func(t *testing.T) {
		if out, _ := s.tell("mgr", "help"); !strings.Contains(out, "config get <var>") || !strings.Contains(out, "state of this manager") {
			t.Errorf("tell mgr help: %s", out)
		}
		if out, _ := s.tell("mgr.x", "version"); !strings.Contains(out, `"version": "16.2.15"`) {
			t.Errorf("tell mgr.x version: %s", out)
		}
		if out, err := s.tell("mgr.x", "config", "get", "nope"); err == nil || !strings.Contains(err.Error(), "error getting 'nope'") {
			t.Errorf("tell mgr.x config get nope: %s %v", out, err)
		}
		if out := s.ceph("osd", "status"); !strings.HasPrefix(out, "ID  HOST  USED  AVAIL  WR OPS  WR DATA  RD OPS  RD DATA  STATE") {
			t.Errorf("osd status: %s", out)
		}
		if out, err := s.tryCeph("fs", "status", "nope"); err == nil || !strings.Contains(err.Error(), "Error EINVAL: Invalid filesystem: nope") {
			t.Errorf("fs status nope: %s, %v", out, err)
		}
	})

	t.Run("modules", func(t *testing.T) {
		var list struct {
			AlwaysOn []string `json:"always_on_modules"`
			Enabled  []string `json:"enabled_modules"`
			Disabled []struct {
				Name    string         `json:"name"`
				CanRun  bool           `json:"can_run"`
				Options map[string]any `json:"module_options"`
			} `json:"disabled_modules"`
		}
		s.cephJSON(&list, "mgr", "module", "ls")
		var names []string
		for _, m := range list.Disabled {
			names = append(names, m.Name)
			if !m.CanRun || m.Options["server_port"] == nil {
				t.Errorf("%+v", m)
			}
		}
		if !slices.Equal(names, []string{"dashboard", "prometheus"}) || !slices.Contains(list.AlwaysOn, "status") {
			t.Errorf("%+v", list)
		}
		s.warnsOfModules(t, slices.Concat(list.AlwaysOn, list.Enabled))
		for i, name := range []string{"prometheus", "dashboard"} {
			at := s.newest()
			before := s.gidOf("x")
			s.ceph("mgr", "module", "enable", name)
			s.await(at, "the manager respawned, with its pages", patience, func(m *msg.MgrMap) bool {
				return m.Available && m.ActiveGID != before && m.Services[name] != "" && len(m.Services) == i+1
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Run("mgr dump", func(t *testing.T) { s.dumpsOurs(t, "x") })

	mds, err := s.Start(realceph.KindMDS, "m")
	s.check(err)
	t.Run("real daemons report", func(t *testing.T) {
		prometheus := s.services()["prometheus"]
		wanted := []string{
			`ceph_mon_num_sessions{ceph_daemon="mon.a"} `, "ceph_health_status ", `ceph_mgr_status{ceph_daemon="mgr.x"} 1`, `ceph_mon_quorum_status{ceph_daemon="mon.a"} 1`,
			`ceph_paxos_commit_latency_sum{ceph_daemon="mon.a"} `, `ceph_mds_metadata{ceph_daemon="mds.m",ceph_version="ceph version 16.2.15`,
			`ceph_health_detail{name="MGR_MODULE_DEPENDENCY",severity="HEALTH_WARN"} 1`,
		}
		lacks := "" // the MDS stands by, and so has no counters to tell
		s.eventually("counters of the monitor, and the MDS", func() bool {
			metrics := s.page(prometheus + "metrics")
			i := slices.IndexFunc(wanted, func(want string) bool { return !strings.Contains(metrics, want) })
			if i >= 0 && wanted[i] != lacks {
				lacks = wanted[i]
				t.Logf("no %s in\n%s", lacks, metrics)
			}
			return i < 0
		})
		if out := s.ceph("fs", "status"); !strings.Contains(out, "STANDBY MDS  \n     m       \nMDS version: ceph version 16.2.15 ") {
			t.Errorf("fs status: %q", out)
		}
		s.eventually("three daemons that report", func() bool { // mgr.x to itself, too
			out, _ := s.tell("mgr", "status")
			return strings.Contains(out, `"daemons": 3`)
		})
		mds.Stop(patience)
	})

	t.Run("services", func(t *testing.T) {
		client := exec.Command("/usr/bin/python3", "-c", serviceDaemon, filepath.Join(s.Dir(), "ceph.conf"))
		client.Stderr = os.Stderr
		in, err := client.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := client.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Start(); err != nil {
			t.Skip(err)
		}
		said, _ := io.ReadAll(io.LimitReader(out, int64(len("registered"))))
		if string(said) != "registered" {
			client.Wait()
			t.Skipf("python3-rados says %q", said)
		}
		s.eventually("the service shown", func() bool {
			return strings.Contains(s.ceph("-s"), "    tank: 1 pump active (1 hosts)\n")
		})
		if text := s.ceph("service", "dump", "-f", "json"); !strings.Contains(text, `"tank":{"daemons":{"summary":"","one":{"start_epoch":`) || !strings.Contains(text, `"daemon_type":"pump"`) {
			t.Errorf("service dump: %s", text)
		}
		s.eventually("the status told", func() bool {
			return strings.Contains(s.ceph("service", "status", "-f", "json"), `"status":{"level":"high"}`)
		})
		in.Close() // it takes its leave
		client.Wait()
		s.eventually("the service gone", func() bool { return !strings.Contains(s.ceph("-s"), "tank:") })
	})

	t.Run("the page over a failover", func(t *testing.T) {
		s.startFullMgr(w, "y")
		s.awaitMgrs("x: y")
		var status struct {
			MgrMap struct {
				Services map[string]string `json:"services"`
			} `json:"mgrmap"`
		}
		if s.cephJSON(&status, "-s"); len(status.MgrMap.Services) != 2 {
			t.Errorf("ceph -s: %+v", status)
		}
		s.ceph("mgr", "fail", "x")
		s.awaitMgrs("y: x")
		s.eventually("the history", func() bool {
			var page struct {
				Failovers []struct {
					Name string `json:"name"`
				} `json:"failovers"`
			}
			text := s.page(s.services()["dashboard"] + "api/state")
			if err := json.Unmarshal([]byte(text), &page); err != nil {
				t.Logf("%v in %.200s", err, text)
				return false
			}
			return len(page.Failovers) > 1 && page.Failovers[0].Name == "y" && page.Failovers[1].Name == "x"
		})
		s.awaitKept("y")
	})
	if t.Failed() {
		return
	}
	t.Run("browser", func(t *testing.T) { s.in(t).browse(w) })
}

// awaitKept waits until the monitors keep that a manager was the last that became active.
func (s *site) awaitKept(name string) {
	s.t.Helper()
	s.eventually("the failover kept", func() bool {
		text := s.ceph("config-key", "get", "mgr/dashboard/failovers")
		return strings.Contains(text[max(0, strings.LastIndex(text, "{")):], `"name":"`+name+`"`)
	})
}

// dumpsOurs holds what the monitors keep of an active manager of ours against what it
// says itself.
func (s *site) dumpsOurs(t *testing.T, name string) {
	var d struct {
		Active    string            `json:"active_name"`
		Available bool              `json:"available"`
		Features  uint64            `json:"active_mgr_features"`
		Enabled   []string          `json:"modules"`
		Services  map[string]string `json:"services"`
		Addrs     struct {
			List []struct{ Type, Addr string } `json:"addrvec"`
		} `json:"active_addrs"`
		Modules []struct {
			Name   string `json:"name"`
			CanRun bool   `json:"can_run"`
		} `json:"available_modules"`
	}
	s.cephJSON(&d, "mgr", "dump")
	if d.Active != name || !d.Available || d.Features != msg.FeaturesAll || len(d.Addrs.List) != 1 || d.Addrs.List[0].Type != "v1" {
		t.Errorf("%+v", d)
	}
	if !slices.Equal(d.Enabled, []string{"dashboard", "iostat", "nfs", "prometheus", "restful"}) {
		t.Errorf("enabled are %v", d.Enabled)
	}
	var ours []string
	for _, m := range d.Modules {
		ours = append(ours, m.Name)
		if !m.CanRun {
			t.Errorf("module %s cannot run", m.Name)
		}
	}
	if !slices.Equal(ours, []string{"dashboard", "prometheus", "status"}) {
		t.Errorf("available are %v", ours)
	}
	if !maps.Equal(d.Services, s.services()) || len(d.Services) != 2 {
		t.Errorf("services are %v, and mgr services says %v", d.Services, s.services())
	}
	var described []map[string]string
	if s.cephJSON(&described, "mgr", "metadata"); len(described) != 1 || described[0]["name"] != name || described[0]["ceph_release"] != "pacific" {
		t.Errorf("metadata %v", described)
	}
}

// warnsOfModules looks at what "ceph -s" says of the modules that the monitors want to
// run: a warning names each that our manager does not have, and nothing is in error.
func (s *site) warnsOfModules(t *testing.T, wanted []string) {
	var missing []string
	for _, name := range slices.Sorted(slices.Values(wanted)) {
		if name != "status" { // which is ours too
			missing = append(missing, fmt.Sprintf("Module '%s' has failed dependency: this manager has no such module", name))
		}
	}
	var health struct {
		Status string
		Checks map[string]struct {
			Severity string
			Detail   []struct{ Message string }
		}
	}
	s.eventually("the lack of modules told", func() bool {
		s.cephJSON(&health, "health", "detail")
		return len(health.Checks["MGR_MODULE_DEPENDENCY"].Detail) > 0
	})
	var told []string
	for _, d := range health.Checks["MGR_MODULE_DEPENDENCY"].Detail {
		told = append(told, d.Message)
	}
	if !slices.Equal(told, missing) || health.Checks["MGR_MODULE_DEPENDENCY"].Severity != "HEALTH_WARN" {
		t.Errorf("missing are %v, and the monitor says %+v", missing, health)
	}
	s.ceph("config", "set", "mon", "auth_allow_insecure_global_id_reclaim", "false")
	s.ceph("config", "set", "mon", "mon_data_avail_warn", "1") // the machine's disk is not at issue
	s.ceph("config", "set", "mon", "mon_data_avail_crit", "1")
	s.ceph("health", "mute", "MGR_MODULE_DEPENDENCY")
	s.eventually("nothing else wrong", func() bool {
		return strings.Contains(s.ceph("-s"), "health: HEALTH_OK\n            (muted: MGR_MODULE_DEPENDENCY)")
	})
}

// browse watches the dashboard as a person does who opens it once, while y is active and
// x stands by: a failover, the end of the manager whose page it is, and its return.
func (s *site) browse(w *cluster.TCPWorld) {
	t, b := s.t, newBrowser(s.t)
	// shows waits until the page, which nobody touches, is about these managers.
	shows := func(active, standby string) (seen sight) {
		t.Helper()
		s.eventually("a page that shows "+active+" active", func() bool {
			seen = b.see()
			return strings.Contains(seen.Text, "Active: "+active+" (gid ") && strings.Contains(seen.Text, "Standing by: "+standby+".")
		})
		s.awaitKept(active)
		var names []string
		for _, row := range seen.Tables["Recent failovers"] {
			names = append(names, row[2])
		}
		if len(names) < 3 || names[0] != "manager" || names[1] != active || names[2] != standby {
			t.Errorf("%s is active; the failovers shown are of %v", active, names)
		}
		if at := s.services()["dashboard"]; seen.URL != at {
			t.Errorf("the page is %s, the active manager's is %s", seen.URL, at)
		}
		if strings.Contains(seen.Text, "Nobody answers") {
			t.Errorf("a page that is up to date says\n%s", seen.Text)
		}
		return seen
	}
	b.open(s.services()["dashboard"])
	first := shows("y", "x")
	if !strings.HasPrefix(first.Title, "HEALTH_OK - cluster "+s.FSID().String()) || !strings.HasPrefix(first.Text, "HEALTH_OK\n") || first.Colour != "rgb(207, 232, 207)" {
		t.Errorf("%q, headline %s in %q", first.Title, first.Colour, first.Text)
	}
	mons := [][]string{{"rank", "name", "address", "in the quorum"}, {"0", "a", s.net.Addr(1).String() + ":6789", "yes"}}
	if diff := cmp.Diff(mons, first.Tables["Monitors"]); diff != "" {
		t.Errorf("monitors (-want +got):\n%s", diff)
	}
	host, _ := os.Hostname()
	daemons := first.Tables["Daemons"]
	at := slices.IndexFunc(daemons, func(row []string) bool { return row[0] == "mon.a" })
	if at < 1 || !slices.Equal(daemons[0], []string{"daemon", "host", "version", "heard ago"}) ||
		!slices.Equal(daemons[at][1:3], []string{host, "16.2.15"}) || !strings.HasSuffix(daemons[at][3], "s") {
		t.Errorf("daemons %v", daemons)
	}

	s.ceph("mgr", "fail", "y")
	second := shows("x", "y")
	if second.URL == first.URL {
		t.Errorf("both managers have their page at %s", first.URL)
	}
	w.Host("mgr.x").Kill()
	s.eventually("a page that says that nobody answers", func() bool {
		text := b.see().Text
		return strings.Contains(text, "Nobody answers") && strings.Contains(text, "Active: x (gid ")
	})
	s.ceph("mgr", "fail", "x")
	w.Host("mgr.x").Restart()
	if third := shows("y", "x"); third.URL != first.URL {
		t.Errorf("the page of y was %s and is %s", first.URL, third.URL)
	}
}
