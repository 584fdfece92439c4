package scenarios

import (
	"strings"
	"testing"
)

// A core that nothing can be required of makes the plan wrong, and one of which something
// can says why.
func TestViable(t *testing.T) {
	for _, tt := range []struct{ plan, doubt, reason string }{
		{"at 1s kill mon.c\nat 1s pause mgr.z\nat 2s mend mon.a mon.b mgr.x mgr.y", "", "mon.a, mon.b are 2 of 3 members, with sound disks"},
		{"at 1s cut mgr.z <-> mons\nat 2s mend mons mgr.x mgr.y", "", "mgr.x, mgr.y may serve; mgr.z are not heard"},
		{"at 1s kill mons\nat 2s mend mon.a mgr.x mgr.y mgr.z", "1 monitors with sound disks are no majority of 3 members", ""},
		{"at 1s disk-rot mon.a 3 bits\nat 1s kill mon.b\nat 2s mend mon.a mon.c mgr.x mgr.y mgr.z", "1 monitors with sound disks are no majority", ""},
		{"at 1s disk-lie mon.a every sync\nat 1s kill mon.b\nat 2s mend mon.a mon.c mgr.x mgr.y mgr.z", "", "mon.a, mon.c are 2 of 3 members, with sound disks"},
		{"at 1s disk-lie mon.a every sync\nat 1500ms command \"config set\" who mon name mon_mgr_beacon_grace value 31\nat 2s power-off mon.a\nat 2s kill mon.b\nat 2s mend mon.a mon.c mgr.x mgr.y mgr.z", "1 monitors with sound disks are no majority", ""},
		{"at 1s disk-rot mon.a 3 bits\nat 1s mon-rm mon.a\nat 11s mon-add mon.a\nexpect rejoined mon.a within 10s\nat 22s kill mon.b\nat 22s mend mon.a mon.c mgr.x mgr.y mgr.z", "", "mon.c, mon.a are 2 of 3 members, with sound disks"},
		{"at 1s kill mgrs\nat 2s mend mons", "no manager is in the core", ""},
		{"at 1s cut mgr.z <- mons\nat 2s mend mons mgr.x mgr.y", "mgr.z is not in the core, and its beacons may get through", ""},
		{"at 1s kill mgr.z\nat 1500ms clog mon.c\nat 2s mend mons mgr.x mgr.y mgr.z", "", "paths between them"},
	} {
		s, err := ParseScript("scenario core\nlength 3s\n" + tt.plan)
		if err != nil {
			t.Fatal(err)
		}
		r := Run(Spec{Scenario: s.Scenario(), Seed: 1})
		switch {
		case tt.doubt == "" && (r.Verdict != Pass || !strings.Contains(r.Viable, tt.reason)):
			t.Errorf("%s: %v %v, viable %q, want %q", tt.plan, r.Verdict, r.Failure, r.Viable, tt.reason)
		case tt.doubt != "" && (r.Failure == nil || r.Failure.Property != "plan" || !strings.Contains(r.Failure.Detail, tt.doubt)):
			t.Errorf("%s: %v %v, want %q", tt.plan, r.Verdict, r.Failure, tt.doubt)
		}
	}
}

// Goals about a core fail when the core does not do its work.
func TestCoreGoals_canFail(t *testing.T) {
	for _, tt := range []struct{ plan, property string }{
		{"at 1s kill mon.b\nat 1s kill mon.c\nexpect quorum mon.a within 40s", "I-EL-5"},
		{"at 1s mon-rm mon.c\nat 6s power-off mon.b\nat 6s mon-add mon.c\nexpect rejoined mon.c within 20s", "catch-up"},
		{"at 1s kill active-mgr\nexpect active mgr.z within 100ms", "I-MGR-12"},
	} {
		s, err := ParseScript("scenario core\nlength 3s\n" + tt.plan)
		if err != nil {
			t.Fatal(err)
		}
		if r := Run(Spec{Scenario: s.Scenario(), Seed: 1}); r.Failure == nil || !strings.HasPrefix(r.Failure.Property, tt.property) {
			t.Errorf("%s: %v %v", tt.plan, r.Verdict, r.Failure)
		}
	}
}
