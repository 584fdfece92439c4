// Package shrink makes a failure small: of the script of a failing run it takes away
// faults, goals, daemons, clients, options, fault points and decisions of the schedule, and
// rounds times, as long as the same failure comes.
//
//	small, err := shrink.Shrink(ctx, result.Spec, shrink.Options{})
//	fmt.Print(small.Header(), small.Script) // a few lines
//
// Without a fault the rest of a run is another run: delays fall otherwise. So a smaller
// script is tried with some seeds, and it is enough that one of them fails in the same
// way. What "the same" is says [scenarios.Failure.Signature]. If a bug is planted it must
// not fail without it.
//
// What is taken away is an edit; edits of one kind are a pass. In a first round the passes
// that take most away are tried with few seeds, in a second one all passes with all seeds,
// again and again until none takes anything away any more. Then the decisions among loops
// that the failure needs are looked for, and which lines it can do without.
package shrink

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"

	"github.com/wavetank/wavetank/scenarios"
)

// ErrNoFailure: the run to be shrunk does not fail.
var ErrNoFailure = errors.New("the run does not fail")

// Options bound the work. The zero value is the defaults.
type Options struct {
	// Seeds is how many a smaller script is tried with (8).
	Seeds int
	// Runs is how many there are at most (5000).
	Runs int
	// Workers is how many runs there are at a time (one a core). The outcome does not
	// depend on it.
	Workers int
	// Progress is told each step that made the script smaller; nil means nobody is.
	Progress func(Small)
	// Resume is where an earlier Shrink of the same run was; nil means from the beginning.
	Resume *State
	// Save is told where this one is, after each edit; nil means nobody is.
	Save func(State)
}

func (o Options) withDefaults() Options {
	if o.Seeds <= 0 {
		o.Seeds = 8
	}
	if o.Runs <= 0 {
		o.Runs = 5000
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}

// Small is a script that fails as the run it was made of.
type Small struct {
	Script scenarios.Script
	// Result is the failing run of the script.
	Result scenarios.Result
	// Signature is that of the failure.
	Signature string
	// Tried counts the runs, Last says what was taken away last.
	Tried int
	Last  string
	// Ingredients are the lines that the failure may need, see [Ingredient]; none if the
	// work is not complete.
	Ingredients []Ingredient
	// Complete reports that nothing more could be taken away: Runs or the context did
	// not end the work.
	Complete bool
}

// Header is the failure in comments, for the head of a file with the script.
func (s Small) Header() string {
	h := scenarios.HeaderOf(s.Result)
	h.Necessary = necessary(s.Ingredients)
	return h.String()
}

// Shrink makes the failure of a run small. If the context ends it returns what it has.
// Errors: ErrNoFailure; ErrState; scenarios.ErrNotScripted.
func Shrink(ctx context.Context, spec scenarios.Spec, opt Options) (Small, error) {
	s := &shrinker{ctx: ctx, opt: opt.withDefaults(), refuted: make(map[uint64]bool)}
	s.state = State{Line: scenarios.Line{Spec: spec}.String(), Seeds: s.opt.Seeds}
	script, err := scenarios.ScriptOf(spec)
	if err != nil {
		return Small{}, err
	}
	spec.Schedule, spec.Vary = "", nil // the script has them
	s.spec = spec
	first := s.runs(script, []uint64{spec.Seed})[0]
	if first.Failure == nil {
		return Small{}, fmt.Errorf("%s: %w", s.state.Line, ErrNoFailure)
	}
	s.small = Small{Script: script, Result: first, Signature: first.Failure.Signature(), Tried: 1}
	s.healing = s.newHealing(script, first)
	if s.opt.Resume != nil {
		if err := s.resume(*s.opt.Resume); err != nil {
			return Small{}, err
		}
	}
	if s.toFixpoint(); s.over() {
		return s.small, nil
	}
	s.findDecisions()
	s.findNecessary()
	s.small.Complete = !s.over()
	return s.small, nil
}

type shrinker struct {
	ctx     context.Context
	opt     Options
	spec    scenarios.Spec
	small   Small
	state   State // Round, Pass, Edit and Again are where the work is
	refuted map[uint64]bool
	healing healing
}

// fewSeeds is how many the first round tries.
const fewSeeds = 2

// toFixpoint tries every edit until none makes the script smaller.
func (s *shrinker) toFixpoint() {
	for all := rounds(); s.state.Round < len(all); s.state.Round++ {
		s.repeat(all[s.state.Round])
		if s.over() {
			return
		}
		s.state.Pass, s.state.Edit, s.state.Again = 0, 0, false
	}
}

// repeat tries the edits of some passes until none makes the script smaller.
func (s *shrinker) repeat(passes []pass) {
	for {
		for ; s.state.Pass < len(passes); s.state.Pass, s.state.Edit = s.state.Pass+1, 0 {
			if s.run(passes[s.state.Pass]); s.over() {
				return
			}
		}
		if !s.state.Again {
			return
		}
		s.state.Pass, s.state.Again = 0, false
	}
}

func (s *shrinker) over() bool { return s.ctx.Err() != nil || s.small.Tried >= s.opt.Runs }

// run tries the edits of one pass one after another, those that follow on what is left.
func (s *shrinker) run(p pass) {
	for {
		edits := p(s.small.Script, s.small.Result)
		if s.state.Edit >= len(edits) {
			return
		}
		smaller := s.try(edits[s.state.Edit])
		if s.over() && !smaller {
			return // it may have been cut short
		}
		if smaller {
			s.state.Again = true // the same place again: another edit is there now
		} else {
			s.state.Edit++
		}
		s.save()
		if s.over() {
			return
		}
	}
}

// try runs an edited script with some seeds, and keeps it if one of them fails alike.
func (s *shrinker) try(e edit) bool {
	script := e.apply(s.small.Script)
	if script.String() == s.small.Script.String() {
		return false
	}
	seeds := s.seeds()
	if e.own {
		seeds = seeds[:1]
	}
	found, ok := s.fails(script, seeds)
	if ok {
		s.keep(script, found, e.what)
	}
	return ok
}

func (s *shrinker) keep(script scenarios.Script, found scenarios.Result, what string) {
	s.small.Script, s.small.Result, s.small.Last = script, found, what
	if s.opt.Progress != nil {
		s.opt.Progress(s.small)
	}
}

// seeds are those that a script is tried with: the one that failed last, and some.
func (s *shrinker) seeds() []uint64 {
	n := s.opt.Seeds
	if s.state.Round == 0 {
		n = min(n, fewSeeds)
	}
	seeds := []uint64{s.small.Result.Spec.Seed}
	for next := uint64(1); len(seeds) < n; next++ {
		if next != seeds[0] {
			seeds = append(seeds, next)
		}
	}
	return seeds
}

// fails is the first of the seeds with which the script fails alike. A script that was
// tried before with as many seeds is not tried again.
func (s *shrinker) fails(script scenarios.Script, seeds []uint64) (scenarios.Result, bool) {
	key := keyOf(script, len(seeds))
	if s.refuted[key] || s.healing.missed && !asWhole(script.Plan, s.small.Script.Plan) {
		return scenarios.Result{}, false
	}
	for len(seeds) > 0 && !s.over() {
		n := min(s.opt.Workers, len(seeds), s.opt.Runs-s.small.Tried)
		for _, r := range s.runs(script, seeds[:n]) {
			s.small.Tried++ // those behind a failure do not count: another number of workers ran them or not
			if r.Failure != nil && r.Failure.Signature() == s.small.Signature && s.isTheBug(script, r.Spec.Seed) && s.meansSomething(script, r) {
				return r, true
			}
		}
		seeds = seeds[n:]
	}
	if len(seeds) == 0 {
		s.refuted[key] = true
	}
	return scenarios.Result{}, false
}

// isTheBug reports whether the script passes without the planted bug: a smaller cluster may
// fail all by itself, such as one that lacks somebody to say that all others are there.
func (s *shrinker) isTheBug(script scenarios.Script, seed uint64) bool {
	if s.spec.Mutant == "" || s.small.Tried >= s.opt.Runs {
		return s.spec.Mutant == ""
	}
	s.small.Tried++
	spec := s.spec
	spec.Scenario, spec.Seed, spec.Mutant = script.Scenario(), seed, ""
	return scenarios.Run(spec).Failure == nil
}

// keyOf stands for a script and a number of seeds.
func keyOf(script scenarios.Script, seeds int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", seeds, script)
	return h.Sum64()
}

func (s *shrinker) runs(script scenarios.Script, seeds []uint64) []scenarios.Result {
	results := make([]scenarios.Result, len(seeds))
	var wg sync.WaitGroup
	for i, seed := range seeds {
		wg.Go(func() {
			spec := s.spec
			spec.Scenario, spec.Seed = script.Scenario(), seed
			results[i] = scenarios.Run(spec)
		})
	}
	wg.Wait()
	return results
}
