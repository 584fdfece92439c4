package shrink

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

func parsed(t *testing.T, text string) scenarios.Script {
	t.Helper()
	s, err := scenarios.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Fault points that fire by odds can be replaced by the times at which they did: that is
// the same run, and then single ones can be taken away.
func TestWithoutPoints_namesThem(t *testing.T) {
	s := parsed(t, "scenario points\npoints one in 2 enabled one in 40 fires\nlength 60s\n\nat 5s kill active-mgr\n")
	r := scenarios.Run(scenarios.Spec{Scenario: s.Scenario(), Seed: 3})
	edits := withoutPoints(s, r)
	named := edits[1].apply(s)
	if len(edits) != 2 || !edits[1].own || len(named.PointsAt) == 0 || named.Points != (sim.PointOdds{}) {
		t.Fatalf("%d edits, the second makes\n%s", len(edits), named)
	}
	again := scenarios.Run(scenarios.Spec{Scenario: parsed(t, named.String()).Scenario(), Seed: 3})
	if again.Hash != r.Hash {
		t.Errorf("hash %x, with the points named %x\n%s", r.Hash, again.Hash, named)
	}
	fired := len(flat(named.PointsAt))
	single := 0
	for _, e := range fewerPoints(named, again) {
		left := len(flat(e.apply(named).PointsAt))
		if left >= fired {
			t.Errorf("without %s there are %d of %d", e.what, left, fired)
		}
		if left == fired-1 {
			single++
		}
	}
	if single < fired {
		t.Errorf("%d of %d can be taken away alone", single, fired)
	}
}

func TestGrouped(t *testing.T) {
	list := []firing{{"p", "mon.a", 3}, {"q", "mon.a", 1}, {"p", "mon.a", 1}, {"p", "mon.b", 2}, {"p", "mon.a", 3}}
	want := []scenarios.PointAt{{Point: "p", Who: "mon.a", Nth: []int{1, 3}}, {Point: "q", Who: "mon.a", Nth: []int{1}}, {Point: "p", Who: "mon.b", Nth: []int{2}}}
	if got := grouped(list); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestExcept(t *testing.T) {
	schedule := except([]uint64{2, 3, 4, 7, 9, 10})
	if got := schedule.String(); got != "fair,except=2-4,except=7,except=9-10" {
		t.Error(got)
	}
	if got := decisions(scenarios.Script{Schedule: schedule}); !slices.Equal(got, []uint64{2, 3, 4, 7, 9, 10}) {
		t.Error(got)
	}
}

// With every step gone there is still one, which does nothing, and what was expected of
// the others is gone with them.
func TestWithout_everyStep(t *testing.T) {
	s := parsed(t, "scenario a\nbite kill\nat 5s kill active-mgr\nexpect replaced within 40s\n")
	none := withoutSteps(s, scenarios.Result{})[0].apply(s)
	if len(none.Plan) != 1 || none.Plan[0].Fault.String() != "restart dead" || len(none.Goals) != 0 || none.Bite != "" {
		t.Errorf("\n%s", none)
	}
}

// What had not struck when a run failed can be taken away: the rest is the same run.
func TestUnstruck(t *testing.T) {
	s := parsed(t, "scenario a\nlength 2m\nat 5s kill active-mgr\nexpect replaced within 10s\nat 50s restart dead\nexpect settled within 9s\n")
	r := scenarios.Run(scenarios.Spec{Scenario: s.Scenario(), Seed: 1})
	smaller := unstruck(s, r)[0].apply(s)
	if len(smaller.Plan) != 1 || len(smaller.Goals) != 1 {
		t.Fatalf("%v\n%s", r.Failure, smaller)
	}
	if again := scenarios.Run(scenarios.Spec{Scenario: smaller.Scenario(), Seed: 1}); again.Failure == nil || *again.Failure != *r.Failure {
		t.Errorf("%v became %v", r.Failure, again.Failure)
	}
}

func TestPlainConditions(t *testing.T) {
	s := parsed(t, "scenario a\nwhen mgr.mode mode=active on mgrs nth 2 then kill active-mgr\n")
	var got []string
	for _, e := range plainConditions(s, scenarios.Result{}) {
		got = append(got, e.apply(s).Plan[0].When.String())
	}
	if want := []string{"mgr.mode mode=active on mgrs", "mgr.mode mode=active nth 2", "mgr.mode on mgrs nth 2"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Each line of a small script is looked at by itself.
func TestLines(t *testing.T) {
	s := parsed(t, `scenario a
key-clients 1
mgrs 2
module prometheus
option mon mon_lease 7
point msgr.open.ack mon.a nth 1
point msgr.open.ack mon.b nth 2 3
schedule fair except 3

at 1s pause mon.b
expect served within 9s
at 2s resume mon.b
`)
	var names []string
	for _, e := range lines(s) {
		names = append(names, e.what)
		if before, after := len(strings.Split(s.String(), "\n")), len(strings.Split(e.apply(s).String(), "\n")); e.what != "schedule fair,except=3" && after >= before {
			t.Errorf("without %s it is\n%s", e.what, e.apply(s))
		}
	}
	want := []string{
		"key-clients 1", "mgrs 2", "module prometheus", "option mon mon_lease 7", "point msgr.open.ack mon.a nth 1",
		"point msgr.open.ack mon.b nth 2 3", "schedule fair,except=3", "at 1s pause mon.b", "at 2s resume mon.b", "expect served",
	}
	if !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	text := necessary([]Ingredient{{"mgrs 2", false}, {"at 1s pause mon.b", true}, {"mons 1", false}})
	if text != "1 of 3 lines; it fails too without: mgrs 2, mons 1" {
		t.Error(text)
	}
}

const orderMutant = "mgrReselectStaleActive"

// byOrder is a script, and a seed with which it fails with the mutant by the order that the
// seed draws, and not when loops take turns.
func byOrder(t *testing.T) (scenarios.Script, uint64) {
	t.Helper()
	s := parsed(t, "scenario a\nmgrs 1\nlength 3s\n\nat 0s cut mons -> active-mgr\nat 0s mgr-fail\n")
	for seed := uint64(1); seed <= 500; seed++ {
		s.Schedule = sim.Schedule{}
		drawn := scenarios.Run(scenarios.Spec{Scenario: s.Scenario(), Seed: seed, Mutant: orderMutant})
		s.Schedule = sim.Schedule{Kind: sim.Fair}
		fair := scenarios.Run(scenarios.Spec{Scenario: s.Scenario(), Seed: seed, Mutant: orderMutant})
		if drawn.Failure != nil && fair.Failure == nil {
			s.Schedule = sim.Schedule{}
			return s, seed
		}
	}
	t.Fatal("no seed's order matters")
	return s, 0
}

// A script that fails by the order that one seed draws comes to name the decisions that
// it takes, and no others: without any of them it does not fail.
func TestFindDecisions(t *testing.T) {
	script, seed := byOrder(t)
	spec := scenarios.Spec{Scenario: script.Scenario(), Seed: seed, Mutant: orderMutant}
	s := &shrinker{ctx: context.Background(), opt: Options{Seeds: 1}.withDefaults(), spec: spec, refuted: make(map[uint64]bool)}
	first := scenarios.Run(spec)
	s.small = Small{Script: script, Result: first, Signature: first.Failure.Signature(), Tried: 1}
	s.findDecisions()
	list := decisions(s.small.Script)
	if len(list) == 0 || len(list) > mostDecisions {
		t.Fatalf("decisions %v of %d\n%s", list, first.Decisions, s.small.Script)
	}
	t.Logf("%v of %d decisions, %d runs", list, first.Decisions, s.small.Tried)
	fails := func(list []uint64) bool {
		smaller := s.small.Script
		smaller.Schedule = except(list)
		spec.Scenario = parsed(t, smaller.String()).Scenario()
		r := scenarios.Run(spec)
		return r.Failure != nil && r.Failure.Signature() == s.small.Signature
	}
	if !fails(list) {
		t.Error("the script does not fail with its decisions")
	}
	for i := range list {
		if fails(slices.Delete(slices.Clone(list), i, i+1)) {
			t.Errorf("it fails without decision %d", list[i])
		}
	}
}

// Restarts one behind another become one of everybody, and single ones stay.
func TestTogether(t *testing.T) {
	s := parsed(t, "scenario a\nat 1s restart mon.a\nat 1s kill mons\nat 2s restart mon.a\nat 3s restart mon.b\nat 4s restart mon.c\nat 5s kill mgrs\n")
	edits := together(s, scenarios.Result{})
	if len(edits) != 1 {
		t.Fatalf("%d edits", len(edits))
	}
	const want = "at 1s restart mon.a\nat 1s kill mons\nat 2s restart dead\nat 5s kill mgrs\n"
	if got := edits[0].apply(s).Plan.String(); got != want || len(s.Plan) != 6 {
		t.Errorf("%s", got)
	}
}
