package scenarios

import (
	"context"
	"runtime"
	"sync"
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
	// Shard is the part of these runs that is run; the zero value is all of them.
	Shard Shard
	// Workers is how many runs are under way at once; 0 means one a core, and 1
	// in the tcp world, whose daemons need the cores.
	Workers int
	// Recheck says which runs are run twice and compared.
	Recheck Recheck
	// StopAfter ends the campaign after so many distinct failures (see
	// Failure.Signature) that are not quarantined; 0 means never.
	StopAfter int
	// Quarantine are failures that are known, and do not count until their day has
	// passed.
	Quarantine []Quarantined
	// Today decides which of them still hold.
	Today time.Time
	// Novelty lets what runs have shown choose what is run next: some seeds are then not
	// run themselves, but are the salts of others' choices, see Spec.Vary. What is run
	// is the same for any number of workers; each shard chooses for itself.
	Novelty bool
	// Canary is a planted bug that must be found before anything is run, nil for none.
	Canary *Mutant
	// Journal keeps the runs, nil if nobody does.
	Journal Journal
	// OnResult is told each result, in order, from one goroutine at a time.
	OnResult func(Result)
}

// Journal keeps runs for longer than the process lives that does them.
type Journal interface {
	// Run does a run and keeps, before, that it has begun and, after, how it ended. The
	// result of a run that it has already may be returned in place of another run. It is
	// called from many goroutines. An error ends the campaign.
	Run(spec Spec, do func(Spec) Result) (Result, error)
}

// Run runs the campaign until it is through, or ctx is done, and sums it up.
func (c Campaign) Run(ctx context.Context) Summary {
	began := time.Now()
	s := newSummary(c)
	if c.Canary != nil {
		s.sing(c.canary(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	runs := newQueue(c)
	context.AfterFunc(ctx, runs.stop)
	order := newSequencer(func(r Result) {
		if c.enough(s) {
			return
		}
		s.add(r)
		runs.told(r)
		if c.OnResult != nil {
			c.OnResult(r)
		}
		if c.enough(s) {
			cancel()
		}
	})
	broken := make(chan error, 1)
	var workers sync.WaitGroup
	for range c.workers() {
		workers.Go(func() {
			for ctx.Err() == nil {
				i, spec, ok := runs.next(ctx)
				if !ok {
					return
				}
				r, err := c.run(spec)
				if err != nil {
					select {
					case broken <- err:
					default: // the first one is told
					}
					cancel()
					return
				}
				order.put(i, r)
			}
		})
	}
	workers.Wait()
	s.conclude(time.Since(began), broken)
	return *s
}

// enough reports whether so many failures were found that the campaign ends.
func (c Campaign) enough(s *Summary) bool { return c.StopAfter > 0 && s.distinct >= c.StopAfter }

func (c Campaign) run(spec Spec) (Result, error) {
	if c.Journal == nil {
		return c.Recheck.run(spec), nil
	}
	return c.Journal.Run(spec, c.Recheck.run)
}

// Total is how many runs there are.
func (c Campaign) Total() uint64 {
	total := uint64(0)
	for i := range c.Specs {
		total += c.Shard.count(uint64(i), c.Seeds.Count())
	}
	return total
}

func (c Campaign) workers() int {
	if c.Workers > 0 {
		return int(min(uint64(c.Workers), c.Total())) // no more than there is to do
	}
	for _, s := range c.Specs {
		if s.World == WorldTCP {
			return 1
		}
	}
	return runtime.GOMAXPROCS(0)
}

// queue hands out the runs of a campaign.
type queue struct {
	campaign Campaign
	steering *steering // nil if every seed is its own

	mu     sync.Mutex
	looked uint64 // at so many runs, those of other shards included
	handed uint64 // out
}

func newQueue(c Campaign) *queue {
	q := &queue{campaign: c}
	if c.Novelty {
		q.steering = newSteering(c)
	}
	return q
}

// told is told the results, in order.
func (q *queue) told(r Result) {
	if q.steering != nil {
		q.steering.add(r)
	}
}

// stop lets nobody wait for a run any more.
func (q *queue) stop() {
	if q.steering != nil {
		q.steering.stop()
	}
}

// next is the next run of the campaign's shard, and its number. Each seed is run in
// every scenario before the next one, so that a campaign that is cut short has looked
// at all of them.
func (q *queue) next(ctx context.Context) (i uint64, spec Spec, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.campaign
	n := uint64(len(c.Specs))
	for q.looked < n*c.Seeds.Count() {
		which, nth := q.looked%n, q.looked/n
		q.looked++
		if c.Shard.has(which, nth) {
			spec = c.Specs[which]
			spec.Seed = c.Seeds.First + nth
			if q.steering != nil {
				r, ok := q.steering.take(ctx, int(which))
				if !ok {
					return 0, Spec{}, false
				}
				spec.Seed, spec.Vary = r.Seed, r.Vary
			}
			q.handed++
			return q.handed - 1, spec, true
		}
	}
	return 0, Spec{}, false
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
