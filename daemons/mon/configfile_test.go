package mon

import (
	"strings"
	"testing"
)

// The texts are those of a real 16.2.15 monitor, but for the section that it takes
// although it does not know it, and then forgets.
func TestConfig_assimilate(t *testing.T) {
	c := newCluster(t, 3, 55).startAll()
	cl := c.login((c.settle() + 1) % 3)
	const file = `[global]
fsid = 11111111-1111-1111-1111-111111111111
mon host = 1.2.3.4
debug ms = 1
bogus = 5
  auth_client_required = none
; comment
[mon]
mon lease = 7
mon tick interval = x
[mon.a]
mon_max_osd = 5000   # trailing
[osd/class:ssd]
debug_osd = 4
[weird]
debug_ms = 2
`
	const rest = "\n[global]\n\tbogus = 5\n\tfsid = 11111111-1111-1111-1111-111111111111\n\tmon_host = 1.2.3.4\n" +
		"\n[mon]\n\tmon_tick_interval = x\n\n[weird]\n\tdebug_ms = 2\n"
	const minimal = "# minimal ceph.conf for 01020300-0000-0000-0000-000000000000\n[global]\n" +
		"\tfsid = 01020300-0000-0000-0000-000000000000\n\tmon_host = 10.0.0.1:6789/0 10.0.0.2:6789/0 10.0.0.3:6789/0\n"
	const assimilate = `{"prefix":"config assimilate-conf"}`
	cl.converse([]exchange{
		{`{"prefix":"config generate-minimal-conf"}`, "", 0, "", minimal},
		{assimilate, file, 0, "", rest},
		{`{"prefix":"config dump"}`, "", 0, "", `WHO        MASK       LEVEL     OPTION                VALUE     RO
global                advanced  auth_client_required  none      * 
global                advanced  debug_ms              1/1         
  mon                 advanced  mon_lease             7.000000    
    mon.a             advanced  mon_max_osd           5000        
  osd      class:ssd  advanced  debug_osd             4/4         
`},
		{assimilate, file, 0, "", rest},
		{`{"prefix":"config generate-minimal-conf","format":"json"}`, "", 0, "", minimal + "\tauth_client_required = none\n"},
		{assimilate, "[global\nfoo", -22, "parse error: expected '\"]\"' in line 1 at position 8\n", ""},
		{assimilate, "junk = 1\n", 0, "", "\n[global]\n\tjunk = 1\n"},
		{assimilate, "[global]\njunk\n", -22, "parse error: expected '<eoi>' in line 2 at position 1\n", ""},
		{assimilate, "", 0, "", ""},
		{assimilate, "[mgr]\nlog_file = \"/a b\"\nlog_file = '/c d'", 0, "", ""},
		{`{"prefix":"config get","who":"mgr.x","key":"log_file"}`, "", 0, "", "/c d\n"},
	})
	if n := len(configVersions(c.mons[0].mon.configKey)); n != 2 {
		t.Errorf("%d versions of the configuration", n)
	}
}

func TestConfig_help(t *testing.T) {
	c := newCluster(t, 1, 56).startAll()
	cl := c.login(0)
	cl.converse([]exchange{
		{`{"prefix":"config help","key":"mgr_stats_threshold"}`, "", 0, "",
			"mgr_stats_threshold - priority from which on counters are reported\n  (int, advanced)\n  Default: 5\n  Minimum: 0\n  Maximum: 11\n  Can update at runtime: true\n"},
		{`{"prefix":"config help","key":"mon_lease_ack_timeout_factor","format":"json"}`, "", 0, "",
			`{"name":"mon_lease_ack_timeout_factor","type":"float","level":"advanced","desc":"","default":2,"min":1.0001,"max":100,"can_update_at_runtime":true}`},
		{`{"prefix":"config help","key":"mon lease ack timeout factor"}`, "", 0, "",
			"mon_lease_ack_timeout_factor - \n  (float, advanced)\n  Default: 2.000000\n  Minimum: 1.000100\n  Maximum: 100.000000\n  Can update at runtime: true\n"},
		{`{"prefix":"config help","key":"bogus"}`, "", -2, "", ""},
		{`{"prefix":"config help"}`, "", -2, "", ""},
	})
	for _, o := range configOptions() {
		if ack, data := cl.command(`{"prefix":"config help","format":"json","key":"` + o.name + `"}`); ack.Code != 0 || !strings.Contains(string(data), `"type":"`+o.typeName()) {
			t.Errorf("%s: %d %s", o.name, ack.Code, data)
		}
	}
}

// Whatever a file holds, it is read or refused with the line; what is read is written so
// that it reads the same.
func FuzzParseConf(f *testing.F) {
	for _, seed := range []string{"", "[a]\nb=c", "[a", "x", "a = 'b'", "= 1", "[ ]\n=\n", "a b = 1 # c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseConf(text)
		if err != nil {
			if !strings.Contains(err.Error(), " in line ") {
				t.Error(err)
			}
			return
		}
		for _, line := range lines {
			if line.name == "" || strings.ContainsAny(line.name+line.section+line.value, "\n#;") {
				t.Errorf("%q: %+v", text, line)
			}
		}
		_ = confText(lines)
	})
}
