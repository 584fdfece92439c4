package budget

import (
	"errors"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

func TestBudget_Check(t *testing.T) {
	five, spare, cloud := cluster.DefaultTopology(), cluster.DefaultTopology(), cluster.DefaultTopology()
	five.Mons = 5
	spare.SpareMons = 2
	cloud.Mons, cloud.Mgrs, cloud.Cinder.Volumes, cloud.Cinder.APIs = 0, 0, 2, 1
	three := cluster.DefaultTopology()
	for _, tt := range []struct {
		name string
		t    cluster.Topology
		plan string
		want string // what the error says, "" for none
	}{
		{"all may be down", three, "at 1s power-off mons\nat 1s kill mgrs\nat 2s disk-error mon.a every sync\nat 2s disk-full mon.b but for 0 B", ""},
		{"one of three may forget", three, "at 1s disk-rot mon.a 3 bits\nat 2s disk-lie mon.a every sync", ""},
		{"two of three may not", three, "at 1s disk-rot mon.a 3 bits\nat 2s disk-lie mon.b every sync", "step 2 (at 2s disk-lie mon.b every sync)"},
		{"nor one after another", three, "at 1s disk-lie mon.c every sync\nat 2s disk-mend disk-lie mon.c every sync\nat 3s disk-rot mon.b 1 bits", "step 3"},
		{"two of five may", five, "at 1s disk-rot mon.a 3 bits\nat 2s disk-lie mon.b every sync", ""},
		{"nobody where members change", spare, "at 1s disk-rot mon.a 1 bits", "0 of them"},
		{"nobody by role", three, "at 1s disk-rot leader 1 bits", "monitors that are named"},
		{"no database", cloud, "at 1s disk-rot db.0 1 bits", "monitors that are named"},
		{"clocks drift a little", three, "at 1s clock-drift mons 500 ppm\nat 2s clock-drift mons -500 ppm", ""},
		{"and not much", three, "at 1s clock-drift mons -501 ppm", "500 ppm at most"},
		{"a core of two and one", three, "at 1s mend mon.a mon.b mgr.y", ""},
		{"a core of one", three, "at 1s mend mon.a mgr.y", "1 mons may stay broken"},
		{"a core without managers", three, "at 1s mend mons", "2 mgrs may stay broken"},
		{"a core that has forgotten", three, "at 1s disk-rot mon.a 1 bits\nat 2s mend mon.a mon.b mgr.x", "1 mons may stay broken"},
		{"a core of all where members change", spare, "at 1s mend mons mgrs mgr.x", ""},
		{"some where members change", spare, "at 1s mend mon.a mon.b mgr.x", "0 mons may stay broken"},
		{"a cloud without its database", cloud, "at 1s mend volume.0 api.0", "0 dbs may stay broken"},
		{"a cloud without an API", cloud, "at 1s mend db.0 volume.0", "0 apis may stay broken"},
		{"one volume service of two", cloud, "at 1s mend db.0 api.0 volume.1", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := faults.ParsePlan(tt.plan)
			if err != nil {
				t.Fatal(err)
			}
			err = Of(tt.t).Check(plan)
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, ErrExceeded) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
