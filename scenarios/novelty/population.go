package novelty

import (
	"github.com/wavetank/wavetank/scenarios/vary"
	"github.com/wavetank/wavetank/sim"
)

// Run is a run as steering sees it: a seed, and which of its choices were drawn anew.
type Run struct {
	Seed uint64
	Vary vary.Vary
}

// Population steers: it says which runs come next, from what those before have shown.
//
// A run that has shown something new becomes a parent. Its children are the same seed with
// some choices drawn anew. Parents whose features are rare have more children, those that
// had many already fewer. All of it is a function of the results in their order, and so
// the same on any machine. It is used by one goroutine.
type Population struct {
	ids     map[Feature]int
	counts  []uint64 // by id: runs that have shown it
	parents []parent
}

type parent struct {
	run      Run
	shown    []int // ids
	children uint64
}

// NewPopulation has no parents yet.
func NewPopulation() *Population { return &Population{ids: make(map[Feature]int)} }

// Add takes a result. One that cannot be varied, for nothing was chosen, is only counted.
func (p *Population) Add(r Run, shown []Feature, varies bool) {
	news := false
	ids := make([]int, 0, len(shown))
	for _, f := range shown {
		id, known := p.ids[f]
		if !known {
			id = len(p.counts)
			p.ids[f] = id
			p.counts = append(p.counts, 0)
			news = true
		}
		p.counts[id]++
		ids = append(ids, id)
	}
	if news && varies && len(r.Vary) < vary.Most {
		p.parents = append(p.parents, parent{run: r, shown: ids})
	}
}

// freshOneIn is how many of the runs are no children: of one in so many the seed is its own.
const freshOneIn = 4

// Next are the runs for the seeds of a generation. Each is the seed itself or a child whose
// last salt is the seed.
func (p *Population) Next(seeds []uint64) []Run {
	runs := make([]Run, len(seeds))
	weights := p.weights()
	for i, seed := range seeds {
		draws := sim.NewStream(seed, "novelty")
		runs[i] = Run{Seed: seed}
		if draws.IntN(freshOneIn) == 0 {
			continue
		}
		if n := choose(weights, draws); n >= 0 {
			parent := &p.parents[n]
			parent.children++
			runs[i] = Run{Seed: parent.run.Seed, Vary: parent.run.Vary.With(seed)}
		}
	}
	return runs
}

// scale is the weight of a feature that one run has shown. Weights are whole numbers, which
// are the same everywhere.
const scale = 1 << 20

// weights are the parents': the rarer what they have shown, the more; the more children
// they had, the less.
func (p *Population) weights() []uint64 {
	list := make([]uint64, len(p.parents))
	for i, parent := range p.parents {
		for _, id := range parent.shown {
			list[i] += scale / p.counts[id]
		}
		list[i] = list[i]/(1+parent.children) + 1
	}
	return list
}

// choose draws one by weight, -1 if there is none.
func choose(weights []uint64, draws *sim.Stream) int {
	total := uint64(0)
	for _, w := range weights {
		total += w
	}
	if total == 0 {
		return -1
	}
	at := draws.Uint64() % total
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return -1
}
