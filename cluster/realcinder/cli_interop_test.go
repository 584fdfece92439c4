//go:build interop

package realcinder_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/process"
	"github.com/wavetank/wavetank/cluster/realcinder"
	"github.com/wavetank/wavetank/cluster/realdb"
)

// TestMain lets the test binary be a daemon: "TEST daemon cinder-api ...".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "daemon" {
		os.Exit(process.Main(os.Args[2], os.Args[3:], process.Streams{Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// quick are the timings of most of these tests, which run in real time.
const quick = `report_interval = 1
service_down_time = 8
periodic_fuzzy_delay = 1
periodic_interval = 1
backend_stats_polling_interval = 1
`

// patience bounds waits in real time for what takes a second.
const patience = time.Minute

// apiPort is that of cinder-api.
const apiPort = 8776

// cloud is Cinder as processes, on a database.
type cloud struct {
	t   *testing.T
	dir string
	api string
	cli *realcinder.CLI
	// downTime is its service_down_time.
	downTime time.Duration
}

// newCloud has the timings that some lines of its configuration say; none are Cinder's own.
func newCloud(t *testing.T, timings string, url func(dir string) string) *cloud {
	t.Helper()
	at := loopbacktest.Net(t).Addr(1)
	c := &cloud{t: t, dir: t.TempDir(), api: netip.AddrPortFrom(at, apiPort).String(), downTime: 60 * time.Second}
	if timings != "" {
		c.downTime = 8 * time.Second
	}
	var err error
	if c.cli, err = realcinder.Find("http://" + c.api + "/v3"); errors.Is(err, cluster.ErrInfrastructure) {
		t.Skip(err)
	}
	c.write("cinder.conf", fmt.Sprintf(`[DEFAULT]
host = ctl
state_path = %[1]s
transport_url = wavetank://%[2]v:5672
osapi_volume_listen = %[2]v
osapi_volume_listen_port = %[3]d
enabled_backends = lvm1,lvm2
%[4]s[database]
connection = %[5]s
[lvm1]
replication_device = backend_id:replica
[lvm2]
`, c.dir, at, apiPort, timings, url(c.dir)))
	// Another machine, in a cluster.
	c.write("node.conf", "[DEFAULT]\nhost = n1\ncluster = c1\n")
	if out, err := c.command("cinder-manage", "db", "sync").CombinedOutput(); err != nil {
		t.Fatalf("db sync: %v: %s", err, out)
	}
	return c
}

func (c *cloud) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cloud) command(kind string, args ...string) *exec.Cmd {
	return exec.Command(os.Args[0], append([]string{"daemon", kind, "--config-file", filepath.Join(c.dir, "cinder.conf")}, args...)...)
}

// start starts a daemon, and ends it with the test.
func (c *cloud) start(kind string, args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := c.command(kind, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		c.kill(cmd)
		if c.t.Failed() {
			c.t.Logf("%s %q: %s", kind, args, said.String())
		}
	})
	return cmd
}

func (c *cloud) kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		cmd.Process.Kill()
		cmd.Wait() // with the error of the kill
	}
}

// service is a service as the API lists it.
type service struct {
	Host, Binary, Status, State string
	UpdatedAt                   string `json:"updated_at"`
}

// seen is when it was heard of last, zero if it was not.
func (s service) seen(t *testing.T) time.Time {
	if s.UpdatedAt == "" {
		return time.Time{}
	}
	at, err := time.Parse("2006-01-02T15:04:05.000000", s.UpdatedAt)
	if err != nil {
		t.Error(err)
	}
	return at
}

// list asks the API itself, which is quicker than the commands; nil if it does not answer.
func (c *cloud) list() map[string]service {
	request, err := http.NewRequest("GET", "http://"+c.api+"/v3/os-services", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", "a")
	answer, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	var said struct{ Services []service }
	if json.NewDecoder(answer.Body).Decode(&said) != nil || answer.StatusCode != 200 {
		return nil
	}
	all := map[string]service{}
	for _, s := range said.Services {
		all[s.Host] = s
	}
	return all
}

// eventually asks until the answer is yes: other processes tell nobody.
func (c *cloud) eventually(what string, ask func() bool) {
	c.t.Helper()
	limit := patience + 2*c.downTime
	for deadline := time.Now().Add(limit); !ask(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// cinder runs the command, which must succeed.
func (c *cloud) cinder(args ...string) []realcinder.Row {
	c.t.Helper()
	rows, err := c.cli.Cinder(args...)
	if err != nil {
		c.t.Errorf("cinder %q: %v", args, err)
	}
	return rows
}

// row is the one in which a column has a value.
func (c *cloud) row(rows []realcinder.Row, column, value string) realcinder.Row {
	c.t.Helper()
	i := slices.IndexFunc(rows, func(r realcinder.Row) bool { return r[column] == value })
	if i < 0 {
		c.t.Errorf("no %s is %s in %v", column, value, rows)
		return nil
	}
	return rows[i]
}

// is compares some columns of a row.
func (c *cloud) is(row realcinder.Row, want realcinder.Row) {
	c.t.Helper()
	for column, value := range want {
		if row[column] != value {
			c.t.Errorf("%s is %q, want %q, in %v", column, row[column], value, row)
		}
	}
}

// TestCinder is the life of a cloud as its operator sees it with the commands, on each
// database.
func TestCinder(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url func(dir string) string, restart func()) {
		operate(newCloud(t, quick, url), restart)
	})
}

// TestCinder_defaultTimings is the death of a service at Cinder's own timings: it is down
// 60 s after its last heartbeat and not before, although the database was restarted in
// between. It takes some minutes, so only who asks for it has it (make interop-slow).
func TestCinder_defaultTimings(t *testing.T) {
	if os.Getenv("WAVETANK_INTEROP_SLOW") == "" {
		t.Skip("WAVETANK_INTEROP_SLOW is not set")
	}
	onEachDatabase(t, func(t *testing.T, url func(dir string) string, restart func()) {
		t.Parallel()
		c := newCloud(t, "", url)
		victim, allUp := c.startAll()
		c.eventually("all are up and beat", allUp)
		c.goesDown(victim, "ctl@lvm2", func() {
			time.Sleep(c.downTime / 3)
			restart()
		})
	})
}

// onEachDatabase runs a test on SQLite, where there is nothing to restart, and on each
// server that is installed.
func onEachDatabase(t *testing.T, test func(t *testing.T, url func(dir string) string, restart func())) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, func(dir string) string { return "sqlite:///" + dir + "/cinder.db" }, func() {})
	})
	for _, kind := range realdb.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			server, err := realdb.Start(kind, "")
			if errors.Is(err, cluster.ErrInfrastructure) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			url, err := server.Create("cinder")
			if err != nil {
				t.Fatal(err)
			}
			test(t, func(string) string { return url }, func() {
				server.Kill()
				if err := server.Restart(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// startAll starts everybody, and returns the volume service of ctl@lvm2, and whether all are
// up and have sent heartbeats.
func (c *cloud) startAll() (victim *exec.Cmd, allUp func() bool) {
	c.start("cinder-broker")
	c.start("cinder-api")
	c.start("cinder-scheduler")
	c.start("cinder-volume", "--backend_name", "lvm1")
	victim = c.start("cinder-volume", "--backend_name", "lvm2")
	c.start("cinder-volume", "--config-file", filepath.Join(c.dir, "node.conf"), "--backend_name", "lvm1")
	return victim, func() bool {
		all := c.list()
		return !slices.ContainsFunc(hosts, func(h string) bool { return all[h].State != "up" || all[h].UpdatedAt == "" })
	}
}

// hosts are the services of startAll.
var hosts = []string{"ctl", "ctl@lvm1", "ctl@lvm2", "n1@lvm1"}

func operate(c *cloud, restartDatabase func()) {
	victim, allUp := c.startAll()
	c.eventually("all are up and beat", allUp)
	c.administer()
	c.eventually("all are up", allUp)
	c.goesDown(victim, "ctl@lvm2", restartDatabase)
	c.start("cinder-volume", "--backend_name", "lvm2")
	c.eventually("all are up again", allUp)
}

// administer does what an operator can do.
func (c *cloud) administer() {
	t := c.t
	c.eventually("the scheduler knows the pools", func() bool {
		rows, err := c.cli.Cinder("service-list", "--withreplication")
		return err == nil && c.row(rows, "Host", "ctl@lvm1")["Backend State"] == "up" && c.row(rows, "Host", "n1@lvm1")["Backend State"] == "up"
	})
	c.is(c.cinder("service-disable", "ctl@lvm1", "cinder-volume", "--reason", "it is late")[0],
		realcinder.Row{"Host": "ctl@lvm1", "Binary": "cinder-volume", "Status": "disabled", "Disabled Reason": "it is late"})
	c.is(c.row(c.cinder("service-list", "--host", "ctl@lvm1"), "Host", "ctl@lvm1"),
		realcinder.Row{"Status": "disabled", "State": "up", "Disabled Reason": "it is late", "Backend State": "-", "Zone": "nova", "Cluster": "-"})
	c.is(c.cinder("service-enable", "ctl@lvm1", "cinder-volume")[0], realcinder.Row{"Status": "enabled"})
	c.cinder("freeze-host", "ctl@lvm1")
	rows := c.cinder("service-list", "--withreplication")
	c.is(c.row(rows, "Host", "ctl@lvm1"), realcinder.Row{"Status": "disabled", "Frozen": "True", "Disabled Reason": "frozen", "Replication Status": "enabled"})
	c.is(c.row(rows, "Host", "ctl@lvm2"), realcinder.Row{"Status": "enabled", "Frozen": "False"})
	c.is(c.row(rows, "Host", "ctl"), realcinder.Row{"Binary": "cinder-scheduler", "Frozen": "", "Backend State": ""})
	c.is(c.row(rows, "Host", "n1@lvm1"), realcinder.Row{"Cluster": "c1@lvm1"})
	c.refused(400, "frozen in ['ctl@lvm1'] must be False", "freeze-host", "ctl@lvm1")
	c.cinder("thaw-host", "ctl@lvm1")
	c.cinder("failover-host", "ctl@lvm1", "--backend_id", "replica")
	c.eventually("it has failed over", func() bool {
		rows, err := c.cli.Cinder("service-list", "--withreplication", "--host", "ctl@lvm1")
		return err == nil && rows[0]["Replication Status"] == "failed-over"
	})
	c.is(c.row(c.cinder("service-list", "--withreplication"), "Host", "ctl@lvm1"),
		realcinder.Row{"Active Backend ID": "replica", "Disabled Reason": "failed-over", "Status": "disabled"})
	c.refused(404, "Service cinder-volume could not be found on host nowhere.", "service-enable", "nowhere", "cinder-volume")

	c.is(c.row(c.cinder("cluster-list"), "Name", "c1@lvm1"), realcinder.Row{"Binary": "cinder-volume", "State": "up", "Status": "enabled"})
	c.cinder("cluster-disable", "c1@lvm1", "--reason", "closed")
	c.is(c.row(c.cinder("cluster-list", "--detailed"), "Name", "c1@lvm1"),
		realcinder.Row{"Status": "disabled", "Disabled Reason": "closed", "Num Hosts": "1", "Num Down Hosts": "0"})

	listed, err := c.cli.OpenStack("volume", "service", "list", "--long")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(listed, func(r map[string]any) bool { return r["Host"] == "ctl@lvm1" })
	if i < 0 || len(listed) != 4 || listed[i]["Status"] != "disabled" || listed[i]["State"] != "up" || listed[i]["Disabled Reason"] != "failed-over" {
		t.Errorf("openstack: %v", listed)
	}
}

// refused runs a command that the API must refuse.
func (c *cloud) refused(status int, why string, args ...string) {
	c.t.Helper()
	_, err := c.cli.Cinder(args...)
	var failure *realcinder.Failure
	if !errors.As(err, &failure) || failure.Status != 1 || !strings.Contains(failure.Said, why) ||
		!strings.Contains(failure.Said, fmt.Sprintf("(HTTP %d) (Request-ID: req-", status)) {
		c.t.Errorf("cinder %q: %v", args, err)
	}
}

// goesDown kills a service, and the database once, and looks on while the service goes
// down: after service_down_time and not before.
func (c *cloud) goesDown(victim *exec.Cmd, host string, restartDatabase func()) {
	c.kill(victim)
	killed := time.Now()
	restartDatabase()
	var up, down time.Time // the last ask that said so, the first answer
	var last service
	c.eventually(host+" is down", func() bool {
		asked := time.Now()
		all := c.list()
		if all == nil {
			return false // the API has noticed that the database was gone
		}
		last = all[host]
		switch last.State {
		case "up":
			up = asked
		case "down":
			down = time.Now()
		default:
			c.t.Errorf("%s is lost: %v", host, all)
		}
		return last.State != "up"
	})
	seen := last.seen(c.t)
	if age := up.Sub(seen); age > c.downTime {
		c.t.Errorf("it was up although it was heard of %v before", age)
	}
	if age := down.Sub(seen); age < c.downTime {
		c.t.Errorf("it was down although it was heard of %v before", age)
	}
	c.t.Logf("last heard of %v before it was killed; up for %v after that, down at %v", killed.Sub(seen), up.Sub(killed), down.Sub(killed))
	// After a restart of the database that took long they are down too, until they beat again.
	c.eventually("all others are up", func() bool {
		all := c.list()
		for other, s := range all {
			if (s.State == "up") == (other == host) {
				return false
			}
		}
		return len(all) == len(hosts)
	})
}
