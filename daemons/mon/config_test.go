package mon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

func configCommand(what, who, name, value string) string {
	return fmt.Sprintf(`{"prefix":"config %s","who":%q,"name":%q,"value":%q}`, what, who, name, value)
}

// The answers are those of a real 16.2.15 monitor, from a peon, which forwards.
func TestConfig_commands(t *testing.T) {
	c := newCluster(t, 3, 51).startAll()
	cl := c.login((c.settle() + 1) % 3)
	set := func(who, name, value string, code int32, status string) exchange {
		return exchange{configCommand("set", who, name, value), "", code, status, ""}
	}
	cl.converse([]exchange{
		set("global", "debug_ms", "1", 0, ""),
		set("mgr", "debug_ms", "5/5", 0, ""),
		set("mgr.x", "mgr_tick_period", "1m", 0, ""),
		set("mgr.x", "mgr_tick_period", "3", 0, ""),
		set("mon", "mon_lease", "abc", -22, "error parsing value: strict_strtod: expected double, got: 'abc'"),
		set("mon", "bogus_option", "abc", -22, "unrecognized config option 'bogus_option'"),
		{`{"prefix":"config set","who":"mon","name":"bogus_option","value":"abc","force":true}`, "", 0, "", ""},
		set("mgr", "mgr/foo/bar", "abc", -22, "unrecognized config option 'mgr/foo/bar'"),
		set("osd/host:foo", "debug_osd", "2", 0, ""),
		set("osd/class:ssd", "debug_osd", "3", 0, ""),
		set("bogus", "debug_osd", "3", -22, "unrecognized config target 'bogus'"),
		set("bogus.1", "debug_osd", "3", -22, "unrecognized config target 'bogus.1'"),
		set("client.foo", "debug ms", "3", 0, ""),
		set("global", "mon_host", "x", -22, "mon_host is special and cannot be stored by the mon"),
		set("global", "log_file", "/x y", 0, ""),
		set("global", "ms_inject_socket_failures", "-5", -22, "error parsing value: strict_sistrtoll: value should not be negative"),
		set("global", "log_to_file", "maybe", -22, "error parsing value: Expected option value to be integer, got 'maybe'"),
		set("global", "mon_max_mgrmap_epochs", "10K", 0, ""),
		set("global", "mon_session_timeout", "1.5", -22, "error parsing value: strict_si_cast: unit prefix not recognized"),
		set("global", "ms_inject_delay_probability", "0.1", 0, ""),
		set("mgr", "mgr_tick_period", "-5", -22, "error parsing value: expected digit"),
		set("mgr", "mgr_tick_period", "1.5", -22, "error parsing value: unexpected trailing '.5'"),
		set("mds", "mds_cache_memory_limit", "x", -22, "error parsing value: strict_iecstrtoll: unit prefix not recognized"),
		set("mds", "mds_cache_memory_limit", "", -22, "error parsing value: strict_iecstrtoll: value not specified"),
		set("mds", "mds_cache_memory_limit", "4G", 0, ""),
		set("mon", "mon_tick_interval", "99999999999999999999", -22, "error parsing value: The option value '99999999999999999999' seems to be invalid"),
		set("mon", "debug_ms", "x", -22, "error parsing value: value must take the form N or N/M, where N and M are integers"),
		set("mon", "debug_ms", "-1", -34, "error parsing value: value must be in range [0, 99]"),
		{`{"prefix":"config get","who":"mgr.x"}`, "", 0, "", `WHO     MASK  LEVEL     OPTION                       VALUE     RO
mgr           advanced  debug_ms                     5/5         
global        basic     log_file                     /x y      * 
mgr.x         advanced  mgr_tick_period              3           
global        advanced  mon_max_mgrmap_epochs        10000       
global        dev       ms_inject_delay_probability  0.100000    
`},
		{`{"prefix":"config get","who":"mgr.x","key":"debug_ms"}`, "", 0, "", "5/5\n"},
		{`{"prefix":"config get","who":"mgr.y","key":"mgr tick period"}`, "", 0, "", "2\n"},
		{`{"prefix":"config get","who":"mgr.y","key":"bogus_x"}`, "", -2, "unrecognized key 'bogus_x'", ""},
		{`{"prefix":"config get","who":"bogus.5"}`, "", -22, "unrecognized entity 'bogus.5'", ""},
		{`{"prefix":"config get","who":"client.foo","format":"json"}`, "", 0, "",
			`{"debug_ms":{"value":"3/3","section":"client.foo","mask":{},"can_update_at_runtime":true},` +
				`"log_file":{"value":"/x y","section":"global","mask":{},"can_update_at_runtime":false},` +
				`"mon_max_mgrmap_epochs":{"value":"10000","section":"global","mask":{},"can_update_at_runtime":true},` +
				`"ms_inject_delay_probability":{"value":"0.100000","section":"global","mask":{},"can_update_at_runtime":true}}` + "\n"},
		{`{"prefix":"config dump"}`, "", 0, "", `WHO             MASK       LEVEL     OPTION                       VALUE       RO
global                     advanced  debug_ms                     1/1           
global                     basic     log_file                     /x y        * 
global                     advanced  mon_max_mgrmap_epochs        10000         
global                     dev       ms_inject_delay_probability  0.100000      
  mon                      unknown   bogus_option                 abc         * 
  mgr                      advanced  debug_ms                     5/5           
    mgr.x                  advanced  mgr_tick_period              3             
  osd           class:ssd  advanced  debug_osd                    3/3           
  osd           host:foo   advanced  debug_osd                    2/2           
  mds                      basic     mds_cache_memory_limit       4294967296    
    client.foo             advanced  debug_ms                     3/3           
`},
		{configCommand("rm", "mgr", "debug_ms", ""), "", 0, "", ""},
		{configCommand("rm", "mgr", "debug_ms", ""), "", 0, "", ""},
		{configCommand("rm", "bogus", "debug_ms", ""), "", -22, "unrecognized config target 'bogus'", ""},
	})
	_, data := cl.command(`{"prefix":"config dump","format":"json"}`)
	for _, want := range []string{
		`[{"section":"global","name":"debug_ms","value":"1/1","level":"advanced","can_update_at_runtime":true,"mask":""},`,
		`"mask":"class:ssd","device_class":"ssd"}`, `"mask":"host:foo","location_type":"host","location_value":"foo"}`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

// Versions are counted, shown and taken back.
func TestConfig_history(t *testing.T) {
	c := newCluster(t, 1, 52).startAll()
	cl := c.login(0)
	for i, x := range [][3]string{{"global", "debug_ms", "1"}, {"mgr", "debug_ms", "2"}, {"global", "debug_ms", "3"}} {
		if ack, _ := cl.command(configCommand("set", x[0], x[1], x[2])); ack.Code != 0 {
			t.Fatal(i, ack)
		}
	}
	cl.command(configCommand("rm", "mgr", "debug_ms", ""))
	noSuch := "must specify a valid historical version to revert to; see 'ceph config log' for a list of avialable configuration historical versions"
	cl.converse([]exchange{
		{`{"prefix":"config reset","num":2}`, "", 0, "", ""},
		{`{"prefix":"config reset","num":2}`, "", 0, "", ""}, // nothing to do
		{`{"prefix":"config reset","num":99}`, "", -22, noSuch, ""},
		{`{"prefix":"config reset"}`, "", -22, noSuch, ""},
		{`{"prefix":"config get","who":"mgr","key":"debug_ms"}`, "", 0, "", "2/2\n"},
		{`{"prefix":"config get","who":"mon","key":"debug_ms"}`, "", 0, "", "1/1\n"},
	})
	_, data := cl.command(`{"prefix":"config log","num":3}`)
	var lines []string
	for line := range strings.Lines(string(data)) {
		if before, after, ok := strings.Cut(line, " --- 20"); ok { // a time
			_, after, _ = strings.Cut(after, " ---")
			line = before + after
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	want := "--- 5 reset to 2 ---|- global/debug_ms = 3/3|+ global/debug_ms = 1/1|+ mgr/debug_ms = 2/2|" +
		"--- 4|- mgr/debug_ms = 2/2|--- 3|- global/debug_ms = 1/1|+ global/debug_ms = 3/3"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	cl.command(configCommand("set", "global", "debug_mon", "1"))
	for i := range 2 * configVersionsKept {
		cl.command(configCommand("set", "global", "debug_mon", fmt.Sprint(i%2)))
	}
	if n := len(configVersions(c.mons[0].mon.configKey)); n != configVersionsKept {
		t.Errorf("%d versions kept", n)
	}
	if ack, _ := cl.command(`{"prefix":"config reset","num":2}`); ack.Code != -22 {
		t.Errorf("reset to what nobody knows: %d", ack.Code)
	}
}

// configs are the options that a client has been told, as text, and forgets them.
func (cl *client) configs() string {
	var b strings.Builder
	for _, m := range cl.got {
		if g, ok := m.Body.(*msg.Config); ok {
			for _, name := range wire.SortedKeys(g.Options) {
				fmt.Fprintf(&b, "%s=%s ", name, g.Options[name])
			}
			b.WriteString("; ")
		}
	}
	cl.got = nil
	return b.String()
}

// A subscriber is told at once, even of nothing, and again when something changes
// for it and only then.
func TestConfig_subscription(t *testing.T) {
	c := newCluster(t, 3, 53).startAll()
	leader := c.settle()
	admin, mgr := c.login(leader), c.login((leader+1)%3) // mgr.x
	expect := func(what, want string) {
		t.Helper()
		c.world.Run(2 * time.Second)
		if got := mgr.configs(); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	mgr.send(&msg.MonSubscribe{What: map[string]msg.Subscription{"config": {}}, Hostname: "h1"})
	expect("at first", "; ")
	admin.command(configCommand("set", "mgr", "debug_ms", "1"))
	expect("its type", "debug_ms=1/1 ; ")
	admin.command(configCommand("set", "osd", "debug_ms", "2"))
	admin.command(`{"prefix":"config-key set","key":"other","val":"x"}`)
	expect("others", "")
	admin.command(configCommand("set", "mgr/host:h1", "debug_ms", "3"))
	expect("its host", "debug_ms=3/3 ; ")
	admin.command(configCommand("set", "mgr", "debug_ms", "4"))
	expect("what its host overrules", "")
	admin.command(configCommand("set", "mgr.x", "debug_ms", "5"))
	expect("itself", "debug_ms=5/5 ; ")
	admin.command(configCommand("rm", "mgr.x", "debug_ms", ""))
	expect("not itself", "debug_ms=3/3 ; ")
	mgr.subscribe("config", 0, false)
	expect("asked again", "debug_ms=3/3 ; ")
	mgr.send(&msg.GetConfig{Name: msg.AuthName{Type: uint32(msg.EntityOSD), ID: "1"}, Host: "h2"})
	expect("somebody else's", "debug_ms=2/2 ; ")
}

// A monitor takes some options of its own while it runs, and refuses nonsense.
func TestConfig_ofTheMonitors(t *testing.T) {
	c := newCluster(t, 3, 54).startAll()
	leader := c.settle()
	cl := c.login(leader)
	cl.command(configCommand("set", "mon", "mon_mgr_beacon_grace", "12"))
	cl.command(configCommand("set", "mon", "mon_config_key_max_entry_size", "1K"))
	c.world.Run(time.Second)
	for i, n := range c.mons {
		if o := n.mon.opts; o.MgrBeaconGrace != 12*time.Second || o.MaxConfigKeyEntry != 1024 {
			t.Errorf("mon %d: %+v", i, o)
		}
	}
	x, y := c.login(leader), c.login(leader)
	x.beacon("x", false)
	c.world.Run(time.Second)
	for range 10 {
		y.beacon("y", false)
		c.world.Run(2 * time.Second)
	}
	if name := c.mons[leader].mon.mgr.committed.ActiveName; name != "y" {
		t.Errorf("after 20 s of silence %s is active", name)
	}
	cl.command(configCommand("set", "mon", "mon_mgr_beacon_grace", "1")) // shorter than the beacons' period
	c.world.Run(time.Second)
	if g := c.mons[leader].mon.opts.MgrBeaconGrace; g != 12*time.Second {
		t.Errorf("the grace is %v", g)
	}
	cl.command(configCommand("rm", "mon", "mon_mgr_beacon_grace", ""))
	c.world.Run(time.Second)
	if g := c.mons[leader].mon.opts.MgrBeaconGrace; g != 30*time.Second {
		t.Errorf("the grace is %v", g)
	}
}

func TestConfigOptions_ascending(t *testing.T) {
	known := configOptions()
	for i := 1; i < len(known); i++ {
		if known[i-1].name >= known[i].name {
			t.Errorf("%s before %s", known[i-1].name, known[i].name)
		}
	}
	for _, o := range known {
		if _, err := o.parse(o.def); err != nil {
			t.Errorf("%s: default %q: %v", o.name, o.def, err)
		}
	}
}

// The more special section wins, and within one the more special mask, in whatever
// order their keys are.
func TestResolve_precedence(t *testing.T) {
	who := subject{entity: msg.AuthName{Type: uint32(msg.EntityOSD), ID: "a.b"}, host: "h", class: "ssd"}
	paths := []string{ // ascending in what they say
		"global/z", "global/class:ssd/z", "global/host:h/z", "osd/z", "osd/class:ssd/z", "osd/host:h/z",
		"osd.a/z", "osd.a.b/z", "osd.a.b/class:ssd/z", "osd.a.b/host:h/z",
	}
	never := []string{"mon/z", "osd.b/z", "osd/host:i/z", "osd.a.b/class:hdd/z", "osd.a.b/rack:h/z", "osd.a.bc/z"}
	for i, path := range paths {
		for _, lower := range append(paths[:i:i], never...) {
			one, other := parsePath(path, "yes"), parsePath(lower, "no")
			for _, entries := range [][]configEntry{{one, other}, {other, one}} {
				if got := resolve(entries, who)["z"].value; got != "yes" {
					t.Errorf("%s and %s: the second wins", path, lower)
				}
			}
		}
	}
}
