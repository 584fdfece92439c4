package scenarios

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Campaign runs many seeds of scenarios on all cores. Its results come in the
// order of the seeds, and of the scenarios within a seed, whatever the number of
// workers.
type Campaign struct {
	// Specs are the runs; Seed is replaced by those of Seeds.
	Specs []Spec
	// Seeds are the seeds of each Spec.
	Seeds Seeds
	// Workers is how many runs are under way at once; 0 means one a core, and 1
	// in the tcp world, whose daemons need the cores.
	Workers int
	// Recheck says which runs are run twice and compared.
	Recheck Recheck
	// StopAfter ends the campaign after so many failures; 0 means never.
	StopAfter int
	// OnResult is told each result, in order, from one goroutine at a time.
	OnResult func(Result)
}

// Seeds is a range of seeds, both ends included.
type Seeds struct{ First, Last uint64 }

// Count is how many there are.
func (s Seeds) Count() uint64 { return s.Last - s.First + 1 }

// Run runs the campaign until it is through, or ctx is done, and sums it up.
func (c Campaign) Run(ctx context.Context) Summary {
	began := time.Now()
	s := newSummary(c.Specs)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	order := newSequencer(func(r Result) {
		if c.StopAfter > 0 && s.Failures >= c.StopAfter {
			return
		}
		s.add(r)
		if c.OnResult != nil {
			c.OnResult(r)
		}
		if c.StopAfter > 0 && s.Failures >= c.StopAfter {
			cancel()
		}
	})
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range c.workers() {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= c.total() {
					return
				}
				order.put(i, c.run(i))
			}
		})
	}
	workers.Wait()
	s.Real = time.Since(began)
	if s.Runs == 0 {
		s.Verdict = Inconclusive
	}
	return *s
}

func (c Campaign) total() uint64 { return uint64(len(c.Specs)) * c.Seeds.Count() }

// spec is the i-th run: each seed is run in every scenario before the next one,
// so that a campaign that is cut short has looked at all of them.
func (c Campaign) spec(i uint64) Spec {
	n := uint64(len(c.Specs))
	spec := c.Specs[i%n]
	spec.Seed = c.Seeds.First + i/n
	return spec
}

func (c Campaign) run(i uint64) Result { return c.Recheck.run(c.spec(i)) }

func (c Campaign) workers() int {
	if c.Workers > 0 {
		return int(min(uint64(c.Workers), c.total())) // no more than there is to do
	}
	for _, s := range c.Specs {
		if s.World == WorldTCP {
			return 1
		}
	}
	return runtime.GOMAXPROCS(0)
}

// sequencer hands results on in the order of their numbers, as soon as there is
// no gap.
type sequencer struct {
	mu   sync.Mutex
	next uint64
	held map[uint64]Result
	emit func(Result)
}

func newSequencer(emit func(Result)) *sequencer {
	return &sequencer{held: make(map[uint64]Result), emit: emit}
}

func (q *sequencer) put(i uint64, r Result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held[i] = r
	for {
		r, ok := q.held[q.next]
		if !ok {
			return
		}
		delete(q.held, q.next)
		q.next++
		q.emit(r)
	}
}
