package mon

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/option"
)

// askAdmin is the answer of a monitor's admin socket, as it is.
func askAdmin(m *Mon, request string) string {
	return string(admin.New(m.adminHooks()).Answer([]byte(request)))
}

// A monitor answers whoever sits at its machine at any time: before it has found a
// quorum, in it, and after it was lost.
func TestAdmin_answersWithoutQuorum(t *testing.T) {
	c := newCluster(t, 3, 81).startAll()
	every := func(when string, m *Mon) {
		t.Helper()
		for _, k := range m.adminHooks() {
			if k.Params != "" {
				continue
			}
			var answer any
			if got := askAdmin(m, fmt.Sprintf(`{"prefix":%q}`, k.Prefix)); json.Unmarshal([]byte(got), &answer) != nil {
				t.Errorf("%s, %s: %s", when, k.Prefix, got)
			}
		}
	}
	leaderName := func(m *Mon) (name string) {
		var q struct {
			Name string `json:"quorum_leader_name"`
		}
		if err := json.Unmarshal([]byte(askAdmin(m, `{"prefix":"quorum_status"}`)), &q); err != nil {
			t.Error(err)
		}
		return q.Name
	}
	every("at first", c.mons[0].mon)
	if name := leaderName(c.mons[0].mon); name != "" {
		t.Errorf("at first %q leads", name)
	}
	leader := c.settle()
	m := c.mons[leader].mon
	every("in the quorum", m)
	if name := leaderName(m); name != c.mons[leader].name {
		t.Errorf("%q leads", name)
	}
	c.mons[(leader+1)%3].machine.PowerCut()
	c.mons[(leader+2)%3].machine.PowerCut()
	c.until("no quorum", func() bool { return !m.status().Active })
	every("after it", m)
	if name := leaderName(m); name != "" {
		t.Errorf("after it %q leads", name)
	}
}

// What a monitor was given by its file counts more than the cluster's configuration, from
// the start on, and less than the operator's word.
func TestAdmin_givenOptions(t *testing.T) {
	c := newCluster(t, 1, 83)
	c.given = map[string]string{"mon_tick_interval": "4", "mon_lease": "3"}
	c.startAll()
	c.settle()
	m, cl := c.mons[0].mon, c.login(0)
	cl.command(`{"prefix":"config set","who":"mon","name":"mon_tick_interval","value":"7"}`)
	expect := func(ticks time.Duration, diff string) {
		t.Helper()
		if m.opts.TickInterval != ticks || m.opts.Lease != 3*time.Second {
			t.Errorf("ticks every %v, want %v; leases are %v", m.opts.TickInterval, ticks, m.opts.Lease)
		}
		if got := askAdmin(m, `{"prefix":"config diff get","var":"mon_tick_interval","format":"json"}`); got != `{"diff":{"mon_tick_interval":`+diff+`}}` {
			t.Errorf("diff %s, want %s", got, diff)
		}
	}
	expect(4*time.Second, `{"default":"5","mon":"7","file":"4","final":"4"}`)
	askAdmin(m, `{"prefix":"config set","var":"mon_tick_interval","val":["2"]}`)
	expect(2*time.Second, `{"default":"5","mon":"7","file":"4","override":"2","final":"2"}`)
	c.given = map[string]string{"mon_lease": "soon"}
	if _, err := assemble(c.mons[0].proc, Config{Name: "a", MonMap: c.monmap, Given: c.given}); !errors.Is(err, option.ErrBadValue) {
		t.Errorf("a bad value: %v", err)
	}
}

// What the operator sets holds for this process, above the monitors' configuration,
// until it is unset; "ceph tell" shows it as well.
func TestAdmin_config(t *testing.T) {
	c := newCluster(t, 1, 82).startAll()
	c.settle()
	m := c.mons[0].mon
	cl := c.login(0)
	cl.command(`{"prefix":"config set","who":"mon","name":"mon_tick_interval","value":"7"}`)
	set := func(name string, values ...string) string {
		text, err := json.Marshal(map[string]any{"prefix": "config set", "var": name, "val": values, "format": "json"})
		if err != nil {
			t.Fatal(err)
		}
		return askAdmin(m, string(text))
	}
	expect := func(want time.Duration, diff string) {
		t.Helper()
		if m.opts.TickInterval != want {
			t.Errorf("ticks every %v, want %v", m.opts.TickInterval, want)
		}
		if got := askAdmin(m, `{"prefix":"config diff get","var":"mon_tick_interval","format":"json"}`); got != `{"diff":{"mon_tick_interval":`+diff+`}}` {
			t.Errorf("diff %s, want %s", got, diff)
		}
	}
	const configured = `{"default":"5","mon":"7","final":"7"}`
	expect(7*time.Second, configured)
	if got := set("mon tick interval", "3"); got != `{"success":"mon_tick_interval = '3' "}` {
		t.Error(got)
	}
	overridden := `{"default":"5","mon":"7","override":"3","final":"3"}`
	expect(3*time.Second, overridden)
	cl.command(`{"prefix":"config set","who":"mon","name":"mon_tick_interval","value":"8"}`)
	overridden = strings.Replace(overridden, `"mon":"7"`, `"mon":"8"`, 1)
	expect(3*time.Second, overridden)
	if _, _, output := m.tell(&msg.Command{FSID: c.fsid, Cmd: []string{`{"prefix":"config get","var":"mon_tick_interval","format":"json"}`}}); string(output) != `{"mon_tick_interval":"3"}` {
		t.Errorf("tell says %s", output)
	}

	for answer, got := range map[string]string{
		`{"success":"mon_lease = '7.000000' (not observed, change may require restart) "}`:                   set("mon_lease", "7"),
		"ERROR: (2) No such file or directory\nerror setting 'nope' to '1': (2) No such file or directory\n": set("nope", "1"),
		"ERROR: (22) Invalid argument\nerror setting 'mon_lease' to 'x': (22) Invalid argument\n":            set("mon_lease", "x"),
		"ERROR: (22) Invalid argument\nerror setting 'mon_lease' to '1 2': (22) Invalid argument\n":          set("mon_lease", "1", "2"),
		"ERROR: (22) Invalid argument\nerror setting 'mon_tick_interval' to '0': (22) Invalid argument\n":    set("mon_tick_interval", "0"),
		"ERROR: (22) Invalid argument\nerror unsetting 'nope': (22) Invalid argument\n":                      askAdmin(m, `{"prefix":"config unset","var":"nope"}`),
		"ERROR: (22) Invalid argument\ninvalid command json\n":                                               askAdmin(m, `{"prefix":"config set","var":"mon_lease"}`),
	} {
		if got != answer {
			t.Errorf("%q, want %q", got, answer)
		}
	}
	expect(3*time.Second, overridden) // 0 was refused and left what was
	if got := askAdmin(m, `{"prefix":"config unset","var":"mon_tick_interval"}`); got != "{}\n" {
		t.Error(got)
	}
	expect(8*time.Second, strings.ReplaceAll(configured, "7", "8"))
}

func TestAdmin_counters(t *testing.T) {
	c := newCluster(t, 3, 83).startAll()
	leader := c.settle()
	m := c.mons[leader].mon
	sessions := func() (n int64) { return m.perf()["mon"]["num_sessions"] }
	before := sessions()
	c.login(leader)
	if sessions() != before+1 || m.perf()["cluster"]["num_mon_quorum"] != 3 {
		t.Errorf("%d sessions before, now %v", before, m.perf())
	}
}
