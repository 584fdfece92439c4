package process_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/process"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// TestMain lets the test binary be a daemon: "TEST daemon mgr -i x ...".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "daemon" {
		os.Exit(process.Main(os.Args[2], os.Args[3:], process.Streams{Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// patience bounds waits in real time for what takes a second.
const patience = 2 * time.Minute

// site is a folder with a configuration for one monitor and managers.
type site struct {
	t   *testing.T
	dir string
	at  netip.Addr // of the site alone
}

// newSite writes the configuration and makes mon.a's folder.
func newSite(t *testing.T, options ...string) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "wt") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{t: t, dir: dir, at: loopbacktest.Net(t).Addr(1)}
	addr := netip.AddrPortFrom(s.at, 6789)
	conf := fmt.Sprintf("[global]\nfsid = 11111111-2222-4333-8444-555555555555\nmon host = [v1:%v]\nrun dir = %s\n"+
		"pid file = $run_dir/$name.pid\nlog file = $run_dir/$name.log\nauth client required = none\n"+
		"mon data = $run_dir/mon.$id\nmgr data = $run_dir/mgr.$id\n[mgr]\nmgr tick period = 0.2\n%s\n", addr, dir, strings.Join(options, "\n"))
	s.write("ceph.conf", []byte(conf))
	m := msg.NewMonMap(wire.UUID{1}, wire.UTime{Sec: 1})
	m.Add("a", msg.AddrVec{{Type: msg.AddrLegacy, IP: addr}})
	var e wire.Encoder
	m.Encode(&e, msg.FeaturesAll)
	s.write("monmap", e.Bytes())
	if out, err := s.command("mon", "a", "--mkfs", "--monmap", filepath.Join(dir, "monmap")).CombinedOutput(); err != nil {
		t.Fatalf("mkfs: %v: %s", err, out)
	}
	return s
}

func (s *site) write(name string, text []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(s.dir, name))
	return string(text)
}

// command is a daemon that is not started, with Ceph's flags.
func (s *site) command(kind, id string, args ...string) *exec.Cmd {
	return testCommand(append([]string{kind, "-c", filepath.Join(s.dir, "ceph.conf"), "-i", id, "-f"}, args...)...)
}

// testCommand is "wavetank daemon" with these arguments.
func testCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"daemon"}, args...)...)
	cmd.Env = append(os.Environ(), "CEPH_ARGS=")
	return cmd
}

// process is a daemon that runs.
type running struct {
	*exec.Cmd
	s      *site
	name   string
	output bytes.Buffer
}

func (s *site) start(kind, id string, args ...string) *running {
	s.t.Helper()
	return s.run(s.command(kind, id, args...), kind+"."+id)
}

// run starts a command, and ends it with the test.
func (s *site) run(cmd *exec.Cmd, name string) *running {
	s.t.Helper()
	r := &running{Cmd: cmd, s: s, name: name}
	r.Stdout, r.Stderr = &r.output, &r.output
	if err := r.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if r.ProcessState == nil {
			r.Process.Kill()
			r.Wait()
		}
		if s.t.Failed() {
			s.t.Logf("%s: %s\n%s", r.name, r.output.String(), s.read(r.name+".log"))
		}
	})
	return r
}

// eventually asks until the answer is yes: another process tells nobody.
func (s *site) eventually(what string, ask func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !ask(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// ask asks a daemon at its admin socket; nil if nobody answers.
func (r *running) ask(request string) (answer map[string]any) {
	conn, err := net.Dial("unix", filepath.Join(r.s.dir, "ceph-"+r.name+".asok"))
	if err != nil {
		return nil
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, request+"\x00")
	reply, _ := io.ReadAll(conn)
	if len(reply) < 4 || int(binary.BigEndian.Uint32(reply)) != len(reply)-4 || json.Unmarshal(reply[4:], &answer) != nil {
		return nil
	}
	return answer
}

// is waits until the manager says that it is in the state, and returns its global id.
func (r *running) is(state string) (gid float64) {
	r.s.t.Helper()
	r.s.eventually(r.name+" is "+state, func() bool {
		answer := r.ask(`{"prefix":"status"}`)
		gid, _ = answer["gid"].(float64)
		return answer["state"] == state
	})
	return gid
}

// ends waits for the end of the process, which must have the status.
func (r *running) ends(status int) {
	r.s.t.Helper()
	limit := time.AfterFunc(patience, func() { r.Process.Kill() })
	defer limit.Stop()
	r.Wait()
	if got := r.ProcessState.ExitCode(); got != status {
		r.s.t.Errorf("%s ended with status %d, want %d: %s", r.name, got, status, r.output.String())
	}
}

// left are the files of a daemon that should go with it.
func (s *site) left() []string {
	sockets, _ := filepath.Glob(filepath.Join(s.dir, "*.asok"))
	pids, _ := filepath.Glob(filepath.Join(s.dir, "*.pid"))
	return append(sockets, pids...)
}

// A monitor and a manager live as Ceph's do: log and pid file, SIGHUP, SIGTERM.
func TestMain_life(t *testing.T) {
	s := newSite(t)
	mon, mgr := s.start("mon", "a"), s.start("mgr", "x")
	mgr.is("active")
	for _, r := range []*running{mon, mgr} {
		if got, want := s.read(r.name+".pid"), fmt.Sprintln(r.Process.Pid); got != want {
			t.Errorf("pid file of %s: %q, want %q", r.name, got, want)
		}
		name := filepath.Join(s.dir, r.name+".log")
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		r.Process.Signal(syscall.SIGHUP)
		s.eventually("a new log of "+r.name, func() bool { return strings.Contains(s.read(r.name+".log"), "log is opened anew") })
		if old := s.read(r.name + ".log.1"); !strings.Contains(old, "msg=starting") || strings.Contains(old, "anew") {
			t.Errorf("the old log of %s: %s", r.name, old)
		}
	}
	if show := mgr.ask(`{"prefix":"config diff"}`); !strings.Contains(fmt.Sprint(show), "mgr_tick_period:map[default:2 file:0.2 final:0.2]") {
		t.Errorf("options of mgr.x: %v", show)
	}
	mgr.Process.Signal(syscall.SIGTERM)
	mgr.ends(0)
	mon.Process.Signal(os.Interrupt)
	mon.ends(0)
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}

	mon, mgr = s.start("mon", "a"), s.start("mgr", "x") // with the data of before
	mgr.is("active")
	mgr.Process.Kill()
	mgr.ends(-1)
	s.start("mgr", "x").is("active") // in the place of the socket that was left
	mon.Process.Kill()
}

// A respawned manager is the same process of the operating system and another one to
// the monitors; it has taken no descriptor along, and signals still reach it.
func TestMain_respawn(t *testing.T) {
	s := newSite(t)
	s.start("mon", "a")
	active := s.start("mgr", "x")
	active.is("active")
	mgr := s.start("mgr", "y")
	gid := mgr.is("standby")
	s.eventually("standby modules of mgr.y", func() bool { return strings.Contains(s.read("mgr.y.log"), "standby modules started") })
	s.eventually("all daemons report to mgr.x", func() bool { return active.ask(`{"prefix":"status"}`)["daemons"] == 3.0 })
	before := mgr.descriptors() // with a connection to each of the others
	for range 3 {
		was := gid
		mgr.ask(`{"prefix":"config set","var":"mgr_standby_modules","val":["false"]}`) // the answer may die with the process
		s.eventually("another global id", func() bool { gid = mgr.is("standby"); return gid != was && gid != 0 })
		s.eventually("standby modules of mgr.y again", func() bool {
			return strings.Count(s.read("mgr.y.log"), "standby modules started") == 1+strings.Count(s.read("mgr.y.log"), "msg=respawning")
		})
	}
	s.eventually("the same descriptors as before", func() bool { return slices.Equal(mgr.descriptors(), before) })
	if n := strings.Count(s.read("mgr.y.log"), fmt.Sprintf("msg=starting daemon=mgr.y pid=%d", mgr.Process.Pid)); n != 4 {
		t.Errorf("%d starts under the process's id, want 4", n)
	}
	mgr.Process.Signal(syscall.SIGTERM)
	mgr.ends(0)
}

// descriptors are what the process has open, without the numbers of sockets.
func (r *running) descriptors() (open []string) {
	folder := fmt.Sprintf("/proc/%d/fd", r.Process.Pid)
	entries, _ := os.ReadDir(folder) // none where there is no /proc
	for _, e := range entries {
		target, _ := os.Readlink(filepath.Join(folder, e.Name()))
		target, _, _ = strings.Cut(target, ":[")
		open = append(open, target)
	}
	slices.Sort(open)
	return open
}

// What ends a daemon, with its status and what it says.
func TestMain_refuses(t *testing.T) {
	s := newSite(t, "log file =", "auth client required = cephx", "[mgr.fine]", "auth client required = none",
		"[mgr.nomon]", "auth client required = cephx, none", "mon host =", "[mgr.loop]", "mon data = $mgr_data", "mgr data = $mon_data",
		"[mgr.late]", "auth client required = none", "client mount timeout = 0.3", "mon host = 127.0.0.1:1")
	s.write("empty.conf", nil)
	s.write("broken.conf", []byte("[global]\nfsid = \"1\n"))
	conf := func(name string) []string { return []string{"-c", filepath.Join(s.dir, name)} }
	for _, tt := range []struct {
		kind, id string
		args     []string
		status   int
		want     string
	}{
		{"mgr", "x", []string{"--nope"}, 2, "unknown option --nope"},
		{"mgr", "x", []string{"extra"}, 2, `unexpected "extra"`},
		{"mgr", "x", []string{"--log-file"}, 2, "option --log_file requires an argument"},
		{"mgr", "x", []string{"-f=3"}, 2, "-f takes no value"},
		{"mgr", "x", []string{"--setuser", "ceph"}, 2, "unknown option --setuser"},
		{"mgr", "x", []string{"-n", "mon.x"}, 2, `"mon.x" is not of the form mgr.ID`},
		{"mgr", "x", []string{"--mkfs"}, 2, "--mkfs is for monitors"},
		{"mgr", "x", conf("none.conf"), 2, "none.conf: no such file"},
		{"mgr", "x", conf("broken.conf"), 2, "broken.conf:2: not a configuration file"},
		{"mgr", "x", conf("empty.conf"), 2, "empty.conf: unusable configuration: mon_host: it is not set"},
		{"mgr", "x", nil, 2, `ceph.conf:13: unusable configuration: auth_client_required: "cephx"`},
		{"mgr", "nomon", nil, 2, "ceph.conf:18: unusable configuration: mon_host: it is not set"},
		{"mgr", "loop", nil, 2, "ceph.conf:21: unusable configuration: mgr_data: values that name each other"},
		{"mgr", "fine", []string{"--mgr-tick-period=soon"}, 2, `command line: unusable configuration: mgr_tick_period: bad value "soon"`},
		{"mgr", "fine", []string{"--mon-client-hunt-interval-backoff", "0.5"}, 2, "HuntBackoff is below 1"},
		{"mgr", "fine", []string{"--fsid", "x"}, 2, `command line: unusable configuration: fsid: uuid "x"`},
		{"mgr", "fine", []string{"-m", "nowhere"}, 2, `"nowhere": not an IP address`},
		{"mgr", "fine", []string{"--log_to_stderr", "perhaps"}, 2, `log_to_stderr: "perhaps" is neither`},
		{"mgr", "late", nil, 1, "no answer from the monitors"},
		{"mon", "b", nil, 1, "mon.b' does not exist: have you run 'mkfs'?"},
		{"mon", "a", []string{"--mon-lease", "0"}, 2, "must be positive"},
		{"mon", "a", []string{"--fsid", "99999999-2222-4333-8444-555555555555"}, 2, "is of cluster 11111111-2222"},
		{"mon", "b", []string{"--mkfs"}, 2, "monmap: it is not set"},
		{"mon", "b", []string{"--mkfs", "--monmap", filepath.Join(s.dir, "monmap")}, 2, "has no mon.b"},
		{"mon", "b", []string{"--mkfs", "--monmap", filepath.Join(s.dir, "ceph.conf")}, 2, "ceph.conf: "},
		{"mon", "a", []string{"--mkfs"}, 0, "already exists and is not empty"},
		{"mgr", "x", []string{"--version"}, 0, "ceph version 16.2.15 (wavetank)"},
		{"mon", "x", []string{"--help"}, 0, "mon_election_timeout"},
	} {
		r := s.start(tt.kind, tt.id, tt.args...)
		r.ends(tt.status)
		if got := r.output.String(); !strings.Contains(got, tt.want) {
			t.Errorf("%s.%s %v: %s\nwant %s", tt.kind, tt.id, tt.args, got, tt.want)
		}
	}
}
