package mon

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
)

// FuzzCommand gives a monitor any text as a command, with any input. It must
// answer, or wait for an answer of the quorum, and go on.
func FuzzCommand(f *testing.F) {
	for _, k := range commands() {
		f.Add(fmt.Sprintf(`{"prefix":%q}`, k.prefix), []byte(nil))
		for _, p := range admin.Params(k.args) {
			f.Add(fmt.Sprintf(`{"prefix":%q,%q:"mgr/x","format":"json"}`, k.prefix, p["name"]), []byte("x"))
			f.Add(fmt.Sprintf(`{"prefix":%q,%q:-1}`, k.prefix, p["name"]), []byte(nil))
		}
	}
	f.Add(`[`, []byte(nil))
	f.Add(`{"prefix":"config set","who":"mgr/host:x/class:y","name":"debug_ms","value":"1/2"}`, []byte(nil))
	f.Fuzz(func(t *testing.T, text string, input []byte) {
		if strings.Contains(text, "mon add") {
			t.Skip() // a monitor that is not there is half of the two
		}
		c := newCluster(t, 1, 1).startAll()
		cl := c.login(0)
		ack, _ := cl.commandWith(text, input)
		if ack.Code > 0 || ack.Code < -133 {
			t.Errorf("%s: code %d", text, ack.Code)
		}
		if ack, _ := cl.command(`{"prefix":"fsid"}`); ack.Code != 0 {
			t.Errorf("afterwards: %+v", ack)
		}
		cl.send(&msg.Command{FSID: c.fsid, Cmd: []string{text}})
		c.world.Run(time.Second)
	})
}

// Every command takes arguments of every kind under the names it knows: it answers,
// and refuses those of a wrong type.
func TestCommands_anyArguments(t *testing.T) {
	c := newCluster(t, 3, 81).startAll()
	cl := c.login((c.settle() + 1) % 3)
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.SampledFrom(commands()).Draw(rt, "command")
		if k.perm == "rw" && strings.HasPrefix(k.prefix, "mon ") {
			rt.Skip("it removes the monitor that is to answer")
		}
		args := map[string]any{"prefix": k.prefix}
		wrong := false
		for _, p := range append(admin.Params(k.args), admin.Param{"name": "format", "type": "CephString"}) {
			switch rapid.IntRange(0, 6).Draw(rt, p["name"]) {
			case 0:
				args[p["name"]] = rapid.SampledFrom([]string{"", "a", "mgr", "mgr.x", "json", "debug_ms", "mgr/host:x", "\x00\xff"}).Draw(rt, "text")
				wrong = wrong || p["n"] == "N" || p["type"] == "CephInt" || p["type"] == "CephFloat" || p["type"] == "CephBool"
			case 1:
				args[p["name"]] = rapid.Int64().Draw(rt, "number")
				wrong = wrong || p["type"] != "CephInt" && p["type"] != "CephOsdName" && p["type"] != "CephFloat"
			case 2:
				args[p["name"]] = []string{"a", "b"}
				wrong = wrong || p["n"] != "N"
			case 3:
				args[p["name"]] = map[string]any{"a": nil}
				wrong = true
			case 4:
				args[p["name"]] = true
				wrong = wrong || p["type"] != "CephBool"
			}
		}
		text, err := json.Marshal(args)
		if err != nil {
			rt.Fatal(err)
		}
		ack, _ := cl.commandWith(string(text), []byte("input"))
		if refused := strings.HasPrefix(ack.Status, "bad or missing field"); refused != wrong || refused && ack.Code != eInval {
			rt.Errorf("%s: %d %q", text, ack.Code, ack.Status)
		}
		cl.got = nil
	})
}
