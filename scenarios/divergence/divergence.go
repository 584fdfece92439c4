// Package divergence runs a simulation twice and finds the first thing that the
// two runs do differently: the act, its step, and the line of code that did it.
//
//	d := divergence.Find(func(w sim.Witness) {
//		s := sim.New(sim.Config{Seed: 7, Witness: w})
//		defer s.Close()
//		...
//	})
//	if d != nil {
//		t.Error(d)
//	}
//
// The runs go hand in hand: each does one act (see [sim.Act]), the two are
// compared, and so on. So the first difference is found at the moment at which it
// comes about, with both runs still standing in the code that made it, and nothing
// needs to be run again, which would be of no use: a program that is not
// deterministic does something else each time. Because acts are finer than steps
// and than the run hash, a difference without consequence is found too, such as
// two messages that go out in the order of a map and do not meet again.
package divergence

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// Divergence is where two runs part.
type Divergence struct {
	// Acts counts those that were the same.
	Acts uint64
	// Step and At are those of the first act that differs, in the run in which it
	// comes first.
	Step uint64
	At   time.Duration
	// Runs are what the two runs did at that point.
	Runs [2]Side
	// Before are the last steps that both runs took, the one under way among them.
	Before []Step

	extra int // the index of the run that did what the other did not do
}

// Side is one of the two runs at the point where they part.
type Side struct {
	// Over says that the run was at its end. Otherwise Act is what it did, in
	// words.
	Over bool
	Act  string
	// Stack are the places in which it did so, the innermost first, without those
	// of the simulator and of Go's libraries. It is empty if the simulator did it by
	// itself, such as to begin the next step.
	Stack []Place
	// Callback is what was running, or ran last, and Posted are the places that had
	// put it into its loop's queue, if it had waited there.
	Callback Place
	Posted   []Place
	// After are the next steps.
	After []Step

	idle bool // the callback was through: the act is the kernel's
}

// Step is a step of the kernel.
type Step struct {
	Number     uint64
	At         time.Duration
	Host, Loop string
	Kind       string
	// Callback is what it ran; the zero Place if it ran nothing.
	Callback Place
}

// Source is the likely place from which the difference came: where one of the
// runs did what the other did not do; or, if neither was in a callback, the
// callback before.
func (d *Divergence) Source() Place {
	for _, i := range [...]int{d.extra, 1 - d.extra} {
		if r := &d.Runs[i]; !r.Over && !r.idle && len(r.Stack) > 0 {
			return r.Stack[0]
		}
	}
	for i := range d.Runs {
		if c := d.Runs[i].Callback; c != (Place{}) {
			return c
		}
	}
	return Place{}
}

// How many steps are kept on either side of the difference.
const (
	stepsBefore = 5
	stepsAfter  = 3
)

// Find runs a program twice and compares. It is nil if the two runs did the same.
// run must hand the witness to one [sim.Config], and return when that simulation is
// over; it may simulate on another goroutine meanwhile. Find returns when both runs
// are over.
func Find(run func(sim.Witness)) *Divergence {
	a, b := begin(run), begin(run)
	a.waiting = make(map[uint32][]origin)
	defer b.end()
	defer a.end()
	for acts := uint64(0); ; acts++ {
		moreA, moreB := a.next(), b.next()
		if !moreA && !moreB {
			return nil
		}
		if moreA != moreB || !same(&a.act, &b.act) {
			return part(acts, a, b)
		}
		a.note()
		b.note()
	}
}

// part describes two runs that have just done different things.
func part(acts uint64, a, b *runner) *Divergence {
	d := &Divergence{Acts: acts, Before: stepsOf(a.steps)}
	first := &a.act
	if a.over || !b.over && b.act.Step < a.act.Step {
		first = &b.act
	}
	d.Step, d.At = first.Step, first.At
	b.posted = a.posted
	actA := a.act
	d.Runs = [2]Side{a.explain(), b.explain()}
	if slices.ContainsFunc(b.rest, func(act sim.Act) bool { return same(&act, &actA) }) {
		d.extra = 1 // the second run comes to what the first one did, later
	}
	return d
}

// same compares two acts.
func same(a, b *sim.Act) bool {
	return a.Kind == b.Kind && a.Step == b.Step && a.At == b.At && a.Host == b.Host && a.Loop == b.Loop &&
		a.Op == b.Op && a.What == b.What && a.ID == b.ID && a.N == b.N && a.Sum == b.Sum && a.Due == b.Due &&
		a.Posted == b.Posted && codeOf(a) == codeOf(b)
}
