package mon

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

func TestMon_commands(t *testing.T) {
	c := newCluster(t, 1, 14).startAll()
	mgr := c.login(0)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	for _, k := range []struct {
		cmd  string
		code int32
		text string // in the status or the output
	}{
		{`{"prefix":"no such thing"}`, -22, "command not known"},
		{`{"format":"json"}`, -22, "command prefix not found"},
		{`not json`, -22, "unparseable JSON not json"},
		{`{"prefix":"mgr fail","who":"nobody"}`, 0, "not found"},
		{`{"prefix":"status"}`, 0, "mgr: x(active, starting"},
		{`{"prefix":"status","format":"json"}`, 0, `"num_standbys":0`},
		{`{"prefix":"mgr stat"}`, 0, `"active_name": "x"`},
		{`{"prefix":"mgr metadata","who":"x","format":"json"}`, 0, `"addr":"h"`},
		{`{"prefix":"mgr metadata","who":"y"}`, -2, "mgr.y does not exist"},
		{`{"prefix":"mgr metadata"}`, 0, `"name": "x"`},
		{`{"prefix":"mgr dump","epoch":1}`, 0, `"epoch": 1,`},
		{`{"prefix":"mgr dump","epoch":99}`, -2, "no map for epoch 99"},
		{`{"prefix":"mon dump","format":"json"}`, 0, `"quorum":[0]`},
		{`{"prefix":"quorum_status"}`, 0, `"quorum_leader_name":"a"`},
		{`{"prefix":"get_command_descriptions"}`, 0, `"sig":["mgr","fail",{"name":"who","req":"false","type":"CephString"}]`},
	} {
		ack, data := mgr.command(k.cmd)
		if ack.Code != k.code || !strings.Contains(ack.Status+string(data), k.text) {
			t.Errorf("%s: %d %q %s", k.cmd, ack.Code, ack.Status, data)
		}
	}
	tid := mgr.send(&msg.MonCommand{FSID: wire.UUID{9}, Cmd: []string{`{"prefix":"status"}`}})
	c.world.Run(time.Second)
	last := mgr.got[len(mgr.got)-1]
	if b, ok := last.Body.(*msg.MonCommandAck); !ok || last.Header.Tid != tid || b.Code != -1 || b.Status != "wrong fsid" {
		t.Errorf("another cluster's command: %+v", last.Body)
	}
}

// The names and order that a real 16.2.15 dump has.
func TestMon_mgrDumpKeys(t *testing.T) {
	want := "epoch active_gid active_name active_addrs active_addr active_change active_mgr_features available standbys " +
		"modules available_modules services always_on_modules last_failure_osd_epoch active_clients"
	d := json.NewDecoder(strings.NewReader(string(toJSON(mgrDumpOf(&msg.MgrMap{}), true))))
	var keys []string
	depth, key := 0, true
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if delim, ok := tok.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				depth++
			} else if depth--; depth == 1 {
				key = true
			}
			continue
		}
		if depth == 1 {
			if key {
				keys = append(keys, tok.(string))
			}
			key = !key
		}
	}
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("keys\n%s\nwant\n%s", got, want)
	}
}
