package scenarios

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/scenarios/invariant"
)

// Judge gives saved histories to the invariants of this program, and to the expectations
// of their scripts. The zero value has all invariants.
type Judge struct {
	// Checkers makes those that are asked; nil is invariant.All.
	Checkers func(invariant.Timeline, invariant.Bounds) []invariant.Checker
}

// Finding is what is found about one property of one run.
type Finding int

// The findings.
const (
	// Unasked: the program did not look at it, or does not.
	Unasked Finding = iota
	// Holds: nothing spoke against it, as far as the history goes.
	Holds
	// Fails: it broke.
	Fails
	// Unknown: it cannot be told.
	Unknown
)

var findingNames = [...]string{"not asked", "holds", "fails", "cannot judge"}

// String is the finding in words.
func (f Finding) String() string { return findingNames[f] }

// MarshalText makes JSON use the words.
func (f Finding) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Outcome is what was found then, when the run was made, and what is now.
type Outcome struct {
	// Property is an invariant's name, that of a goal, or of what else broke then.
	Property string `json:"property"`
	// Goal is what the script expects, "replaced of step 2 within 12s"; empty for an
	// invariant.
	Goal string  `json:"goal,omitempty"`
	Then Finding `json:"then"`
	Now  Finding `json:"now"`
	// Failure is what broke now, Why the reason if it cannot be told.
	Failure *Failure `json:"failure,omitempty"`
	Why     string   `json:"why,omitempty"`
}

// Changed reports whether the two findings are different.
func (o Outcome) Changed() bool { return o.Then != o.Now }

// What is the property, or the expectation with it.
func (o Outcome) What() string {
	if o.Goal == "" {
		return o.Property
	}
	return fmt.Sprintf("expect %s (%s)", o.Goal, o.Property)
}

// Judgement is what a Judge has to say of one history.
type Judgement struct {
	Line     string `json:"line"` // of the run
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed,string"`
	World    string `json:"world"`
	Mutant   string `json:"mutant"`

	Then        Verdict       `json:"then"`
	ThenFailure *Failure      `json:"then_failure,omitempty"`
	Ended       time.Duration `json:"world_ns"` // the world's time at the end of the history

	// Now is Fail if anything fails now; Inconclusive if that of then was and nothing does,
	// or something cannot be told.
	Now Verdict `json:"now"`
	// Failure is the first that fails now.
	Failure *Failure `json:"failure,omitempty"`
	// Outcomes are those of the invariants, then those of the goals in the order of the
	// script, then what else broke.
	Outcomes []Outcome `json:"outcomes"`
	// Unknown is what the history has and this program does not know: facts with how many
	// there were, and fields.
	Unknown []string `json:"unknown"`
}

// Judge judges the history of one run. The name is for errors, which name the line:
// those of history.Reader, and history.ErrSyntax for a history that no run could have
// left.
func (j Judge) Judge(name string, in io.Reader) (Judgement, error) {
	r, err := history.NewReader(name, in)
	if err != nil {
		return Judgement{}, err
	}
	h, err := j.open(r)
	if err != nil {
		return Judgement{}, err
	}
	for err == nil {
		err = h.next()
	}
	if !errors.Is(err, io.EOF) {
		return Judgement{}, err
	}
	return h.said, nil
}

// hearing is a history that is being judged. It goes through the run as run itself does,
// but strikes when the history says so, and goes on when something has broken.
type hearing struct {
	reader   *history.Reader
	world    *history.World
	cluster  *cluster.Cluster
	spec     Spec
	script   Script
	timeline *timeline
	checkers []invariant.Checker // the i-th has the i-th outcome

	progress []*Progress // by step, of those that have struck
	pending  []int       // goals that are pursued, the first of them now
	ready    bool        // the cluster was healthy
	blind    string      // what the history lacks of what goals look at
	dirty    bool        // facts were told of this step since somebody looked at the goals
	said     Judgement
}

// open makes everything ready for the first line.
func (j Judge) open(r *history.Reader) (h *hearing, err error) {
	header := r.Header()
	script, err := readLines(header.Script, false, nil) // it has been run
	if err == nil {
		err = errors.Join(CheckWorld(header.World), CheckProfile(header.Profile))
	}
	if err != nil {
		return nil, r.Broken(history.ErrSyntax, "the run that it describes: %v", err)
	}
	h = &hearing{
		reader: r, world: history.NewWorld(header), script: script,
		spec: Spec{Scenario: script.Scenario(), Seed: header.Seed, World: header.World, Profile: Profile(header.Profile)},
		said: Judgement{
			Line: header.Line, Scenario: header.Scenario, Seed: header.Seed, World: header.World, Mutant: header.Mutant,
			Unknown: []string{},
		},
	}
	defer h.guard(&err)
	topology := script.Topology.Clone()
	topology.Scale(h.spec.Profile.divisor())
	h.cluster = cluster.Deploy(h.world, topology)
	if strangers := h.world.Strangers(); len(strangers) > 0 {
		return nil, r.Broken(history.ErrSyntax, "its script deploys %s, of which it knows no address", strings.Join(strangers, ", "))
	}
	h.timeline = newTimeline(h.world, h.cluster.Resolve)
	h.timeline.fired = h.world.Fired
	if j.Checkers == nil {
		j.Checkers = invariant.All
	}
	h.checkers = j.Checkers(h.timeline, h.spec.bounds(topology))
	h.prepare(header)
	h.world.Observe(h.observe)
	return h, nil
}

// prepare makes an outcome for each property.
func (h *hearing) prepare(header history.Header) {
	lacks, unknown := header.Facts.Compare()
	for _, c := range h.checkers {
		o := Outcome{Property: c.Name(), Now: Holds}
		if slices.Contains(header.Properties, c.Name()) {
			o.Then = Holds
		}
		if missing := lackOf(c.Name(), lacks); missing != "" {
			o.Now, o.Why = Unknown, "the history has no "+missing
		}
		h.said.Outcomes = append(h.said.Outcomes, o)
	}
	h.blind = lackOf(invariant.Expectations, lacks)
	for _, g := range h.script.Goals {
		words := strings.TrimPrefix(strings.TrimSpace(g.line(h.script.Topology)), "expect ")
		h.said.Outcomes = append(h.said.Outcomes, Outcome{Property: g.Property, Goal: words, Now: Unknown})
	}
	for _, name := range header.Properties {
		if !slices.ContainsFunc(h.checkers, func(c invariant.Checker) bool { return c.Name() == name }) {
			h.said.Outcomes = append(h.said.Outcomes, Outcome{Property: name, Then: Holds, Why: "this program has no such invariant"})
		}
	}
	for _, l := range unknown {
		if l.Field != "" {
			h.said.Unknown = append(h.said.Unknown, l.String())
		}
	}
}

// goal is the outcome of a goal.
func (h *hearing) goal(i int) *Outcome { return &h.said.Outcomes[len(h.checkers)+i] }

// guard makes an error of a panic: facts that no daemon states may bring anybody to one
// who relies on daemons.
func (h *hearing) guard(err *error) {
	if p := recover(); p != nil {
		*err = h.reader.Broken(history.ErrSyntax, "no run has such a history: %v", p)
	}
}

// next lets the next line happen.
func (h *hearing) next() (err error) {
	record, err := h.reader.Next()
	if err != nil {
		return err
	}
	defer h.guard(&err)
	if h.dirty && (isAct(record.Kind) || record.At > h.world.Now() || record.Step != h.world.Step()) {
		h.dirty = false
		h.pursue()
	}
	h.deadlines(record.At)
	if err := h.world.Pass(record); err != nil {
		return h.reader.Broken(history.ErrSyntax, "%v", err)
	}
	switch record.Kind {
	case history.KindFact:
		h.dirty = true
	case history.KindStrike:
		return h.strike(record)
	case history.KindStruck:
		return h.struck(record)
	case history.KindGoal:
		if record.Index >= len(h.script.Goals) {
			return h.reader.Broken(history.ErrSyntax, "there is no expectation %d", record.Index)
		}
		h.goal(record.Index).Then = map[bool]Finding{true: Holds, false: Fails}[record.Reached]
	case history.KindEnd:
		return h.end(record.End)
	}
	return nil
}

// isAct reports whether a record is about something that the run itself has done, which it
// does between steps.
func isAct(k history.Kind) bool {
	return k == history.KindStrike || k == history.KindStruck || k == history.KindGoal || k == history.KindEnd
}

// observe asks every invariant that has not failed yet.
func (h *hearing) observe(o cluster.Observation) {
	if f, ok := o.Fact.(cluster.ProcessPanicked); ok {
		h.fail(h.extra(propertyPanic), o, fmt.Sprintf("loop %s: %s", f.Loop, f.Detail))
	}
	for i, c := range h.checkers {
		if out := &h.said.Outcomes[i]; out.Now == Holds {
			h.ask(out, o, func() string { return c.Observe(o) })
		}
	}
}

// ask asks an invariant. One that panics cannot judge this history.
func (h *hearing) ask(out *Outcome, o cluster.Observation, judge func() string) {
	defer func() {
		if p := recover(); p != nil {
			out.Now, out.Why = Unknown, fmt.Sprintf("it panicked at %v: %v", o.At, p)
		}
	}()
	if v := judge(); v != "" {
		h.fail(out, o, v)
	}
}

// fail notes that something has broken now.
func (h *hearing) fail(out *Outcome, o cluster.Observation, detail string) {
	out.Now, out.Why = Fails, ""
	out.Failure = &Failure{Property: out.Property, Detail: detail, At: o.At, Step: o.Step, Host: o.Host}
	if h.said.Failure == nil {
		h.said.Failure = out.Failure
	}
}

// extra is a further outcome, of what is neither an invariant nor a goal.
func (h *hearing) extra(property string) *Outcome {
	h.said.Outcomes = append(h.said.Outcomes, Outcome{Property: property})
	return &h.said.Outcomes[len(h.said.Outcomes)-1]
}

// here is now, for a failure that no fact has shown.
func (h *hearing) here() cluster.Observation {
	return cluster.Observation{At: h.world.Now(), Step: h.world.Step()}
}

// strike notes that a step is about to strike. On the machines it does nothing, but what
// the cluster itself remembers of it, such as commands that were given, it does again.
func (h *hearing) strike(record history.Record) error {
	i := record.Index
	if i != len(h.progress) || i >= len(h.script.Plan) {
		return h.reader.Broken(history.ErrOrder, "step %d strikes after %d of %d", i+1, len(h.progress), len(h.script.Plan))
	}
	for _, g := range h.pending {
		h.goal(g).Why = fmt.Sprintf("%q struck at %v, before its time was over", h.script.Plan[i].Fault, record.At)
	}
	h.pending, h.ready = nil, true
	h.progress = append(h.progress, newProgress(h.cluster, func(string) {}))
	_, _ = h.script.Plan[i].Fault.Strike(h.cluster) // it has struck, whatever these machines have
	return nil
}

// struck notes that it has struck, and begins to pursue the goals that count from there.
func (h *hearing) struck(record history.Record) error {
	i := record.Index
	if i != len(h.progress)-1 || h.progress[i].Victims != nil {
		return h.reader.Broken(history.ErrOrder, "step %d has struck, and was not about to", i+1)
	}
	for _, v := range record.Victims {
		if h.world.Host(v) == nil {
			return h.reader.Broken(history.ErrSyntax, "there is no machine %q", v)
		}
	}
	h.progress[i].Victims = append([]string{}, record.Victims...)
	h.timeline.struck(h.script.Plan[i].Fault, record.Victims)
	for g := range h.script.Goals {
		if h.script.Goals[g].Step == i && h.blind == "" {
			h.pending = append(h.pending, g)
		}
	}
	h.pursue()
	return nil
}
