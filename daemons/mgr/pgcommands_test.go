package mgr_test

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Where there are no pools there are no placement groups, in Ceph's words; where there are,
// nothing is made up. A manager of Ceph's is held against it in package realceph.
func TestServer_placementGroups(t *testing.T) {
	m := serving(t, nil)
	c := m.call(client(), "admin")
	check := func(text string, code int32, status, data string) {
		t.Helper()
		r := c.ask(9, &msg.MgrCommand{Cmd: []string{text}})
		if b := r.Body.(*msg.MgrCommandReply); b.Code != code || b.Status != status || string(r.Data) != data {
			t.Errorf("%s\n got %d %q %q\nwant %d %q %q", text, b.Code, b.Status, r.Data, code, status, data)
		}
	}
	check(`{"prefix": "pg stat"}`, 0, "", "0 pgs: ; 0 B data, 0 B used, 0 B / 0 B avail\n")
	check(`{"prefix": "pg stat", "format": "json"}`, 0, "", `{"pg_ready":true,"pg_summary":{"num_pg_by_state":[],"num_pgs":0,"num_bytes":0,`+
		`"total_bytes":0,"total_avail_bytes":0,"total_used_bytes":0,"total_used_raw_bytes":0}}`+"\n")
	check(`{"prefix": "pg ls"}`, 0, "", "")
	check(`{"prefix": "pg ls", "format": "json"}`, 0, "", `{"pg_ready":true}`+"\n")
	check(`{"prefix": "pg dump_stuck", "format": "json"}`, 0, "", `{"pg_ready":true,"stuck_pg_stats":[]}`+"\n")
	check(`{"prefix": "pg debug", "debugop": "degraded_pgs_exist"}`, 0, "", "FALSE\n")
	check(`{"prefix": "pg map", "pgid": "1.0"}`, -2, "pg '1.0' does not exist", "")
	check(`{"prefix": "osd perf"}`, 0, "", "osd  commit_latency(ms)  apply_latency(ms)\n")
	check(`{"prefix": "osd pool stats", "format": "json"}`, 0, "", "[]\n")
	check(`{"prefix": "osd pool stats", "pool_name": "x"}`, -2, "unrecognized pool 'x'", "")

	om := osdmap.New(monctest.FSID(), wire.UTime{Sec: 1})
	inc := osdmap.NewIncremental(om)
	inc.NewPools = map[int64]osdmap.Pool{1: {}}
	inc.NewPoolNames = map[int64]string{1: "x"}
	next, err := om.Apply(inc)
	if err != nil {
		t.Fatal(err)
	}
	full, _ := next.Encode()
	m.pushOSDMap(&msg.OSDMap{Full: map[uint32][]byte{next.Epoch: full}, Oldest: 1, Newest: next.Epoch})
	if all := facts[mgr.MapApplied](m); all[len(all)-1].Map != "osdmap" {
		t.Fatal("the map with a pool was not taken")
	}
	for _, prefix := range []string{"pg stat", "pg ls", "pg dump_stuck", "osd perf", "osd pool stats"} {
		check(`{"prefix": "`+prefix+`"}`, -95, "this manager does not read what OSDs report", "")
	}
}
