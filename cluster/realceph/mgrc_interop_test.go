//go:build interop

package realceph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg"
)

// The tests of this file are about what daemons report to the active manager: ours to
// Ceph's, Ceph's to ours, and the commands that monitors pass on to it.

// askMons sends the monitors a command that the command line would send the manager.
func (s *site) askMons(command string) (code int, data, status string) {
	s.t.Helper()
	const script = `
import json, sys, rados
cluster = rados.Rados(conffile=sys.argv[1], name='client.admin')
cluster.connect(timeout=30)
while True:
    code, data, status = cluster.mon_command(sys.argv[2], b'', timeout=30)
    if status != 'wrong fsid':  # connected, and without the monitor map yet
        break
print(json.dumps({'Code': code, 'Data': data.decode(), 'Status': status}))
`
	if err := exec.Command("/usr/bin/python3", "-c", "import rados").Run(); err != nil {
		s.t.Skip("python3-rados: ", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/bin/python3", "-c", script, filepath.Join(s.Dir(), "ceph.conf"), command).Output()
	var answer struct {
		Code         int
		Data, Status string
	}
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil {
		s.t.Fatalf("%s: %v, %s", command, err, out)
	}
	return answer.Code, answer.Data, answer.Status
}

// shownOption is what "config show" says of an option.
type shownOption struct{ Name, Value, Source string }

// awaitOption waits until a daemon has reported that an option is so.
func (s *site) awaitOption(who string, want shownOption) {
	s.t.Helper()
	s.eventually(fmt.Sprint(who, " reports ", want), func() bool {
		var list []shownOption
		s.cephJSON(&list, "config", "show", who)
		return slices.Contains(list, want)
	})
}

// placementGroups are a manager's answers about placement groups, of which there are none.
func (s *site) placementGroups() (all []string) {
	for _, command := range []string{
		"pg stat", "pg stat -f json", "pg ls", "pg ls -f json", "pg dump_stuck", "pg dump_stuck -f json", "pg map 1.0",
		"pg debug unfound_objects_exist", "osd perf", "osd perf -f json", "osd pool stats", "osd pool stats -f json", "osd pool stats x",
	} {
		out, err := s.tryCeph(strings.Fields(command)...)
		if err != nil {
			_, text, _ := strings.Cut(err.Error(), ": ")
			out += text
		}
		out = strings.ReplaceAll(strings.TrimSpace(out), `"pg_ready":false`, `"pg_ready":true`) // which takes Ceph's a while
		// JSON that is asked for ends in a newline here.
		all = append(all, command+"\n"+strings.ReplaceAll(out, "\n", ""))
	}
	return all
}

// A manager of Ceph's takes what our monitors, and our managers that stand by, report to
// it: their options and changes of them, their counters, which its own module shows.
func TestMgrClient_realMgrTakesOurReports(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	d, err := o.Start(realceph.KindMgr, "real")
	o.check(err)
	o.awaitMgrs("x: real")
	o.ceph("mgr", "fail", "x")
	o.awaitMgrs("real: x")

	for _, who := range []string{"mon.a", "mon.b", "mon.c", "mgr.x"} {
		o.eventually(who+" reports", func() bool {
			out, err := o.tryCeph("config", "show-with-defaults", who)
			return err == nil && strings.HasPrefix(out, "NAME ") && (strings.Contains(out, "\nmon_tick_interval ") || strings.Contains(out, "\nmgr_tick_period "))
		})
	}
	o.ceph("config", "set", "mon", "mon_election_timeout", "7")
	o.awaitOption("mon.b", shownOption{"mon_election_timeout", "7.000000", "mon"})
	if code, data, status := o.askMons(`{"prefix": "config show", "who": "mon.b", "key": "mon_election_timeout"}`); code != 0 || !strings.HasPrefix(data, "7") {
		t.Errorf("passed on: %d %q %q", code, data, status)
	}
	if code, _, status := o.askMons(`{"prefix": "config show", "who": "mon.z"}`); code != -2 || status != "no config state for daemon mon.z" {
		t.Errorf("passed on: %d %q", code, status)
	}

	t.Run("counters", func(t *testing.T) {
		if err := exec.Command("/usr/bin/python3", "-c", "import cherrypy").Run(); err != nil {
			t.Skip("python3-cherrypy, which Ceph's prometheus module needs: ", err)
		}
		at := netip.AddrPortFrom(o.net.Addr(1), 9283)
		o.ceph("config", "set", "mgr", "mgr/prometheus/server_addr", at.Addr().String(), "--force")
		o.ceph("config", "set", "mgr", "mgr/prometheus/server_port", fmt.Sprint(at.Port()), "--force")
		o.ceph("config", "set", "mgr", "mgr/prometheus/standby_behaviour", "error", "--force")
		o.ceph("mgr", "module", "enable", "prometheus", "--force")
		o.await(o.newest(), "the module serves", patience, func(m *msg.MgrMap) bool {
			if m.Available && m.ActiveName != "real" {
				o.ceph("mgr", "fail", fmt.Sprint(m.ActiveGID))
			}
			return m.Available && m.ActiveName == "real" && m.Services["prometheus"] != ""
		})
		var metrics string // none as long as the module has collected none
		o.eventually("counters of all monitors", func() bool {
			metrics = o.page(fmt.Sprintf("http://%v/metrics", at))
			return !slices.ContainsFunc([]string{"a", "b", "c"}, func(mon string) bool {
				return !strings.Contains(metrics, `ceph_mon_num_sessions{ceph_daemon="mon.`+mon+`"} `)
			})
		})
		for _, want := range []string{
			"# TYPE ceph_mon_num_sessions gauge", "# HELP ceph_mon_election_win Elections won", "# TYPE ceph_mon_election_win counter",
			`ceph_paxos_commit{ceph_daemon="mon.a"} `, `ceph_paxos_commit_bytes_sum{ceph_daemon="mon.a"} `, `ceph_paxos_commit_bytes_count{ceph_daemon="mon.a"} `,
		} {
			if !strings.Contains(metrics, want) {
				t.Errorf("no %s", want)
			}
		}
		if strings.Contains(metrics, "ceph_cluster_num_mon") {
			t.Error("a counter below the threshold was reported")
		}
	})
	if !d.Running() {
		t.Fatalf("ceph-mgr has ended: %s", d.Output())
	}
}

// Our manager takes what a monitor and a standby of Ceph's report to it, and answers what
// Ceph's monitor passes on.
func TestMgrClient_ourMgrTakesRealReports(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	w := newWorld(t)
	s.startMgr(w, "x")
	s.awaitMgrs("x: ")
	_, err := s.Start(realceph.KindMgr, "real")
	s.check(err)
	s.awaitMgrs("x: real")
	s.eventually("three daemons that report", func() bool { // mgr.x to itself, too
		out, _ := s.tell("mgr", "status")
		return strings.Contains(out, `"daemons": 3`)
	})
	show := s.ceph("config", "show", "mon.a")
	if !strings.HasPrefix(show, "NAME ") || !strings.Contains(show, "\nmon_lease ") || !strings.Contains(show, "  file ") {
		t.Errorf("config show mon.a:\n%s", show)
	}
	if all := s.ceph("config", "show-with-defaults", "mgr.real"); strings.Count(all, "\n") < 1000 {
		t.Errorf("config show-with-defaults mgr.real:\n%s", all)
	}
	if out := strings.TrimSpace(s.ceph("config", "show", "mon.a", "mon_lease")); !strings.HasPrefix(out, "2") {
		t.Errorf("mon_lease is %q", out)
	}
	s.ceph("config", "set", "mon", "mon_osd_down_out_interval", "700")
	s.awaitOption("mon.a", shownOption{"mon_osd_down_out_interval", "700", "mon"})
	ours := s.placementGroups()
	s.ceph("mgr", "fail", "x")
	s.awaitMgrs("real: x")
	if diff := cmp.Diff(s.placementGroups(), ours); diff != "" {
		t.Errorf("of placement groups (-real +ours):\n%s", diff)
	}
	s.ceph("mgr", "fail", "real")
	s.awaitMgrs("x: real")
	s.eventually("a question passed on about the monitor, which reports to mgr.x again", func() bool {
		code, data, status := s.askMons(`{"prefix": "config show", "who": "mon.a", "key": "mon_lease"}`)
		t.Logf("passed on: %d %q %q", code, data, status)
		return code == 0 && strings.HasPrefix(data, "2")
	})
	if code, _, status := s.askMons(`{"prefix": "config show", "who": "mon.z"}`); code != -2 || status != "no config state for daemon mon.z" {
		t.Errorf("passed on: %d %q", code, status)
	}
}
