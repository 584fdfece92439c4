package mon

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The texts are those of a real 16.2.15 monitor.
func TestReport_commands(t *testing.T) {
	c := newCluster(t, 3, 83).startAll()
	cl := c.login((c.settle() + 1) % 3)
	features := "[kraken,luminous,mimic,osdmap-prune,nautilus,octopus,pacific,elector-pinging]"
	values := "[kraken(1),luminous(2),mimic(4),osdmap-prune(8),nautilus(16),octopus(32),pacific(64),elector-pinging(128)]"
	list := func(names string) string {
		return fmt.Sprintf("all features\n\tsupported: %s\n\tpersistent: %[1]s\non current monmap (epoch 1)\n\tpersistent: %[1]s\n\trequired: %[1]s\n", names)
	}
	const space = "--- RAW STORAGE ---\nCLASS  SIZE  AVAIL  USED  RAW USED  %RAW USED\nTOTAL   0 B    0 B   0 B       0 B          0\n \n--- POOLS ---\n"
	cl.converse([]exchange{
		{`{"prefix":"df"}`, "", 0, "", space + "POOL  ID  PGS  STORED  OBJECTS  USED  %USED  MAX AVAIL\n"},
		{`{"prefix":"df","detail":"detail"}`, "", 0, "", space +
			"POOL  ID  PGS  STORED  (DATA)  (OMAP)  OBJECTS  USED  (DATA)  (OMAP)  %USED  MAX AVAIL  QUOTA OBJECTS  QUOTA BYTES  DIRTY  USED COMPR  UNDER COMPR\n"},
		{`{"prefix":"df","format":"json"}`, "", 0, "", `{"stats":{"total_bytes":0,"total_avail_bytes":0,"total_used_bytes":0,"total_used_raw_bytes":0,` +
			`"total_used_raw_ratio":0,"num_osds":0,"num_per_pool_osds":0,"num_per_pool_omap_osds":0},"stats_by_class":{},"pools":[]}` + "\n"},
		{`{"prefix":"time-sync-status","format":"json"}`, "", 0, "",
			fmt.Sprintf(`{"timechecks":{"epoch":%d,"round":0,"round_status":"finished"}}`, cl.n.mon.status().Term)},
		{`{"prefix":"mon feature ls"}`, "", 0, "", list(features)},
		{`{"prefix":"mon feature ls","with_value":"--with-value"}`, "", 0, "", list(values)},
		{`{"prefix":"mon getmap","epoch":9}`, "", -2, "there is no map for epoch 9", ""},
	})

	ack, data := cl.command(`{"prefix":"report","tags":["a","b"],"format":"json"}`)
	var report struct {
		Tag    string
		Quorum []int
		MonMap struct{ Epoch int }
		OSDMap struct{ Epoch int }
	}
	if err := json.Unmarshal(data, &report); err != nil || report.Tag != "a" || len(report.Quorum) != 3 || report.MonMap.Epoch != 1 || report.OSDMap.Epoch != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if want := fmt.Sprint("report ", wire.UpdateCRC32C(6789, data)); ack.Status != want {
		t.Errorf("%q, want %q", ack.Status, want)
	}
	ack, data = cl.command(`{"prefix":"mon getmap"}`)
	var mm msg.MonMap
	d := wire.NewDecoder(data)
	if mm.Decode(d); d.Err() != nil || mm.FSID != c.fsid || mm.Size() != 3 || ack.Status != "got monmap epoch 1" {
		t.Errorf("%+v, %v, %q", mm, d.Err(), ack.Status)
	}
}
