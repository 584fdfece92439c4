package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/mgr/web"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// site is a module that serves pages, on the real machine.
type site struct {
	t       *testing.T
	h       *oshost.Host
	loop    host.Loop
	modules *module.Registry

	mu       sync.Mutex
	services map[string]string
	changed  chan struct{}
}

func newSite(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{t: t, h: oshost.New(oshost.Options{Name: "mgr.x"}), changed: make(chan struct{}, 100)}
	t.Cleanup(s.h.Kill)
	s.loop = s.h.NewLoop("main")
	class := module.Class{
		Name: "site", Options: web.Options(0),
		Active: func(m *module.Manager) (module.Module, error) { return web.NewSite(m, handler), nil },
	}
	r, err := module.New(module.Env{
		Host: s.h, Loop: s.loop, Name: "x", GID: func() uint64 { return 1 }, Cluster: state.New(),
		MonCommand: func(string, func(monc.CommandResult)) {}, Changed: s.note,
	}, []module.Class{class})
	if err != nil {
		t.Fatal(err)
	}
	s.modules = r
	s.do(func() {
		r.HandleMap(&msg.MgrMap{EnabledModules: []string{"site"}}, 16)
		r.StartActive()
	})
	s.await("a page", func() bool { return s.url() != "" })
	return s
}

func (s *site) note() {
	s.mu.Lock()
	s.services = s.modules.Services()
	s.mu.Unlock()
	s.changed <- struct{}{}
}

// do runs fn on the manager's loop.
func (s *site) do(fn func()) {
	s.t.Helper()
	done := make(chan struct{})
	s.loop.Post(func() { fn(); close(done) })
	<-done
}

func (s *site) url() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.services["site"]
}

func (s *site) await(what string, cond func() bool) {
	s.t.Helper()
	limit := time.After(10 * time.Second)
	for !cond() {
		select {
		case <-s.changed:
		case <-limit:
			s.t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func (s *site) addr() string {
	u, err := url.Parse(s.url())
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Host
}

// say sends bytes and returns the status and the body of the answer.
func (s *site) say(text string) (status int, body string) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	go io.WriteString(c, text) // the server may answer before it has read all
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatalf("%.40q: %v", text, err)
	}
	b, _ := io.ReadAll(r.Body) // it may be reset: then the server has had enough
	return r.StatusCode, string(b)
}

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello %s", r.URL.Path) }

// Ordinary clients are served, one page after another on a connection.
func TestSite_ordinaryClient(t *testing.T) {
	s := newSite(t, hello)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for _, path := range []string{"a", "b?x=1"} {
		r, err := client.Get(s.url() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != 200 || string(body) != "hello /"+path[:1] || r.Header.Get("Date") == "" ||
			r.Header.Get("Content-Type") != "text/plain; charset=utf-8" || r.ContentLength != 8 {
			t.Errorf("%s: %d %v %q, %v", path, r.StatusCode, r.Header, body, err)
		}
		r.Body.Close()
	}
	r, err := client.Head(s.url())
	if err != nil || r.ContentLength != 7 {
		t.Errorf("HEAD: %v, %v", r, err)
	}
	if resp, err := client.Post(s.url(), "text/plain", strings.NewReader("x")); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v, %v", resp, err)
	}
}

// What is no request is answered, and takes nobody down.
func TestSite_badRequests(t *testing.T) {
	s := newSite(t, hello)
	for text, want := range map[string]int{
		"GET / HTTP/1.0\r\n\r\n": 200,
		"nonsense\r\n\r\n":       400,
		"GET / HTTP/1.1\r\n\r\n": 200,
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":                413,
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 413,
		"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n":                                     405,
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100<<10):          431,
	} {
		if !strings.Contains(text, "HTTP/1.0") {
			text = strings.Replace(text, "\r\n", "\r\nConnection: close\r\n", 1)
		}
		if got, body := s.say(text); got != want {
			t.Errorf("%.40q: %d %.100q, want %d", text, got, body, want)
		}
	}
	if r := s.modules.HealthChecks(); len(r) > 0 {
		t.Errorf("%+v", r)
	}
}

// Only so many connections are open at once; the rest are closed, and there is room again
// when others have gone.
func TestSite_manyConnections(t *testing.T) {
	s := newSite(t, hello)
	var conns []net.Conn
	for range 64 {
		c, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
	}
	c, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("one more is served")
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Error("one more is kept waiting")
	}
	for _, c := range conns {
		c.Close()
	}
}

// A page that panics is the module's failure: it serves no more, and the manager goes on.
func TestSite_panic(t *testing.T) {
	s := newSite(t, func(http.ResponseWriter, *http.Request) { panic("no page") })
	at := s.addr()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
		t.Error("there is an answer")
	}
	s.await("no service", func() bool { return s.url() == "" })
	s.do(func() {
		if got := s.modules.HealthChecks()["MGR_MODULE_ERROR"].Summary; got != "Module 'site' has failed: no page" {
			t.Errorf("health: %q", got)
		}
	})
	if c, err := net.Dial("tcp", at); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

// A site that cannot listen has failed; one whose port changes moves.
func TestSite_moves(t *testing.T) {
	s := newSite(t, hello)
	first := s.url()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	configure := func(options map[string]string) {
		t.Helper()
		s.do(func() { s.modules.HandleConfig(options) })
	}
	configure(map[string]string{"mgr/site/server_addr": "127.0.0.1", "mgr/site/server_port": port})
	if s.url() != "" {
		t.Errorf("it serves at %s, which is taken", s.url())
	}
	configure(map[string]string{"mgr/site/server_addr": "127.0.0.1", "mgr/site/x/server_port": "0"})
	if s.url() == "" || s.url() == first {
		t.Errorf("it serves at %q", s.url())
	}
	if code, body := s.say("GET /x HTTP/1.0\r\n\r\n"); code != 200 || body != "hello /x" {
		t.Errorf("%d %q", code, body)
	}
	configure(map[string]string{"mgr/site/server_addr": "nowhere"})
	if s.url() != "" {
		t.Errorf("it serves at %s", s.url())
	}
}
