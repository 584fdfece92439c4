//go:build interop

package realceph_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The tests of this file ask our monitors, with Ceph's command line and library,
// what operators ask.

func TestCLI_realCommandsOfOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 2)
	expect := func(t *testing.T, want string, args ...string) {
		t.Helper()
		if out := o.ceph(args...); out != want {
			t.Errorf("ceph %v: %q, want %q", args, out, want)
		}
	}

	t.Run("config-key", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "value")
		if err := os.WriteFile(file, []byte("a\x00b"), 0o600); err != nil {
			t.Fatal(err)
		}
		o.ceph("config-key", "set", "test/text", "hello")
		o.ceph("config-key", "set", "test/file", "-i", file)
		expect(t, "hello", "config-key", "get", "test/text")
		expect(t, "a\x00b", "config-key", "get", "test/file")
		var keys []string
		if o.cephJSON(&keys, "config-key", "ls"); !slices.Equal(keys, []string{"test/file", "test/text"}) {
			t.Errorf("keys %v", keys)
		}
		var all map[string]string
		if o.cephJSON(&all, "config-key", "dump", "test/"); all["test/text"] != "hello" || all["test/file"] != "<<< binary blob of length 3 >>>" {
			t.Errorf("dump %v", all)
		}
		o.ceph("config-key", "rm", "test/file")
		o.fails(t, "Error ENOENT", "config-key", "get", "test/file")
		o.fails(t, "key 'test/file' doesn't exist", "config-key", "exists", "test/file")
		if err := os.WriteFile(file, make([]byte, 64<<10+1), 0o600); err != nil {
			t.Fatal(err)
		}
		o.fails(t, "Error EFBIG: error: entry size limited to 65536 bytes.", "config-key", "set", "test/big", "-i", file)
	})
	t.Run("config", func(t *testing.T) {
		o.ceph("config", "set", "mon", "mon_max_mgrmap_epochs", "1K")
		o.ceph("config", "set", "osd/class:ssd", "debug_osd", "7")
		expect(t, "1000\n", "config", "get", "mon.a", "mon_max_mgrmap_epochs")
		var entries []struct {
			Section, Name, Value, Mask string
		}
		if o.cephJSON(&entries, "config", "dump"); len(entries) != 2 || entries[1].Mask != "class:ssd" || entries[1].Value != "7/7" {
			t.Errorf("%+v", entries)
		}
		o.fails(t, "Error EINVAL: unrecognized config option 'bogus'", "config", "set", "mon", "bogus", "1")
		o.fails(t, "Error EINVAL: error parsing value", "config", "set", "mon", "mon_lease", "soon")
		o.ceph("config", "reset", "0")
		if o.cephJSON(&entries, "config", "dump"); len(entries) != 0 {
			t.Errorf("after the reset: %+v", entries)
		}
	})
	t.Run("log", func(t *testing.T) {
		o.ceph("log", "hello", "world")
		if out := o.ceph("log", "last", "1"); !strings.HasSuffix(out, " : cluster [INF] hello world\n") || strings.Count(out, "\n") != 1 {
			t.Errorf("%q", out)
		}
		if out := o.ceph("log", "last", "100", "info", "cluster"); !strings.Contains(out, " is new leader, mons a,b,c in quorum (ranks 0,1,2)") {
			t.Errorf("%q", out)
		}
	})
	t.Run("health", func(t *testing.T) {
		expect(t, "HEALTH_OK\n", "health")
		expect(t, "HEALTH_OK\n", "health", "detail")
	})
	t.Run("versions", func(t *testing.T) {
		const version = "ceph version 16.2.15 (wavetank) pacific (stable)"
		var v map[string]map[string]int
		o.eventually("the versions of all", func() bool { // as they tell the leader, one by one
			o.cephJSON(&v, "versions")
			return v["mon"][version] == 3 && v["mgr"][version] == 2 && v["overall"][version] == 5
		})
		var mons []map[string]string
		if o.cephJSON(&mons, "mon", "metadata"); len(mons) != 3 || mons[2]["name"] != "c" || mons[2]["ceph_version"] != version {
			t.Errorf("%v", mons)
		}
	})
	t.Run("file systems", func(t *testing.T) {
		expect(t, "No filesystems enabled\n", "fs", "ls")
		var fs struct{ Epoch int }
		if o.cephJSON(&fs, "fs", "dump"); fs.Epoch != 1 {
			t.Errorf("%+v", fs)
		}
	})
	t.Run("modules", func(t *testing.T) {
		o.fails(t, "Error ENOENT: all mgr daemons do not support module 'nope'", "mgr", "module", "enable", "nope")
	})
	t.Run("of the manager", func(t *testing.T) {
		var services struct{ Services map[string]any }
		if o.cephJSON(&services, "service", "dump"); services.Services == nil {
			t.Errorf("%+v", services)
		}
	})
	t.Run("tell", func(t *testing.T) {
		for _, name := range []string{"a", "b", "c"} {
			var status struct{ Name, State string }
			if o.cephJSON(&status, "tell", "mon."+name, "mon_status"); status.Name != name || (status.State == "leader") != (o.leader() == "mon."+name) {
				t.Errorf("mon.%s: %+v", name, status)
			}
		}
		var lease map[string]string
		if o.cephJSON(&lease, "tell", "mon.b", "config", "get", "mon_lease"); lease["mon_lease"] != "5.000000" {
			t.Errorf("%v", lease)
		}
	})
	t.Run("arguments", func(t *testing.T) { // checked by the command line, by what we describe
		o.fails(t, "Invalid command: missing required parameter key(<string>)", "config-key", "get")
		o.fails(t, "Error EINVAL: invalid command", "log", "last", "0")
		if out := o.ceph("--help"); !strings.Contains(out, "config-key set <key> [<val>]") {
			t.Errorf("no config-key set in the help, which has %d lines", strings.Count(out, "\n"))
		}
	})
}

// locked is a program's output that may be looked at while it runs.
type locked struct {
	mu  sync.Mutex
	all []byte
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p...)
	return len(p), nil
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.all)
}

// A script that uses librados connects, asks, and goes on while the leader dies.
func TestRados_realScriptWithOurMonitors(t *testing.T) {
	t.Parallel()
	o := newOurs(t, 3, 1)
	if err := exec.Command("/usr/bin/python3", "-c", "import rados").Run(); err != nil {
		t.Skip("python3-rados: ", err)
	}
	const script = `
import json, sys, time, rados
cluster = rados.Rados(conffile=sys.argv[1], name='client.admin')
cluster.connect(timeout=30)
while not cluster.get_fsid().strip('0-'): # connect has not waited for the monitor map
    time.sleep(0.05)
print(json.dumps(cluster.get_fsid()), flush=True)
for line in sys.stdin:
    code, data, status = cluster.mon_command(line, b'', timeout=30)
    print(json.dumps([code, data.decode(), status]), flush=True)
`
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	py := exec.CommandContext(ctx, "/usr/bin/python3", "-c", script, filepath.Join(o.Dir(), "ceph.conf"))
	in, _ := py.StdinPipe()
	stdout, _ := py.StdoutPipe()
	if err := py.Start(); err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(stdout)
	ask := func(command string) (code float64, data, status string) {
		t.Helper()
		in.Write([]byte(command + "\n"))
		var answer []any
		if err := answers.Decode(&answer); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		return answer[0].(float64), answer[1].(string), answer[2].(string)
	}
	var fsid string
	if err := answers.Decode(&fsid); err != nil || len(fsid) != 36 {
		t.Fatalf("fsid %q: %v", fsid, err)
	}
	if code, data, _ := ask(`{"prefix":"fsid"}`); code != 0 || strings.TrimSpace(data) != fsid {
		t.Errorf("fsid: %v %q, connected to %s", code, data, fsid)
	}
	if code, _, status := ask(`{"prefix":"no such"}`); code != -22 || status != "command not known" {
		t.Errorf("%v %q", code, status)
	}
	if code, _, status := ask(`{"prefix":"config-key set","key":5,"val":"x"}`); code != -22 || status != "bad or missing field 'key'" {
		t.Errorf("%v %q", code, status)
	}
	for i, key := range []string{"a", "b", "c"} {
		if i == 1 {
			o.cluster.Kill(o.leader())
		}
		if code, _, status := ask(`{"prefix":"config-key set","key":"` + key + `","val":"1"}`); code != 0 {
			t.Errorf("%s: %v %q", key, code, status)
		}
	}
	if _, data, _ := ask(`{"prefix":"config-key ls","format":"json"}`); strings.TrimSpace(data) != `["a","b","c"]` {
		t.Errorf("keys %s", data)
	}
	in.Close()
	py.Wait()
	o.eventually("the missing monitor told", func() bool {
		out, err := o.tryCeph("--connect-timeout", "10", "health", "detail")
		return err == nil && strings.Contains(out, "MON_DOWN: 1/3 mons down, quorum ") && strings.Contains(out, "is down (out of quorum)")
	})
}
