package scenarios

import (
	"context"
	"sync"

	"github.com/wavetank/wavetank/scenarios/novelty"
)

// generation is how many runs of a scenario are chosen at once, by what was shown by all
// generations before the last. So nobody waits for the slowest run of a generation while
// the next one is under way, and the choice is the same for any number of workers.
const generation = 64

// steering chooses the runs of a campaign by what those before them have shown, each
// scenario's for itself. The seeds of the campaign are used up one after another as ever:
// each is that of a run, or the last salt of one (see Spec.Vary).
type steering struct {
	campaign Campaign

	mu     sync.Mutex
	wake   *sync.Cond
	pilots []*pilot // by spec
	order  []handed // what was handed out and has no result yet, in order
}

// pilot chooses for one scenario.
type pilot struct {
	population *novelty.Population
	next       uint64        // number among the scenario's seeds of the first that has no run yet
	chosen     []novelty.Run // not handed out yet
	results    int           // of the oldest generation that is not complete
}

// handed is a run under way.
type handed struct {
	which int
	run   novelty.Run
}

// newSteering chooses the first two generations, which know nothing.
func newSteering(c Campaign) *steering {
	s := &steering{campaign: c}
	s.wake = sync.NewCond(&s.mu)
	for which := range c.Specs {
		s.pilots = append(s.pilots, &pilot{population: novelty.NewPopulation()})
		s.choose(which)
		s.choose(which)
	}
	return s
}

// choose fixes the next generation of a scenario.
func (s *steering) choose(which int) {
	p, c := s.pilots[which], s.campaign
	var seeds []uint64
	for ; p.next < c.Seeds.Count() && len(seeds) < generation; p.next++ {
		if c.Shard.has(uint64(which), p.next) {
			seeds = append(seeds, c.Seeds.First+p.next)
		}
	}
	p.chosen = append(p.chosen, p.population.Next(seeds)...)
}

// take is the run that the next seed of a scenario stands for. It waits until that is
// known, and reports false if ctx is done before.
func (s *steering) take(ctx context.Context, which int) (novelty.Run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pilots[which]
	for len(p.chosen) == 0 {
		if ctx.Err() != nil {
			return novelty.Run{}, false
		}
		s.wake.Wait()
	}
	r := p.chosen[0]
	p.chosen = p.chosen[1:]
	s.order = append(s.order, handed{which, r})
	return r, true
}

// add takes the results, in order.
func (s *steering) add(r Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.order[0]
	s.order = s.order[1:]
	p := s.pilots[h.which]
	p.population.Add(h.run, r.Features, r.Choices != "")
	if p.results++; p.results == generation {
		p.results = 0
		s.choose(h.which)
		s.wake.Broadcast()
	}
}

// stop lets nobody wait any more once ctx is done.
func (s *steering) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake.Broadcast()
}
