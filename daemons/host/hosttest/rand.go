package hosttest

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

func randChecks() []check {
	return []check{
		{"a stream is the same object at each call", randIsOneObject},
		{"streams of different names differ", randNamesDiffer},
		{"drawing from one stream does not shift another", randIsIndependent},
		{"streams begin elsewhere in the next process", randRestarts},
		{"streams of different machines differ", randMachinesDiffer},
		{"IntN is within its range and reaches all of it", randIntN},
		{"IntN panics if n is not positive", randIntNPanics},
	}
}

func draw(s host.Rand) []uint64 {
	drawn := make([]uint64, 8)
	for i := range drawn {
		drawn[i] = s.Uint64()
	}
	return drawn
}

// drawn is what a stream of a process begins with.
func (p *process) drawn(stream string) []uint64 {
	var got []uint64
	p.do(func() { got = draw(p.Rand(stream)) })
	return got
}

func randIsOneObject(r *rig) {
	p := r.process("a")
	p.do(func() {
		first := p.Rand("x")
		if first != p.Rand("x") {
			r.Error("Rand gave two objects for one name")
		}
		if first.Uint64() == p.Rand("x").Uint64() {
			r.Error("a second call of Rand began the stream anew")
		}
	})
}

func randNamesDiffer(r *rig) {
	p := r.process("a")
	if slices.Equal(p.drawn("x"), p.drawn("y")) {
		r.Error("streams x and y are the same")
	}
}

// randIsIndependent compares two worlds that are alike but for what was drawn
// from another stream. Where no two worlds are alike there is nothing to see.
func randIsIndependent(r *rig) {
	p := r.process("a")
	plain := p.drawn("x")

	again := &rig{T: r.T, world: r.another(), newWorld: r.newWorld}
	if !slices.Equal(again.process("a").drawn("x"), plain) {
		r.Skip("randomness is not repeatable here")
	}

	disturbed := &rig{T: r.T, world: r.another(), newWorld: r.newWorld}
	q := disturbed.process("a")
	q.drawn("y")
	if !slices.Equal(q.drawn("x"), plain) {
		r.Error("drawing from stream y shifted stream x")
	}
}

func randRestarts(r *rig) {
	p := r.process("a")
	first := p.drawn("x")
	if slices.Equal(r.start(p.machine).drawn("x"), first) {
		r.Error("the stream began anew in the next process")
	}
}

func randMachinesDiffer(r *rig) {
	a, b := r.process("a"), r.process("b")
	if slices.Equal(a.drawn("x"), b.drawn("x")) {
		r.Error("machines a and b share stream x")
	}
}

func randIntN(r *rig) {
	p := r.process("a")
	p.do(func() {
		s := p.Rand("x")
		for _, n := range []int{1, 2, 3, 7, 10} {
			seen := make([]int, n)
			for range 100 * n {
				got := s.IntN(n)
				if got < 0 || got >= n {
					r.Errorf("IntN(%d) = %d", n, got)
					return
				}
				seen[got]++
			}
			// One value missing in 100n draws: less than n*e^-100.
			if slices.Contains(seen, 0) {
				r.Errorf("IntN(%d) never gave some value: %v", n, seen)
			}
		}
		if big := s.IntN(1 << 40); big < 0 || big >= 1<<40 {
			r.Errorf("IntN(1<<40) = %d", big)
		}
	})
}

func randIntNPanics(r *rig) {
	p := r.process("a")
	panics := func(n int) (did bool) {
		defer func() { did = recover() != nil }()
		p.Rand("x").IntN(n)
		return
	}
	p.do(func() {
		for _, n := range []int{0, -1} {
			if !panics(n) {
				r.Errorf("IntN(%d) did not panic", n)
			}
		}
	})
}
