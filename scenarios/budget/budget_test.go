package budget

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
		{"one of three may rot", three, "at 1s disk-rot mon.a 3 bits\nat 2s kill mon.b\nat 3s power-off mon.c", ""},
		{"two of three may not", three, "at 1s disk-rot mon.a 3 bits\nat 2s disk-rot mon.b 1 bits", "step 2 (at 2s disk-rot mon.b 1 bits)"},
		{"two of five may", five, "at 1s disk-rot mon.a 3 bits\nat 2s disk-rot mon.b 1 bits", ""},
		{"three of five may not", five, "at 1s disk-rot mon.a 3 bits\nat 2s disk-rot mon.b 1 bits\nat 3s disk-lie mon.e every sync", "step 3"},
		{"rot is there for good", three, "at 1s disk-rot mon.a 3 bits\nat 1h disk-rot mon.b 1 bits", "step 2"},
		{"lies with rot", three, "at 1s disk-rot mon.a 3 bits\nat 2s disk-lie mon.b every sync", "step 2"},
		{"lies that are over", three, "at 1s disk-lie mon.a every sync\nat 2s disk-mend disk-lie mon.a every sync\nat 3s disk-rot mon.b 1 bits", ""},
		{"lies that come to light", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mon.a\nat 3s disk-mend disk-lie mon.a every sync\nat 4s disk-rot mon.b 1 bits", "step 4"},
		{"whoever has forgotten starts", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mon.a\nat 3s restart mon.a", "step 3 (at 3s restart mon.a)"},
		{"it starts with others", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mons\nat 3s restart dead", "must not run"},
		{"its power comes back", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mon.a\nat 3s power-on mon.a", "must not run"},
		{"it starts in a core", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mon.a\nat 3s mend mons mgr.x", "must not run"},
		{"power that others lose", three, "at 1s disk-lie mon.a every sync\nat 2s power-off mon.b\nat 3s restart dead", ""},
		{"power that the leader loses, lying perhaps", three, "at 1s disk-lie mon.a every sync\nat 2s power-off leader\nat 3s restart dead", "must not run"},
		{"power that it may lose at a point", three, "at 1s disk-lie mon.a every sync\nat 2s crash-at p leader nth 1 by power\nat 3s restart dead", "must not run"},
		{"a crash that was armed before", three, "at 1s crash-at p mon.a nth 1 by power\nat 2s disk-lie mon.a every sync\nat 3s restart dead", "must not run"},
		{"a sync that fails", three, "at 1s disk-lie mon.a every sync\nat 2s disk-error mon.a every sync\nat 3s restart dead", "must not run"},
		{"a sync that may fail before", three, "at 1s disk-error mon.a one sync in 3\nat 2s disk-lie mon.a every sync\nat 3s restart dead", "must not run"},
		{"errors that are over", three, "at 1s disk-error mon.a every sync\nat 1s disk-mend disk-error mon.a every sync\nat 2s disk-lie mon.a every sync\nat 3s restart dead", ""},
		{"reads that fail", three, "at 1s disk-lie mon.a every sync\nat 2s disk-error mon.a every read\nat 3s restart dead", ""},
		{"and was disarmed", three, "at 1s crash-at p mon.a nth 1 by power\nat 1s disarm crash-at p mon.a nth 1 by power\nat 2s disk-lie mon.a every sync\nat 3s restart dead", ""},
		{"a kill forgets nothing", three, "at 1s disk-lie mon.a every sync\nat 2s kill mon.a\nat 3s restart dead", ""},
		{"all are replaced in turn", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + replacing("disk-rot mon.b 1 bits", "mon.b", 5) + replacing("disk-rot mon.c 1 bits", "mon.c", 9), ""},
		{"too soon", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 4m10s disk-rot mon.b 1 bits", "mon.a, mon.b may not be spent together"},
		{"before it is surely gone", three, "at 1m disk-rot mon.a 1 bits\nat 1m mon-rm mon.a\nat 1m10s mon-add mon.a\nat 1h disk-rot mon.b 1 bits", "step 4"},
		{"before the operator can have noticed", three, "at 1m power-off mon.a\nat 2m mon-rm mon.a\nat 6m mon-add mon.a\nat 1h disk-rot mon.b 1 bits", "step 4"},
		{"while another one is away", three, "at 1m mon-rm mon.a\nat 1m disk-rot mon.b 1 bits", "step 2"},
		{"one of five is away", five, "at 1m mon-rm mon.a\nat 1m disk-rot mon.b 1 bits", ""},
		{"with the peace disturbed", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 4m20s kill mon.c\nat 4m20s restart dead\nat 5m disk-rot mon.b 1 bits", "step 6"},
		{"for good", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 4m20s kill mon.c\nat 4m20s restart dead\n" + replacing("mgr-fail", "mon.a", 10) + "at 1h disk-rot mon.b 1 bits", "step 9"},
		{"disturbed before the addition", three, "at 1m mon-rm mon.a\nat 1m1s reset mon.b <-> mon.c\nat 9m mon-add mon.a\nat 1h disk-rot mon.b 1 bits", "step 4"},
		{"added too soon, and again", three, "at 1m mon-rm mon.a\nat 1m1s mon-add mon.a\nat 9m mon-add mon.a\nat 1h disk-rot mon.b 1 bits", "step 4"},
		{"disturbed afterwards", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 4m40s kill mon.c\nat 4m41s disk-rot mon.b 1 bits", ""},
		{"one twice", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + replacing("disk-rot mon.a 1 bits", "mon.a", 5) + "at 1h disk-rot mon.b 1 bits", ""},
		{"never in peace", three, "at 0s cut mon.b -> mon.c\n" + replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 1h disk-rot mon.b 1 bits", "step 5"},
		{"with managers in trouble", three, "at 0s kill mgr.x\n" + replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 6m disk-rot mon.b 1 bits", ""},
		{"who has forgotten is replaced", three, "at 0s disk-lie mon.a every sync\nat 10s power-off mon.a\nat 10s disk-mend disk-lie mon.a every sync\n" + replacing("mgr-fail", "mon.a", 1) + "at 6m restart dead\nat 6m disk-rot mon.b 1 bits", ""},
		{"on a disk that lies on", three, "at 0s disk-lie mon.a every sync\nat 10s power-off mon.a\n" + replacing("mgr-fail", "mon.a", 1) + "at 6m restart dead", "must not run"},
		{"nobody where members change", spare, "at 1s disk-rot mon.a 1 bits", "but 0 of"},
		{"where they may change", spare, "at 1s mon-rm leader\nat 2s mon-add next-mon\nat 3s mon-rm mon.a", ""},
		{"who is removed has a name", three, "at 1s mon-rm leader", "monitors that are named may be removed"},
		{"nobody by role", three, "at 1s disk-rot leader 1 bits", "monitors that are named"},
		{"no database", cloud, "at 1s disk-rot db.0 1 bits", "monitors that are named"},
		{"clocks drift a little", three, "at 1s clock-drift mons 500 ppm\nat 2s clock-drift mons -500 ppm", ""},
		{"and not much", three, "at 1s clock-drift mons -501 ppm", "500 ppm at most"},
		{"a core of two and one", three, "at 1s mend mon.a mon.b mgr.y", ""},
		{"a core of one", three, "at 1s mend mon.a mgr.y", "1 mons may stay broken"},
		{"a core without managers", three, "at 1s mend mons", "2 mgrs may stay broken"},
		{"a core that has rotted", three, "at 1s disk-rot mon.a 1 bits\nat 2s mend mon.a mon.b mgr.x", "1 mons may stay broken"},
		{"a core that was replaced", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 6m mend mon.a mon.b mgr.x", ""},
		{"a core that is being replaced", three, replacing("disk-rot mon.a 1 bits", "mon.a", 1) + "at 4m10s mend mon.a mon.b mgr.x", "1 mons may stay broken"},
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

// replacing is how an operator replaces a monitor after something has happened to it: he
// waits for two minutes, and for one after the removal, and in one more it is back.
func replacing(first, who string, minute int) string {
	return fmt.Sprintf("at %dm %s\nat %dm mon-rm %s\nat %dm mon-add %s\n", minute, first, minute+2, who, minute+3, who)
}

// What has come back is told, and who has not.
func TestBudget_Unsound(t *testing.T) {
	b := Of(cluster.DefaultTopology())
	plan, err := faults.ParsePlan(replacing("kill mon.a", "mon.a", 1) + "at 4m mgr-fail")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Unsound(plan, 4*time.Minute+10*time.Second); len(got) != 1 || got[0] != "mon.a" {
		t.Errorf("after ten seconds %v", got)
	}
	if got := b.Unsound(plan, 5*time.Minute); len(got) != 0 {
		t.Errorf("after a minute %v", got)
	}
	plan = append(plan, faults.Step{At: 5 * time.Minute, Fault: faults.FailMgr{}})
	if got := b.Rejoins(plan); len(got) != 1 || got[0] != 2 {
		t.Errorf("rejoined at steps %v", got)
	}
}
