package scenarios

import (
	"bytes"
	"cmp"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios/history"
)

// recorder writes the history of a run down: each fact and each fault, and before them how
// machines stand that stand otherwise than before. It changes nothing in the run.
type recorder struct {
	run      *run
	out      bytes.Buffer
	to       *history.Writer
	names    []string          // of machines
	machines []history.Machine // as they were last, the same order
	fired    bool              // a fault point has, and that is written down
}

// record begins the history, if what the seed has drawn can be said in a script: otherwise
// nobody could tell later what the facts are about.
func (r *run) record() {
	script, err := ScriptOf(r.spec)
	if err != nil {
		return
	}
	rec := &recorder{run: r, names: r.cluster.Machines()}
	rec.machines = make([]history.Machine, len(rec.names))
	header := history.Header{
		Line: Line{Spec: r.spec}.String(), Scenario: r.spec.Scenario.Name, Seed: r.spec.Seed, World: r.world.Kind(),
		Profile: cmp.Or(string(r.spec.Profile), string(ProfileDefault)), Mutant: r.spec.Mutant, Script: script.String(),
	}
	for _, name := range rec.names {
		header.Machines = append(header.Machines, history.Address{Machine: name, Addr: r.world.Host(name).Addr()})
	}
	for _, c := range r.checkers {
		header.Properties = append(header.Properties, c.Name())
	}
	rec.to = history.NewWriter(&rec.out, header)
	r.recorder = rec
}

// now begins a record.
func (c *recorder) now(kind history.Kind) history.Record {
	return history.Record{Kind: kind, At: c.run.world.Now(), Step: c.run.world.Step()}
}

// look writes down what has changed that no fact tells.
func (c *recorder) look() {
	from := live{c.run.world}
	for i, name := range c.names {
		m := from.Machine(name)
		if m.Disk = history.NameCauses(from.DiskFaults(name)); m != c.machines[i] {
			c.machines[i] = m
			r := c.now(history.KindMachine)
			r.Name, r.Machine = name, m
			c.to.Write(r)
		}
	}
	if t := c.run.timeline; !c.fired && t.fired != nil && t.fired() {
		c.fired = true
		c.to.Write(c.now(history.KindPoints))
	}
}

func (c *recorder) observe(o cluster.Observation) {
	c.look()
	c.to.Observe(o)
}

// strike is about a step of the plan that is about to strike, struck about one that has.
func (c *recorder) strike(i int) {
	c.look()
	r := c.now(history.KindStrike)
	r.At, r.Index = c.run.progress[i].Struck, i
	c.to.Write(r)
}

func (c *recorder) struck(i int, victims []string, landed int) {
	c.look()
	r := c.now(history.KindStruck)
	r.Index, r.Victims, r.Landed = i, victims, landed
	c.to.Write(r)
}

// goal is about a goal that was reached or missed.
func (c *recorder) goal(i int, reached bool) {
	c.look()
	r := c.now(history.KindGoal)
	r.Index, r.Reached = i, reached
	c.to.Write(r)
}

// end is the history of a run that came to an end. An error of the recorder is one of this
// program, for everything that it writes has a form in JSON; the history then ends early,
// which its reader says.
func (c *recorder) end(r *Result) []byte {
	end := &history.End{Verdict: r.Verdict.String(), Vain: r.Vain}
	if f := r.Failure; f != nil {
		end.Failure = &history.Failure{Property: f.Property, Detail: f.Detail, At: f.At, Step: f.Step, Host: f.Host}
	}
	c.to.Write(history.Record{Kind: history.KindEnd, At: r.Virtual, Step: r.Steps, End: end})
	return c.out.Bytes()
}
