package process_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// newCloud is a folder with a cinder.conf and a database, where services are quick.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{site: &site{t: t, dir: t.TempDir(), at: loopbacktest.Net(t).Addr(1)}}
	c.api = netip.AddrPortFrom(c.at, 8776).String()
	c.write("cinder.conf", fmt.Appendf(nil, `[DEFAULT]
host = ctl
state_path = %[1]s
transport_url = wavetank://%[2]v:5672
osapi_volume_listen = %[2]v
osapi_volume_listen_port = 8776
enabled_backends = lvm, ceph
report_interval = 0.1
service_down_time = 3
periodic_fuzzy_delay = 0
backend_stats_polling_interval = 0.2
rabbit_retry_interval = 0.1
rabbit_retry_backoff = 0
[database]
connection = sqld://%[3]v
[lvm]
replication_device = backend_id:b1
[ceph]
`, c.dir, c.at, startDatabase(t, netip.AddrPortFrom(c.at, 7373))))
	if out, err := c.command("cinder-manage", "db", "sync").CombinedOutput(); err != nil {
		t.Fatalf("db sync: %v: %s", err, out)
	}
	return c
}

// startDatabase starts a database in this process, so that the others need not load
// SQLite, which takes seconds where the race detector looks on.
func startDatabase(t *testing.T, at netip.AddrPort) netip.AddrPort {
	t.Helper()
	if err := sqlite3.Initialize(); err != nil { // not while a client waits
		t.Fatal(err)
	}
	h := oshost.New(oshost.Options{Name: "db", Dir: t.TempDir(), Addrs: []netip.Addr{at.Addr()}})
	t.Cleanup(h.Kill)
	started := make(chan error)
	loop := h.NewLoop("main")
	loop.Post(func() {
		_, err := sqld.Start(h, loop, sqld.Options{Addr: at})
		started <- err
	})
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return at
}

type cloud struct {
	*site
	api string
}

func (c *cloud) command(kind string, args ...string) *exec.Cmd {
	return testCommand(append([]string{kind, "--config-file", filepath.Join(c.dir, "cinder.conf")}, args...)...)
}

func (c *cloud) start(kind string, args ...string) *running {
	c.t.Helper()
	return c.run(c.command(kind, args...), kind)
}

// states lists services with their states, or nil if nobody answers.
func (c *cloud) states() map[string]string {
	request, err := http.NewRequest("GET", "http://"+c.api+"/v3/os-services", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", "a")
	r, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	var said struct {
		Services []struct{ Host, Binary, State string }
	}
	if json.NewDecoder(bufio.NewReader(r.Body)).Decode(&said) != nil || r.StatusCode != 200 {
		return nil
	}
	states := map[string]string{}
	for _, s := range said.Services {
		states[s.Binary+" "+s.Host] = s.State
	}
	return states
}

func (c *cloud) await(service, state string) {
	c.t.Helper()
	c.eventually(service+" is "+state, func() bool { return c.states()[service] == state })
}

// Services run as processes: one that is killed goes down in its time, the others do not,
// and it comes back to its row.
func TestCinder_life(t *testing.T) {
	c := newCloud(t)
	c.start("cinder-broker")
	c.start("cinder-api")
	ceph := c.start("cinder-volume", "--backend_name", "ceph")
	lvm := c.start("cinder-volume", "--backend_name=lvm", "--log-file", filepath.Join(c.dir, "lvm.log"))
	c.await("cinder-volume ctl@lvm", "up")
	c.await("cinder-volume ctl@ceph", "up")
	if err := lvm.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	lvm.Wait()
	c.await("cinder-volume ctl@lvm", "down")
	c.await("cinder-volume ctl@ceph", "up")
	c.start("cinder-volume", "--backend_name", "lvm")
	c.await("cinder-volume ctl@lvm", "up")
	c.eventually("the list of both", func() bool { return len(c.states()) == 2 })
	if err := ceph.Process.Signal(syscall.SIGTERM); err != nil { // in order
		t.Fatal(err)
	}
	if err := ceph.Wait(); err != nil {
		t.Errorf("%s: %v", ceph.name, err)
	}
	if out, err := c.command("cinder-manage", "service", "remove", "cinder-volume", "ctl@ceph").CombinedOutput(); err != nil {
		t.Errorf("remove: %v: %s", err, out)
	}
	c.eventually("a list without the service that was removed", func() bool {
		states := c.states()
		return len(states) == 1 && states["cinder-volume ctl@lvm"] != ""
	})
	if log := c.read("lvm.log"); !strings.Contains(log, "starting") {
		t.Errorf("log: %q", log)
	}
}

// Mistakes end with status 2, and say where they are.
func TestCinder_usage(t *testing.T) {
	c := &cloud{site: &site{t: t, dir: t.TempDir()}}
	c.write("cinder.conf", []byte("[DEFAULT]\ntransport_url = wavetank://127.0.0.1:1\nreport_interval = soon\n"))
	c.write("good.conf", []byte("[DEFAULT]\ntransport_url = wavetank://127.0.0.1:1\nreport_interval = 1\nenabled_backends = a\n[a]\nx = 1\n[database]\nconnection = sqld://127.0.0.1:1\n"))
	good := []string{"--config-file", filepath.Join(c.dir, "good.conf")}
	for _, tt := range []struct {
		kind   string
		args   []string
		status int
		want   string
	}{
		{"cinder-api", nil, 2, "cinder.conf:3: unusable configuration: report_interval: bad value"},
		{"cinder-api", []string{"--frobnicate"}, 2, `unexpected "--frobnicate"`},
		{"cinder-api", []string{"--log-file"}, 2, "--log-file requires an argument"},
		{"cinder-api", []string{"--backend_name", "x"}, 2, `unexpected "--backend_name"`},
		{"cinder-volume", append(good, "--backend_name", "lvm"), 2, "backend lvm is not enabled"},
		{"cinder-manage", append(good, "db", "drop"), 2, "is none of: db sync"},
		{"cinder-manage", append(good, "service", "remove", "cinder-volume", "x"), 1, "connection refused"},
		{"cinder-volume", []string{"--help"}, 0, "--backend_name NAME"},
		{"cinder-manage", []string{"--help"}, 0, "db sync | service remove BINARY HOST"},
		{"cinder-api", []string{"--version"}, 0, "wavetank"},
	} {
		cmd := c.command(tt.kind, tt.args...)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != tt.status || !strings.Contains(string(out), tt.want) {
			t.Errorf("%s %q: status %d, %s", tt.kind, tt.args, got, out)
		}
	}
}
