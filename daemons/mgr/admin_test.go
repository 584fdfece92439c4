package mgr_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr"
)

// ask is the answer of the manager's admin socket.
func (m *manager) ask(prefix string) (answer map[string]any) {
	m.t.Helper()
	reply := m.process.Admin([]byte(`{"prefix":"` + prefix + `"}`))
	if err := json.Unmarshal(reply, &answer); err != nil {
		m.t.Errorf("%s: %s", prefix, reply)
	}
	return answer
}

// A manager answers who sits at its machine from its start on, active or not, and with
// what "ceph tell" tells once it serves.
func TestAdmin(t *testing.T) {
	m := start(t, func(c *mgr.Config) { c.Options.TickPeriod = time.Second })
	state := func(want string) {
		t.Helper()
		if got := m.ask("status"); got["name"] != "x" || got["state"] != want {
			t.Errorf("%v, want %q", got, want)
		}
	}
	every := func() (part map[string]any) {
		t.Helper()
		for prefix := range m.ask("help") {
			if !strings.HasSuffix(prefix, "get") && !strings.HasSuffix(prefix, "set") { // those need arguments
				m.ask(prefix)
			}
		}
		return m.ask("perf dump")
	}
	state("")
	every()
	m.within(time.Second, "beacon", func() bool { return len(m.beacons()) > 0 })
	state("standby")
	if part := every(); part["messenger-client"] == nil || part["messenger-server"] != nil {
		t.Errorf("a standby counts %v", part)
	}
	m.push(m.names(5, m.gid()))
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
	state("active")
	if part := every(); part["messenger-server"] == nil {
		t.Errorf("an active manager counts %v", part)
	}
	m.world.Run(time.Second)
	told := m.call(client(), "admin").ask(1, tell(`{"prefix": "status"}`))
	if got := m.process.Admin([]byte(`{"prefix": "status"}`)); string(got) != string(told.Data) {
		t.Errorf("status is %s, and told %s", got, told.Data)
	}
}

// An option that is not the default shows.
func TestAdmin_options(t *testing.T) {
	m := standingBy(t, func(c *mgr.Config) { c.Options.TickPeriod = 1500 * time.Millisecond })
	const want = `{"diff":{"mgr_tick_period":{"default":"2","file":"1.5","final":"1.5"}}}`
	if got := string(m.process.Admin([]byte(`{"prefix":"config diff","format":"json"}`))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
