package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/sim"
)

// Script is a scenario without choices, as text: what is deployed, what strikes when, and
// what is expected. docs/scripts.md has the language.
//
// What a seed of a scenario of the catalogue draws is a script too, see [ScriptOf], and
// running that with the same seed is the same run.
type Script struct {
	Name, Doc string
	Topology  cluster.Topology
	Plan      faults.Plan
	Goals     []Goal
	// Bite, Decode, Length, Points, PointsAt, Schedule and Races are as in Scenario.
	Bite    string
	SimOnly bool
	Decode  bool
	Length  time.Duration
	Points  sim.PointOdds

	PointsAt []PointAt
	Schedule sim.Schedule
	Races    []string
}

// ErrNotScripted: a scenario cannot be said in a script.
var ErrNotScripted = errors.New("cannot be said in a script")

// ScriptOf is what the seed of a Spec draws. Error: ErrNotScripted.
func ScriptOf(spec Spec) (Script, error) {
	spec.Scenario = spec.Scenario.of(spec.draw())
	s := spec.Scenario
	if s.Alone != nil {
		return Script{}, fmt.Errorf("scenario %s deploys no cluster: %w", s.Name, ErrNotScripted)
	}
	draw := spec.draw()
	topology := spec.topology(draw)
	plan, goals := s.Plan(draw, topology)
	script := Script{
		Name: s.Name, Doc: s.Doc, Topology: topology.WithoutDefects(), Plan: plan, Goals: goals,
		Bite: s.Bite, SimOnly: s.Lacks != "" && plan.Lacks() == "", Decode: s.Decode, Length: s.Length, Points: s.Points,
		PointsAt: s.PointsAt, Schedule: spec.schedule(),
	}
	return script, script.check()
}

// check is an error if the text of the script says less than the script.
func (s Script) check() error {
	for _, g := range s.Goals {
		if g.Words == "" {
			return fmt.Errorf("scenario %s: the goal %q %w", s.Name, g.Property, ErrNotScripted)
		}
	}
	said, err := ParseScript(s.String(), s.Topology.More...)
	if err != nil {
		return fmt.Errorf("scenario %s %w: %w", s.Name, ErrNotScripted, err)
	}
	if !reflect.DeepEqual(sayable(said.Topology), sayable(s.Topology)) {
		return fmt.Errorf("scenario %s: its topology %w: %+v is not %+v", s.Name, ErrNotScripted, s.Topology, said.Topology)
	}
	return nil
}

// sayable is a topology without what is not of scripts: planted bugs, which are of the
// run, and modules, which are compared by name.
func sayable(t cluster.Topology) cluster.Topology {
	t = t.WithoutDefects()
	t.MgrModules = nil
	return t
}

// Scenario is the script as a scenario: every seed draws the same, and only the order of
// what is concurrent differs.
func (s Script) Scenario() Scenario {
	return Scenario{
		Name: s.Name, Doc: s.Doc, Bite: s.Bite, Lacks: s.lacks(), Length: s.Length, Races: s.Races,
		Decode: s.Decode || s.Plan.NamesUnits(),
		Points: s.Points, PointsAt: s.PointsAt, Schedule: s.Schedule,
		Cloud:    s.Topology.Cinder.Deployed(),
		Topology: func(_ *Draw, t *cluster.Topology) { *t = s.Topology },
		Plan: func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
			again, err := readLines(s.String(), false, s.Topology.More) // faults remember whom they struck
			if err != nil {
				panic(fmt.Sprintf("script %s: %v", s.Name, err))
			}
			return again.Plan, again.Goals
		},
	}
}

// lacks is why real machines cannot run the script.
func (s Script) lacks() string {
	if why := s.Plan.Lacks(); why != "" || !s.SimOnly {
		return why
	}
	return "its script says so"
}

// String is the script as text, which ParseScript reads.
func (s Script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "scenario %s\n", s.Name)
	if s.Doc != "" {
		fmt.Fprintf(&b, "doc %s\n", s.Doc)
	}
	s.writeTopology(&b)
	if s.SimOnly {
		b.WriteString("world sim\n")
	}
	if s.Decode {
		b.WriteString("decode\n")
	}
	if s.Points != (sim.PointOdds{}) {
		fmt.Fprintf(&b, "points one in %d enabled one in %d fires\n", s.Points.EnabledOneIn, s.Points.FiresOneIn)
	}
	for _, p := range s.PointsAt {
		fmt.Fprintln(&b, p)
	}
	if s.Schedule.Kind != sim.Uniform {
		fmt.Fprintln(&b, scheduleText(s.Schedule))
	}
	if s.Length != 0 {
		fmt.Fprintf(&b, "length %v\n", s.Length)
	}
	if len(s.Races) > 0 {
		fmt.Fprintf(&b, "races %s\n", strings.Join(s.Races, " "))
	}
	if s.Bite != "" {
		fmt.Fprintf(&b, "bite %s\n", s.Bite)
	}
	b.WriteByte('\n')
	for i, step := range strings.Split(strings.TrimSuffix(s.Plan.String(), "\n"), "\n") {
		fmt.Fprintln(&b, step)
		for _, g := range s.Goals {
			if g.Step == i {
				b.WriteString(g.line(s.Topology))
			}
		}
	}
	return b.String()
}

func (g Goal) line(t cluster.Topology) string {
	text := "expect " + g.Words
	if g.Fault != g.Step {
		text += fmt.Sprintf(" of step %d", g.Fault+1)
	}
	return fmt.Sprintf("%s within %v\n", text, g.Within(t))
}

func (s Script) writeTopology(b *strings.Builder) {
	plain := s.Topology.Plain()
	numbers, defaults := s.Topology.Numbers(), plain.Numbers()
	for _, name := range numbers.Names() {
		if text := numbers.Text(name); text != defaults.Text(name) {
			fmt.Fprintf(b, "%s %s\n", name, text)
		}
	}
	for _, m := range s.Topology.MgrModules {
		fmt.Fprintf(b, "module %s\n", m.Name)
	}
	options := plain.Options()
	for _, section := range s.Topology.Options() {
		i := slices.IndexFunc(options, func(o cluster.OptionSection) bool { return o.Name == section.Name })
		for _, name := range section.Set.Names() {
			if text := section.Set.Text(name); text != options[i].Set.Text(name) {
				fmt.Fprintf(b, "option %s %s %s\n", section.Name, name, text)
			}
		}
	}
}

// Numbers are how many daemons of each kind the script deploys, by their words. They
// are of this script alone, not of one from which it was copied.
func (s *Script) Numbers() option.Set {
	s.Topology = s.Topology.Clone()
	return s.Topology.Numbers()
}

// Options are those of the daemons that the script deploys, of this script alone.
func (s *Script) Options() []cluster.OptionSection {
	s.Topology = s.Topology.Clone()
	return s.Topology.Options()
}

// Plain deploys what scripts deploy that do not say it.
func (s Script) Plain() Script { return Script{Topology: s.Topology.Plain()} }

// mostDaemons bounds how many of a kind a script may ask for.
const mostDaemons = 1000

// ParseScript reads a script, whose words are also those of the kinds of daemons that
// are given. It refuses what could never come to anything, too: somebody who is not
// deployed, a fact that nobody states, a bite that is no step. Error: a
// [*faults.SyntaxError].
func ParseScript(text string, more ...cluster.Part) (Script, error) {
	return readLines(text, true, more)
}

// readLines reads a script, and if it is strict refuses what could never come to anything.
func readLines(text string, strict bool, more []cluster.Part) (Script, error) {
	r := scriptReader{script: Script{Topology: cluster.Topology{More: more}}.Plain(), strict: strict}
	for i, text := range strings.Split(text, "\n") {
		r.line = scriptLine{i + 1, text}
		p := faults.ReadPhrase(i+1, text)
		if p.Empty() {
			continue
		}
		r.read(p)
		if err := p.End(); err != nil {
			return Script{}, err
		}
	}
	r.script.Plan = r.plan.Plan()
	if err := r.checkHead(); err != nil {
		return Script{}, err
	}
	end := faults.ReadPhrase(r.line.number, "")
	switch {
	case r.script.Name == "":
		end.Fail("the script has no name: scenario NAME")
	case len(r.script.Plan) == 0:
		end.Fail("nothing happens: there is no step, such as at 5s kill active-mgr")
	}
	return r.script, end.End()
}

type scriptReader struct {
	script Script
	plan   faults.Reader
	said   []string
	strict bool
	known  *faults.Known  // once there is a step
	line   scriptLine     // the one that is read
	bite   *faults.Phrase // the line that says it
	points []scriptLine   // those that say one
}

// scriptLine is a line of the script.
type scriptLine struct {
	number int
	text   string
}

// once are the words that stand in a script once at most.
func once() []string {
	return []string{"scenario", "doc", "world", "decode", "points", "schedule", "length", "bite", "races"}
}

func (r *scriptReader) read(p *faults.Phrase) {
	s := &r.script
	numbers := s.Topology.Numbers()
	words := slices.Concat(faults.StepWords(), []string{"expect", "option", "module", "point"}, once(), numbers.Names())
	word := p.OneOf(words...)
	isStep := slices.Contains(faults.StepWords(), word)
	if slices.Contains(r.said, word) && (slices.Contains(once(), word) || numbers[word] != nil) {
		p.Fail("%s is said twice", word)
	}
	if r.plan.Len() > 0 && !isStep && word != "expect" {
		p.Fail("%s stands behind a step; steps and expectations come last", word)
	}
	r.said = append(r.said, word)
	if r.strict && (isStep || word == "expect") {
		p.Know(r.knows())
	}
	switch word {
	case "at", "after", "when":
		r.plan.Step(word, p)
	case "expect":
		r.expect(p)
	case "option":
		r.option(p)
	case "module":
		r.module(p)
	case "scenario":
		s.Name = p.Word("the name of the scenario")
	case "doc":
		s.Doc = p.Rest("what the scenario is about")
	case "world":
		s.SimOnly = p.OneOf(WorldSim) == WorldSim
	case "decode":
		s.Decode = true
	case "points":
		p.Expect("one", "in")
		s.Points.EnabledOneIn = int(p.Int("one in how many points", 1, 1<<30))
		p.Expect("enabled", "one", "in")
		s.Points.FiresOneIn = int(p.Int("one in how many times", 1, 1<<30))
		p.Expect("fires")
	case "point":
		s.PointsAt = append(s.PointsAt, readPointAt(p))
		r.points = append(r.points, r.line)
	case "schedule":
		s.Schedule = readSchedule(p)
	case "length":
		s.Length = p.Duration("the length of the run", 0)
	case "races":
		for ok := true; ok; ok = p.More() {
			s.Races = append(s.Races, p.OneOf(raceable()...))
		}
	case "bite":
		s.Bite, r.bite = p.OneOf(kinds(faults.Vocabulary())...), p
	default:
		if numbers[word] != nil {
			_ = numbers.Put(word, fmt.Sprint(p.Int("how many there are", 0, mostDaemons)))
		}
	}
}

// knows is what steps and expectations can speak of: what is deployed stands above them.
func (r *scriptReader) knows() *faults.Known {
	if r.known == nil {
		t := &r.script.Topology
		r.known = &faults.Known{}
		r.known.Names, r.known.Roles, r.known.Vacant = t.Cast()
		r.known.Machines, r.known.Points = t.Machines(), t.Points()
		if len(t.More) == 0 { // whose facts are not known
			r.known.Facts = history.Stated()
		}
	}
	return r.known
}

// checkHead refuses what stands above what it speaks of, and speaks of nothing.
func (r *scriptReader) checkHead() error {
	if !r.strict || len(r.script.Plan) == 0 {
		return nil
	}
	for _, l := range r.points {
		p := faults.ReadPhrase(l.number, l.text)
		p.Know(r.knows())
		p.Expect("point")
		readPointAt(p)
		if err := p.End(); err != nil {
			return err
		}
	}
	return r.checkBite()
}

// checkBite refuses a bite of which there is no step: every run would be inconclusive.
func (r *scriptReader) checkBite() error {
	bite := r.script.Bite
	strikes := func(s faults.Step) bool { return s.Fault.Kind() == bite }
	if bite == "" || slices.ContainsFunc(r.script.Plan, strikes) {
		return nil
	}
	r.bite.FailBack("the script has no %s, so it could never bite", bite)
	return r.bite.End()
}

func kinds(words []faults.Word) (list []string) {
	for _, w := range words {
		list = append(list, w.Kind())
	}
	return list
}

func (r *scriptReader) option(p *faults.Phrase) {
	sections := r.script.Topology.Options()
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	i := slices.Index(names, p.OneOf(names...))
	if i < 0 {
		return
	}
	name := p.OneOf(sections[i].Set.Names()...)
	value := p.Rest("the value of " + name)
	if name == "" || value == "" {
		return
	}
	if err := sections[i].Set.Put(name, value); err != nil {
		p.Fail("%v", err)
	}
}

func (r *scriptReader) module(p *faults.Phrase) {
	all := modules.All()
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
	}
	if i := slices.Index(names, p.OneOf(names...)); i >= 0 {
		r.script.Topology.MgrModules = append(slices.Clip(r.script.Topology.MgrModules), all[i])
	}
}

// expect reads a goal, which counts from the step before it.
func (r *scriptReader) expect(p *faults.Phrase) {
	steps := r.plan.Len()
	if steps == 0 {
		p.Fail("nothing can be expected before the first step")
		return
	}
	words := GoalWords()
	var names []string
	for _, w := range words {
		name, _, _ := strings.Cut(w.Usage, " ")
		names = append(names, name)
	}
	i := slices.Index(names, p.OneOf(names...))
	if i < 0 {
		return
	}
	g := words[i].read(p, steps-1)
	if p.Accept("of", "step") {
		g.Fault = int(p.Int("which step", 1, int64(steps))) - 1
	}
	p.Expect("within")
	within := p.Duration("the deadline", 0)
	g.Within = func(cluster.Topology) time.Duration { return within }
	r.script.Goals = append(r.script.Goals, g)
}
