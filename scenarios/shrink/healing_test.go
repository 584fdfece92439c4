package shrink

import (
	"strings"
	"testing"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
)

// What ends damage may not be taken away before the damage: the goal would be missed for that.
func TestAsWhole(t *testing.T) {
	const head = "scenario s\ncinder-apis 1\ncinder-volumes 1\nlength 60s\n\n"
	plan := strings.Join([]string{
		"at 1s cut mon.a <-> mons", "at 2s kill mon.b", "at 3s db-slow db.0 by 1s", "at 4s pause mgr.x", "at 5s pause mgr.y",
		"at 6s heal mon.a <-> mons", "at 7s restart mon.b", "at 8s db-fast db.0", "at 9s resume mgr.x", "at 9s mgr-fail",
	}, "\n")
	whole := parsed(t, head+plan+"\n")
	for _, tt := range []struct {
		without string
		want    bool
	}{
		{"", true}, {"at 9s mgr-fail", true}, {"at 5s pause mgr.y", true},
		{"at 7s restart mon.b", false}, {"at 8s db-fast db.0", false}, {"at 9s resume mgr.x", false},
		{"at 2s kill mon.b\nat 7s restart mon.b", true}, {"at 1s cut mon.a <-> mons\nat 6s heal mon.a <-> mons", true},
	} {
		var left []string
		for line := range strings.Lines(plan + "\n") {
			if !strings.Contains("\n"+tt.without+"\n", "\n"+line) {
				left = append(left, line)
			}
		}
		smaller := parsed(t, head+strings.Join(left, ""))
		if got := asWhole(smaller.Plan, whole.Plan); got != tt.want {
			t.Errorf("without %q: %v", tt.without, got)
		}
	}
	if got := strings.Join(lasting(whole.Plan), ", "); got != "pause mgr.y" {
		t.Errorf("what lasts is %q", got)
	}
	mended := parsed(t, head+plan+"\nat 10s mend mons mgrs db.0 api.0 volume.0\n")
	if got := lasting(mended.Plan); len(got) != 0 {
		t.Errorf("after a mend there is %q", got)
	}
	healing := whole.Plan[5]
	if got := lasting(whole.Without(func(i int, _ faults.Step) bool { return whole.Plan[i] == healing }).Plan); strings.Join(got, ", ") != "cut mon.a <-> mons, pause mgr.y" {
		t.Errorf("without the heal: %q", got)
	}
}

func TestMissesGoal(t *testing.T) {
	s := parsed(t, "scenario s\nlength 60s\n\nat 1s kill active-mgr\nexpect settled within 1m\n")
	goal := s.Goals[0].Property
	for f, want := range map[scenarios.Failure]bool{
		{Property: goal}: true, {Property: goal, Host: "mon.a"}: false, {Property: "I-EL-1 one leader per term"}: false,
	} {
		if missesGoal(s, &f) != want {
			t.Errorf("%+v", f)
		}
	}
}
