package mgr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// What daemons have said of their options is what "config show" tells, in Ceph's layout.
func TestServer_configShow(t *testing.T) {
	m := serving(t, nil)
	c := m.rgw(4500)
	config := msg.DaemonConfig{
		Values: map[string]map[msg.ConfigLevel]string{
			"debug_ms": {msg.ConfigMon: "1/1", msg.ConfigOverride: "5/5"}, "rgw_x": {msg.ConfigFile: "7"}, "none": {},
		},
		Ignored: map[string]string{"debug_ms": "1/1"},
	}
	var values, defaults wire.Encoder
	config.Encode(&values)
	defaults.StringMap(map[string]string{"debug_ms": "0/0", "rgw_x": "6", "rgw_y": "z"})
	ask := func(text string) (int32, string, string) {
		r := c.ask(9, &msg.MgrCommand{Cmd: []string{text}})
		b := r.Body.(*msg.MgrCommandReply)
		return b.Code, b.Status, string(r.Data)
	}
	if code, status, data := ask(`{"prefix": "config show", "who": "rgw.a"}`); code != 0 || status != "" || data != "" {
		t.Errorf("of a daemon that has said nothing: %d %q %q", code, status, data)
	}
	c.ask(0, &msg.MgrOpen{
		DaemonName: "a", ServiceName: "rgw", ServiceDaemon: true, Config: values.Bytes(), ConfigDefaults: defaults.Bytes(),
	})
	const table = "NAME      VALUE  SOURCE    OVERRIDES  IGNORES\n" +
		"debug_ms  5/5    override  mon[1/1]   mon    \n" +
		"rgw_x     7      file                        \n"
	const list = `{"name":"debug_ms","value":"5/5","source":"override","overrides":[{"source":"mon","value":"1/1"}],"ignores":"mon"},` +
		`{"name":"rgw_x","value":"7","source":"file"}`
	for _, tt := range []struct {
		text   string
		code   int32
		status string
		data   string
	}{
		{`{"prefix": "config show", "who": "rgw.a"}`, 0, "", table},
		{`{"prefix": "config show", "who": "rgw.a", "format": "json"}`, 0, "", "[" + list + "]\n"},
		{`{"prefix": "config show-with-defaults", "who": "rgw.a"}`, 0, "", table + "rgw_y     z      default                     \n"},
		{`{"prefix": "config show-with-defaults", "who": "rgw.a", "format": "json"}`, 0, "", "[" + list + `,{"name":"rgw_y","value":"z","source":"default"}]` + "\n"},
		{`{"prefix": "config show", "who": "rgw.a", "key": "debug_ms"}`, 0, "", "5/5\n"},
		{`{"prefix": "config show", "who": "rgw.a", "key": "rgw_y"}`, 0, "", "z\n"},
		{`{"prefix": "config show", "who": "rgw.a", "key": "nope"}`, -2, "", ""},
		{`{"prefix": "config show", "who": "rgw.b"}`, -2, "no config state for daemon rgw.b", ""},
		{`{"prefix": "config show", "who": "rgw"}`, -22, "invalid daemon name: use <type>.<id>", ""},
		{`{"prefix": "config show"}`, -22, "bad or missing field 'who'", ""},
	} {
		if code, status, data := ask(tt.text); code != tt.code || status != tt.status || data != tt.data {
			t.Errorf("%s\n got %d %q %q\nwant %d %q %q", tt.text, code, status, data, tt.code, tt.status, tt.data)
		}
	}

	// A report has what has changed since.
	config.Values["rgw_x"] = map[msg.ConfigLevel]string{msg.ConfigMon: "8"}
	var later wire.Encoder
	config.Encode(&later)
	c.conn.Send(msg.New(&msg.MgrReport{DaemonName: "a", ServiceName: "rgw", Config: later.Bytes()}))
	m.world.Run(time.Second)
	if _, _, data := ask(`{"prefix": "config show", "who": "rgw.a"}`); !strings.Contains(data, "rgw_x     8      mon ") {
		t.Errorf("after a change:\n%s", data)
	}
	closed := false
	c.onReset = func() { closed = true }
	c.conn.Send(msg.New(&msg.MgrReport{DaemonName: "a", ServiceName: "rgw", Config: []byte{9}}))
	m.within(time.Second, "end of the session", func() bool { return closed })
}
