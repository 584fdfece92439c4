//go:build interop

package realcinder_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// python is the interpreter that has Debian's python3-cinder.
const python = "/usr/bin/python3"

// paste is how the genuine cinder-api is put together, without keystone.
const paste = `[composite:osapi_volume]
use = call:cinder.api:root_app_factory
/: versions
/healthcheck: healthcheck
/v3: v3
[composite:v3]
use = call:cinder.api.middleware.auth:pipeline_factory
noauth = request_id faultwrap noauth apiv3
[pipeline:versions]
pipeline = request_id faultwrap versionapp
[filter:request_id]
paste.filter_factory = cinder.api.middleware.request_id:RequestId.factory
[filter:faultwrap]
paste.filter_factory = cinder.api.middleware.fault:FaultWrapper.factory
[filter:noauth]
paste.filter_factory = cinder.api.middleware.auth:NoAuthMiddleware.factory
[app:apiv3]
paste.app_factory = cinder.api.v3.router:APIRouter.factory
[app:versionapp]
paste.app_factory = cinder.api.versions:Versions.factory
[app:healthcheck]
paste.app_factory = oslo_middleware:Healthcheck.app_factory
backends = disable_by_file
`

// genuine runs a program of the genuine Cinder.
func genuine(dir, module string, args ...string) *exec.Cmd {
	code := fmt.Sprintf("import sys; from cinder.cmd.%s import main; main()", module)
	return exec.Command(python, append([]string{"-c", code, "--config-file", filepath.Join(dir, "cinder.conf")}, args...)...)
}

// startGenuine starts the genuine cinder-api on a database with rows of ours in the
// genuine tables, and returns a copy of the database as well.
func startGenuine(t *testing.T) (addr, twin string) {
	t.Helper()
	if err := exec.Command(python, "-c", "import cinder").Run(); err != nil {
		t.Skipf("python3-cinder is not installed: %v", err)
	}
	dir, at := t.TempDir(), netip.AddrPortFrom(loopbacktest.Net(t).Addr(1), apiPort)
	database := filepath.Join(dir, "cinder.sqlite")
	conf := fmt.Sprintf("[DEFAULT]\nhost = cinder-api\nstate_path = %[1]s\nauth_strategy = noauth\ntransport_url = fake://\n"+
		"rpc_response_timeout = 1\napi_paste_config = %[1]s/paste.ini\nosapi_volume_listen = %[5]v\nosapi_volume_listen_port = %[2]d\n"+
		"osapi_volume_workers = 1\nservice_down_time = %[3]d\n[database]\nconnection = sqlite:///%[4]s\n[oslo_concurrency]\nlock_path = %[1]s\n",
		dir, at.Port(), int(parityDownTime.Seconds()), database, at.Addr())
	for name, text := range map[string]string{"cinder.conf": conf, "paste.ini": paste} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := genuine(dir, "manage", "db", "sync").CombinedOutput(); err != nil {
		t.Fatalf("genuine db sync: %v: %s", err, out)
	}
	populate(t, "sqlite:///"+database)
	twin = filepath.Join(dir, "twin.sqlite")
	text, err := os.ReadFile(database)
	if err == nil {
		err = os.WriteFile(twin, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := genuine(dir, "api")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
	})
	c := &cloud{t: t}
	c.eventually("the genuine API answers", func() bool {
		conn, err := net.Dial("tcp", at.String())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return at.String(), twin
}

// parityDownTime is the service_down_time of both, so long that a test does not see its
// end.
const parityDownTime = 10 * time.Minute

// populate makes rows as the scripts of package api know them.
func populate(t *testing.T, url string) {
	t.Helper()
	str := func(s string) *string { return &s }
	inTask(t, url, func(_ host.Host, _ host.Loop, task host.Task, store *db.Store) error {
		now := time.Now().UTC()
		dead := now.Add(-time.Hour)
		for _, s := range []db.Service{
			{Host: "ctl", Binary: "cinder-scheduler", UpdatedAt: now},
			{Host: "ctl@lvm", Binary: "cinder-volume", UpdatedAt: now, ReplicationStatus: "enabled"},
			{Host: "ctl@ceph", Binary: "cinder-volume", UpdatedAt: dead, ReplicationStatus: "failed-over",
				ActiveBackendID: str("b2"), Frozen: true, Disabled: true, DisabledReason: str("broken"), ModifiedAt: now},
			{Host: "ctl", Binary: "cinder-backup"},
			{Host: "n1@lvm", Binary: "cinder-volume", UpdatedAt: now, ReplicationStatus: "enabled", ClusterName: str("c1@lvm")},
			{Host: "n2@lvm", Binary: "cinder-volume", UpdatedAt: dead, ReplicationStatus: "enabled", ClusterName: str("c1@lvm")},
			{Host: "gone", Binary: "cinder-volume", UpdatedAt: now, Deleted: true, DeletedAt: now},
		} {
			s.CreatedAt, s.Topic, s.AvailabilityZone, s.RPCVersion, s.ObjectVersion = now, s.Binary, "nova", str("3.16"), str("1.39")
			if s.Binary == "cinder-backup" {
				s.RPCVersion = str("2.3")
			}
			if err := store.CreateService(task, &s); err != nil {
				return err
			}
		}
		err := store.CreateCluster(task, &db.Cluster{CreatedAt: now, Name: "c1@lvm", Binary: "cinder-volume", ReplicationStatus: "enabled"})
		for i, resource := range []string{"Volume 1", "Volume 2", "Snapshot 2"} {
			kind, id, _ := strings.Cut(resource, " ")
			w := db.Worker{ID: int64(i), CreatedAt: now, UpdatedAt: now, ResourceType: kind, ResourceID: "00000000-0000-4000-8000-00000000000" + id, Status: "creating", ServiceID: 3}
			if err == nil {
				err = store.CreateWorker(task, &w)
			}
		}
		return err
	})
}

// inTask does something with a database, and closes it.
func inTask(t *testing.T, url string, do func(host.Host, host.Loop, host.Task, *db.Store) error) {
	t.Helper()
	h := oshost.New(oshost.Options{Name: "populate"})
	defer h.Kill()
	loop := h.NewLoop("main")
	done := make(chan error)
	loop.Go("populate", func(task host.Task) {
		store, err := db.Open(h, loop, db.Options{URL: url})
		if err == nil {
			err = do(h, loop, task, store)
			store.Close()
		}
		done <- err
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// nobody is the other end of calls: there is none.
type nobody struct{}

func (nobody) Call(host.Task, rpc.Target, string, any, any) error { return rpc.ErrTimeout }
func (nobody) Cast(host.Task, rpc.Target, string, any) error      { return nil }

// startOurs serves our API, with the bugs that the genuine one has.
func startOurs(t *testing.T, database string) string {
	t.Helper()
	h := oshost.New(oshost.Options{Name: "api"})
	t.Cleanup(h.Kill)
	loop := h.NewLoop("main")
	addr := make(chan string, 1)
	loop.Post(func() {
		defer close(addr)
		store, err := db.Open(h, loop, db.Options{URL: "sqlite:///" + database})
		if err != nil {
			t.Error(err)
			return
		}
		options := api.DefaultOptions()
		options.ServiceDownTime = parityDownTime
		a, err := api.New(api.Config{Host: h, Loop: loop, Store: store, RPC: nobody{}, Bind: netip.MustParseAddrPort("127.0.0.1:0"), Options: options,
			Defects: api.Defects{AdminTouchesHeartbeat: true, OneSidedAge: true}})
		if err == nil {
			err = a.Start()
		}
		if err != nil {
			t.Error(err)
			return
		}
		addr <- a.Addr().String()
	})
	return <-addr
}

// differs are the requests that are answered in another way on purpose, with the reason.
func differs() map[scripted]string {
	const other = "00000000-0000-4000-8000-00000000000"
	return map[scripted]string{
		{"GET", "/", "3.99", ""}:                                       "what is served is told to everybody",
		{"GET", "/v3/volumes", "", ""}:                                 "we have no volumes",
		{"GET", "/v3/clusters/c1@lvm?binary=cinder-backup", "3.7", ""}: "Cinder does not look at the binary, which its documentation has",
		{"GET", "/v3/clusters?is_up=true&disabled=off&num_hosts=2&num_down_hosts=1&binary=cinder-volume", "3.7", ""}: "Cinder compares numbers with text",
		{"GET", "/v3/clusters?frozen=false&replication_status=enabled", "3.26", ""}:                                  "Cinder compares truth with text",
		{"POST", "/v3/workers/cleanup", "3.24", `{"resource_id": "` + other + `2"}`}:                                 "Cinder's message is not filled in",
		{"POST", "/v3/workers/cleanup", "3.24", `{"resource_id": "` + other + `3"}`}:                                 "Cinder's message is not filled in",
		{"PUT", "/v3/os-services/get-log", "3.32", `{"binary": "cinder-api"}`}:                                       "Cinder has a logger for each module",
	}
}

// TestGenuine asks the genuine cinder-api and ours the same, and compares the answers. The
// requests are those of package api's scripts; nobody answers calls to services.
func TestGenuine(t *testing.T) {
	theirs, twin := startGenuine(t)
	ours := startOurs(t, twin)
	compared := 0
	for _, name := range []string{"versions", "services", "clusters", "workers", "loglevels", "replication"} {
		text, err := os.ReadFile("../../daemons/cinder/api/testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
			r := readBlock(block)
			if r.method == "" {
				continue
			}
			diff := cmp.Diff(r.ask(t, theirs), r.ask(t, ours))
			switch why := differs()[r]; {
			case diff != "" && why == "":
				t.Errorf("%v: theirs -, ours +\n%s", r, diff)
			case diff == "" && why != "":
				t.Errorf("%v: there is no difference any more: %s", r, why)
			}
			compared++
		}
	}
	t.Logf("%d requests, %d of them answered in another way on purpose", compared, len(differs()))
}

// scripted is a request of a script.
type scripted struct{ method, path, version, body string }

func readBlock(block string) (r scripted) {
	request, _, _ := strings.Cut(block, "\n----")
	for _, line := range strings.Split(request, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case r.method == "":
			head := append(strings.Fields(line), "", "", "")
			r.method, r.path, r.version = head[0], head[1], head[2]
		default:
			r.body += line
		}
	}
	return r
}

// moment is a time as Cinder writes it.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}`)

// ask is the answer, as far as it does not depend on who answers when.
func (r scripted) ask(t *testing.T, addr string) map[string]any {
	t.Helper()
	request, err := http.NewRequest(r.method, "http://"+addr+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", "admin:a1")
	if r.version != "" {
		request.Header.Set("OpenStack-API-Version", "volume "+r.version)
	}
	if r.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := (&http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	said := map[string]any{"status": answer.StatusCode, "type": kind, "version": answer.Header.Get("OpenStack-API-Version")}
	var body any
	text = bytes.Replace(text, []byte("must be Volume or Snapshot"), []byte("must be Snapshot or Volume"), 1) // in no order
	masked := moment.ReplaceAllString(strings.ReplaceAll(string(text), addr, "ADDR"), "TIME")
	switch {
	case json.Unmarshal([]byte(masked), &body) == nil:
		said["body"] = body
	case kind != "text/html":
		said["body"] = masked
	}
	return said
}
