package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios/novelty"
	"github.com/wavetank/wavetank/scenarios/vary"
)

// chosen is a scenario that shows what it draws, in which some of what it shows is rare.
// Its runs take longer or shorter, so that workers overtake each other.
func chosen(name string) Scenario {
	return Scenario{Name: name, Alone: func(s Spec) Result {
		d := s.draw()
		var shown []novelty.Feature
		for i := range 6 {
			a, b := d.Int("a", 0, 9), d.Int("b", 0, 30)
			shown = append(shown, novelty.Pair(fmt.Sprint("a", a), fmt.Sprint("b", b*a/9)))
			for range i * b {
				runtime.Gosched()
			}
		}
		h := fnv.New64a()
		fmt.Fprint(h, d, s.Seed)
		return Result{Choices: d.String(), Features: novelty.Sorted(shown), Hash: h.Sum64(), Steps: 1}
	}}
}

// steered runs a campaign, and says what was run and what that has shown.
func steered(t *testing.T, c Campaign) (lines []string, shown string) {
	t.Helper()
	c.Novelty, c.Recheck = true, RecheckNone
	c.OnResult = func(r Result) { lines = append(lines, LineOf(r).String()) }
	sum := c.Run(context.Background())
	if uint64(len(lines)) != c.Total() || sum.Failures > 0 {
		t.Fatalf("%d of %d runs, %d failures", len(lines), c.Total(), sum.Failures)
	}
	var b bytes.Buffer
	if err := sum.Features.Write(&b); err != nil {
		t.Fatal(err)
	}
	return lines, b.String()
}

func children(lines []string) int {
	return len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.Contains(l, ":vary=") }))
}

// TestCampaign_noveltyIsTheSameForAnyWorkers: what is run, and in which order it is told, is
// a function of the seeds.
func TestCampaign_noveltyIsTheSameForAnyWorkers(t *testing.T) {
	one := Campaign{Specs: []Spec{{Scenario: chosen("s")}, {Scenario: chosen("t")}}, Seeds: Seeds{1, 1000}, Workers: 1}
	lines, shown := steered(t, one)
	if n := children(lines); n < 300 || n > 1800 {
		t.Errorf("%d of %d runs are children", n, len(lines))
	}
	for _, workers := range []int{2, 3, 7} {
		many := one
		many.Workers = workers
		if l, s := steered(t, many); !slices.Equal(l, lines) || s != shown {
			t.Errorf("%d workers run something else", workers)
		}
	}
}

// TestCampaign_noveltyOfRealRuns: the same of runs of the catalogue, and each of them is
// that of its line, in any process.
func TestCampaign_noveltyOfRealRuns(t *testing.T) {
	s, err := Find("messenger")
	if err != nil {
		t.Fatal(err)
	}
	c := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 300}, Workers: 1}
	lines, shown := steered(t, c)
	c.Workers = 2
	if l, s := steered(t, c); !slices.Equal(l, lines) || s != shown {
		t.Error("two workers run something else")
	}
	tried := 0
	for _, text := range lines {
		if !strings.Contains(text, ":vary=") || tried == 20 {
			continue
		}
		tried++
		l, err := ParseLine(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, difference := Replay(l); difference != "" {
			t.Errorf("%s: %s", text, difference)
		}
	}
	if tried < 20 {
		t.Errorf("%d children", tried)
	}
}

// TestCampaign_noveltyInShards: each shard steers by its own runs, and they have none in
// common.
func TestCampaign_noveltyInShards(t *testing.T) {
	times := make(map[string]int)
	for i := range uint64(3) {
		c := Campaign{Specs: []Spec{{Scenario: chosen("s")}}, Seeds: Seeds{1, 900}, Shard: Shard{i + 1, 3}, Workers: 2}
		lines, _ := steered(t, c)
		if children(lines) == 0 {
			t.Errorf("shard %v has no children", c.Shard)
		}
		for _, l := range lines {
			times[l]++
		}
	}
	if len(times) != 900 {
		t.Errorf("%d different runs", len(times))
	}
}

// TestCampaign_noveltyOff: without it every seed is its own.
func TestCampaign_noveltyOff(t *testing.T) {
	seed := uint64(0)
	c := Campaign{Specs: []Spec{{Scenario: chosen("s")}}, Seeds: Seeds{1, 400}, Workers: 2, Recheck: RecheckNone, OnResult: func(r Result) {
		if seed++; r.Spec.Seed != seed || len(r.Spec.Vary) > 0 {
			t.Fatalf("run %d is %v", seed, LineOf(r))
		}
	}}
	c.Run(context.Background())
}

// held lets one run of the first generation go on until all others of the first two have
// begun, and some more, so that the other workers come to wait.
func held(s Scenario, seed uint64, end func(Spec) Result) Scenario {
	var begun atomic.Int64
	run := s.Alone
	s.Alone = func(spec Spec) Result {
		begun.Add(1)
		if spec.Seed != seed || len(spec.Vary) > 0 {
			return run(spec)
		}
		for begun.Load() < 2*generation {
			runtime.Gosched()
		}
		for range 20_000 {
			runtime.Gosched()
		}
		return end(spec)
	}
	return s
}

// TestCampaign_noveltyWaits: nobody runs ahead of a run that takes long, for what that shows
// counts.
func TestCampaign_noveltyWaits(t *testing.T) {
	plain := chosen("s")
	c := Campaign{Specs: []Spec{{Scenario: plain}}, Seeds: Seeds{1, 400}, Workers: 1}
	lines, shown := steered(t, c)
	c.Specs[0].Scenario, c.Workers = held(plain, 5, plain.Alone), 3
	if l, s := steered(t, c); !slices.Equal(l, lines) || s != shown {
		t.Error("three workers run something else")
	}
}

// TestCampaign_noveltyEnds: who waits for the next generation does not wait for ever.
func TestCampaign_noveltyEnds(t *testing.T) {
	s := held(chosen("s"), 5, func(Spec) Result { return broken("I-A", 1) })
	c := Campaign{Specs: []Spec{{Scenario: s}}, Seeds: SeedsFrom(1), Workers: 5, Novelty: true, Recheck: RecheckNone, StopAfter: 1}
	if sum := c.Run(context.Background()); sum.Runs != 5 || sum.Failures != 1 {
		t.Errorf("%d runs", sum.Runs)
	}
}

// TestCampaign_noveltyWithoutChoices: a scenario in which nothing is chosen has no children,
// which would be the same run again.
func TestCampaign_noveltyWithoutChoices(t *testing.T) {
	s := made("s", func(seed uint64) Result {
		return Result{Steps: 1, Features: []novelty.Feature{novelty.New(novelty.Roles, fmt.Sprint(seed))}}
	})
	if lines, _ := steered(t, Campaign{Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 300}}); children(lines) > 0 {
		t.Errorf("%d children", children(lines))
	}
}

// TestVaried: a varied run draws some of its choices anew and keeps the others, is the same
// each time, and is the run of its script. Without salts nothing is otherwise.
func TestVaried(t *testing.T) {
	s, err := Find("swarm")
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.InitializeCinder(); err != nil {
		t.Fatal(err)
	}
	kept, others, scripts := 0, 0, 0
	for seed := uint64(1); scripts < 6; seed++ {
		spec := Spec{Scenario: s, Seed: seed}
		plain, err := ScriptOf(spec)
		if err != nil {
			continue
		}
		spec.Vary = vary.Vary{1000 + seed}
		script, err := ScriptOf(spec)
		if err != nil {
			continue
		}
		scripts++
		if script.String() != plain.String() {
			others++
		}
		r := Run(spec)
		for _, choice := range strings.Fields(r.Choices) {
			if strings.Contains(Run(Spec{Scenario: s, Seed: seed}).Choices, choice) {
				kept++
				break
			}
		}
		line, err := ParseLine(LineOf(r).String())
		if err != nil {
			t.Fatal(err)
		}
		if again, difference := Replay(line); difference != "" || !slices.Equal(again.Features, r.Features) {
			t.Errorf("%v: %s", line, difference)
		}
		if told := Run(Spec{Scenario: script.Scenario(), Seed: seed}); told.Hash != r.Hash {
			t.Errorf("%v: its script is another run", LineOf(r))
		}
	}
	if kept < 4 || others < 4 {
		t.Errorf("of %d varied seeds %d kept something and %d have another plan", scripts, kept, others)
	}
}
