package mon

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// raise has the active manager report one alert.
func (cl *client) raise(code, summary string, count int64) {
	cl.send(&msg.MonMgrReport{GID: cl.gid, Checks: map[string]msg.HealthCheck{
		code: {Severity: msg.HealthWarn, Summary: summary, Detail: []string{"more"}, Count: count},
	}})
	cl.c.world.Run(2 * time.Second)
}

func mute(more string) string { return `{"prefix":"health mute"` + more + `}` }

// The answers are those of a real 16.2.15 monitor, from a peon, which forwards.
func TestHealthMute_commands(t *testing.T) {
	c := newCluster(t, 3, 65).startAll()
	cl := c.login((c.settle() + 1) % 3)
	cl.beacon("x", false)
	c.world.Run(2 * time.Second)
	cl.raise("A", "a is bad", 1)
	cl.converse([]exchange{
		{mute(`,"code":"Z"`), "", -2, "health alert Z is not currently raised", ""},
		{mute(``), "", -22, "must specify an alert code to mute", ""},
		{mute(`,"code":"Z","ttl":"xx"`), "", -22, "invalid duration: xx (expected digit)", ""},
		{mute(`,"code":"Z","ttl":"-5"`), "", -22, "invalid duration: -5 (expected digit)", ""},
		{mute(`,"code":"Z","ttl":"0"`), "", -22, "invalid duration: 0 (timespan = 0)", ""},
		{mute(`,"code":"Z","ttl":""`), "", -22, "invalid duration:  (timespan = 0)", ""},
		{mute(`,"code":"Z","ttl":"1.5h"`), "", -22, "invalid duration: 1.5h (unexpected trailing '.5h')", ""},
		{mute(`,"code":"Z","ttl":"1M"`), "", -22, "invalid duration: 1M (unrecogized unit 'M')", ""},
		{mute(`,"code":"Z","ttl":"99999999999999999999s"`), "", -22,
			"invalid duration: 99999999999999999999s (The option value '99999999999999999999' seems to be invalid)", ""},
		{mute(`,"code":"Z","sticky":true`), "", 0, "", ""},
		{mute(`,"code":"Y","sticky":true,"ttl":"5 m"`), "", 0, "", ""},
		{mute(`,"code":"A","ttl":"1h30m"`), "", 0, "", ""},
		{`{"prefix":"health"}`, "", 0, "", "HEALTH_OK (muted: A(89m) Y(4m) Z)\n"},
		{`{"prefix":"health","detail":"detail"}`, "", 0, "", "HEALTH_OK (muted: A(89m) Y(4m) Z)\n(MUTED ttl 89m) [WRN] A: a is bad\n    more\n"},
	})
	_, data := cl.command(`{"prefix":"health","format":"json"}`)
	for _, want := range []string{
		`{"status":"HEALTH_OK","checks":{"A":{"severity":"HEALTH_WARN","summary":{"message":"a is bad","count":1},"muted":true}},"mutes":[{"code":"A","ttl":"2`,
		`+0000","sticky":false,"summary":"a is bad","count":1},{"code":"Y","ttl":"2`, `"sticky":true,"summary":"","count":0},{"code":"Z","sticky":true,"summary":"","count":0}]}`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	_, data = cl.command(`{"prefix":"status"}`)
	if want := "    health: HEALTH_OK\n            (muted: A(89m) Y(4m) Z)\n \n"; !strings.Contains(string(data), want) {
		t.Errorf("no %q in %s", want, data)
	}
	cl.converse([]exchange{
		{`{"prefix":"health unmute","code":"NOBODY"}`, "", 0, "", ""},
		{`{"prefix":"health unmute","code":"A"}`, "", 0, "", ""},
		{`{"prefix":"health"}`, "", 0, "", "HEALTH_WARN a is bad; (muted: Y(4m) Z)\n"},
		{`{"prefix":"health unmute"}`, "", 0, "", ""},
		{`{"prefix":"health unmute"}`, "", 0, "", ""},
		{mute(`,"code":"A","sticky":true`), "", 0, "", ""},
		{`{"prefix":"health","detail":"detail"}`, "", 0, "", "HEALTH_OK (muted: A)\n(MUTED, STICKY) [WRN] A: a is bad\n    more\n"},
	})
}

// A mute ends with its time, and unless it is sticky with its alert, or when that gets
// worse than it was; every monitor knows, and the log says why.
func TestHealthMute_ends(t *testing.T) {
	for _, tt := range []struct {
		name, mute string
		count      int64
		then       func(cl *client)
		ends       bool
		why        string
	}{
		{"its time", `,"ttl":"3s","sticky":true`, 1, func(*client) {}, true, "passed TTL 2"},
		{"cleared", ``, 1, func(cl *client) { cl.raise("OTHER", "o", 1) }, true, "health alert cleared"},
		{"sticky", `,"sticky":true`, 1, func(cl *client) { cl.raise("OTHER", "o", 1) }, false, ""},
		{"worse", ``, 2, func(cl *client) { cl.raise("A", "3 bad", 3) }, true, "count increased from 2 to 3"},
		{"no worse", ``, 2, func(cl *client) { cl.raise("A", "still 2", 2) }, false, ""},
		{"better, then as before", ``, 2, func(cl *client) {
			cl.raise("A", "1 bad", 1)
			cl.c.world.Run(6 * time.Second)
			cl.raise("A", "2 bad", 2)
		}, true, "count increased from 1 to 2"},
		{"other words", ``, 0, func(cl *client) { cl.raise("A", "now this", 0) }, true, "summary changed"},
		{"the same words", ``, 0, func(cl *client) { cl.raise("A", "bad", 0) }, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, 3, 66).startAll()
			peon := (c.settle() + 1) % 3
			cl := c.login(peon)
			cl.beacon("x", false)
			c.world.Run(2 * time.Second)
			cl.raise("A", "bad", tt.count)
			cl.converse([]exchange{{mute(`,"code":"A"` + tt.mute), "", 0, "", ""}})
			tt.then(cl)
			c.world.Run(7 * time.Second)
			for _, n := range c.mons {
				if _, muted := n.mon.health.mutes.byCode["A"]; muted == tt.ends {
					t.Errorf("mon.%s: muted is %v", n.name, muted)
				}
			}
			var why string
			for _, text := range cl.texts("cluster") {
				if rest, ok := strings.CutPrefix(text, "Health alert mute A cleared ("); ok {
					why += rest
				}
			}
			if !strings.HasPrefix(why, tt.why) || (why != "") != tt.ends || strings.Count(why, ")") > 1 {
				t.Errorf("the log says %q, want %q", why, tt.why)
			}
		})
	}
}

// Mutes outlive the leader.
func TestHealthMute_survivesTheLeader(t *testing.T) {
	c := newCluster(t, 3, 67).startAll()
	leader := c.settle()
	c.login(leader).converse([]exchange{{mute(`,"code":"A","sticky":true,"ttl":"1y"`), "", 0, "", ""}})
	c.mons[leader].machine.PowerCut()
	c.until("another leader", func() bool { return c.otherLeader(leader) >= 0 })
	c.start(leader)
	c.world.Run(20 * time.Second)
	c.login(leader).converse([]exchange{{`{"prefix":"health"}`, "", 0, "", "HEALTH_OK (muted: A(12M))\n"}})
}

func TestParseTimespan(t *testing.T) {
	for text, want := range map[string]uint64{
		"": 0, "0": 0, "7": 7, "1s": 1, "2 sec": 2, "3min": 180, "1h30m": 5400, "1d": 86400, "2 weeks": 1209600, "1mo": 2592000, "1y": 31536000,
	} {
		if got, err := parseTimespan(text); got != want || err != nil {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"x": "expected digit", "1h x": "expected digit", "1 fortnight": "unrecogized unit 'fortnight'", "5.1": "unexpected trailing '.1'",
		"9223372036854775807y": "The option value '9223372036854775807' seems to be invalid",
	} {
		if _, err := parseTimespan(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A snapshot with a mute that cannot be read is refused.
func TestHealthMutes_corrupt(t *testing.T) {
	if _, err := decodeHealthMute("A", []byte{1, 1, 2, 0, 0, 0, 9, 9}); err == nil {
		t.Error("read")
	}
	m := healthMute{Code: "A", Sticky: true, Summary: "s", Count: -3, until: wire.UTime{Sec: 1700000000}}
	m.Until = isoStamp(m.until)
	if got, err := decodeHealthMute("A", m.encode()); err != nil || got != m {
		t.Errorf("%+v, %v", got, err)
	}
}
