package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/scenarios/invariant"
)

// pursue looks whether the cluster is ready, and then at one goal after another, as far
// as they are reached now.
func (h *hearing) pursue() {
	h.ready = h.ready || h.cluster.Ready()
	for len(h.pending) > 0 {
		g := h.script.Goals[h.pending[0]]
		if g.Lasts && h.world.Now() < h.deadline(g) || !g.Reached(h.progressOf(g)) {
			return
		}
		h.settle(Holds)
	}
}

// progressOf is what a goal may look at.
func (h *hearing) progressOf(g Goal) *Progress {
	p := *h.progress[g.Step]
	p.Before = h.progress[g.Fault].Before
	return &p
}

// deadline is when a goal must have been reached.
func (h *hearing) deadline(g Goal) time.Duration {
	return h.progress[g.Step].Struck + h.spec.within(g, h.script.Topology)
}

// settle notes what has come of the goal that is pursued, and goes on to the next.
func (h *hearing) settle(f Finding) {
	out := h.goal(h.pending[0])
	out.Now, out.Why = f, ""
	h.pending = h.pending[1:]
}

// deadlines lets those pass that are over before a moment.
func (h *hearing) deadlines(t time.Duration) {
	limit := h.spec.scaled(warmUpLimit)
	if !h.ready && limit < t && h.blind == "" {
		h.world.PassTo(limit)
		h.unready(limit)
	}
	for len(h.pending) > 0 {
		g := h.script.Goals[h.pending[0]]
		if h.deadline(g) >= t {
			break
		}
		h.world.PassTo(h.deadline(g))
		if h.pursue(); len(h.pending) == 0 || h.deadline(h.script.Goals[h.pending[0]]) > h.world.Now() {
			continue
		}
		h.miss()
		h.pursue()
	}
}

// miss notes that the goal that is pursued has missed its deadline.
func (h *hearing) miss() {
	g, i := h.script.Goals[h.pending[0]], h.pending[0]
	h.settle(Fails)
	h.fail(h.goal(i), h.here(), g.missed(h.spec.within(g, h.script.Topology), h.script.Plan, h.progressOf(g)))
}

// unready notes that the undisturbed cluster has not come to work in time.
func (h *hearing) unready(limit time.Duration) {
	h.ready = true // nobody asks again
	property, problem := h.cluster.Unready()
	h.fail(h.extra(property), h.here(), fmt.Sprintf("%s, after %v", problem, limit))
}

// end concludes.
func (h *hearing) end(end *history.End) error {
	if err := h.said.Then.UnmarshalText([]byte(end.Verdict)); err != nil {
		return h.reader.Broken(history.ErrSyntax, "%v", err)
	}
	h.said.Ended = h.world.Now()
	h.deadlines(h.world.Now() + 1) // what was due at the end is over
	h.lookBack(end.Failure == nil && end.Vain == "")
	for i := range h.script.Goals {
		switch out := h.goal(i); {
		case h.blind != "":
			out.Why = "the history has no " + h.blind
		case out.Now == Unknown && out.Why == "":
			out.Why = fmt.Sprintf("the history ends at %v, before it could be reached or missed", h.said.Ended)
		}
	}
	if f := end.Failure; f != nil {
		h.said.ThenFailure = &Failure{Property: f.Property, Detail: f.Detail, At: f.At, Step: f.Step, Host: f.Host}
		h.brokeThen(f)
	}
	unknown := h.reader.Unknown()
	for _, kind := range slices.Sorted(maps.Keys(unknown)) {
		h.said.Unknown = append(h.said.Unknown, fmt.Sprintf("%s (%d facts)", kind, unknown[kind]))
	}
	h.said.conclude()
	return nil
}

// lookBack asks those who judge at the end, also if nobody did then.
func (h *hearing) lookBack(asked bool) {
	for i, c := range h.checkers {
		c, concludes := c.(invariant.Concluder)
		if !concludes {
			continue
		}
		out := &h.said.Outcomes[i]
		if !asked {
			out.Then = Unasked
		}
		if out.Now == Holds {
			h.ask(out, h.here(), c.Conclude)
		}
	}
}

// brokeThen notes what broke then: a goal that was missed, what is no invariant and breaks
// now too, or an invariant. Nobody else was asked about that last fact.
func (h *hearing) brokeThen(f *history.Failure) {
	said := h.said.Outcomes
	for i := range said {
		if out := &said[i]; out.Now == Fails && out.Failure.At == f.At && out.Failure.Step == f.Step && out.Goal == "" {
			out.Then = Unasked
		}
	}
	if slices.ContainsFunc(said, func(o Outcome) bool { return o.Goal != "" && o.Then == Fails && o.Property == f.Property }) {
		return
	}
	last := len(said) - 1
	for i := range said {
		if out := &said[last-i]; out.Property == f.Property && out.Goal == "" {
			out.Then = Fails
			return
		}
	}
	out := h.extra(f.Property)
	out.Then, out.Now, out.Why = Fails, Unknown, "it is nothing that the facts of a history show"
}

// conclude is the verdict of now.
func (j *Judgement) conclude() {
	switch {
	case j.Failure != nil:
		j.Now = Fail
	case j.Then == Inconclusive, j.cannotJudge():
		j.Now = Inconclusive
	}
}

// cannotJudge reports whether anything cannot be told.
func (j *Judgement) cannotJudge() bool {
	for _, o := range j.Outcomes {
		if o.Now == Unknown {
			return true
		}
	}
	return false
}

// Changed reports whether anything is found otherwise now than it was then. What was not
// asked then and holds now has not changed.
func (j *Judgement) Changed() bool {
	return slices.ContainsFunc(j.Outcomes, func(o Outcome) bool {
		return o.Changed() && !(o.Then == Unasked && o.Now != Fails)
	})
}
