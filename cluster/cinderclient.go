package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// CinderAsked states that the operator puts a request to the API of Cinder that is no
// list.
type CinderAsked struct {
	ID      int    // the request's own
	Request string // "PUT /v3/os-services/disable {...}"
	Action  string // "disable"; empty if it is not about a service or a cluster
	Service cinder.Who
	Cluster string // the cluster's name; empty if it is not about one
}

// Kind is "cinder.request.asked".
func (CinderAsked) Kind() string { return "cinder.request.asked" }

// Attrs are the fields.
func (f CinderAsked) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("id", f.ID), slog.String("request", f.Request), slog.String("action", f.Action),
		slog.String("service", f.Service.Host), slog.String("binary", f.Service.Binary), slog.String("cluster", f.Cluster),
	}
}

// CinderAnswered states the outcome of such a request.
type CinderAnswered struct {
	ID      int    // that of CinderAsked
	Request string // "PUT /v3/os-services/disable {...}"
	Status  int    // of HTTP, 0 if there was no answer
	Body    string // of the answer
	Error   string // why there is no answer; empty if there is one
	Of      string // the API's name of the request, "req-..."
}

// Kind is "cinder.request.answered".
func (CinderAnswered) Kind() string { return "cinder.request.answered" }

// Attrs are the fields.
func (f CinderAnswered) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("id", f.ID), slog.String("request", f.Request), slog.Int("status", f.Status),
		slog.String("body", f.Body), slog.String("error", f.Error), slog.String("of", f.Of),
	}
}

// CinderListed states the outcome of a list of services.
type CinderListed struct {
	API    int           // which of them
	Status int           // of HTTP, 0 if there was no answer
	Took   time.Duration // from the question to the answer
	// Enabled and Disabled are the services in it, each as "BINARY HOST", with commas
	// between them. Frozen are those volume services of either that are.
	Enabled, Disabled, Frozen string
	// Version is the microversion that was asked for, and VolumeFields and OtherFields are
	// the members that volume services and others have, in the order of their names.
	Version, VolumeFields, OtherFields string
}

// Kind is "cinder.listed".
func (CinderListed) Kind() string { return "cinder.listed" }

// Attrs are the fields.
func (f CinderListed) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("api", f.API), slog.Int("status", f.Status), slog.Duration("took", f.Took),
		slog.String("enabled", f.Enabled), slog.String("disabled", f.Disabled), slog.String("frozen", f.Frozen),
		slog.String("version", f.Version), slog.String("volume_fields", f.VolumeFields), slog.String("other_fields", f.OtherFields),
	}
}

// CinderClusters states the outcome of a list of clusters, as CinderListed does.
type CinderClusters struct {
	API               int
	Status            int
	Took              time.Duration
	Enabled, Disabled string // names, with commas between them
	Version, Fields   string
}

// Kind is "cinder.listed.clusters".
func (CinderClusters) Kind() string { return "cinder.listed.clusters" }

// Attrs are the fields.
func (f CinderClusters) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("api", f.API), slog.Int("status", f.Status), slog.Duration("took", f.Took),
		slog.String("enabled", f.Enabled), slog.String("disabled", f.Disabled),
		slog.String("version", f.Version), slog.String("fields", f.Fields),
	}
}

// RowDeleting states that an operator is about to remove a service's row.
type RowDeleting struct{ cinder.Who }

// Kind is "cinder.row.deleting".
func (RowDeleting) Kind() string { return "cinder.row.deleting" }

// Attrs are the fields.
func (f RowDeleting) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("service", f.Host), slog.String("binary", f.Binary)}
}

// RowDeleted states that an operator has removed a service's row.
type RowDeleted struct {
	cinder.Who
	Rows int
}

// Kind is "cinder.row.deleted".
func (RowDeleted) Kind() string { return "cinder.row.deleted" }

// Attrs are the fields.
func (f RowDeleted) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("service", f.Host), slog.String("binary", f.Binary), slog.Int("rows", f.Rows)}
}

// cinderClient is an operator of Cinder on a host of its own, who looks at the list of
// services again and again, from each API in turn, and asks for what he is told to.
type cinderClient struct {
	host    Host
	cluster *cloud

	mu      sync.Mutex
	loop    host.Loop // nil before it runs
	process host.Host
	rpc     *rpc.Client
	waiting []func(host.Task) // given before it ran

	volumes  int // asked for so far
	requests int // made so far
}

func newCinderClient(h Host, c *cloud) *cinderClient { return &cinderClient{host: h, cluster: c} }

func (o *cinderClient) start() { o.host.Start(o.run) }

// run is the client's program.
func (o *cinderClient) run(h host.Host) {
	loop := h.NewLoop("operator")
	for i := range o.cluster.apis {
		loop.Go("list", func(t host.Task) { o.list(t, h, loop, i) })
	}
	client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{o.cluster.broker}, Options: o.cluster.topology.Cinder.Service.RPC})
	loop.Post(client.Start)
	o.mu.Lock()
	waiting := o.waiting
	o.loop, o.process, o.rpc, o.waiting = loop, h, client, nil
	o.mu.Unlock()
	for _, do := range waiting {
		loop.Go("request", do)
	}
}

// do has the operator do something, at once or when he is there.
func (o *cinderClient) do(what func(host.Task)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.loop == nil {
		o.waiting = append(o.waiting, what)
		return
	}
	o.loop.Go("request", what)
}

// list asks an API for the list of services, again and again, and for that of clusters if
// there are any.
func (o *cinderClient) list(t host.Task, h host.Host, loop host.Loop, i int) {
	interval := o.cluster.topology.Cinder.ListInterval
	t.Sleep(interval * time.Duration(i) / time.Duration(len(o.cluster.apis)))
	if o.cluster.topology.Cinder.Service.Cluster == "" {
		for {
			h.Probe(o.services(h, loop, i, microversion))
			t.Sleep(interval)
		}
	}
	for n := 0; ; n++ {
		h.Probe(o.services(h, loop, i, serviceVersions[n%len(serviceVersions)]))
		h.Probe(o.clusters(h, loop, i, clusterVersions[n%len(clusterVersions)]))
		t.Sleep(interval)
	}
}

// Microversions in which lists are asked for in turn: those before and with new fields.
var (
	serviceVersions = []string{"3.0", "3.6", "3.7", microversion}
	clusterVersions = []string{"3.7", "3.25", "3.26", microversion}
)

func (o *cinderClient) services(h host.Host, loop host.Loop, i int, version string) CinderListed {
	asked := h.Clock().Monotonic()
	r, _ := o.ask(h, loop, i, http.MethodGet, "/v3/os-services", "", version)
	f := CinderListed{API: i, Status: r.status, Took: h.Clock().Monotonic() - asked, Version: version}
	var list struct{ Services []map[string]any }
	if json.Unmarshal([]byte(r.body), &list) != nil {
		return f
	}
	var volumes, others []map[string]any
	f.Enabled, f.Disabled = byStatus(list.Services, func(s map[string]any) string { return fmt.Sprint(s["binary"], " ", s["host"]) })
	var frozen []string
	for _, s := range list.Services {
		if s["frozen"] == true {
			frozen = append(frozen, fmt.Sprint(s["binary"], " ", s["host"]))
		}
		if s["binary"] == cinder.BinaryVolume {
			volumes = append(volumes, s)
		} else {
			others = append(others, s)
		}
	}
	f.Frozen, f.VolumeFields, f.OtherFields = strings.Join(frozen, ","), fieldsOf(volumes), fieldsOf(others)
	return f
}

func (o *cinderClient) clusters(h host.Host, loop host.Loop, i int, version string) CinderClusters {
	asked := h.Clock().Monotonic()
	r, _ := o.ask(h, loop, i, http.MethodGet, "/v3/clusters/detail", "", version)
	f := CinderClusters{API: i, Status: r.status, Took: h.Clock().Monotonic() - asked, Version: version}
	var list struct{ Clusters []map[string]any }
	if json.Unmarshal([]byte(r.body), &list) == nil {
		f.Enabled, f.Disabled = byStatus(list.Clusters, func(c map[string]any) string { return fmt.Sprint(c["name"]) })
		f.Fields = fieldsOf(list.Clusters)
	}
	return f
}

// byStatus are the names of what a list has, by what it is for schedulers.
func byStatus(list []map[string]any, name func(map[string]any) string) (enabled, disabled string) {
	named := map[any][]string{}
	for _, one := range list {
		named[one["status"]] = append(named[one["status"]], name(one))
	}
	return strings.Join(named["enabled"], ","), strings.Join(named["disabled"], ",")
}

// fieldsOf are the members that any of the objects has.
func fieldsOf(list []map[string]any) string {
	all := map[string]any{}
	for _, one := range list {
		maps.Copy(all, one)
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), ",")
}

// patience is how long an answer may take: somewhat longer than calls between services.
const patience = 70 * time.Second

// microversion is the newest one whose lists do not ask a scheduler.
const microversion = "3.48"

// reply is an answer of an API; status is 0 if there was none.
type reply struct {
	status int
	body   string
	of     string // the API's name of the request
}

// ask sends a request to an API and waits for the answer.
func (o *cinderClient) ask(h host.Host, loop host.Loop, i int, method, path, body, version string) (reply, error) {
	conn, err := netconn.New(h, loop).DialTimeout("tcp", o.cluster.apis[i].String(), patience)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(h.Clock().Now().Add(patience)); err != nil {
		return reply{}, err
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %v\r\nX-Auth-Token: admin:p1\r\nOpenStack-API-Version: volume %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		method, path, o.cluster.apis[i], version, len(body), body)
	if err != nil {
		return reply{}, err
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(r.Body)
	return reply{r.StatusCode, string(text), r.Header.Get("X-Openstack-Request-Id")}, err
}

// CinderRequest has the operator ask the first API for something. Its outcome is
// published as a CinderAnswered fact of his host.
func (c *Cluster) CinderRequest(method, path, body string) {
	Kept[*cloud](c).client.request(CinderAsked{}, method, path, body)
}

func (o *cinderClient) request(about CinderAsked, method, path, body string) {
	o.do(func(host.Task) {
		o.requests++
		about.ID, about.Request = o.requests, method+" "+path+" "+body
		o.process.Probe(about)
		r, err := o.ask(o.process, o.loop, 0, method, path, body, microversion)
		f := CinderAnswered{ID: about.ID, Request: about.Request, Status: r.status, Body: r.body, Of: r.of}
		if err != nil {
			f.Error = err.Error()
		}
		o.process.Probe(f)
	})
}

// OSService has the operator put an action of os-services to the first API, for the
// service of a machine; false if that runs none. Of a failover the target is where to,
// empty for anywhere.
func (c *Cluster) OSService(action, name, target string) bool {
	in, who := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name)
	if in == nil || who.Host == "" {
		return false
	}
	body := map[string]string{"host": who.Host}
	switch {
	case action == "enable" || action == "disable":
		body["binary"] = who.Binary
	case target != "":
		body["backend_id"] = target
	}
	in.client.request(CinderAsked{Action: action, Service: who}, http.MethodPut, "/v3/os-services/"+action, asJSON(body))
	return true
}

// OSCluster has the operator put an action to the first API, for the cluster of the
// service of a machine: "enable" and "disable" of clusters, "freeze", "thaw" and
// "failover" of os-services. It is false if that is in none.
func (c *Cluster) OSCluster(action, name, target string) bool {
	in, who, cluster := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name), c.topology.Cinder.ClusterOf(name)
	if in == nil || cluster == "" {
		return false
	}
	path, body := "/v3/os-services/"+action, map[string]string{"cluster": cluster}
	switch {
	case action == "enable" || action == "disable":
		path, body = "/v3/clusters/"+action, map[string]string{"name": cluster, "binary": who.Binary}
	case target != "":
		body["backend_id"] = target
	}
	in.client.request(CinderAsked{Action: action, Service: who, Cluster: cluster}, http.MethodPut, path, asJSON(body))
	return true
}

// WorkCleanup has the operator ask for what the service of a machine has left unfinished
// to be cleaned up, if that is down; false if that is no volume service.
func (c *Cluster) WorkCleanup(name string) bool {
	in, who := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name)
	if in == nil || who.Binary != cinder.BinaryVolume {
		return false
	}
	in.client.request(CinderAsked{}, http.MethodPost, "/v3/workers/cleanup", asJSON(map[string]string{"host": who.Host}))
	return true
}

// asJSON is a request's body.
func asJSON(body map[string]string) string {
	text, err := json.Marshal(body) // which sorts
	if err != nil {
		panic(err) // texts always have a form
	}
	return string(text)
}

// RemoveService has the operator remove the row of the service of a machine, as
// "cinder-manage service remove" does; false if that runs none. Its outcome is published
// as RowDeleted.
func (c *Cluster) RemoveService(name string) bool {
	in, who := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name)
	if in == nil || who.Host == "" {
		return false
	}
	o := in.client
	o.do(func(t host.Task) {
		o.process.Probe(RowDeleting{who})
		f := RowDeleted{Who: who}
		if store, err := db.Open(o.process, o.loop, in.storeOptions()); err == nil {
			f.Rows, _ = store.DeleteServices(t, db.ServiceFilter{Host: who.Host, Binary: who.Binary}, o.process.Clock().Now().UTC())
			store.Close()
		}
		o.process.Probe(f)
	})
	return true
}

// CreateVolume has the volume service of a machine make a volume; false if that runs
// none.
func (c *Cluster) CreateVolume(name string) bool {
	in, who := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name)
	if in == nil || who.Binary != cinder.BinaryVolume {
		return false
	}
	o := in.client
	o.volumes++
	args := cinder.CreateVolume{Volume: fmt.Sprintf("volume-%d", o.volumes)}
	o.do(func(t host.Task) {
		if err := o.rpc.Cast(t, rpc.Target{Topic: who.Binary + "." + who.Host}, "create_volume", args); err != nil {
			o.process.Log().Warn("volume not asked for", "error", err)
		}
	})
	return true
}
