// Package shrink makes a failure small: of the script of a failing run it takes away
// faults, goals, daemons and options, and rounds times, as long as the same failure comes.
//
//	small, err := shrink.Shrink(ctx, result.Spec, shrink.Options{})
//	fmt.Println(small.Script) // a few lines
//
// Without a fault the rest of a run is another run: delays fall otherwise. So a smaller
// script is tried with some seeds, and it is enough that one of them fails in the same
// way. What "the same" is says [scenarios.Failure.Signature].
package shrink

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
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
	// Complete reports that nothing more could be taken away: Runs or the context did
	// not end the work.
	Complete bool
}

// Shrink makes the failure of a run small. If the context ends it returns what it has.
// Errors: ErrNoFailure; scenarios.ErrNotScripted.
func Shrink(ctx context.Context, spec scenarios.Spec, opt Options) (Small, error) {
	script, err := scenarios.ScriptOf(spec)
	if err != nil {
		return Small{}, err
	}
	s := &shrinker{ctx: ctx, opt: opt.withDefaults(), spec: spec}
	spec.Scenario = script.Scenario()
	first := scenarios.Run(spec)
	if first.Failure == nil {
		return Small{}, fmt.Errorf("%v: %w", scenarios.LineOf(first), ErrNoFailure)
	}
	s.small = Small{Script: script, Result: first, Signature: first.Failure.Signature(), Tried: 1}
	s.toFixpoint()
	return s.small, nil
}

type shrinker struct {
	ctx   context.Context
	opt   Options
	spec  scenarios.Spec
	small Small
}

// toFixpoint tries every edit until none makes the script smaller.
func (s *shrinker) toFixpoint() {
	for again := true; again; {
		again = false
		for _, pass := range passes() {
			if s.run(pass) {
				again = true
			}
			if s.over() {
				return
			}
		}
	}
	s.small.Complete = true
}

func (s *shrinker) over() bool { return s.ctx.Err() != nil || s.small.Tried >= s.opt.Runs }

// run tries the edits of one pass one after another, those that follow on what is left.
func (s *shrinker) run(p pass) (smaller bool) {
	for i := 0; !s.over(); {
		edits := p(s.small.Script, s.small.Result)
		if i >= len(edits) {
			return smaller
		}
		if s.try(edits[i]) {
			smaller = true // the same place again: another edit is there now
		} else {
			i++
		}
	}
	return smaller
}

// try runs an edited script with some seeds, and keeps it if one of them fails alike.
func (s *shrinker) try(e edit) bool {
	script := e.apply(s.small.Script)
	if script.String() == s.small.Script.String() {
		return false
	}
	found, ok := s.fails(script)
	if !ok {
		return false
	}
	s.small.Script, s.small.Result, s.small.Last = script, found, e.what
	if s.opt.Progress != nil {
		s.opt.Progress(s.small)
	}
	return true
}

// seeds are those that a script is tried with: the one that failed last, and some.
func (s *shrinker) seeds() []uint64 {
	seeds := []uint64{s.small.Result.Spec.Seed}
	for n := uint64(1); len(seeds) < s.opt.Seeds; n++ {
		if n != seeds[0] {
			seeds = append(seeds, n)
		}
	}
	return seeds
}

// fails is the first of the seeds with which the script fails alike.
func (s *shrinker) fails(script scenarios.Script) (scenarios.Result, bool) {
	seeds := s.seeds()
	for len(seeds) > 0 && !s.over() {
		n := min(s.opt.Workers, len(seeds), s.opt.Runs-s.small.Tried)
		for _, r := range s.runs(script, seeds[:n]) {
			s.small.Tried++ // those behind a failure do not count: another number of workers ran them or not
			if r.Failure != nil && r.Failure.Signature() == s.small.Signature {
				return r, true
			}
		}
		seeds = seeds[n:]
	}
	return scenarios.Result{}, false
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

// Header is the failure in comments, for the head of a file with the script.
func (s Small) Header() string {
	var b strings.Builder
	f := s.Result.Failure
	fmt.Fprintf(&b, "# %s\n", f.Property)
	for line := range strings.SplitSeq(f.Detail, "\n") {
		fmt.Fprintf(&b, "#   %s\n", line)
	}
	fmt.Fprintf(&b, "# seed %d, hash %016x", s.Result.Spec.Seed, s.Result.Hash)
	if s.Result.Spec.Mutant != "" {
		fmt.Fprintf(&b, ", mutant %s", s.Result.Spec.Mutant)
	}
	b.WriteString("\n")
	return b.String()
}
