package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/web"
)

// serve serves on the real machine and returns the address and the loop.
func serve(t *testing.T, config web.Config) (addr string, loop host.Loop) {
	t.Helper()
	h := oshost.New(oshost.Options{Name: "server"})
	t.Cleanup(h.Kill)
	config.Host, config.Loop = h, h.NewLoop("main")
	listening := make(chan error)
	config.Loop.Post(func() {
		s, err := web.Listen(netip.MustParseAddrPort("127.0.0.1:0"), config)
		if err == nil {
			addr = s.Addr().String()
		}
		listening <- err
	})
	if err := <-listening; err != nil {
		t.Fatal(err)
	}
	return addr, config.Loop
}

// dial connects, for as long as the test takes.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %q %v", r.Method, r.URL, body, err)
}

// Requests of every kind follow each other on one connection, each answer has its
// length, and one to HEAD no body.
func TestServer_keepsAlive(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
			if _, err := w.Write([]byte("x")); err != http.ErrBodyNotAllowed {
				t.Errorf("a body with status 204: %v", err)
			}
		case "/empty":
			w.WriteHeader(http.StatusAccepted)
		default:
			echo(w, r)
		}
	}), MaxBody: 10})
	c := dial(t, addr)
	in := bufio.NewReader(c)
	for _, tt := range []struct {
		method, path, rest string
		status             int
		length, body       string
	}{
		{"GET", "/a?b=c@d", "\r\n", 200, "21", `GET /a?b=c@d "" <nil>`},
		{"HEAD", "/a", "\r\n", 200, "16", ""},
		{"PUT", "/a", "Content-Length: 3\r\n\r\nabc", 200, "18", `PUT /a "abc" <nil>`},
		{"POST", "/a", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "19", `POST /a "abc" <nil>`},
		{"DELETE", "/empty", "\r\n", 202, "0", ""},
		{"GET", "/nothing", "\r\n", 204, "", ""},
		{"PUT", "/a", "Content-Length: 10\r\n\r\n0123456789", 200, "25", `PUT /a "0123456789" <nil>`},
	} {
		fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: a\r\n%s", tt.method, tt.path, tt.rest)
		r, err := http.ReadResponse(in, &http.Request{Method: tt.method})
		if err != nil {
			t.Fatalf("%s %s: %v", tt.method, tt.path, err)
		}
		body, err := io.ReadAll(r.Body)
		if r.StatusCode != tt.status || r.Header.Get("Content-Length") != tt.length || string(body) != tt.body || err != nil || r.Close {
			t.Errorf("%s %s: %d %v %q, %v", tt.method, tt.path, r.StatusCode, r.Header, body, err)
		}
		if r.Header.Get("Date") == "" {
			t.Errorf("%s %s: no date", tt.method, tt.path)
		}
	}
}

// say sends bytes and returns the answer, and what has come in all.
func say(t *testing.T, addr, text string) (*http.Response, string) {
	t.Helper()
	c := dial(t, addr)
	go io.WriteString(c, text) // the server may answer before it has read all
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
	}
	return r, string(body)
}

// What is no request or too much of one is answered, and ends its connection.
func TestServer_refuses(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo), MaxBody: 10, Methods: []string{"GET", "PUT"}})
	put := "PUT / HTTP/1.1\r\nHost: a\r\n"
	for text, want := range map[string]int{
		"nonsense\r\n\r\n":                                                                        400,
		"GET / HTTP/1.1\r\nHost a\r\n\r\n":                                                        400,
		put + "Content-Length: x\r\n\r\n":                                                         400,
		put + "Transfer-Encoding: gzip\r\n\r\n":                                                   400,
		"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n":                                                    405,
		put + "Content-Length: 11\r\n\r\n01234567":                                                413,
		put + "Content-Length: 9223372036854775807\r\n\r\n":                                       413,
		put + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n":                   413,
		put + "Transfer-Encoding: chunked\r\n\r\nz\r\n":                                           400,
		put + "Content-Length: 200000\r\n\r\n" + strings.Repeat("x", 200000):                      413,
		put + "Expect: a-miracle\r\nContent-Length: 3\r\n\r\n":                                    417,
		put + "X: " + strings.Repeat("x", 100<<10) + "\r\n\r\n":                                   431,
		put + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 100<<10) + "\r\n0\r\n": 400,
	} {
		r, body := say(t, addr, text)
		if r.StatusCode != want || !r.Close || body != http.StatusText(want)+"\n" {
			t.Errorf("%.60q: %d %.100q, want %d", text, r.StatusCode, body, want)
		}
		if allow := r.Header.Get("Allow"); (allow == "GET, PUT") != (want == 405) {
			t.Errorf("%.60q: %q is allowed", text, allow)
		}
	}
	if r, body := say(t, addr, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); r.StatusCode != 200 || !r.Close || body != `GET / "" <nil>` {
		t.Errorf("HTTP/1.0: %d %q", r.StatusCode, body)
	}
}

// What a client sent too much is of no meaning to the next one.
func TestServer_connectionsHaveNothingInCommon(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo)})
	for i := range 3 {
		c := dial(t, addr)
		fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /more HTTP/1.1\r\nHost: a\r\n\r\n", i)
		all, err := io.ReadAll(c)
		if want := fmt.Sprintf("GET /%d \"\" <nil>", i); !strings.HasSuffix(string(all), want) || strings.Contains(string(all), "/more") {
			t.Errorf("%q, %v", all, err)
		}
	}
}

// A client that asks before it sends its body is told to go on.
func TestServer_expect(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo), MaxBody: 10})
	c := dial(t, addr)
	in := bufio.NewReader(c)
	fmt.Fprintf(c, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := in.ReadString('\n'); line != want || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
	fmt.Fprintf(c, "abc")
	r, err := http.ReadResponse(in, nil)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%v, %v", r, err)
	}
}

// A client that is refused may end what it is writing.
func TestServer_lingers(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo)})
	c := dial(t, addr)
	fmt.Fprint(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") {
		t.Fatalf("%q, %v", answer, err)
	}
	for i := range 1000 {
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

// A handler takes its time, which the client's patience does not end.
func TestServer_slowHandler(t *testing.T) {
	const patience = 50 * time.Millisecond
	addr, _ := serve(t, web.Config{Patience: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Task(r).Sleep(2 * patience)
		echo(w, r)
	})})
	answers(t, addr)
}

// answers asks until there is an answer: a server with little patience does not wait for a
// client that is kept from asking.
func answers(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !answersOnce(t, addr); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no answer")
		}
	}
}

func answersOnce(t *testing.T, addr string) bool {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	return err == nil && r.StatusCode == 200
}

// A handler may wait, and others are served meanwhile.
func TestServer_handlersWait(t *testing.T) {
	began := make(chan host.Task, 1)
	addr, loop := serve(t, web.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			began <- web.Task(r)
			web.Task(r).Park()
		}
		echo(w, r)
	})})
	get := func(c net.Conn, path string) { fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path) }
	await := func(c net.Conn) {
		t.Helper()
		if r, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || r.StatusCode != 200 {
			t.Fatalf("%v, %v", r, err)
		}
	}
	first, second := dial(t, addr), dial(t, addr)
	get(first, "/wait")
	task := <-began
	get(second, "/")
	await(second)
	loop.Post(task.Wake)
	await(first)
}

// Only so many connections are open at once, and there is room again when one has gone.
func TestServer_boundsConnections(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo), MaxConns: 1})
	first := dial(t, addr)
	fmt.Fprint(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if r, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil || r.StatusCode != 200 {
		t.Fatalf("%v, %v", r, err)
	}
	further := dial(t, addr)
	fmt.Fprint(further, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if n, err := further.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("one more is served")
	}
	first.Close()
	answers(t, addr)
}

// A connection that says nothing any more goes by itself, and makes room.
func TestServer_sendsTheSilentAway(t *testing.T) {
	addr, _ := serve(t, web.Config{Handler: http.HandlerFunc(echo), MaxConns: 1, Patience: 100 * time.Millisecond})
	for deadline := time.Now().Add(20 * time.Second); ; {
		silent := dial(t, addr)
		in := bufio.NewReader(silent)
		io.WriteString(silent, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(in, nil)
		if err == nil && r.StatusCode == 200 {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Fatal(err)
			}
			if _, err := in.ReadByte(); err != io.EOF {
				t.Errorf("the silent one: %v", err)
			}
			break
		}
		if time.Now().After(deadline) { // and not only late with the request
			t.Fatalf("no answer: %v", err)
		}
	}
	answers(t, addr)
}
