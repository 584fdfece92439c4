package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
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
	Action  string // "disable"; empty if it is not about a service
	Service cinder.Who
}

// Kind is "cinder.request.asked".
func (CinderAsked) Kind() string { return "cinder.request.asked" }

// Attrs are the fields.
func (f CinderAsked) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("id", f.ID), slog.String("request", f.Request), slog.String("action", f.Action),
		slog.String("service", f.Service.Host), slog.String("binary", f.Service.Binary),
	}
}

// CinderAnswered states the outcome of such a request.
type CinderAnswered struct {
	ID      int    // that of CinderAsked
	Request string // "PUT /v3/os-services/disable {...}"
	Status  int    // of HTTP, 0 if there was no answer
	Body    string // of the answer
	Error   string // why there is no answer; empty if there is one
}

// Kind is "cinder.request.answered".
func (CinderAnswered) Kind() string { return "cinder.request.answered" }

// Attrs are the fields.
func (f CinderAnswered) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("id", f.ID), slog.String("request", f.Request), slog.Int("status", f.Status),
		slog.String("body", f.Body), slog.String("error", f.Error),
	}
}

// CinderListed states the outcome of a list of services.
type CinderListed struct {
	API    int           // which of them
	Status int           // of HTTP, 0 if there was no answer
	Took   time.Duration // from the question to the answer
	// Enabled and Disabled are the services in it, each as "BINARY HOST", with commas
	// between them.
	Enabled, Disabled string
}

// Kind is "cinder.listed".
func (CinderListed) Kind() string { return "cinder.listed" }

// Attrs are the fields.
func (f CinderListed) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.Int("api", f.API), slog.Int("status", f.Status), slog.Duration("took", f.Took),
		slog.String("enabled", f.Enabled), slog.String("disabled", f.Disabled),
	}
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

// list asks an API for the list of services, again and again.
func (o *cinderClient) list(t host.Task, h host.Host, loop host.Loop, i int) {
	interval := o.cluster.topology.Cinder.ListInterval
	t.Sleep(interval * time.Duration(i) / time.Duration(len(o.cluster.apis)))
	for {
		asked := h.Clock().Monotonic()
		status, body, _ := o.ask(h, loop, i, http.MethodGet, "/v3/os-services", "")
		f := CinderListed{API: i, Status: status, Took: h.Clock().Monotonic() - asked}
		f.Enabled, f.Disabled = statuses(body)
		h.Probe(f)
		t.Sleep(interval)
	}
}

// statuses are the services of a list by what they are for schedulers. What is no list
// has none.
func statuses(body string) (enabled, disabled string) {
	var list struct {
		Services []struct{ Binary, Host, Status string }
	}
	if json.Unmarshal([]byte(body), &list) != nil {
		return "", ""
	}
	named := map[string][]string{}
	for _, s := range list.Services {
		named[s.Status] = append(named[s.Status], s.Binary+" "+s.Host)
	}
	return strings.Join(named["enabled"], ","), strings.Join(named["disabled"], ",")
}

// patience is how long an answer may take: somewhat longer than calls between services.
const patience = 70 * time.Second

// microversion is the newest one whose lists do not ask a scheduler.
const microversion = "volume 3.48"

// ask sends a request to an API and waits for the answer.
func (o *cinderClient) ask(h host.Host, loop host.Loop, i int, method, path, body string) (status int, answer string, err error) {
	conn, err := netconn.New(h, loop).DialTimeout("tcp", o.cluster.apis[i].String(), patience)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(h.Clock().Now().Add(patience)); err != nil {
		return 0, "", err
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %v\r\nX-Auth-Token: admin:p1\r\nOpenStack-API-Version: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		method, path, o.cluster.apis[i], microversion, len(body), body)
	if err != nil {
		return 0, "", err
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(r.Body)
	return r.StatusCode, string(text), err
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
		status, answer, err := o.ask(o.process, o.loop, 0, method, path, body)
		f := CinderAnswered{ID: about.ID, Request: about.Request, Status: status, Body: answer}
		if err != nil {
			f.Error = err.Error()
		}
		o.process.Probe(f)
	})
}

// OSService has the operator put an action of os-services to the first API, for the
// service of a machine; false if that runs none.
func (c *Cluster) OSService(action, name string) bool {
	in, who := Kept[*cloud](c), c.topology.Cinder.ServiceOf(name)
	if in == nil || who.Host == "" {
		return false
	}
	body := fmt.Sprintf(`{"host": %s, "binary": %s}`, quoted(who.Host), quoted(who.Binary))
	if action != "enable" && action != "disable" {
		body = fmt.Sprintf(`{"host": %s}`, quoted(who.Host))
	}
	in.client.request(CinderAsked{Action: action, Service: who}, http.MethodPut, "/v3/os-services/"+action, body)
	return true
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
