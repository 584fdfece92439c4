// Package why tells when the fate of a failing run was decided, and by what.
//
// A run is its seed's up to some time, and is continued from there many times with other
// draws ([sim.Reseed]). At the beginning few continuations fail, at the end all do. Where
// the share rises, something has happened that the failure follows from. The same is done
// from the strike of each fault, with the fault and without it.
//
//	report, err := why.Why(ctx, result.Spec, why.Options{})
//	report.Write(os.Stdout)
package why

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// Errors of Why.
var (
	// ErrNoFailure: the run does not fail.
	ErrNoFailure = errors.New("the run does not fail")
	// ErrReal: runs on real sockets come out otherwise each time.
	ErrReal = errors.New("a run on real sockets cannot be continued from the middle")
)

// Options bound the work. The zero value is the defaults.
type Options struct {
	// Continuations is how many there are of each time, and of each fault (20).
	Continuations int
	// Times is how many times are looked at first, from the beginning to the failure (12).
	// Some more follow where the share rises most.
	Times int
	// Workers is how many runs there are at a time (one a core). The outcome does not
	// depend on it.
	Workers int
	// Progress is told the report as it grows, after each time and each fault; nil means
	// nobody is.
	Progress func(Report)
}

func (o Options) withDefaults() Options {
	if o.Continuations <= 0 {
		o.Continuations = 20
	}
	if o.Times < 2 {
		o.Times = 12
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}

// Share is how many of some continuations fail as the run does.
type Share struct {
	Failed int `json:"failed"`
	Of     int `json:"of"`
}

// Percent is the share in whole percent.
func (s Share) Percent() int { return 100 * s.Failed / max(s.Of, 1) }

// Moment is a time from which the run was continued.
type Moment struct {
	At time.Duration `json:"at_ns"`
	Share
}

// Fault is a step of the run's plan that has struck.
type Fault struct {
	Step string        `json:"step"`
	At   time.Duration `json:"at_ns"`
	// With and Without are the shares of continuations from the strike on.
	With    Share `json:"with"`
	Without Share `json:"without"`
}

// Weight is how much less the run fails without the fault, in percent.
func (f Fault) Weight() int { return f.With.Percent() - f.Without.Percent() }

// Report is what Why has found.
type Report struct {
	Signature string        `json:"signature"`
	Line      string        `json:"line"`
	FailedAt  time.Duration `json:"failed_at_ns"`
	Moments   []Moment      `json:"moments"` // by time
	Faults    []Fault       `json:"faults"`  // in the order of the plan; none if it is not a script's
	Runs      int           `json:"runs"`
	// Complete says that all was looked at, and the context did not end the work.
	Complete bool `json:"complete"`
}

// Decided is between which two moments the share rises most, the same one if it never does.
func (r Report) Decided() (before, after Moment) {
	if len(r.Moments) == 0 {
		return Moment{}, Moment{}
	}
	before, after = r.Moments[0], r.Moments[0]
	for i := 1; i < len(r.Moments); i++ {
		if a, b := r.Moments[i-1], r.Moments[i]; b.Percent()-a.Percent() > after.Percent()-before.Percent() {
			before, after = a, b
		}
	}
	return before, after
}

// Foremost is the fault without which the run fails least often, compared with before; nil
// if no fault matters.
func (r Report) Foremost() *Fault {
	var most *Fault
	for i := range r.Faults {
		if f := &r.Faults[i]; f.Weight() > 0 && (most == nil || f.Weight() > most.Weight()) {
			most = f
		}
	}
	return most
}

// Why continues a failing run from many times. If the context ends it returns what it knows
// by then: a time or a fault of which not all continuations were run is left out. Errors: ErrNoFailure, ErrReal.
func Why(ctx context.Context, spec scenarios.Spec, opt Options) (Report, error) {
	if spec.World == scenarios.WorldTCP {
		return Report{}, ErrReal
	}
	spec.Reseed = sim.Reseed{}
	run := scenarios.Run(spec)
	if run.Failure == nil {
		return Report{}, fmt.Errorf("%v: %w", scenarios.LineOf(run), ErrNoFailure)
	}
	a := &asking{ctx: ctx, opt: opt.withDefaults(), run: run}
	a.report = Report{
		Signature: run.Failure.Signature(), Line: scenarios.LineOf(run).String(), FailedAt: run.Failure.At, Runs: 1,
	}
	a.report.Complete = a.overTime() && a.overFaults()
	return a.report, nil
}

type asking struct {
	ctx    context.Context
	opt    Options
	run    scenarios.Result
	report Report
}

// finer is how many times are looked at between those where the share rises most.
const finer = 5

// overTime fills in the moments, and reports whether it could look at all.
func (a *asking) overTime() bool {
	for _, i := range spread(a.opt.Times) {
		if !a.moment(a.report.FailedAt * time.Duration(i) / time.Duration(a.opt.Times-1)) {
			return false
		}
	}
	for range finer {
		before, after := a.report.Decided()
		middle := (before.At + (after.At-before.At)/2).Round(time.Microsecond)
		if middle <= before.At || middle >= after.At {
			break
		}
		if !a.moment(middle) {
			return false
		}
	}
	return true
}

// spread is the numbers below n, first and last and then those in the middle of others, so
// that the first ones tell something of all.
func spread(n int) []int {
	out, gaps := []int{0, n - 1}, [][2]int{{0, n - 1}}
	for len(gaps) > 0 {
		from, to := gaps[0][0], gaps[0][1]
		if gaps = gaps[1:]; to-from < 2 {
			continue
		}
		middle := (from + to) / 2
		out = append(out, middle)
		gaps = append(gaps, [2]int{from, middle}, [2]int{middle, to})
	}
	return out
}

func (a *asking) moment(at time.Duration) bool {
	share, all := a.share(a.run.Spec.Scenario, at)
	if !all {
		return false
	}
	m := Moment{At: at, Share: share}
	i, _ := slices.BinarySearchFunc(a.report.Moments, m, func(x, y Moment) int { return int(x.At - y.At) })
	a.report.Moments = slices.Insert(a.report.Moments, i, m)
	a.tell()
	return true
}

func (a *asking) tell() {
	if a.opt.Progress != nil {
		a.opt.Progress(a.report)
	}
}

// overFaults continues the run from each fault, without it and with it, and reports whether
// it could look at all. A scenario that cannot be said in a script has no plan to take one
// out of.
func (a *asking) overFaults() bool {
	script, err := scenarios.ScriptOf(a.run.Spec)
	if err != nil {
		return true
	}
	for i, struck := range a.run.Faults[:min(len(a.run.Faults), len(script.Plan))] {
		without := script.Without(func(n int, _ faults.Step) bool { return n == i })
		f := Fault{Step: script.Plan[i].String(), At: struck.Struck}
		var all bool
		if f.With, all = a.share(script.Scenario(), struck.Struck); !all {
			return false
		}
		if f.Without, all = a.share(without.Scenario(), struck.Struck); !all {
			return false
		}
		a.report.Faults = append(a.report.Faults, f)
		a.tell()
	}
	return true
}

// share continues a scenario from a time on, and reports whether all continuations were run.
func (a *asking) share(s scenarios.Scenario, at time.Duration) (share Share, all bool) {
	results := make([]bool, a.opt.Continuations)
	var wg sync.WaitGroup
	next := make(chan int)
	for range a.opt.Workers {
		wg.Go(func() {
			for i := range next {
				results[i] = a.fails(s, sim.Reseed{At: at, Salt: uint64(i) + 1})
			}
		})
	}
	begun := 0
	for ; begun < len(results) && a.ctx.Err() == nil; begun++ {
		next <- begun
	}
	close(next)
	wg.Wait()
	a.report.Runs += begun
	for _, failed := range results[:begun] {
		if share.Of++; failed {
			share.Failed++
		}
	}
	return share, begun == len(results)
}

func (a *asking) fails(s scenarios.Scenario, from sim.Reseed) bool {
	spec := a.run.Spec
	spec.Scenario, spec.Reseed = s, from
	r := scenarios.Run(spec)
	return r.Failure != nil && r.Failure.Signature() == a.report.Signature
}
