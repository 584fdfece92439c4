//go:build interop

package realceph_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// The tests of this file put our messenger and monitor client in front of Ceph's
// monitors.

func TestMonc_realMonitor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	c := newClient(s, nil)

	opened := await(t, c.journal, 0, "a session", func(monc.SessionOpened) bool { return true })
	if opened.GID == 0 || opened.Mon != "a" || opened.GID != c.gid() {
		t.Errorf("session %+v, global id %d", opened, c.gid())
	}
	// The message itself stays with the monitor client if it comes while Authenticate
	// is being answered.
	await(t, c.journal, 0, "a monmap", func(r monc.Received) bool { return r.What == "monmap" && r.Epoch > 0 })
	if m, want := c.monMap(), s.MonMap(); m.Epoch == 0 || m.FSID != want.FSID || m.Addr(0) != want.Addr(0) {
		t.Errorf("monmap %+v, want the likes of %+v", m, want)
	}
	await(t, c.journal, 0, "a configuration", func(options) bool { return true })
	await(t, c.journal, 0, "a mgrmap", func(m *msg.MgrMapMsg) bool { return m.Map.ActiveGID == 0 })

	t.Run("status", func(t *testing.T) {
		r := c.command(`{"prefix": "status", "format": "json"}`)
		var status struct {
			FSID   string   `json:"fsid"`
			Quorum []string `json:"quorum_names"`
		}
		if err := json.Unmarshal(r.Data, &status); err != nil || r.Code != 0 {
			t.Fatalf("code %d, %v: %s", r.Code, err, r.Data)
		}
		if status.FSID != s.FSID().String() || strings.Join(status.Quorum, ",") != "a" {
			t.Errorf("status %+v", status)
		}
	})
	t.Run("config set and get", func(t *testing.T) {
		n := c.journal.now()
		setConfig(c, "61")
		pushed := await(t, c.journal, n, "the new configuration", func(o options) bool { return len(o) > 0 })
		if pushed[option] != "61" {
			t.Errorf("pushed %v", pushed)
		}
		r := c.command(`{"prefix": "config get", "who": "client.admin", "key": "` + option + `"}`)
		if got := strings.TrimSpace(string(r.Data)); r.Code != 0 || got != "61" {
			t.Errorf("config get: %q, code %d %s", got, r.Code, r.Status)
		}
	})
	t.Run("unknown command", func(t *testing.T) {
		if r := c.command(`{"prefix": "no such thing"}`); r.Code != -22 {
			t.Errorf("code %d %s, want -22 (EINVAL)", r.Code, r.Status)
		}
	})
	t.Run("tell one monitor", func(t *testing.T) {
		for _, mon := range []string{"a", "0"} {
			done := make(chan monc.CommandResult, 1)
			c.ask(func() { c.monc.Tell(mon, `{"prefix": "mon_status"}`, func(r monc.CommandResult) { done <- r }) })
			var status struct {
				Name  string `json:"name"`
				State string `json:"state"`
			}
			r := c.outcome("tell mon."+mon, done)
			if err := json.Unmarshal(r.Data, &status); err != nil || r.Code != 0 || status.Name != "a" || status.State != "leader" {
				t.Errorf("tell mon.%s: code %d %s, %v: %s", mon, r.Code, r.Status, err, r.Data)
			}
		}
	})
	t.Run("cluster log", func(t *testing.T) {
		n := c.journal.now()
		c.ask(func() {
			c.monc.Want("log-warn", 0, false)
			c.monc.Renew()
			c.monc.Log(msg.LogWarning, "cluster", "the tank leaks")
			c.monc.Log(msg.LogInfo, "cluster", "but not much")
		})
		// The monitor says something itself now and then.
		leak := func(e msg.LogEntry) bool { return e.Text == "the tank leaks" }
		l := await(t, c.journal, n, "the line", func(l *msg.Log) bool { return slices.ContainsFunc(l.Entries, leak) })
		if e := l.Entries[slices.IndexFunc(l.Entries, leak)]; e.Name.String() != "client.admin" || e.Level != msg.LogWarning || e.Seq != 1 {
			t.Errorf("line %+v", e)
		}
		kept := regexp.MustCompile(`client\.admin .*\[INF\] but not much\n`)
		s.eventually("the other line", func() bool { return kept.MatchString(s.ceph("log", "last", "100", "info", "cluster")) })
	})
	t.Run("versions", func(t *testing.T) {
		type answer struct {
			r   monc.VersionRange
			err error
		}
		done := make(chan answer, 1)
		c.ask(func() { c.monc.GetVersion("monmap", func(r monc.VersionRange, err error) { done <- answer{r, err} }) })
		if a := <-done; a.err != nil || a.r.Newest == 0 || a.r.Oldest > a.r.Newest {
			t.Errorf("%+v", a)
		}
	})
}

// option is one that clients are told of.
const option = "rados_osd_op_timeout"

func setConfig(c *client, value string) {
	c.t.Helper()
	text := fmt.Sprintf(`{"prefix": "config set", "who": "client.admin", "name": %q, "value": %q}`, option, value)
	if r := c.command(text); r.Code != 0 {
		c.t.Fatalf("config set: %d %s", r.Code, r.Status)
	}
}

// changeEverything changes what the client is subscribed to by the command line,
// and waits until the client has been told. The value must be a new one at each
// call.
func changeEverything(s *site, c *client, value string) {
	s.t.Helper()
	n := c.journal.now()
	s.ceph("config", "set", "client.admin", option, value)
	s.ceph("mgr", "module", "enable", "no-such-"+value, "--force")
	s.ceph("mon", "set-weight", "a", value)
	await(s.t, c.journal, n, "the configuration", func(o options) bool { return o[option] == value })
	await(s.t, c.journal, n, "the mgrmap", func(m *msg.MgrMapMsg) bool {
		return strings.Contains(strings.Join(m.Map.EnabledModules, " "), "no-such-"+value)
	})
	// The message stays with the monitor client if the session was lost meanwhile, and the
	// map comes with the next one.
	await(s.t, c.journal, n, "the monmap", func(r monc.Received) bool {
		if r.What != "monmap" {
			return false
		}
		m := c.monMap()
		info, found := m.Get("a")
		return found && fmt.Sprint(info.Weight) == value
	})
}

// newSession waits for a session that was opened after the first n entries.
func newSession(c *client, n int) monc.SessionOpened {
	c.t.Helper()
	await(c.t, c.journal, n, "the end of the session", func(monc.SessionLost) bool { return true })
	return await(c.t, c.journal, n, "another session", func(monc.SessionOpened) bool { return true })
}

// The same client goes on when its monitor is killed and started again: on a new
// session, as who it was (MC-2), with its subscriptions (MC-10), and with the
// answer to the command that found nobody (MC-9).
func TestMonc_realMonitorRestarts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	c := newClient(s, nil)
	changeEverything(s, c, "71")
	gid, n := c.gid(), c.journal.now()

	s.mons["a"].Kill()
	await(t, c.journal, n, "the end of the session", func(monc.SessionLost) bool { return true })
	const text = `{"prefix": "status"}`
	waiting := c.begin(text)
	s.startMon("a")

	if opened := newSession(c, n); opened.GID != gid || c.gid() != gid {
		t.Errorf("global id %d was %d before the restart", opened.GID, gid)
	}
	if r := c.outcome(text, waiting); r.Code != 0 || len(r.Data) == 0 {
		t.Errorf("the command that waited: %+v", r)
	}
	changeEverything(s, c, "72")
}

// The same for a connection that is lost while nobody dies, by the hand of
// either side.
func TestMonc_realMonitorConnectionDrops(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	dials := &dialled{}
	c := newClient(s, dials.wrap)
	gid := c.gid()
	for i, tt := range []struct {
		name string
		drop func(*testing.T)
	}{
		{"killed by the kernel", func(t *testing.T) { killSockets(t, s.net.Addr(200)) }},
		{"aborted by us", func(*testing.T) { dials.reset() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := c.journal.now()
			tt.drop(t)
			if opened := newSession(c, n); opened.GID != gid {
				t.Errorf("global id %d was %d before the drop", opened.GID, gid)
			}
			changeEverything(s, c, fmt.Sprint(81+i))
		})
	}
}

// killSockets destroys every connection from an address, as "ss -K" can where the
// kernel has CONFIG_INET_DIAG_DESTROY.
func killSockets(t *testing.T, from netip.Addr) {
	t.Helper()
	out, err := exec.Command("ss", "-H", "-K", "-t", "src", from.String()).Output()
	if err != nil || len(out) == 0 {
		t.Skipf("ss -K destroyed nothing: %v", err)
	}
}

// dialled knows the newest connection that a host has dialled.
type dialled struct {
	mu    sync.Mutex
	abort func()
}

func (d *dialled) wrap(h host.Host) host.Host { return dialHost{h, d} }

// reset breaks that connection at both ends.
func (d *dialled) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.abort()
}

type dialHost struct {
	host.Host
	d *dialled
}

func (h dialHost) Network() host.Network { return dialNetwork{h.Host.Network(), h.d} }

type dialNetwork struct {
	host.Network
	d *dialled
}

func (n dialNetwork) Dial(loop host.Loop, to netip.AddrPort, h host.ConnHandler) host.Conn {
	c := n.Network.Dial(loop, to, h)
	n.d.mu.Lock()
	defer n.d.mu.Unlock()
	n.d.abort = func() {
		loop.Post(func() {
			c.Abort()
			h.Closed(host.ErrReset)
		})
	}
	return c
}

// With three monitors the client goes elsewhere when its own is killed, and is
// still who it was: the global id is the cluster's, not the monitor's.
func TestMonc_movesToAnotherRealMonitor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a", "b", "c")
	for _, name := range []string{"a", "b", "c"} {
		s.startMon(name)
	}
	c := newClient(s, nil)
	gid, n := c.gid(), c.journal.now()
	var first string
	c.ask(func() { first = c.monc.Mon() })

	s.mons[first].Kill()
	await(t, c.journal, n, "the end of the session", func(monc.SessionLost) bool { return true })
	opened := await(t, c.journal, n, "a session elsewhere", func(o monc.SessionOpened) bool { return o.Mon != first })
	if opened.GID != gid {
		t.Errorf("moved from mon.%s as %d to mon.%s as %d", first, gid, opened.Mon, opened.GID)
	}
	changeEverything(s, c, "91")
}
