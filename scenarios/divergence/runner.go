package divergence

import (
	"fmt"
	"iter"
	"strconv"
	"sync/atomic"

	"github.com/wavetank/wavetank/sim"
)

// runner is one of the two runs: a coroutine that stops at each of its acts.
type runner struct {
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool

	act   sim.Act // the latest
	over  bool
	asked bool // for the stack
	stack []Place
	deaf  atomic.Bool // nobody wants to know any more, not even of a run that was left behind

	rest []sim.Act // after the parting, up to the end of the step

	// waiting are the places from which callbacks were posted, by loop. One of two
	// runs is enough to keep them: they are the same in both.
	waiting map[uint32][]origin

	steps    []stepTaken
	callback uintptr
	posted   *origin // nil unless the callback had waited, and they are kept
}

// stepTaken is a Step whose callback is not looked up yet: that is only worth it
// for the few that are shown.
type stepTaken struct {
	act      sim.Act
	callback uintptr
}

// begin makes a runner; the run begins with the first next.
func begin(run func(sim.Witness)) *runner {
	r := &runner{}
	r.resume, r.stop = iter.Pull(func(yield func(struct{}) bool) {
		r.yield = yield
		run(r)
		r.deaf.Store(true)
	})
	return r
}

// next lets the run go on up to its next act, and reports whether there was one.
func (r *runner) next() bool {
	_, more := r.resume()
	r.over = !more
	return more
}

// end lets the run come to its end.
func (r *runner) end() { r.stop() }

// Saw implements sim.Witness.
func (r *runner) Saw(a sim.Act) {
	if r.deaf.Load() {
		return
	}
	if a.Kind == sim.ActPost && r.waiting != nil {
		var from origin
		callers(from[:])
		r.waiting[a.ID] = append(r.waiting[a.ID], from)
	}
	r.act = a
	r.wait()
	if r.asked && !r.deaf.Load() {
		r.asked = false
		var c [64]uintptr
		callers(c[:])
		r.stack = places(c[:])
		r.wait()
	}
}

func (r *runner) wait() {
	if !r.yield(struct{}{}) {
		r.deaf.Store(true)
	}
}

// note remembers what the context of later acts is.
func (r *runner) note() {
	switch r.act.Kind {
	case sim.ActStep:
		if len(r.steps) == stepsBefore {
			r.steps = append(r.steps[:0], r.steps[1:]...)
		}
		r.steps = append(r.steps, stepTaken{act: r.act})
	case sim.ActCall:
		r.callback, r.posted = codeOf(&r.act), nil
		if n := len(r.steps); n > 0 {
			r.steps[n-1].callback = r.callback
		}
		if q := r.waiting[r.act.ID]; r.act.Posted && len(q) > 0 {
			r.posted, r.waiting[r.act.ID] = &q[0], q[1:]
		}
	}
}

// maxRest bounds runner.rest: a step does far less.
const maxRest = 1000

// explain says what the run was doing, and lets it go on for some steps.
func (r *runner) explain() Side {
	s := Side{Over: r.over, Callback: placeOf(r.callback)}
	if r.posted != nil {
		s.Posted = places(r.posted[:])
	}
	if r.over {
		return s
	}
	s.Act, s.idle = describe(&r.act), r.act.Kind == sim.ActStep
	r.asked = true
	r.next()
	s.Stack = r.stack
	step := r.act.Step
	for r.steps = nil; ; {
		r.note()
		if r.act.Step == step && len(r.rest) < maxRest {
			r.rest = append(r.rest, r.act)
		}
		if !r.next() || r.act.Kind == sim.ActStep && len(r.steps) == stepsAfter {
			break
		}
	}
	s.After = stepsOf(r.steps)
	return s
}

func stepsOf(taken []stepTaken) (list []Step) {
	for _, t := range taken {
		a := &t.act
		list = append(list, Step{
			Number: a.Step, At: a.At, Host: a.Host, Loop: a.Loop, Kind: a.What, Callback: placeOf(t.callback),
		})
	}
	return list
}

// describe says in words what an act was.
func describe(a *sim.Act) string {
	who := where(a.Host, a.Loop)
	switch a.Kind {
	case sim.ActStep:
		return fmt.Sprintf("went on to the next event: %s of %s", a.What, who)
	case sim.ActCall:
		return fmt.Sprintf("called %v on %s", placeOf(codeOf(a)), who)
	case sim.ActPost:
		return fmt.Sprintf("posted %v to %s", placeOf(codeOf(a)), who)
	case sim.ActSchedule:
		return fmt.Sprintf("scheduled %s of %s for %v%s", a.What, who, a.Due, connection(a))
	case sim.ActCancel:
		return fmt.Sprintf("cancelled %s of %s", a.What, who)
	case sim.ActDraw:
		return fmt.Sprintf("drew %d from stream %s of %s", a.N, a.What, who)
	case sim.ActWrite:
		return fmt.Sprintf("wrote %d bytes (checksum %08x) to connection %d of %s", a.N, a.Sum, a.ID, who)
	case sim.ActDisk:
		return fmt.Sprintf("disk of %s: %s %s (at %d, checksum %08x)", who, a.Op, strconv.Quote(a.What), a.N, a.Sum)
	case sim.ActTrace:
		return "traced " + a.What
	}
	return fmt.Sprintf("%+v", *a)
}

func connection(a *sim.Act) string {
	if a.What != "deliver" {
		return ""
	}
	return fmt.Sprintf(" (%d bytes on connection %d)", a.N>>2, a.ID)
}

func where(host, loop string) string {
	switch {
	case host == "":
		return "the owner"
	case loop == "":
		return host
	}
	return host + "/" + loop
}
