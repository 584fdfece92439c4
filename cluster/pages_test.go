package cluster_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
)

// reader is a machine that asks for pages, with nothing but the seam's streams.
type reader struct {
	t     *testing.T
	w     *cluster.SimWorld
	h     host.Host
	loop  host.Loop
	pages int
}

func newReader(t *testing.T, w *cluster.SimWorld) *reader {
	r := &reader{t: t, w: w}
	w.AddHost("browser").Start(func(h host.Host) { r.h, r.loop = h, h.NewLoop("browser") })
	w.Run(time.Millisecond)
	return r
}

// get asks for a page and does not follow redirects.
func (r *reader) get(page string) (code int, header http.Header, body string) {
	r.t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		r.t.Fatal(err)
	}
	var failed error
	done := false
	r.pages++
	r.loop.Go(fmt.Sprint("page", r.pages), func(host.Task) {
		defer func() { done = true }()
		c, err := netconn.New(r.h, r.loop).Dial("tcp", u.Host)
		if err != nil {
			failed = err
			return
		}
		defer c.Close()
		request := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
		if failed = request.Write(c); failed != nil {
			return
		}
		response, err := http.ReadResponse(bufio.NewReader(c), request)
		if err != nil {
			failed = err
			return
		}
		text, err := io.ReadAll(response.Body)
		code, header, body, failed = response.StatusCode, response.Header, string(text), err
	})
	for range 100 {
		if done {
			break
		}
		r.w.Run(100 * time.Millisecond)
	}
	if !done || failed != nil {
		r.t.Fatalf("%s: done %v, %v", page, done, failed)
	}
	return code, header, body
}

// dashboardState is what a test reads of "/api/state".
type dashboardState struct {
	Health struct {
		Status string `json:"status"`
	} `json:"health"`
	Mgr struct {
		Active   string   `json:"active"`
		Standbys []string `json:"standbys"`
	} `json:"mgr"`
	Mons []struct {
		Name     string `json:"name"`
		InQuorum bool   `json:"in_quorum"`
	} `json:"mons"`
	Failovers []struct {
		Name  string `json:"name"`
		GID   uint64 `json:"gid"`
		Epoch uint32 `json:"epoch"`
	} `json:"failovers"`
}

// tour starts a cluster, enables the modules, reads their pages, lets the active manager
// die and reads them again. It returns the run's hash.
func tour(t *testing.T, seed uint64) uint64 {
	w := cluster.NewSim(cluster.SimConfig{Seed: seed})
	defer w.Close()
	topology := cluster.DefaultTopology()
	topology.MgrModules = modules.All()
	c := cluster.Deploy(w, topology)
	services := map[string]string{}
	c.Start()
	r := newReader(t, w)
	until := func(what string, d time.Duration, cond func() bool) {
		t.Helper()
		if !w.Until(d, cond) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
	var answer cluster.CommandAnswered
	w.Observe(func(o cluster.Observation) {
		if f, ok := o.Fact.(cluster.CommandAnswered); ok {
			answer = f
		}
	})
	ask := func(prefix string, args ...string) cluster.CommandAnswered {
		t.Helper()
		answer = cluster.CommandAnswered{}
		c.Command(prefix, args...)
		until(prefix, time.Minute, func() bool { return answer.Command != "" })
		return answer
	}
	whole := func() {
		t.Helper()
		until("all managers", 2*time.Minute, func() bool {
			return c.View().Available() && len(cluster.Standbys(c.View().MgrMap())) == len(topology.MgrNames())-1
		})
		w.Run(10 * time.Second) // and a digest
		clear(services)
		if err := json.Unmarshal([]byte(ask("mgr services", "format", "json").Output), &services); err != nil {
			t.Fatal(err)
		}
	}
	until("an active manager", time.Minute, c.View().Available)
	for _, name := range []string{"dashboard", "prometheus", "status"} {
		if a := ask("mgr module enable", "module", name); a.Code != 0 {
			t.Fatalf("%+v", a)
		}
		until("respawned managers", time.Minute, func() bool { return !c.View().Available() })
		whole()
	}

	first := c.View().ActiveMgr()
	state := func() (s dashboardState) {
		t.Helper()
		code, header, body := r.get(services["dashboard"] + "api/state")
		if err := json.Unmarshal([]byte(body), &s); err != nil || code != 200 || header.Get("Content-Type") != "application/json" {
			t.Fatalf("status %d, %v, %v: %s", code, header, err, body)
		}
		return s
	}
	before := state()
	if len(before.Mons) != 3 || !before.Mons[2].InQuorum || "mgr."+before.Mgr.Active != first || len(before.Mgr.Standbys) != 2 || before.Health.Status != "HEALTH_OK" {
		t.Errorf("%+v", before)
	}
	if last := before.Failovers[0]; "mgr."+last.Name != first || last.GID != c.View().MgrMap().ActiveGID {
		t.Errorf("the last failover is %+v, active is %s", last, first)
	}
	_, _, page := r.get(services["dashboard"])
	for _, want := range []string{"<title>HEALTH_OK - cluster ", `<b id="active">` + before.Mgr.Active + "</b>", "<td>mon.b</td>", `href="/style.css"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	_, header, metrics := r.get(services["prometheus"] + "metrics")
	if !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("metrics come as %v", header)
	}
	active, idle := strings.TrimPrefix(first, "mgr."), before.Mgr.Standbys[0]
	for _, want := range []string{
		"# HELP ceph_health_status Cluster health status\n# TYPE ceph_health_status untyped\nceph_health_status 0\n",
		`ceph_mon_quorum_status{ceph_daemon="mon.a"} 1`, `ceph_mgr_status{ceph_daemon="mgr.` + active + `"} 1`,
		`ceph_mgr_status{ceph_daemon="mgr.` + idle + `"} 0`, `ceph_mgr_module_status{name="prometheus"} 1`, "ceph_osd_flag_noout 0\n",
		`ceph_mon_metadata{ceph_daemon="mon.b",ceph_version="ceph version 16.2.15 (wavetank) pacific (stable)",hostname="mon.b",public_addr="`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}

	// Who stands by sends readers to the active one.
	u, err := url.Parse(services["prometheus"])
	if err != nil {
		t.Fatal(err)
	}
	u.Host = w.Host("mgr."+idle).Addr().String() + ":" + u.Port()
	if code, header, _ := r.get(u.String() + "metrics?x=1"); code != http.StatusSeeOther || header.Get("Location") != services["prometheus"]+"metrics?x=1" {
		t.Errorf("a standby answers %d, %v", code, header)
	}

	// The next active manager goes on with the list.
	c.Kill(first)
	until("another active manager", time.Minute, func() bool { return c.View().Available() && c.View().ActiveMgr() != first })
	c.Restart(first)
	whole()
	after := state()
	if len(after.Failovers) != len(before.Failovers)+1 || !slices.Equal(after.Failovers[1:], before.Failovers) || after.Failovers[0].Name == active {
		t.Errorf("failovers were %+v and are %+v", before.Failovers, after.Failovers)
	}
	if got := ask("config-key get", "key", "mgr/dashboard/failovers"); strings.Count(got.Output, `"gid":`) != len(after.Failovers) {
		t.Errorf("the monitors have %+v", got)
	}

	// A site moves when its port does.
	if a := ask("config set", "who", "mgr", "name", "mgr/dashboard/server_port", "value", "8090"); a.Code != 0 {
		t.Fatalf("%+v", a)
	}
	w.Run(10 * time.Second)
	whole()
	if code, _, _ := r.get(services["dashboard"] + "nothing"); code != http.StatusNotFound || !strings.HasSuffix(services["dashboard"], ":8090/") {
		t.Errorf("%s answers %d", services["dashboard"], code)
	}
	return w.Hash()
}

// Modules serve pages in the simulator, over failovers, and the same seed is the same run.
func TestModules_pages(t *testing.T) {
	if a, b := tour(t, 1), tour(t, 1); a != b {
		t.Errorf("seed 1 gave %x and %x", a, b)
	}
	if a, b := tour(t, 2), tour(t, 3); a == b {
		t.Errorf("seeds 2 and 3 both gave %x", a)
	}
}
