package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// made is a scenario whose runs come out as told.
func made(name string, outcome func(seed uint64) Result) Scenario {
	return Scenario{Name: name, Alone: func(s Spec) Result { return outcome(s.Seed) }}
}

// broken is the result of a run that broke a property after some steps.
func broken(property string, steps uint64) Result {
	return Result{Verdict: Fail, Steps: steps, Failure: &Failure{Property: property, Host: "mon.a"}}
}

func passes(uint64) Result { return Result{Steps: 1} }

// TestShard_disjointAndComplete: the shards of a campaign have each of its runs once,
// and each says how many it has.
func TestShard_disjointAndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Uint64Range(1, 9).Draw(t, "of")
		specs := rapid.IntRange(1, 5).Draw(t, "specs")
		first := rapid.Uint64Range(0, 5).Draw(t, "first")
		seeds := Seeds{First: first, Last: first + rapid.Uint64Range(0, 20).Draw(t, "more")}
		times := make(map[string]int)
		for i := range of {
			c := Campaign{Seeds: seeds, Shard: Shard{Index: i + 1, Of: of}, Workers: 2, Recheck: RecheckNone}
			for s := range specs {
				c.Specs = append(c.Specs, Spec{Scenario: made(fmt.Sprint("s", s), passes)})
			}
			c.OnResult = func(r Result) { times[fmt.Sprint(r.Spec.Scenario.Name, " ", r.Spec.Seed)]++ }
			if sum := c.Run(context.Background()); uint64(sum.Runs) != c.Total() {
				t.Fatalf("shard %v ran %d of %d", c.Shard, sum.Runs, c.Total())
			}
		}
		if want := uint64(specs) * seeds.Count(); uint64(len(times)) != want {
			t.Fatalf("%d different runs, want %d", len(times), want)
		}
		for run, n := range times {
			if n != 1 {
				t.Fatalf("%s was run %d times", run, n)
			}
		}
	})
}

// TestShard_everyScenario: a shard of many seeds has every scenario, also if their number
// and that of the shards have a factor in common.
func TestShard_everyScenario(t *testing.T) {
	seen := make(map[string]int)
	c := Campaign{
		Specs: []Spec{{Scenario: made("a", passes)}, {Scenario: made("b", passes)}},
		Seeds: Seeds{1, 8}, Shard: Shard{Index: 1, Of: 2},
		OnResult: func(r Result) { seen[r.Spec.Scenario.Name]++ },
	}
	if c.Run(context.Background()); seen["a"] != 4 || seen["b"] != 4 {
		t.Errorf("seen %v", seen)
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{"1/1": {1, 1}, "2/8": {2, 8}, "65536/65536": {65536, 65536}} {
		if got, err := ParseShard(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/65537"} {
		if got, err := ParseShard(text); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}

func TestParseSeeds(t *testing.T) {
	for text, want := range map[string]Seeds{"7": {7, 7}, "1-100": {1, 100}, "18446744073709551615": {math.MaxUint64, math.MaxUint64}} {
		if got, err := ParseSeeds(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-", "9-1", "1-", "x", "0-18446744073709551615", "1-4294967296"} {
		if got, err := ParseSeeds(text); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
	if got := SeedsFrom(math.MaxUint64 - 1); got.Count() != 2 {
		t.Errorf("from the last but one: %v", got)
	}
}

// TestSeeds_On: the seeds of two days have none in common, and JSON's readers can tell
// them apart.
func TestSeeds_On(t *testing.T) {
	day := time.Date(2026, 2, 3, 23, 59, 0, 0, time.UTC)
	got, err := FreshSeeds().On(day)
	if err != nil || got != (Seeds{2026020300000001, 2026020399999999}) {
		t.Errorf("%v, %v", got, err)
	}
	if next, _ := FreshSeeds().On(day.Add(time.Hour)); next.First <= got.Last {
		t.Errorf("the next day begins with %d", next.First)
	}
	if got.Last > 1<<53 {
		t.Errorf("%d is no number of JSON's", got.Last)
	}
	if got, err := (Seeds{1, seedsOfADay}).On(day); err == nil {
		t.Errorf("too many: %v", got)
	}
}

// TestCampaign_found: a failure that many runs have is one, told with its first and its
// shortest run, and the campaign stops after so many different ones.
func TestCampaign_found(t *testing.T) {
	s := made("s", func(seed uint64) Result {
		switch {
		case seed%7 == 0:
			return broken("I-B", seed)
		case seed%2 == 0:
			return broken("I-A", 100-seed)
		}
		return Result{Steps: 1}
	})
	c := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 50}, Workers: 3, Recheck: RecheckNone}
	sum := c.Run(context.Background())
	if len(sum.Found) != 2 || sum.Failures != 29 {
		t.Fatalf("%d failures, found %v", sum.Failures, sum.Found)
	}
	a, b := sum.Found[0], sum.Found[1]
	if a.Signature != "I-A on mon" || a.Count != 22 || a.First.Spec.Seed != 2 || a.Cheapest.Spec.Seed != 50 {
		t.Errorf("the first: %+v", a)
	}
	if b.Signature != "I-B on mon" || b.Count != 7 || b.First.Spec.Seed != 7 || b.Cheapest.Spec.Seed != 7 {
		t.Errorf("the second: %+v", b)
	}
	c.StopAfter = 2
	if sum := c.Run(context.Background()); sum.Runs != 7 || sum.Failures != 4 {
		t.Errorf("stopped after %d runs with %d failures", sum.Runs, sum.Failures)
	}
}

// TestCampaign_quarantine: a known failure does not count until its day has passed, and
// is never silent.
func TestCampaign_quarantine(t *testing.T) {
	until := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	known := []Quarantined{
		{Signature: "I-A on mon", Until: until, Reason: "being mended", Line: 1},
		{Signature: "I-Z on mon", Until: until, Reason: "gone long ago", Line: 2},
	}
	s := made("s", func(seed uint64) Result {
		if seed%2 == 0 {
			return broken("I-A", 1)
		}
		return Result{Steps: 1}
	})
	run := func(today time.Time, s Scenario) Summary {
		return Campaign{
			Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 10}, Recheck: RecheckNone, StopAfter: 1, Quarantine: known, Today: today,
		}.Run(context.Background())
	}
	last := run(until.Add(23*time.Hour), s)
	if last.Verdict != Pass || last.Quarantined != 5 || last.Failures != 0 || last.Runs != 10 || !last.Found[0].Quarantined {
		t.Errorf("on the last day: %v, %+v", last.Verdict, last)
	}
	if never := last.NeverFailed(); len(never) != 1 || never[0].Line != 2 {
		t.Errorf("never failed: %v", never)
	}
	r := last.Found[0].First
	if !last.IsQuarantined(r) || last.IsQuarantined(Result{}) {
		t.Error("the summary does not know which runs are quarantined")
	}
	after := run(until.Add(24*time.Hour), s)
	if after.Verdict != Fail || after.Failures != 1 || after.Found[0].Known == nil || after.Found[0].Quarantined {
		t.Errorf("on the day after: %v, %+v", after.Verdict, after)
	}
	other := run(until, made("s", func(uint64) Result { return broken("I-B", 1) }))
	if other.Verdict != Fail || other.Found[0].Known != nil {
		t.Errorf("another failure: %v, %+v", other.Verdict, other)
	}
	parted := run(until, made("s", func(uint64) Result {
		r := broken("I-A", 1)
		r.Verdict = Nondeterministic
		return r
	}))
	if parted.Verdict != Nondeterministic {
		t.Errorf("a run that cannot be replayed was quarantined: %v", parted.Verdict)
	}
}

// TestCanary: a campaign whose planted bug is not found is red, whatever else
// it has seen.
func TestCanary(t *testing.T) {
	run := func(m Mutant) Summary {
		return Campaign{
			Specs: []Spec{{Scenario: made("s", passes)}}, Seeds: Seeds{1, 3}, Canary: &m,
		}.Run(context.Background())
	}
	found := run(Mutant{Name: "forgetSent", Scenario: "messenger"})
	if found.Verdict != Pass || found.Canary.Caught == nil || found.Canary.Seeds < 1 || found.Runs != 3 {
		t.Errorf("%v, %+v", found.Verdict, found.Canary)
	}
	missed := run(Mutant{Name: "harmless", Scenario: "messenger"}) // nobody plants it
	if missed.Verdict != Fail || missed.Canary.Caught != nil || missed.Canary.Seeds != canarySeeds || missed.Failures != 0 {
		t.Errorf("%v, %+v", missed.Verdict, missed.Canary)
	}
}

// TestCanaryFor: a campaign's own scenarios come first.
func TestCanaryFor(t *testing.T) {
	pause, _ := Find("mon-pause")
	for seed := range uint64(20) {
		if m := CanaryFor([]Spec{{Scenario: pause}}, seed); m.Scenario != "mon-pause" {
			t.Errorf("seed %d: %s of %s", seed, m.Name, m.Scenario)
		}
	}
	if m := CanaryFor([]Spec{{Scenario: made("s", passes)}}, 1); m.Name == "" {
		t.Error("none for a scenario without planted bugs")
	}
}

// forgetful is a journal that has some runs already, and fails at one.
type forgetful struct {
	has   []uint64
	fails uint64
}

var errForgetful = errors.New("no room")

func (j forgetful) Run(spec Spec, do func(Spec) Result) (Result, error) {
	switch {
	case spec.Seed == j.fails:
		return Result{}, errForgetful
	case slices.Contains(j.has, spec.Seed):
		return Result{Spec: spec, Resumed: true}, nil
	}
	return do(spec), nil
}

// TestCampaign_journal: what the journal has is not run again, and a journal that fails
// ends the campaign with the machine's verdict.
func TestCampaign_journal(t *testing.T) {
	ran := 0
	s := made("s", func(uint64) Result { ran++; return Result{Steps: 1} })
	c := Campaign{
		Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 10}, Workers: 1, Recheck: RecheckNone,
		Journal: forgetful{has: []uint64{2, 3, 9}},
	}
	if sum := c.Run(context.Background()); sum.Runs != 10 || sum.Resumed != 3 || ran != 7 || sum.Err != nil {
		t.Errorf("%d runs, %d resumed, %d run, %v", sum.Runs, sum.Resumed, ran, sum.Err)
	}
	c.Journal = forgetful{fails: 5}
	if sum := c.Run(context.Background()); !errors.Is(sum.Err, errForgetful) || sum.Verdict != Infrastructure || sum.Runs != 4 {
		t.Errorf("%d runs, %v, %v", sum.Runs, sum.Verdict, sum.Err)
	}
}

// TestSummary_slowest keeps some, the slowest first.
func TestSummary_slowest(t *testing.T) {
	s := newSummary(Campaign{})
	for _, ms := range []int{3, 9, 1, 7, 5, 8, 2} {
		s.add(Result{Real: time.Duration(ms)})
	}
	var got []time.Duration
	for _, r := range s.Slowest {
		got = append(got, r.Real)
	}
	if !slices.Equal(got, []time.Duration{9, 8, 7, 5, 3}) {
		t.Errorf("slowest %v", got)
	}
}
