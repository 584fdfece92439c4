package prometheus

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// text is how the families are written.
func (f *families) text(t *testing.T) string {
	t.Helper()
	all, err := f.gathered()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, one := range all {
		if _, err := expfmt.MetricFamilyToText(&b, one); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestFamilies_daemon(t *testing.T) {
	declare := func(path string, kind, priority uint8) msg.CounterType {
		return msg.CounterType{Path: path, Description: "about " + path, Type: kind, Priority: priority}
	}
	var e wire.Encoder
	e.Envelope(1, 1, func() {
		for _, v := range []uint64{7, 3_000_000_000, 2, 2, 5, 9} {
			e.U64(v)
		}
	})
	d := &state.Daemon{Key: state.Key{Type: "mds", Name: "a"}, Health: []msg.DaemonHealthMetric{{Type: 0, Value: 4<<32 | 9}, {Type: 77}}}
	if err := d.Counters.Update(&msg.MgrReport{Packed: e.Bytes(), Declared: []msg.CounterType{
		declare("a.plain", msg.CounterU64, 5), declare("b.wait-", msg.CounterTime|msg.CounterAverage, 10),
		declare("c.dull", msg.CounterU64, 4), declare("d::all-ops+", msg.CounterU64|msg.CounterGrows, 8),
	}}, 1); err != nil {
		t.Fatal(err)
	}
	f := newFamilies()
	f.daemon(d)
	f.daemon(d) // what is there already stays
	f.add("a_plain", "another", prometheus.CounterValue, 9, daemonLabel("mds.b"))
	const want = `# HELP ceph_a_plain about a.plain
# TYPE ceph_a_plain gauge
ceph_a_plain{ceph_daemon="mds.a"} 7
# HELP ceph_b_wait_minus_count about b.wait- Count
# TYPE ceph_b_wait_minus_count counter
ceph_b_wait_minus_count{ceph_daemon="mds.a"} 2
# HELP ceph_b_wait_minus_sum about b.wait- Total
# TYPE ceph_b_wait_minus_sum counter
ceph_b_wait_minus_sum{ceph_daemon="mds.a"} 3
# HELP ceph_d_all_ops_plus about d::all-ops+
# TYPE ceph_d_all_ops_plus counter
ceph_d_all_ops_plus{ceph_daemon="mds.a"} 9
# HELP ceph_daemon_health_metrics Health metrics for Ceph daemons
# TYPE ceph_daemon_health_metrics gauge
ceph_daemon_health_metrics{ceph_daemon="mds.a",type="SLOW_OPS"} 4
`
	if got := f.text(t); got != want {
		t.Errorf("written\n%s\nwant\n%s", got, want)
	}
}

func TestFamilies_cluster(t *testing.T) {
	c := state.New()
	c.Health = []byte(`{"status": "HEALTH_WARN", "checks": {"SLOW_OPS": {"severity": "HEALTH_WARN"}, "OSD_DOWN": {"severity": "HEALTH_WARN"}}}`)
	c.OSD = &osdmap.Map{Flags: osdmap.FlagNoOut | osdmap.FlagNoDeepScrub, OSDs: []osdmap.OSD{
		{}, {State: osdmap.StateExists | osdmap.StateUp, Weight: osdmap.WeightIn / 2},
	}}
	c.FS = &msg.FSMap{Standbys: map[uint64]msg.MDSInfo{7: {GID: 7, Name: "a", Rank: -1}}}
	f := newFamilies()
	f.health(c)
	f.mons(c)
	f.mdss(c)
	f.osds(c)
	got := f.text(t)
	for _, want := range []string{
		"ceph_health_status 1\n", "ceph_healthcheck_slow_ops 1\n", `ceph_health_detail{name="OSD_DOWN",severity="HEALTH_WARN"} 1`,
		"ceph_osd_flag_noout 1\n", "ceph_osd_flag_nodeep_scrub 1\n", "ceph_osd_flag_noin 0\n",
		`ceph_osd_up{ceph_daemon="osd.1"} 1`, `ceph_osd_in{ceph_daemon="osd.1"} 1`, `ceph_osd_weight{ceph_daemon="osd.1"} 0.5`,
		`ceph_mds_metadata{ceph_daemon="mds.a",ceph_version="",fs_id="-1",hostname="",public_addr="`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "osd.0") {
		t.Errorf("an OSD that does not exist in\n%s", got)
	}
	c.Health = []byte("not JSON")
	f = newFamilies()
	f.health(c)
	if got := f.text(t); got != "" {
		t.Errorf("health that cannot be read gives\n%s", got)
	}
}
