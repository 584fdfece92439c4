package oshost_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// operated is a process with an admin socket that answers every question with itself.
type operated struct {
	*oshost.Host
	loop host.Loop
	path string
}

// socketPath is short enough for a socket, which the test's own folder may not be.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "asok")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "x.asok")
}

func newOperated(t *testing.T, options oshost.Options, answer func([]byte) []byte) *operated {
	t.Helper()
	options.Name = "a"
	if options.AdminSocket == "" {
		options.AdminSocket = socketPath(t)
	}
	o := &operated{Host: oshost.New(options), path: options.AdminSocket}
	t.Cleanup(o.Kill)
	o.loop = o.NewLoop("l")
	if err := o.ServeAdmin(o.loop, answer); err != nil {
		t.Fatal(err)
	}
	return o
}

func same(request []byte) []byte { return request }

func (o *operated) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", o.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends all of request and returns all that comes back.
func (o *operated) ask(t *testing.T, request string) string {
	t.Helper()
	c := o.dial(t)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return all(t, c)
}

// all is everything until the end of the connection, in order or by a reset.
func all(t *testing.T, c net.Conn) string {
	t.Helper()
	reply, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection was not closed")
	}
	return string(reply)
}

func framed(reply string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(reply)))) + reply
}

func TestAdminSocket_answers(t *testing.T) {
	o := newOperated(t, oshost.Options{}, same)
	longest := strings.Repeat("x", host.MaxAdminRequest)
	for request, want := range map[string]string{
		"hello\x00":        framed("hello"),
		"hello\n":          framed("hello"),
		"hello\x00more":    framed("hello"),
		"\n":               framed(""),
		"\x00\x00\x00\x00": framed(`{"prefix": "0"}`),
		"\x00\x00\x00\x01": framed(`{"prefix": "perf dump"}`),
		"\x00\x00\x00\x07": framed(`{"prefix": "foo"}`),
		longest + "\x00":   framed(longest),
		longest + "x\x00":  "",
	} {
		if got := o.ask(t, request); got != want {
			t.Errorf("%.20q: %.20q, want %.20q", request, got, want)
		}
	}
}

// A question may come in pieces, and its sender may have nothing more to say.
func TestAdminSocket_pieces(t *testing.T) {
	o := newOperated(t, oshost.Options{}, same)
	c := o.dial(t)
	for _, piece := range []string{"he", "l", "lo\x00"} {
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, c); got != framed("hello") {
		t.Errorf("%q", got)
	}
	c = o.dial(t)
	io.WriteString(c, "no end")
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := all(t, c); got != "" {
		t.Errorf("half a question is answered with %q", got)
	}
}

// answersInTheEnd asks until there is an answer: on a busy machine it may take longer than
// a process with little patience waits until it is asked.
func (o *operated) answersInTheEnd(t *testing.T) {
	t.Helper()
	settles(t, "there is an answer", func() bool {
		c := o.dial(t)
		defer c.Close()
		_, _ = io.WriteString(c, "hello\x00")
		return all(t, c) == framed("hello")
	})
}

// Who says nothing is sent away, and keeps nobody else out for longer than that.
func TestAdminSocket_silence(t *testing.T) {
	o := newOperated(t, oshost.AdminPatience(oshost.Options{}, 20*time.Millisecond), same)
	var silent []net.Conn
	for range 3 * 16 {
		silent = append(silent, o.dial(t))
	}
	o.answersInTheEnd(t)
	for _, c := range silent {
		if got := all(t, c); got != "" {
			t.Errorf("silence is answered with %q", got)
		}
	}
}

// Who does not take the answer is sent away. The loop does not wait for it.
func TestAdminSocket_deaf(t *testing.T) {
	big := strings.Repeat("x", 8<<20)
	o := newOperated(t, oshost.AdminPatience(oshost.Options{}, 20*time.Millisecond), func(request []byte) []byte {
		if string(request) == "big" {
			return []byte(big)
		}
		return request
	})
	for range 2 * 16 {
		_, _ = io.WriteString(o.dial(t), "big\x00") // who is slow is sent away before
	}
	on(t, o.loop, func() {})
	o.answersInTheEnd(t)
	o.Kill()
}

// A process that ends does not wait for its loop to answer, nor for operators.
func TestAdminSocket_endsWithTheProcess(t *testing.T) {
	ended := make(chan struct{})
	for how, end := range map[string]func(*operated){
		"exit":    func(o *operated) { o.Exit(0, "") },
		"respawn": func(o *operated) { o.Respawn("") },
		"kill":    func(o *operated) { go o.Kill() },
		"loop":    func(o *operated) { o.loop.Close() },
	} {
		asked := make(chan struct{})
		release := make(chan struct{})
		o := newOperated(t, oshost.AdminPatience(oshost.Options{
			OnExit: func(int, string) { ended <- struct{}{} }, OnRespawn: func(string) { ended <- struct{}{} },
		}, time.Hour), func([]byte) []byte { close(asked); <-release; return []byte("late") })
		waiting, silent := o.dial(t), o.dial(t)
		io.WriteString(waiting, "x\x00")
		receive(t, asked)
		end(o)
		if got := all(t, waiting) + all(t, silent); got != "" {
			t.Errorf("%s: %q", how, got)
		}
		close(release)
		if how == "exit" || how == "respawn" {
			receive(t, ended)
		}
		settles(t, how+" has removed the socket's file", func() bool { // after its connections are closed
			_, err := os.Lstat(o.path)
			return errors.Is(err, fs.ErrNotExist)
		})
	}
}

func TestServeAdmin_places(t *testing.T) {
	serve := func(path string) error {
		h := oshost.New(oshost.Options{AdminSocket: path})
		t.Cleanup(h.Kill)
		return h.ServeAdmin(h.NewLoop("l"), same)
	}
	live := newOperated(t, oshost.Options{}, same)
	if err := serve(live.path); !errors.Is(err, host.ErrAddrInUse) || !strings.Contains(err.Error(), live.path) {
		t.Errorf("in the place of a live process: %v", err)
	}
	if err := live.ServeAdmin(live.loop, same); !errors.Is(err, host.ErrAddrInUse) {
		t.Errorf("twice: %v", err)
	}
	if got := live.ask(t, "still here\n"); got != framed("still here") {
		t.Errorf("the live process: %q", got)
	}

	stale := socketPath(t)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close()
	replaced := newOperated(t, oshost.Options{AdminSocket: stale}, same)
	if got := replaced.ask(t, "new\n"); got != framed("new") {
		t.Errorf("in the place of a dead process: %q", got)
	}

	file := socketPath(t)
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := serve(file); !errors.Is(err, host.ErrAddrInUse) {
		t.Errorf("in the place of a file: %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Errorf("the file: %q, %v", text, err)
	}
	if err := serve(filepath.Join(t.TempDir(), "no", "such", "folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := serve("/" + strings.Repeat("x", 200)); err == nil {
		t.Error("a path that no socket can have")
	}
	if err := serve(""); err != nil {
		t.Errorf("no path: %v", err)
	}
}

func TestServeAdmin_refusesWhatIsOver(t *testing.T) {
	h := oshost.New(oshost.Options{AdminSocket: socketPath(t)})
	l := h.NewLoop("l")
	l.Close()
	if err := h.ServeAdmin(l, same); !errors.Is(err, host.ErrClosed) {
		t.Errorf("closed loop: %v", err)
	}
	l = h.NewLoop("m")
	h.Kill()
	if err := h.ServeAdmin(l, same); err == nil {
		t.Error("a process that has ended serves")
	}
}

// However the bytes come, a question is the same, and never longer than it may be.
func FuzzReadAdminRequest(f *testing.F) {
	for _, seed := range []string{"hello\x00", "hello\n", "\x00\x00\x00\x01", "\x00\x00", "no end", ""} {
		f.Add([]byte(seed))
	}
	f.Add(bytes.Repeat([]byte("x"), host.MaxAdminRequest+1))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err := oshost.ReadAdminRequest(bytes.NewReader(data))
		bytewise, err2 := oshost.ReadAdminRequest(iotest.OneByteReader(bytes.NewReader(data)))
		if !bytes.Equal(whole, bytewise) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%q: at once %q, %v; in pieces %q, %v", data, whole, err, bytewise, err2)
		}
		if len(whole) > host.MaxAdminRequest || bytes.ContainsAny(whole, "\x00\n") {
			t.Errorf("%q is read as %q", data, whole)
		}
	})
}
