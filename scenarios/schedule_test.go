package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/sim"
)

// TestSpec_schedule: a portfolio draws every strategy and every parameter of it, the
// same for a seed each time, and another schedule leaves the rest of a seed alone.
func TestSpec_schedule(t *testing.T) {
	s, _ := Find("mgr-failover")
	kinds, seen := make(map[sim.ScheduleKind]int), make(map[string]bool)
	for seed := range uint64(300) {
		spec := Spec{Scenario: s, Seed: seed, Schedule: SchedulePortfolio}
		if one, two := spec.schedule(), spec.schedule(); !reflect.DeepEqual(one, two) {
			t.Fatalf("seed %d draws %v and %v", seed, one, two)
		}
		kinds[spec.schedule().Kind]++
		for field := range strings.SplitSeq(spec.schedule().String(), ",") {
			seen[field] = true
		}
	}
	if kinds[sim.Uniform] < 60 || kinds[sim.PCT] < 150 || kinds[sim.Fair] != 0 {
		t.Errorf("drew %v", kinds)
	}
	for _, want := range []string{"depth=2", "depth=3", "depth=4", "steps=256", "steps=8192", "lag=0s", "lag=100µs", "lag=1ms", "lag=10ms"} {
		if !seen[want] {
			t.Errorf("never drew %s: %v", want, seen)
		}
	}
}

// TestRun_schedules: every schedule gives a run of its own that passes, says what was
// drawn, and is the same when its line is replayed.
func TestRun_schedules(t *testing.T) {
	for _, name := range []string{"mgr-failover", "messenger"} {
		s, _ := Find(name)
		hashes := make(map[uint64]string)
		plain := Run(Spec{Scenario: s, Seed: 5})
		for _, schedule := range []string{ScheduleUniform, SchedulePCT, ScheduleFair} {
			r := Run(Spec{Scenario: s, Seed: 5, Schedule: schedule})
			if r.Verdict != Pass {
				t.Errorf("%v: %v: %v", LineOf(r), r.Verdict, r.Failure)
			}
			if other, taken := hashes[r.Hash]; taken {
				t.Errorf("%s: %s and %s are the same run", name, schedule, other)
			}
			hashes[r.Hash] = schedule
			chosen, drawn, _ := strings.Cut(r.Choices, " schedule=")
			if chosen != plain.Choices || drawn != map[string]string{SchedulePCT: r.Spec.schedule().String(), ScheduleFair: "fair"}[schedule] {
				t.Errorf("%s chose %q", schedule, r.Choices)
			}
			line, err := ParseLine(LineOf(r).String())
			if err != nil {
				t.Fatal(err)
			}
			if _, difference := Replay(line); difference != "" {
				t.Errorf("%v: %s", line, difference)
			}
		}
		if hashes[plain.Hash] != ScheduleUniform {
			t.Errorf("%s: the default is not %s", name, ScheduleUniform)
		}
	}
}

// TestRun_fairInTheEnd: after the last fault loops take turns, whatever the schedule.
func TestRun_fairInTheEnd(t *testing.T) {
	s, _ := Find("mgr-failover")
	trace := string(traceOf(Spec{Scenario: s, Seed: 5, Schedule: SchedulePCT}))
	begin, end, strike := strings.Index(trace, `"schedule":"pct,`), strings.Index(trace, `"schedule":"fair"`), strings.LastIndex(trace, `"kind":"fault.`)
	if begin < 0 || begin > strike || end < strike {
		t.Errorf("pct at %d, the last fault at %d, fair at %d", begin, strike, end)
	}
}
