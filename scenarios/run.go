package scenarios

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/invariant"
	"github.com/wavetank/wavetank/scenarios/novelty"
	"github.com/wavetank/wavetank/scenarios/vary"
	"github.com/wavetank/wavetank/sim"
)

// Spec says what to run. The same Spec gives the same run in the simulated
// world, on any machine.
type Spec struct {
	Scenario Scenario
	Seed     uint64
	// Vary draws some of the seed's choices anew; the zero value draws none. What the
	// world draws (delays, the order of what is concurrent) stays the seed's.
	Vary    vary.Vary
	World   string  // WorldSim or WorldTCP; empty means WorldSim
	Profile Profile // the zero value is the default profile
	Mutant  string  // a planted bug, empty for none
	// Schedule is how the order among the loops of a simulated run is chosen, one of
	// Schedules; empty means the scenario's own, mostly ScheduleUniform.
	Schedule string
	// Reseed lets all draws of a simulated run come out otherwise from some time on; what
	// the scenario has drawn at the beginning stays.
	Reseed sim.Reseed
	// Watchdog is how much real time a simulated run may take for one step before it
	// is given up as hanging; 0 means DefaultWatchdog, less means for ever.
	Watchdog time.Duration

	// Roles has the run write down its role changes, see Result.Roles.
	Roles bool
	// History has the run write down what its judges look at, see Result.History.
	History bool
	// Trace receives the trace of a simulated run; nil means none.
	Trace io.Writer
	// LogLevel is the least level of daemon logs in the trace.
	LogLevel slog.Level
	// OnPacket is told every packet of a simulated run that arrives, for a
	// capture; nil means that nobody listens.
	OnPacket func(sim.Packet)
	// Witness is told everything that a simulated run does, to compare it with
	// another; nil means that nobody is.
	Witness sim.Witness

	watch *sim.Watch // of the watchdog
}

// maxRunSteps is far more than a run takes that comes to anything: some ten
// thousand. More is a storm, such as two monitors that refuse each other for ever.
const maxRunSteps = 500_000

// The worlds that a scenario can run in.
const (
	WorldSim = "sim"
	WorldTCP = "tcp"
)

// Worlds lists them.
func Worlds() []string { return []string{WorldSim, WorldTCP} }

// Run runs one seed of one scenario and judges it. A Spec that names what does
// not exist is Infrastructure. Whatever the daemons do, Run returns: one that panics
// or hangs is a failure (see Spec.Watchdog).
func Run(spec Spec) Result {
	began := time.Now()
	result := guarded(spec)
	result.Spec, result.Real = spec, time.Since(began)
	return result
}

// guarded runs a Spec under the watchdog.
func guarded(spec Spec) Result {
	if spec.Scenario.Cloud { // it takes seconds, in which no step is made
		if err := cluster.InitializeCinder(); err != nil {
			return infrastructure(err)
		}
	}
	return guard(spec, attempt)
}

// attempt runs a Spec on the calling goroutine. A panic is the run's failure.
func attempt(spec Spec) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			f := panicked(p, spec.watch)
			result = Result{Verdict: Fail, Failure: &f}
		}
	}()
	spec.Scenario = spec.Scenario.of(spec.draw())
	if spec.Scenario.Alone != nil {
		return runAlone(spec)
	}
	return runCluster(spec)
}

func runCluster(spec Spec) Result {
	if err := spec.Scenario.CheckIn(spec.World); err != nil {
		return infrastructure(err)
	}
	r := &run{spec: spec}
	w, err := openWorld(spec)
	if err != nil {
		return infrastructure(err)
	}
	r.world = w
	r.guarded(r.perform)
	r.conclude()
	r.guarded(w.Close) // unwinds tasks, which may panic
	if r.failed() && r.result.Verdict != Infrastructure {
		r.result.Verdict = Fail
	}
	if r.recorder != nil {
		r.result.History = r.recorder.end(&r.result)
	}
	return r.result
}

func infrastructure(err error) Result {
	return Result{
		Verdict: Infrastructure,
		Failure: &Failure{Property: "infrastructure", Detail: err.Error()},
	}
}

// runAlone runs a scenario that deploys no cluster.
func runAlone(spec Spec) Result {
	if err := spec.Scenario.CheckIn(spec.World); err != nil {
		return infrastructure(err)
	}
	return spec.Scenario.Alone(spec)
}

func openWorld(spec Spec) (cluster.World, error) {
	switch spec.World {
	case WorldTCP:
		return cluster.NewTCP(cluster.TCPConfig{Seed: spec.Seed})
	default:
		return cluster.NewSim(cluster.SimConfig{
			Reseed: spec.Reseed, Schedule: spec.schedule(), StopOnDeadlock: true, Watch: spec.watch, MaxSteps: maxRunSteps,
			Seed: spec.Seed, Trace: spec.Trace, Line: spec.line(), LogLevel: spec.LogLevel,
			OnPacket: spec.OnPacket, Witness: spec.Witness,
			Decode: spec.Scenario.Decode || spec.Trace != nil,
		}), nil
	}
}

// run is one run under way.
type run struct {
	spec     Spec
	world    cluster.World
	cluster  *cluster.Cluster
	plan     faults.Plan
	goals    []Goal
	unscaled cluster.Topology // in the scenario's time, see scaled
	healthy  time.Duration    // when the cluster first was, from which the plan's times count
	struck   []Landed
	lasting  []lastingFault
	marks    map[string]bool
	timeline *timeline
	checkers []invariant.Checker
	progress []*Progress // by step of the plan, nil before it struck
	// condition is told every fact while a step waits for one; nil if none does.
	condition func(cluster.Observation)
	vain      string // the step that has waited in vain, "" if none has
	features  *novelty.Watcher
	roles     *roleKeeper // nil if role changes are not written down
	recorder  *recorder   // nil if no history is
	result    Result
}

type lastingFault struct {
	index int // in run.struck
	fault faults.Lasting
}

// MapSeen is the newest manager map at some moment.
type MapSeen = mon.MapCommitted

// guarded does something with a panic of a daemon, a plan or a checker as a failure:
// in the simulator all of them run on this goroutine.
func (r *run) guarded(do func()) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		f := panicked(p, r.spec.watch)
		if r.failed() && r.result.Failure.Property == f.Property {
			return // the first one counts
		}
		r.result.Failure = nil // a panic outranks what was found before
		r.failAt(cluster.Observation{At: r.world.Now(), Step: r.world.Step(), Host: f.Host}, f.Property, f.Detail)
	}()
	do()
}

// perform is the run itself, up to its end or the first failure.
func (r *run) perform() {
	draw := r.spec.draw()
	topology := r.spec.topology(draw)
	r.unscaled = topology
	r.plan, r.goals = r.spec.Scenario.Plan(draw, topology)
	r.result.Choices = r.spec.choices(draw.String())
	if err := checkPlan(topology, r.plan, r.goals); err != nil {
		r.fail("", "plan", err.Error())
		return
	}
	r.progress = make([]*Progress, len(r.plan))
	r.marks = make(map[string]bool)
	r.timeline = newTimeline(live{r.world}, func(who string) ([]string, error) { return r.cluster.Resolve(who) })

	topology.Scale(r.spec.Profile.divisor())
	r.enablePoints()
	r.cluster = cluster.Deploy(r.world, topology)
	r.features = novelty.NewWatcher(r.cluster)
	if err := errors.Join(r.setPoints(), r.checkGoals()); err != nil {
		r.fail("", "plan", err.Error())
		return
	}
	r.checkers = invariant.All(r.timeline, r.spec.bounds(topology))
	if r.spec.History {
		r.record()
	}
	r.world.Observe(r.observe)
	r.cluster.Start()
	if !r.warmUp() {
		return
	}
	r.healthy = r.world.Now()
	if r.spec.Roles {
		r.roles = newRoleKeeper(r.cluster)
	}
	for i, step := range r.plan {
		if r.await(i, step); r.failed() || r.vain != "" {
			return
		}
		r.strike(i, step)
	}
	r.beFair()
	r.goalsBefore(len(r.plan), max(r.spec.scaled(r.spec.Scenario.Length), r.world.Now()))
	if r.spec.watch == nil {
		r.lookBack()
		return
	}
	r.spec.watch.Judge(r.lookBack)
}

// lookBack lets those judge who do so at the end.
func (r *run) lookBack() {
	for _, c := range r.checkers {
		if c, ok := c.(invariant.Concluder); ok && !r.failed() {
			if v := c.Conclude(); v != "" {
				r.fail("", c.Name(), v)
			}
		}
	}
}

// checkPlan refuses a plan that is out of order, goals about steps that it does not have,
// which would never be looked at, and services of Cinder that nobody could say are up.
func checkPlan(t cluster.Topology, plan faults.Plan, goals []Goal) error {
	if c := t.Cinder; c.APIs == 0 && len(c.ServiceNames()) > 0 {
		return errors.New("there are services of Cinder, and no API that lists them (cinder-apis)")
	}
	if err := plan.Check(); err != nil {
		return err
	}
	for _, g := range goals {
		if g.Step < 0 || g.Step >= len(plan) || g.Fault < 0 || g.Fault > g.Step {
			return fmt.Errorf("goal %q is about step %d and fault %d of a plan with %d steps", g.Property, g.Step, g.Fault, len(plan))
		}
	}
	return nil
}

// checkGoals refuses goals about somebody who is not there, whom nothing could reach.
func (r *run) checkGoals() error {
	for _, g := range r.goals {
		for _, who := range strings.Fields(g.Words) {
			if !strings.Contains(who, ".") { // the goal's own name, or a role
				continue
			}
			if _, err := r.cluster.Resolve(who); err != nil {
				return fmt.Errorf("goal %q of step %d: %w", g.Property, g.Step+1, err)
			}
		}
	}
	return nil
}

// topology draws what is deployed, with Ceph's timings.
func (s Spec) topology(draw *Draw) cluster.Topology {
	t := cluster.DefaultTopology()
	if s.Scenario.Topology != nil {
		s.Scenario.Topology(draw, &t)
	}
	if m, ok := FindMutant(s.Mutant); ok && m.Plant != nil {
		m.Plant(&t)
	}
	return t
}

// bounds are the timings that the invariants speak of, of a topology in the profile's time.
func (s Spec) bounds(t cluster.Topology) invariant.Bounds {
	return invariant.Bounds{
		Grace: t.Mon.MgrBeaconGrace, BeaconPeriod: t.Mgr.TickPeriod,
		Tick: t.Mon.TickInterval, Proposal: s.scaled(proposal),
		Lonely:    time.Duration(float64(t.Mon.Lease) * t.Mon.LeaseAckTimeoutFactor),
		Blocklist: t.Mon.MgrBlocklistInterval, Founders: t.MonNames(),
		Lease: t.Mon.Lease, Client: t.Client, Cinder: t.Cinder,
	}
}

// scaled is a time of the scenario in the profile's time.
func (s Spec) scaled(d time.Duration) time.Duration {
	return d / time.Duration(s.Profile.divisor())
}

// warmUp waits until everybody has come to work: an undisturbed cluster must get there.
func (r *run) warmUp() bool {
	limit := r.spec.scaled(warmUpLimit)
	if r.until(limit, r.cluster.Ready) || r.failed() {
		return !r.failed()
	}
	property, problem := r.cluster.Unready()
	r.fail("", property, fmt.Sprintf("%s, after %v", problem, limit))
	return false
}

// warmUpLimit is generous: a first quorum takes seconds, a manager's modules one.
const warmUpLimit = 60 * time.Second

// strike lets the i-th step of the plan happen.
func (r *run) strike(i int, step faults.Step) {
	r.progress[i] = newProgress(r.cluster, r.mark)
	if r.recorder != nil {
		r.recorder.strike(i)
	}
	r.note("fault."+step.Fault.Kind(), slog.String("fault", step.Fault.String()))
	victims := r.victims(step.Fault)
	landed, err := step.Fault.Strike(r.cluster)
	if err != nil {
		r.fail("", "plan", err.Error())
		return
	}
	r.progress[i].Victims = victims
	r.timeline.struck(step.Fault, victims)
	if r.recorder != nil {
		r.recorder.struck(i, victims, landed)
	}
	r.features.Struck(step.Fault, victims)
	r.struck = append(r.struck, Landed{
		Kind: step.Fault.Kind(), Fault: step.Fault.String(), Struck: r.world.Now(), Victims: victims, Count: landed,
	})
	if m, ok := step.Fault.(*faults.Mend); ok {
		r.judgeCore(m)
	}
	if f, ok := step.Fault.(faults.Lasting); ok {
		r.lasting = append(r.lasting, lastingFault{index: len(r.struck) - 1, fault: f})
	}
}

// newProgress is what goals may look at that are about a fault which is about to strike.
func newProgress(c *cluster.Cluster, mark func(string)) *Progress {
	p := &Progress{Cluster: c, Before: c.View().MgrMap(), Struck: c.World().Now(), mark: mark}
	for _, name := range c.Topology().MonNames() {
		p.Executed = max(p.Executed, c.View().Executed(name))
	}
	return p
}

// victims names whom a fault is about to strike.
func (r *run) victims(f faults.Fault) []string {
	aimed, ok := f.(faults.Aimed)
	if !ok {
		return nil
	}
	var out []string
	for _, who := range aimed.Aim() {
		names, _ := r.cluster.Resolve(who) // Strike reports the error
		out = append(out, names...)
	}
	return out
}

func (r *run) note(kind string, attrs ...slog.Attr) {
	if w, ok := r.world.(*cluster.SimWorld); ok {
		w.Note(kind, attrs...)
	}
}

// await lets time pass until the i-th step of the plan is due.
func (r *run) await(i int, step faults.Step) {
	switch {
	case step.When != nil:
		r.goalsBefore(i, 0)
		r.awaitFact(step)
	case step.After && i > 0:
		r.goalsBefore(i, r.progress[i-1].Struck+r.spec.scaled(step.At))
	default:
		r.goalsBefore(i, r.healthy+r.spec.scaled(step.At))
	}
}

// awaitFact lets time pass until the condition of a step has come true.
func (r *run) awaitFact(step faults.Step) {
	if r.failed() {
		return
	}
	nth := 0
	r.condition = func(o cluster.Observation) {
		if step.When.Matches(o.Fact) && r.isBy(step.When.On, o.Host) {
			nth++
		}
	}
	defer func() { r.condition = nil }()
	if !r.until(r.spec.scaled(step.At), func() bool { return r.failed() || nth >= max(step.When.Nth, 1) }) && !r.failed() {
		r.vain = step.String()
	}
}

// isBy reports whether a host is one of those that a name or a role stands for now.
func (r *run) isBy(who, host string) bool {
	if who == "" {
		return true
	}
	names, err := r.cluster.Resolve(who)
	if err != nil {
		r.fail("", "plan", err.Error())
	}
	return slices.Contains(names, host)
}

// goalsBefore pursues, in order, the goals whose fault has struck and which no
// later fault of the plan disturbs, and lets time pass until the given moment.
func (r *run) goalsBefore(next int, until time.Duration) {
	for i, g := range r.goals {
		if r.failed() {
			return
		}
		if g.Step == next-1 {
			r.pursue(i)
		}
	}
	if d := until - r.world.Now(); d > 0 && !r.failed() {
		r.pass(d)
	}
}

// pass lets d of the world's time pass.
func (r *run) pass(d time.Duration) {
	r.world.Run(d)
	r.checkStuck()
}

// until lets the world's time pass until done.
func (r *run) until(d time.Duration, done func() bool) bool {
	reached := r.world.Until(d, done)
	r.checkStuck()
	return reached
}

// checkStuck fails a run that cannot go on.
func (r *run) checkStuck() {
	w, ok := r.world.(*cluster.SimWorld)
	if !ok || w.Err() == nil || r.failed() {
		return
	}
	f := stuck(w.Err())
	r.fail(f.Host, f.Property, f.Detail)
}

// realTimeSlack is what a goal gets on top of its deadline in real time, for a
// machine that is busy with other things.
const realTimeSlack = 2 * time.Second

// within is a goal's deadline in the world's time, of a topology in the scenario's.
func (s Spec) within(g Goal, unscaled cluster.Topology) time.Duration {
	d := s.scaled(g.Within(unscaled))
	if s.World == WorldTCP {
		d += realTimeSlack
	}
	return d
}

// pursue lets time pass until a goal is reached, the index-th of the scenario.
func (r *run) pursue(index int) {
	g := r.goals[index]
	p := *r.progress[g.Step]
	p.Before = r.progress[g.Fault].Before
	reached := r.reaches(g, &p)
	if r.recorder != nil && (reached || !r.failed()) {
		r.recorder.goal(index, reached)
	}
	if !reached && !r.failed() {
		r.fail("", g.Property, g.missed(r.spec.within(g, r.unscaled), r.plan, &p))
	}
}

// reaches lets time pass until a goal is reached or cannot be any more.
func (r *run) reaches(g Goal, p *Progress) bool {
	within := r.spec.within(g, r.unscaled)
	if g.Lasts {
		r.pass(p.Struck + within - r.world.Now())
		if !r.failed() && g.Reached(p) {
			return true
		}
	}
	return r.until(p.Struck+within-r.world.Now(), func() bool { return r.failed() || g.Reached(p) }) && !r.failed()
}

// missed says that a goal was not reached, with how things stand.
func (g Goal) missed(within time.Duration, plan faults.Plan, p *Progress) string {
	return fmt.Sprintf("%s: not within %v of %q at %v; now %s",
		g.Doc, within, plan[g.Step].Fault, p.Struck, cluster.DescribeMgrMap(p.View().MgrMap()))
}

// observe hands a fact to the checkers and the marks.
func (r *run) observe(o cluster.Observation) {
	if r.failed() {
		return
	}
	if r.recorder != nil {
		r.recorder.observe(o)
	}
	if f, ok := o.Fact.(cluster.ProcessPanicked); ok {
		r.failAt(o, propertyPanic, fmt.Sprintf("loop %s: %s", f.Loop, f.Detail))
		return
	}
	for _, c := range r.checkers {
		if v := c.Observe(o); v != "" {
			r.failAt(o, c.Name(), v)
			return
		}
	}
	if r.condition != nil {
		r.condition(o)
	}
	if r.roles != nil {
		r.roles.observe(o)
	}
	r.features.Observe(o)
	if mark := markOf(o, r); mark != "" {
		r.mark(mark)
	}
	r.measureDrop(o)
}

func (r *run) mark(name string) { r.marks[name] = true }

// measureDrop notes when the manager that was active at the first fault left the
// map.
func (r *run) measureDrop(o cluster.Observation) {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok || f.Map != cluster.MgrMap || r.result.DropAfter != 0 || len(r.progress) == 0 || r.progress[0] == nil {
		return
	}
	if first := r.progress[0]; f.Epoch > first.Before.Epoch && f.ActiveGID != first.Before.ActiveGID {
		r.result.DropAfter = o.At - first.Struck
	}
}

func (r *run) failed() bool { return r.result.Failure != nil }

func (r *run) fail(host, property, detail string) {
	r.failAt(cluster.Observation{At: r.world.Now(), Step: r.world.Step(), Host: host}, property, detail)
}

func (r *run) failAt(o cluster.Observation, property, detail string) {
	r.result.Failure = &Failure{Property: property, Detail: detail, At: o.At, Step: o.Step, Host: o.Host}
	r.note("failure", slog.String("property", property), slog.String("detail", detail))
	r.world.Halt()
}

// conclude fills in the result.
func (r *run) conclude() {
	for _, l := range r.lasting {
		r.struck[l.index].Count = l.fault.Landed(r.cluster)
	}
	r.result.Faults, r.result.Vain = r.struck, r.vain
	for mark := range r.marks {
		r.result.Marks = append(r.result.Marks, mark)
	}
	slices.Sort(r.result.Marks)
	if r.roles != nil {
		r.result.Roles = r.roles.changes
	}
	r.result.Virtual = r.world.Now()
	r.result.Steps = r.world.Step()
	if w, ok := r.world.(*cluster.SimWorld); ok {
		r.result.Hash, r.result.Points, r.result.Decisions = w.Hash(), w.Sim().Points(), w.Sim().Decisions()
	}
	r.result.Features = r.shown()
	switch {
	case r.failed() && r.neverStarted():
		r.result.Verdict = Infrastructure
	case r.failed():
		r.result.Verdict = Fail
	case r.vain != "" || !r.bit():
		r.result.Verdict = Inconclusive
	}
}

// shown are the features of the run.
func (r *run) shown() (list []novelty.Feature) {
	if r.features != nil {
		list = r.features.Features()
	}
	for _, p := range r.result.Points {
		if p.Reached > 0 {
			list = append(list, novelty.Reached(p.Name, p.Reached))
		}
	}
	return novelty.Sorted(list)
}

// neverStarted reports whether a daemon gave up on real sockets before the cluster
// was ever healthy: the machine lacks something, a port or a descriptor.
func (r *run) neverStarted() bool {
	return r.spec.World == WorldTCP && r.healthy == 0 && strings.HasPrefix(r.result.Failure.Property, "I-PROC-1")
}

// bit reports whether the fault that the scenario is about has landed, or any if it does
// not say which it is about.
func (r *run) bit() bool {
	bite := r.spec.Scenario.Bite
	for _, l := range r.struck {
		if (bite == "" || l.Kind == bite) && l.Count > 0 {
			return true
		}
	}
	return false
}
