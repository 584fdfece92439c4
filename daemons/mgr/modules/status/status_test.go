package status

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// running is the module on a manager that knows c.
func running(t *testing.T, c *state.Cluster) func(prefix string, args map[string]any) module.Reply {
	t.Helper()
	w := monctest.NewWorld(1)
	h := w.NewProcess("mgr.x")
	r, err := module.New(module.Env{
		Host: h, Loop: h.NewLoop("main"), Name: "x", GID: func() uint64 { return 1 }, Cluster: c, Changed: func() {},
		MonCommand: func(string, func(monc.CommandResult)) {},
	}, []module.Class{Class()})
	if err != nil {
		t.Fatal(err)
	}
	r.HandleMap(&msg.MgrMap{EnabledModules: []string{"status"}}, 16)
	r.StartActive()
	return func(prefix string, args map[string]any) (reply module.Reply) {
		r.Run(module.Request{Prefix: prefix, Args: args}, func(got module.Reply) { reply = got })
		w.Run(time.Millisecond)
		return reply
	}
}

// The tables are laid out as Ceph's are.
func TestStatus_tables(t *testing.T) {
	c := state.New()
	c.FS = &msg.FSMap{Standbys: map[uint64]msg.MDSInfo{9: {Name: "c", State: msg.MDSStandby}}, FileSystems: []msg.FileSystem{{Map: msg.MDSMap{
		Name: "cephfs", In: []int32{0, 1}, Up: map[int32]uint64{0: 7}, MetadataPool: 1, DataPools: []int64{2},
		Info: map[uint64]msg.MDSInfo{7: {GID: 7, Name: "a", State: msg.MDSActive}},
	}}}}
	c.OSD = &osdmap.Map{PoolNames: map[int64]string{1: "meta", 2: "data"}, OSDs: []osdmap.OSD{
		{State: osdmap.StateExists | osdmap.StateUp, Weight: osdmap.WeightIn}, {State: osdmap.StateExists},
	}}
	mds := &state.Daemon{Key: state.Key{Type: "mds", Name: "a"}, Metadata: map[string]string{"ceph_version": "v1"}}
	c.Daemons.Put(mds)
	osd := &state.Daemon{Key: state.Key{Type: "osd", Name: "0"}, Hostname: "box"}
	c.Daemons.Put(osd)
	ask := running(t, c)
	report(mds, 1*time.Second, map[string]uint64{"mds_server.handle_client_request": 0})
	report(mds, 6*time.Second, map[string]uint64{
		"mds_server.handle_client_request": 100, "mds_mem.dn": 12345, "mds_mem.ino": 7, "mds_sessions.session_count": 3,
	})
	report(osd, 1*time.Second, map[string]uint64{"osd.op_w": 0, "osd.op_in_bytes": 0, "osd.op_out_bytes": 0})
	report(osd, 2*time.Second, map[string]uint64{"osd.op_w": 1000, "osd.op_in_bytes": 1500, "osd.op_out_bytes": 123456789})
	for _, tt := range []struct {
		prefix string
		args   map[string]any
		code   int32
		status string
		want   string
	}{
		{"fs status", nil, 0, "", "cephfs - 3 clients\n======\n" +
			"RANK  STATE   MDS     ACTIVITY     DNS    INOS   DIRS   CAPS  \n 0    active   a   Reqs:   20 /s  12.3k     7      0      0   \n" +
			" 1    failed                                                  \n" +
			"POOL    TYPE     USED  AVAIL  \nmeta  metadata     0      0   \ndata    data       0      0   \n" +
			"\nSTANDBY MDS  \n     c       \nVERSION  DAEMONS  \n  None      c     \n   v1       a     \n"},
		{"fs status", map[string]any{"fs": "nope"}, -22, "Invalid filesystem: nope", ""},
		{"fs status", map[string]any{"fs": "cephfs", "format": "json"}, 0, "", `{"clients":[{"fs":"cephfs","clients":3}],` +
			`"mdsmap":[{"name":"a","rank":0,"state":"active"},{"rank":1,"state":"failed"},{"name":"c","state":"standby"}],` +
			`"mds_versions":[{"version":"None","daemons":["c"]},{"version":"v1","daemons":["a"]}]}`},
		{"osd status", nil, 0, "", "ID  HOST   USED  AVAIL  WR OPS  WR DATA  RD OPS  RD DATA  STATE      \n" +
			" 0  box      0      0    1000     1500       0      117M  exists,up  \n" +
			" 1           0      0       0        0       0        0   exists     "},
	} {
		r := ask(tt.prefix, tt.args)
		if r.Code != tt.code || r.Status != tt.status || string(r.Output) != tt.want {
			t.Errorf("%s %v: %d %q\n%q\nwant\n%q", tt.prefix, tt.args, r.Code, r.Status, r.Output, tt.want)
		}
	}
	c.FS = nil
	if r := ask("fs status", nil); string(r.Output) != "\nSTANDBY MDS  \nVERSION  DAEMONS  \n" {
		t.Errorf("without a map: %q", r.Output)
	}
}

// report gives a daemon these counters, which are all that it has.
func report(d *state.Daemon, at time.Duration, values map[string]uint64) {
	r := &msg.MgrReport{}
	for _, path := range wire.SortedKeys(values) {
		r.Declared = append(r.Declared, msg.CounterType{Path: path})
	}
	if err := d.Counters.Update(r, at); err != nil {
		panic(err)
	}
	var e wire.Encoder
	e.Envelope(1, 1, func() {
		for _, path := range wire.SortedKeys(values) {
			e.U64(values[path])
		}
	})
	if err := d.Counters.Update(&msg.MgrReport{Packed: e.Bytes()}, at); err != nil {
		panic(err)
	}
}

// The numbers are those that Ceph's mgr_util.format_dimless and format_bytes give.
func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		n              uint64
		dimless, bytes string
	}{
		{0, "   0 ", "   0 "}, {999, " 999 ", " 999 "}, {9999, "9999 ", "9999 "}, {10000, "10.0k", "9.76k"}, {99999, "99.9k", "97.6k"},
		{100000, " 100k", "97.6k"}, {1234567, "1234k", "1205k"}, {1e9, "1000M", " 953M"}, {1<<40 - 1, "1099G", "1024G"},
	} {
		if a, b := dimless(tt.n), bytes(tt.n); a != tt.dimless || b != tt.bytes {
			t.Errorf("%d is %q and %q, want %q and %q", tt.n, a, b, tt.dimless, tt.bytes)
		}
	}
	if got := dimless(1<<64 - 1); len(got) != width {
		t.Errorf("the largest number is %q", got)
	}
}
