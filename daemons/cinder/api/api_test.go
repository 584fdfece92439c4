package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// now is what the clocks show.
var now = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

// services is the other end of calls and casts: a fake that notes them.
type services struct {
	mu    sync.Mutex
	asked []string
	fails error             // every call
	say   map[string]string // answers by method, in JSON
}

func (s *services) note(how string, to rpc.Target, method string, args any) string {
	text, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, fmt.Sprintf("%s %v %s %s", how, to, method, text))
	return s.say[method]
}

func (s *services) Call(_ host.Task, to rpc.Target, method string, args, reply any) error {
	said := s.note("call", to, method, args)
	if s.fails != nil {
		return s.fails
	}
	return json.Unmarshal([]byte(said), reply)
}

func (s *services) Cast(_ host.Task, to rpc.Target, method string, args any) error {
	s.note("cast", to, method, args)
	return s.fails
}

// taken is what was asked since it was asked for last.
func (s *services) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.asked
	s.asked = nil
	return all
}

// rig is an API on the real machine, with SQLite behind it and fake services.
type rig struct {
	t     testing.TB
	h     *oshost.Host
	loop  host.Loop
	clock *clock.Mock
	store *db.Store
	rpc   *services
	addr  netip.AddrPort
	facts []string
	mu    sync.Mutex // facts
}

func newRig(t testing.TB, defects api.Defects) *rig {
	t.Helper()
	return newRigOn(t, defects, func(s *db.Store) api.Store { return s })
}

// newRigOn is newRig with something before the database.
func newRigOn(t testing.TB, defects api.Defects, before func(*db.Store) api.Store) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewMock(), rpc: &services{say: map[string]string{
		"get_pools":    `[{"name": "ctl@lvm#fast", "capabilities": {"backend_state": "down"}}, {"name": "c1@lvm#fast", "capabilities": {}}]`,
		"work_cleanup": `{"cleaning": [{"id": 2, "host": "ctl@lvm", "binary": "cinder-volume", "cluster_name": null}]}`,
		"freeze_host":  "true", "thaw_host": "true",
		"get_log_levels": `[{"prefix": "cinder.volume.manager", "level": "INFO"}]`,
	}}}
	r.clock.Set(now)
	r.h = oshost.New(oshost.Options{Name: "api", Clock: r.clock, Seed: 1, PID: 1, OnFact: r.fact})
	t.Cleanup(r.h.Kill)
	r.loop = r.h.NewLoop("main")
	r.do(func(task host.Task) {
		var err error
		r.store, err = db.Open(r.h, r.loop, db.Options{URL: "sqlite:///" + filepath.Join(t.TempDir(), "cinder.db")})
		r.must(err)
		r.must(r.store.Migrate(task))
		a, err := api.New(api.Config{
			Host: r.h, Loop: r.loop, Store: before(r.store), RPC: r.rpc, Bind: netip.MustParseAddrPort("127.0.0.1:0"),
			Options: api.DefaultOptions(), Defects: defects,
		})
		r.must(err)
		r.must(a.Start())
		r.addr = a.Addr()
	})
	return r
}

func (r *rig) fact(f host.Fact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, fmt.Sprint(f.Kind(), f.Attrs()))
}

// do runs fn in a task of the API's process.
func (r *rig) do(fn func(host.Task)) {
	done := make(chan struct{})
	r.loop.Go("test", func(t host.Task) {
		defer close(done)
		fn(t)
	})
	<-done
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Error(err)
		panic(err)
	}
}

// ago is a moment before now, or after it.
func ago(d time.Duration) time.Time { return now.Add(-d) }

func str(s string) *string { return &s }

// populate makes a small cloud.
func (r *rig) populate() {
	day := ago(24 * time.Hour)
	r.do(func(t host.Task) {
		for _, s := range []db.Service{
			{Host: "ctl", Binary: "cinder-scheduler", UpdatedAt: ago(5 * time.Second)},
			{Host: "ctl@lvm", Binary: "cinder-volume", UpdatedAt: ago(60 * time.Second), ReplicationStatus: "enabled"},
			{Host: "ctl@ceph", Binary: "cinder-volume", UpdatedAt: ago(60*time.Second + time.Microsecond), ReplicationStatus: "failed-over",
				ActiveBackendID: str("b2"), Frozen: true, Disabled: true, DisabledReason: str("broken"), ModifiedAt: ago(20 * time.Second)},
			{Host: "ctl", Binary: "cinder-backup", CreatedAt: ago(30 * time.Second)},
			{Host: "n1@lvm", Binary: "cinder-volume", UpdatedAt: ago(time.Second), ReplicationStatus: "enabled", ClusterName: str("c1@lvm")},
			{Host: "n2@lvm", Binary: "cinder-volume", UpdatedAt: ago(100 * time.Second), ReplicationStatus: "enabled", ClusterName: str("c1@lvm")},
			{Host: "gone", Binary: "cinder-volume", UpdatedAt: now, Deleted: true, DeletedAt: now},
		} {
			if s.CreatedAt.IsZero() {
				s.CreatedAt = day
			}
			s.Topic, s.AvailabilityZone, s.ReportCount = s.Binary, "nova", 7
			r.must(r.store.CreateService(t, &s))
		}
		r.must(r.store.CreateCluster(t, &db.Cluster{
			CreatedAt: day, Name: "c1@lvm", Binary: "cinder-volume", ReplicationStatus: "enabled"}))
		for _, id := range []string{"00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"} {
			r.must(r.store.CreateWorker(t, &db.Worker{CreatedAt: day, UpdatedAt: day, ResourceType: "Volume", ResourceID: id, Status: "creating", ServiceID: 3}))
		}
		r.must(r.store.CreateWorker(t, &db.Worker{CreatedAt: day, UpdatedAt: day, ResourceType: "Snapshot",
			ResourceID: "00000000-0000-4000-8000-000000000002", Status: "creating", ServiceID: 3}))
	})
}

// rows are all services, deleted ones too.
func (r *rig) rows() (all []db.Service) {
	r.t.Helper()
	r.do(func(t host.Task) {
		var err error
		all, err = r.store.Services(t, db.ServiceFilter{Deleted: true})
		r.must(err)
	})
	return all
}

// row is one of them.
func (r *rig) row(id int64) db.Service { return r.rows()[id-1] }

// reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with a token of noauth. An empty version is none, an empty body
// too.
func (r *rig) ask(method, path, version, body string) reply {
	r.t.Helper()
	request, err := http.NewRequest(method, "http://"+r.addr.String()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", "admin:a1")
	if version != "" {
		request.Header.Set("OpenStack-API-Version", "volume "+version)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return r.send(request)
}

func (r *rig) send(request *http.Request) reply {
	r.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

// said is the answer's JSON, and fails the test if the status is another.
func (r *rig) said(a reply, status int) map[string]any {
	r.t.Helper()
	var m map[string]any
	if a.status != status {
		r.t.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil && len(a.body) > 0 {
		r.t.Errorf("%q: %v", a.body, err)
	}
	return m
}

// Every answer says what it is and which request it is for.
func TestAPI_headers(t *testing.T) {
	r := newRig(t, api.Defects{})
	a := r.ask("GET", "/v3/os-services", "latest", "")
	if v := a.header.Get("OpenStack-API-Version"); v != "volume 3.70" {
		t.Errorf("version %q", v)
	}
	if a.header.Get("Vary") != "OpenStack-API-Version" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", a.header)
	}
	id := a.header.Get("X-Openstack-Request-Id")
	if !strings.HasPrefix(id, "req-") || len(id) != 40 || a.header.Get("X-Compute-Request-Id") != id {
		t.Errorf("request id %q", id)
	}
	if next := r.ask("GET", "/v3/os-services", "", ""); next.header.Get("X-Openstack-Request-Id") == id {
		t.Error("two requests have one id")
	}
}

// Who has no token is given one, and nothing else.
func TestAPI_noauth(t *testing.T) {
	r := newRig(t, api.Defects{})
	request, _ := http.NewRequest("GET", "http://"+r.addr.String()+"/v3/os-services", nil)
	a := r.send(request)
	if a.status != 204 || a.body != "" || a.header.Get("X-Auth-Token") != "admin:admin" ||
		a.header.Get("X-Server-Management-Url") != "http://"+r.addr.String()+"/v3/os-services" {
		t.Errorf("%+v", a)
	}
}

// What is not served is refused before anything is done, whatever else the request has.
func TestAPI_versions(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	rows := func() string {
		text, err := json.Marshal(r.rows())
		r.must(err)
		return string(text)
	}
	before := rows()
	for version, want := range map[string]int{
		"3": 400, "3.": 400, "3.01": 400, "3.-1": 400, "x": 400, "3.70 ": 200, "3.71": 406, "2.9": 406, "4.0": 406, "99.99": 406,
		"0.0": 400, "3.9999999999999999999": 400, "LATEST": 400, "3.0": 200, "latest": 200,
	} {
		a := r.ask("PUT", "/v3/os-services/disable", version, `{"host": "ctl", "binary": "cinder-backup"}`)
		if a.status != want {
			t.Errorf("version %q: %d %s, want %d", version, a.status, a.body, want)
		}
		if want == 200 {
			r.said(r.ask("PUT", "/v3/os-services/enable", version, `{"host": "ctl", "binary": "cinder-backup"}`), 200)
			r.do(func(t host.Task) {
				_, err := r.store.UpdateServices(t, db.ServiceFilter{ID: 4}, db.Service{}, db.ServiceModifiedAt)
				r.must(err)
			})
		}
		if after := rows(); after != before {
			t.Fatalf("version %q: the database has changed", version)
		}
	}
	for header, want := range map[string]int{"compute 2.1": 400, "compute 2.1, volume 3.7": 200, "volume": 400, "volume 3.7 x": 400, "": 400} {
		request, _ := http.NewRequest("GET", "http://"+r.addr.String()+"/v3/clusters", nil)
		request.Header.Set("X-Auth-Token", "a")
		request.Header.Set("OpenStack-API-Version", header)
		if a := r.send(request); a.status != want {
			t.Errorf("header %q: %d %s, want %d", header, a.status, a.body, want)
		}
	}
}

// Both ends of service_down_time count, in the past and in the future, and nothing but
// the last sign of life matters.
func TestAPI_state(t *testing.T) {
	r := newRig(t, api.Defects{})
	edge := 60 * time.Second
	ages := []time.Duration{0, edge, edge + time.Microsecond, -edge, -edge - time.Microsecond, 24 * time.Hour, -24 * time.Hour}
	r.do(func(t host.Task) {
		for i, age := range ages {
			r.must(r.store.CreateService(t, &db.Service{Host: fmt.Sprint("beaten", i), Binary: "cinder-volume", CreatedAt: now, UpdatedAt: ago(age),
				Disabled: i%2 == 0, Frozen: i%3 == 0, ModifiedAt: ago(time.Duration(i) * time.Minute), ReportCount: i}))
			r.must(r.store.CreateService(t, &db.Service{Host: fmt.Sprint("new", i), Binary: "cinder-volume", CreatedAt: ago(age)}))
		}
	})
	for _, v := range r.said(r.ask("GET", "/v3/os-services", "3.48", ""), 200)["services"].([]any) {
		s := v.(map[string]any)
		host := s["host"].(string)
		age := ages[host[len(host)-1]-'0']
		want := "up"
		if age > edge || age < -edge {
			want = "down"
		}
		if s["state"] != want {
			t.Errorf("%s, heard of %v ago, is %v", host, age, s["state"])
		}
	}
}

// What an operator does is no sign of life: the row of a dead service stays as old as it
// is, and enable and disable are stamped apart, each time.
func TestAPI_adminIsNoHeartbeat(t *testing.T) {
	requests := [][2]string{
		{"enable", `{"host": "ctl@ceph", "binary": "cinder-volume"}`},
		{"disable", `{"host": "ctl@ceph", "binary": "cinder-volume"}`},
		{"disable-log-reason", `{"host": "ctl@ceph", "binary": "cinder-volume", "disabled_reason": "x"}`},
		{"thaw", `{"host": "ctl@ceph"}`},
		{"freeze", `{"host": "ctl@ceph"}`},
	}
	for _, touches := range []bool{false, true} {
		r := newRig(t, api.Defects{AdminTouchesHeartbeat: touches})
		r.populate()
		for _, request := range requests {
			for _, times := range []int{1, 2} {
				was := r.row(3)
				r.clock.Set(r.clock.Now().Add(time.Second))
				a := r.ask("PUT", "/v3/os-services/"+request[0], "3.48", request[1])
				twice := strings.Contains("thaw freeze", request[0]) && times == 2
				if (a.status == 200) == twice {
					t.Fatalf("%s, the %d. time: %d %s", request[0], times, a.status, a.body)
				}
				is := r.row(3)
				if is.UpdatedAt.Equal(was.UpdatedAt) == (touches && !twice) {
					t.Errorf("%s: updated_at from %v to %v", request[0], was.UpdatedAt, is.UpdatedAt)
				}
				stamped := !strings.Contains("thaw freeze", request[0])
				if stamped && !is.ModifiedAt.Equal(r.clock.Now()) || !stamped && !is.ModifiedAt.Equal(was.ModifiedAt) {
					t.Errorf("%s: modified_at from %v to %v", request[0], was.ModifiedAt, is.ModifiedAt)
				}
			}
		}
	}
}

// A planted bug shows: a service that has not beaten yet cannot be listed.
func TestAPI_noCreatedAtFallback(t *testing.T) {
	r := newRig(t, api.Defects{NoCreatedAtFallback: true})
	r.populate()
	if a := r.ask("GET", "/v3/os-services", "", ""); a.status != 500 {
		t.Errorf("%d %s", a.status, a.body)
	}
	r.said(r.ask("GET", "/v3/os-services?binary=cinder-volume", "", ""), 200)
}

// A member of a cluster that is ahead of its time is down, and its cluster is up by the
// others only. With the rule that Cinder has for clusters it keeps both up.
func TestAPI_clusterFromTheFuture(t *testing.T) {
	for _, oneSided := range []bool{false, true} {
		r := newRig(t, api.Defects{OneSidedAge: oneSided})
		r.populate()
		check := func(what, state string, down float64) {
			t.Helper()
			c := r.said(r.ask("GET", "/v3/clusters/c1@lvm", "3.7", ""), 200)["cluster"].(map[string]any)
			if c["state"] != state || c["num_hosts"] != 2.0 || c["num_down_hosts"] != down {
				t.Errorf("%s, one-sided %v: %v", what, oneSided, c)
			}
			listed := r.said(r.ask("GET", "/v3/clusters?is_up="+map[string]string{"up": "1", "down": "no"}[state], "3.7", ""), 200)
			if len(listed["clusters"].([]any)) != 1 {
				t.Errorf("%s, one-sided %v: it is not listed as %s", what, oneSided, state)
			}
		}
		set := func(id int64, at time.Time) {
			r.do(func(t host.Task) {
				_, err := r.store.UpdateServices(t, db.ServiceFilter{ID: id}, db.Service{UpdatedAt: at}, db.ServiceUpdatedAt)
				r.must(err)
			})
		}
		check("as it is", "up", 1)
		set(6, ago(-time.Hour))
		if oneSided {
			check("one ahead", "up", 0)
		} else {
			check("one ahead", "up", 1)
		}
		set(5, ago(-time.Hour))
		if oneSided {
			check("both ahead", "up", 0)
		} else {
			check("both ahead", "down", 2)
		}
		a := r.ask("PUT", "/v3/os-services/failover", "3.26", `{"cluster": "c1@lvm"}`)
		if (a.status == 202) != oneSided {
			t.Errorf("failover, one-sided %v: %d %s", oneSided, a.status, a.body)
		}
		if status := r.row(5).ReplicationStatus; (status == "failing-over") != oneSided {
			t.Errorf("one-sided %v: %s", oneSided, status)
		}
	}
}

// A failover is told to a service, after its row was changed, and only one of two wins.
func TestAPI_failover(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	statuses := make(chan int)
	for range 2 {
		go func() {
			statuses <- r.ask("PUT", "/v3/os-services/failover_host", "", `{"host": "ctl@lvm", "backend_id": "b1"}`).status
		}()
	}
	got := []int{<-statuses, <-statuses}
	slices.Sort(got)
	if !slices.Equal(got, []int{202, 400}) {
		t.Errorf("%v", got)
	}
	if asked := r.rpc.taken(); !slices.Equal(asked, []string{`cast cinder-volume.ctl@lvm failover {"secondary_backend_id":"b1"}`}) {
		t.Errorf("%q", asked)
	}
}

// vanishing is a database from which a row goes just before it is changed.
type vanishing struct{ *db.Store }

func (v vanishing) UpdateServices(t host.Task, f db.ServiceFilter, set db.Service, columns ...db.ServiceColumn) (int, error) {
	if _, err := v.DeleteServices(t, f, now); err != nil {
		return 0, err
	}
	return v.Store.UpdateServices(t, f, set, columns...)
}

func (v vanishing) Transaction(t host.Task, fn func(db.Operations) error) error {
	if _, err := v.DeleteServices(t, db.ServiceFilter{Binary: "cinder-volume"}, now); err != nil {
		return err
	}
	return v.Store.Transaction(t, fn)
}

// What is deleted while it is changed was not changed.
func TestAPI_vanishes(t *testing.T) {
	r := newRigOn(t, api.Defects{}, func(s *db.Store) api.Store { return vanishing{s} })
	r.populate()
	if a := r.ask("PUT", "/v3/os-services/disable", "", `{"host": "ctl@lvm", "binary": "cinder-volume"}`); a.status != 404 {
		t.Errorf("disable: %d %s", a.status, a.body)
	}
	if a := r.ask("PUT", "/v3/os-services/failover_host", "", `{"host": "n1@lvm"}`); a.status != 400 {
		t.Errorf("failover: %d %s", a.status, a.body)
	}
	c := r.said(r.ask("GET", "/v3/clusters/c1@lvm", "3.26", ""), 200)["cluster"].(map[string]any)
	if c["replication_status"] != "enabled" {
		t.Errorf("the cluster stays changed: %v", c)
	}
	if asked := r.rpc.taken(); len(asked) > 0 {
		t.Errorf("%q", asked)
	}
}

// When a backend does not answer, the asker is told that nobody knows, and the row stays
// as it was changed.
func TestAPI_freezeUnanswered(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	r.rpc.fails = rpc.ErrTimeout
	a := r.ask("PUT", "/v3/os-services/freeze", "", `{"host": "ctl@lvm"}`)
	if a.status != 500 || !strings.Contains(a.body, `"computeFault":{"code":500,"message":"The server has either erred`) || strings.Contains(a.body, "messaging") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !r.row(2).Frozen {
		t.Error("it is not frozen")
	}
}

// Lists from 3.49 on need a scheduler, and earlier ones do not.
func TestAPI_listNeedsScheduler(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	r.rpc.fails = rpc.ErrTimeout
	if a := r.ask("GET", "/v3/os-services", "3.49", ""); a.status != 500 {
		t.Errorf("%d %s", a.status, a.body)
	}
	r.rpc.taken()
	if a := r.ask("GET", "/v3/os-services", "3.48", ""); a.status != 200 || len(r.rpc.taken()) > 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// No request has a field of a later version, and only those of volume services have what
// is theirs.
func TestAPI_fieldsByVersion(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	for minor := range 71 {
		for _, v := range r.said(r.ask("GET", "/v3/os-services", fmt.Sprint("3.", minor), ""), 200)["services"].([]any) {
			s := v.(map[string]any)
			volume := s["binary"] == "cinder-volume"
			for field, want := range map[string]bool{
				"disabled_reason": true, "cluster": minor >= 7, "backend_state": volume && minor >= 49,
				"replication_status": volume, "active_backend_id": volume, "frozen": volume,
			} {
				if _, has := s[field]; has != want {
					t.Errorf("3.%d: %s of %v: %v", minor, field, s["binary"], has)
				}
			}
		}
	}
}

// Log levels of the API have an effect.
func TestAPI_logLevels(t *testing.T) {
	r := newRig(t, api.Defects{})
	level := func(prefix string) any {
		said := r.said(r.ask("PUT", "/v3/os-services/get-log", "3.32", `{"binary": "cinder-api", "prefix": "`+prefix+`"}`), 200)
		return said["log_levels"].([]any)[0].(map[string]any)["levels"]
	}
	if got := fmt.Sprint(level("cinder.api")); !strings.Contains(got, "cinder.api:INFO") {
		t.Errorf("%s", got)
	}
	r.said(r.ask("PUT", "/v3/os-services/set-log", "3.32", `{"binary": "*", "prefix": "cinder.api", "level": "warning"}`), 202)
	if got := fmt.Sprint(level("cinder.api")); !strings.Contains(got, "cinder.api:WARNING") {
		t.Errorf("%s", got)
	}
	if got := fmt.Sprint(level("nova")); got != "map[]" {
		t.Errorf("%s", got)
	}
}

// What the API states about itself is what it did.
func TestAPI_facts(t *testing.T) {
	r := newRig(t, api.Defects{})
	r.populate()
	r.ask("GET", "/v3/os-services?binary=cinder-backup", "", "")
	r.ask("PUT", "/v3/os-services/disable", "", `{"host": "ctl", "binary": "cinder-backup"}`)
	r.mu.Lock()
	defer r.mu.Unlock()
	want := []string{
		"cinder.api.judged[service=4 service_host=ctl binary=cinder-backup up=true age=30s beats=7 updated_at=0s now=490923h4m5.678901s took=0s]",
		"cinder.api.changed[service=4 service_host=ctl binary=cinder-backup action=disable",
	}
	got := slices.Clone(r.facts)
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], " request=")
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", r.facts)
	}
}

// A body may be of any bytes and of any size.
func TestAPI_hostileBodies(t *testing.T) {
	r := newRig(t, api.Defects{})
	for _, body := range []string{
		strings.Repeat("[", 100000), strings.Repeat(`{"host":`, 10000), "\x00", "nul", `"`, "{}{}", `{"host": "ctl"} x`,
		`{"host": ` + strings.Repeat("9", 100000) + `}`,
	} {
		for _, path := range []string{"/v3/os-services/enable", "/v3/os-services/get-log", "/v3/clusters/disable", "/v3/os-services/x"} {
			if a := r.ask("PUT", path, "3.70", body); a.status != 400 && a.status != 404 {
				t.Errorf("%s %.20q: %d %.100s", path, body, a.status, a.body)
			}
		}
	}
	if a := r.ask("PUT", "/v3/os-services/enable", "", strings.Repeat("x", 200000)); a.status != 413 {
		t.Errorf("a large body: %d", a.status)
	}
}

// A Config that cannot be meant is refused.
func TestNew_refuses(t *testing.T) {
	if _, err := api.New(api.Config{}); !errors.Is(err, api.ErrConfig) {
		t.Error(err)
	}
}

// compact is JSON without its blanks, so that golden files do not depend on them.
func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}
