//go:build interop

package realceph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/local"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realceph"
)

// upped is a cluster as wavetank up runs it, in a folder with a short name: the path
// of a socket has at most 107 bytes.
func upped(t *testing.T, mons, mgrs int) *local.Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "up")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := local.Open(local.Config{Dir: dir, Mons: mons, Mgrs: mgrs, Addr: loopbacktest.Net(t).Addr(1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

// operator runs the command line as who sits at the machine, and returns what it
// prints to either stream.
func operator(t *testing.T, c *local.Cluster, args ...string) (string, error) {
	t.Helper()
	return cephWith(t, c.ConfFile(), args...)
}

// cephWith runs the command line with a configuration, again if it was too early, and
// returns what it prints to either stream.
func cephWith(t *testing.T, conf string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, "ceph", append([]string{"-c", conf}, args...)...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !realceph.TooEarly(&realceph.ExitError{Code: exit.ExitCode(), Stderr: string(out)}) {
			return string(out), err
		}
	}
}

// The command line finds our daemons' admin sockets by path and by name, learns from
// them what it may ask, and shows what they answer.
func TestCLI_realAtOurAdminSockets(t *testing.T) {
	t.Parallel()
	(&site{t: t}).check(realceph.Require("", "ceph", "ceph-conf"))
	c := upped(t, 3, 2)
	ask := func(t *testing.T, args ...string) string {
		t.Helper()
		out, err := operator(t, c, args...)
		if err != nil {
			t.Errorf("ceph %v: %v\n%s", args, err, out)
		}
		return out
	}
	into := func(t *testing.T, v any, args ...string) {
		t.Helper()
		if out := ask(t, args...); json.Unmarshal([]byte(out), v) != nil {
			t.Errorf("ceph %v: %s", args, out)
		}
	}
	const version = "{\n    \"version\": \"16.2.15\",\n    \"release\": \"pacific\",\n    \"release_type\": \"stable\"\n}\n"
	for _, daemon := range c.Daemons() {
		if out := ask(t, "daemon", daemon, "version"); out != version {
			t.Errorf("%s: %q", daemon, out)
		}
	}
	for _, daemon := range []string{"mon.a", "mgr.x"} {
		path := c.AdminSocket(daemon)
		if out := ask(t, "--admin-daemon", path, "version"); out != version {
			t.Errorf("%s: %q", path, out)
		}
		var help, show map[string]string
		into(t, &help, "daemon", path, "help")
		into(t, &show, "daemon", path, "config", "show")
		if help["config show"] == "" || show["name"] != daemon {
			t.Errorf("help %v, config %v", help, show)
		}
		for command := range help {
			if strings.HasPrefix(command, "config ") { // with arguments, below
				continue
			}
			var answer any
			into(t, &answer, append([]string{"daemon", path}, strings.Fields(command)...)...)
		}
		if out, err := operator(t, c, "daemon", path, "bogus"); err == nil || !strings.Contains(out, "admin_socket: invalid command") {
			t.Errorf("bogus: %v, %s", err, out)
		}
	}
	t.Run("config", func(t *testing.T) {
		for _, tt := range []struct{ command, want string }{
			{"config get mon_lease", `{"mon_lease":"5.000000"}`},
			{"config set mon_tick_interval 3", `{"success":"mon_tick_interval = '3' "}`},
			{"config get mon_tick_interval", `{"mon_tick_interval":"3"}`},
			{"config diff", `{"diff":{"mon_tick_interval":{"default":"5","override":"3","final":"3"}}}`},
			{"config unset mon_tick_interval", `{}`},
			{"config diff get mon_tick_interval", `{"diff":{"mon_tick_interval":{"default":"5","final":"5"}}}`},
			{"config set mon_lease x", "ERROR: (22) Invalid argument\nerror setting 'mon_lease' to 'x': (22) Invalid argument\n"},
			{"perf dump mon session_trim", `{"mon":{"session_trim":0}}`},
		} {
			if out := ask(t, append([]string{"-f", "json", "daemon", "mon.a"}, strings.Fields(tt.command)...)...); out != tt.want {
				t.Errorf("%s: %s, want %s", tt.command, out, tt.want)
			}
		}
	})
}

// What our monitors answer is what a real one answers to the same bytes, and has no
// key that a real one has not.
func TestAdminSocket_likeCephs(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	c := upped(t, 1, 0)
	var theirs []string
	s.eventually("a real monitor with an admin socket that has mon_status", func() bool {
		theirs, _ = filepath.Glob(filepath.Join(s.Dir(), "run", "*mon.a.*.asok"))
		if len(theirs) != 1 {
			return false
		}
		help, err := tryRawAsk(theirs[0], `{"prefix":"help"}`+"\n") // refused between its bind and its listen
		return err == nil && strings.Contains(help, "mon_status")
	})
	for _, request := range []string{
		`{"prefix":"0"}` + "\x00", `{"prefix":"version"}` + "\x00", `{"prefix":"version","format":"json"}` + "\n",
		`{"prefix":"log flush"}` + "\x00", `{"prefix":"config get","var":"mon_tick_interval"}` + "\x00",
		`{"prefix":"config get","var":"nope"}` + "\x00", `{"prefix":"config get"}` + "\x00", `{"prefix":"config get","var":7}` + "\x00",
		`{"prefix":"config set","var":"mon_data_avail_warnx","val":["1"]}` + "\x00",
		`{"prefix":"config set","var":"mon_max_osd","val":["x"]}` + "\x00", `{"prefix":"config set","var":"mon_max_osd","val":"1"}` + "\x00",
		`{"prefix":"config unset","var":"nope"}` + "\x00", `{"prefix":"perf dump","logger":"nope"}` + "\x00",
		`{"prefix":"zz"}` + "\x00", `{"prefix":1}` + "\x00", `{}` + "\x00", `[]` + "\x00", `{` + "\x00", "version\n", "\n",
		"\x00\x00\x00\x00", "\x00\x00\x00\x07", `{"prefix":"version"} x` + "\x00",
		`{"prefix":"` + strings.Repeat("x", 1010) + `"}` + "\x00", `{"prefix":"` + strings.Repeat("x", 1011) + `"}` + "\x00",
	} {
		if real, ours := rawAsk(t, theirs[0], request), rawAsk(t, c.AdminSocket("mon.a"), request); real != ours {
			t.Errorf("%.60q: Ceph answers %.200q, we %.200q", request, real, ours)
		}
	}
	var real, ours map[string]any
	for path, into := range map[string]any{theirs[0]: &real, c.AdminSocket("mon.a"): &ours} {
		reply := rawAsk(t, path, `{"prefix":"mon_status"}`+"\x00")
		if len(reply) < 4 || json.Unmarshal([]byte(reply[4:]), into) != nil {
			t.Fatalf("%s: %q", path, reply)
		}
	}
	for key := range ours {
		if _, ok := real[key]; !ok {
			t.Errorf("mon_status has %q, and Ceph's only %v", key, fmt.Sprint(real))
		}
	}
}

// rawAsk sends bytes to an admin socket and returns all that comes back.
func rawAsk(t *testing.T, path, request string) string {
	t.Helper()
	reply, err := tryRawAsk(path, request)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return reply
}

func tryRawAsk(path, request string) (string, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	_, _ = io.WriteString(conn, request) // who is refused may find the connection closed
	reply, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", err
	}
	return string(reply), nil // reset without an answer is an answer, too
}
