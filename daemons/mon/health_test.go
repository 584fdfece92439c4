package mon

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// A monitor that is gone is missed, told of everywhere, and forgotten when it is
// back; a new leader does not miss those it could not hear yet.
func TestHealth_monDown(t *testing.T) {
	c := newCluster(t, 3, 61).startAll()
	leader := c.settle()
	away, peon := (leader+1)%3, (leader+2)%3
	c.world.Run(20 * time.Second)
	cl := c.login(peon)
	cl.converse([]exchange{
		{`{"prefix":"health"}`, "", 0, "", "HEALTH_OK\n"},
		{`{"prefix":"health","detail":"detail"}`, "", 0, "", "HEALTH_OK\n"},
		{`{"prefix":"health","format":"json"}`, "", 0, "", `{"status":"HEALTH_OK","checks":{},"mutes":[]}`},
	})
	c.mons[away].machine.PowerCut()
	c.until("missed", func() bool { return len(c.mons[peon].mon.health.checks) > 0 })
	names := []string{c.mons[leader].name, c.mons[peon].name}
	slices.Sort(names)
	summary := "1/3 mons down, quorum " + strings.Join(names, ",")
	detail := "mon." + c.mons[away].name + " (rank " + string(rune('0'+away)) + ") addr v1:10.0.0." + string(rune('1'+away)) +
		":6789/0 is down (out of quorum)"
	cl.converse([]exchange{
		{`{"prefix":"health"}`, "", 0, "", "HEALTH_WARN " + summary + "\n"},
		{`{"prefix":"health","detail":"detail"}`, "", 0, "", "HEALTH_WARN " + summary + "\n[WRN] MON_DOWN: " + summary + "\n    " + detail + "\n"},
		{`{"prefix":"health","detail":"detail","format":"json"}`, "", 0, "",
			`{"status":"HEALTH_WARN","checks":{"MON_DOWN":{"severity":"HEALTH_WARN","summary":{"message":"` + summary +
				`","count":1},"detail":[{"message":"` + detail + `"}],"muted":false}},"mutes":[]}`},
	})
	if _, data := cl.command(`{"prefix":"mon stat","format":"json"}`); strings.Contains(string(data), `"name":"`+c.mons[away].name) {
		t.Errorf("mon stat counts who is down: %s", data)
	}
	c.start(away)
	c.until("back", func() bool { return len(c.mons[peon].mon.health.checks) == 0 })
	c.world.Run(3 * time.Second) // for the line about it
	c.mons[leader].proc.Pause()
	c.until("another leader", func() bool { return c.otherLeader(leader) >= 0 })
	c.mons[leader].proc.Resume()
	c.world.Run(30 * time.Second)
	got := c.login(peon).texts("cluster")
	want := []string{"Health check failed: " + summary + " (MON_DOWN)", "Health check cleared: MON_DOWN (was: " + summary + ")", "Cluster is now healthy"}
	got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, "is new leader") })
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Checks that a monitor or the active manager reports are told until it takes them
// back; nobody else is believed.
func TestHealth_reported(t *testing.T) {
	c := newCluster(t, 3, 62).startAll()
	leader := c.settle()
	peon := (leader + 1) % 3
	mgr := c.login(peon)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	report := func(gid uint64, codes ...string) string {
		checks := map[string]msg.HealthCheck{}
		for _, code := range codes {
			checks[code] = msg.HealthCheck{Severity: msg.HealthWarn, Summary: strings.ToLower(code), Count: 1}
		}
		mgr.send(&msg.MonMgrReport{Checks: checks, GID: gid})
		c.world.Run(2 * time.Second)
		return strings.Join(wire.SortedKeys(c.mons[peon].mon.health.checks), ",")
	}
	for _, x := range []struct {
		got, want string
	}{
		{report(mgr.gid, "A", "B"), "A,B"},
		{report(mgr.gid+1, "C"), "A,B"},
		{report(mgr.gid, "B", "C"), "B,C"},
	} {
		if x.got != x.want {
			t.Errorf("checks %s, want %s", x.got, x.want)
		}
	}
	disk := msg.HealthCheck{Severity: msg.HealthErr, Summary: "full", Detail: []string{"mon.b"}, Count: 1}
	c.link(peon, leader).Send(msg.New(&msg.MonHealthChecks{Checks: map[string]msg.HealthCheck{"MON_DISK_CRIT": disk, "B": disk}}))
	c.world.Run(2 * time.Second)
	mgr.converse([]exchange{{`{"prefix":"health","detail":"detail"}`, "", 0, "",
		"HEALTH_ERR b; full; c\n[ERR] B: b\n    mon.b\n[ERR] MON_DISK_CRIT: full\n    mon.b\n[WRN] C: c\n"}})
}

func TestHealth_mgrDown(t *testing.T) { // MM-23
	for _, x := range []struct {
		available     bool
		osds          int
		age, inactive time.Duration
		down          bool
		severity      uint8
	}{
		{true, 3, time.Hour, time.Hour, false, 0},
		{false, 0, time.Hour, time.Hour, false, 0},
		{false, 3, 100 * time.Second, 10 * time.Second, false, 0},
		{false, 3, time.Hour, 10 * time.Second, true, msg.HealthWarn},
		{false, 3, time.Hour, 2 * time.Minute, true, msg.HealthErr},
	} {
		c, down := mgrDown(&msg.MgrMap{Available: x.available}, x.osds, x.age, x.inactive)
		if down != x.down || down && c.Severity != x.severity {
			t.Errorf("%+v: %v %+v", x, down, c)
		}
	}
}

// A new leader that has not heard a monitor yet gives it time.
func TestHealth_newLeaderWaits(t *testing.T) {
	c := newCluster(t, 3, 63).startAll()
	m := c.mons[c.settle()].mon
	clear(m.heard)
	if got := m.whoAnswers(m.now()); len(got) != 3 {
		t.Errorf("at once: %v", got)
	}
	if got := m.whoAnswers(m.now() + 2*m.opts.Lease + time.Second); !slices.Equal(got, []int{m.rank}) {
		t.Errorf("later: %v", got)
	}
}

// MGR_DOWN comes when there are OSDs, gets worse while it lasts, and goes.
func TestHealth_mgrDownInACluster(t *testing.T) { // MM-23
	c := newCluster(t, 1, 64).startAll()
	cl := c.login(0)
	health := func(wait time.Duration) string {
		c.world.Run(wait)
		_, data := cl.command(`{"prefix":"health"}`)
		return strings.TrimSpace(string(data))
	}
	if got := health(200 * time.Second); got != "HEALTH_OK" {
		t.Errorf("without OSDs: %s", got)
	}
	if ack, _ := cl.command(`{"prefix":"osd new","uuid":"8b5c7a32-9ab0-4f2c-8d3f-2a1b60f4a111"}`); ack.Code != 0 {
		t.Fatal(ack.Status)
	}
	m := c.mons[0].mon
	m.mgrGone = 0 // as a leader who has just begun to look
	if got := health(20 * time.Second); got != "HEALTH_WARN no active mgr" {
		t.Errorf("at first: %s", got)
	}
	if got := health(70 * time.Second); got != "HEALTH_ERR no active mgr" {
		t.Errorf("later: %s", got)
	}
	cl.beacon("x", false)
	c.world.Run(time.Second)
	cl.beacon("x", true)
	if got := health(10 * time.Second); got != "HEALTH_OK" {
		t.Errorf("with a manager: %s", got)
	}
}
