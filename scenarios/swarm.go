package scenarios

import (
	"cmp"
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/budget"
	"github.com/wavetank/wavetank/sim"
)

// swarm draws everything: what is deployed, how it is set, which kinds of trouble there
// are at all, and how much of them. That a kind is missing in half of the seeds matters as
// much as that it is there in the others: much of one thing shows what a little of
// everything drowns.
//
// After the trouble a core of the cluster is mended, and must work, while the rest stays
// as broken as it is.
func swarm() Scenario {
	return Scenario{
		Name:  "swarm",
		Doc:   "each seed draws the topology, the options, which troubles there are and how many; then a core is mended, and must work",
		Lacks: swarmLacks,
		Cloud: true,
		Each:  drawSwarm,
		Marks: addNew(clusterMarks(), cloudMarks()),
	}
}

// swarmLacks is why the swarm is for the simulator.
const swarmLacks = "most of its faults are simulated"

// SwarmFrom is a scenario of the swarm whose choices come from a source.
func SwarmFrom(source Source) Scenario {
	s := drawSwarm(&Draw{scenario: "swarm", used: make(map[string]int), source: source})
	s.Name = "swarm"
	return s
}

// shape is what kind of a cluster it is.
type shape struct {
	name     string
	weight   int
	topology func(*Draw, *cluster.Topology)
}

// shapes are all, but for that of two messengers, which has no topology.
func shapes() []shape {
	return []shape{
		{"monitors", 5, swarmMonitors},
		{"managers", 5, swarmManagers},
		{"clients", 5, swarmClients},
		{"cloud", 6, swarmCloud},
		{"whole", 1, swarmWhole},
	}
}

// messengersWeight is that of the matrix of package messenger, a shape of its own.
const messengersWeight = 12

func drawSwarm(d *Draw) Scenario {
	var names []string
	for _, s := range shapes() {
		names = append(names, slices.Repeat([]string{s.name}, s.weight)...)
	}
	what := d.Pick("shape", append(names, slices.Repeat([]string{"messengers"}, messengersWeight)...)...)
	if what == "messengers" && d.source == nil {
		return Scenario{Alone: runMatrix, Schedule: d.schedule()}
	}
	i := max(slices.IndexFunc(shapes(), func(s shape) bool { return s.name == what }), 0)
	return swarmOf(d, shapes()[i])
}

// WholeCluster is the swarm with nothing but whole clusters: three monitors, three
// managers, and Cinder with two volume services and its database, a minute of trouble,
// and then the core. Its speed is what matters for campaigns.
func WholeCluster() Scenario {
	s := swarm()
	s.Each = func(d *Draw) Scenario { return swarmOf(d, shape{"whole", 1, swarmWhole}) }
	return s
}

// swarmOf draws a scenario of a shape.
func swarmOf(d *Draw, what shape) Scenario {
	t := cluster.DefaultTopology()
	what.topology(d, &t)
	swarmOptions(d, &t)
	w := &weather{Draw: d, t: t, pace: 1, until: time.Minute}
	if d.Chance("fast", 3) {
		w.pace = d.Int("pace", 2, 5)
	}
	quicken(&t, w.pace)
	t.Client.AuthTimeout = patientTimeout
	w.budget = budget.Of(t)
	w.draw()
	w.t = t
	w.end()
	plan, goals := w.plan, w.goals
	return Scenario{
		Lacks: swarmLacks, Decode: w.decode, Points: w.points, Schedule: d.schedule(), Cloud: t.Cinder.Deployed(),
		Topology: func(own *Draw, topology *cluster.Topology) {
			if own != d {
				own.choices = append(own.choices, d.choices...)
			}
			*topology = t
		},
		Plan: func(*Draw, cluster.Topology) (faults.Plan, []Goal) { return plan, goals },
	}
}

// schedule draws the order among loops as the portfolio does.
func (d *Draw) schedule() sim.Schedule {
	if d.source != nil {
		return sim.Schedule{}
	}
	return Spec{Seed: d.seed, Vary: d.vary, Scenario: Scenario{Name: d.scenario}, Schedule: SchedulePortfolio}.schedule()
}

// quicken divides the timings of daemons, so that more happens in the same time.
func quicken(t *cluster.Topology, pace int) {
	keep := t.Cinder
	t.Scale(pace)
	t.Cinder.Backend, t.Cinder.DB, t.Cinder.ListInterval = keep.Backend, keep.DB, keep.ListInterval
	t.Mgr.StatsPeriod = max(t.Mgr.StatsPeriod, time.Second) // less is refused, as here:
	t.Cinder.API.ServiceDownTime = max(t.Cinder.API.ServiceDownTime, time.Second)
}

// weather is the trouble of a seed while it is drawn.
type weather struct {
	*Draw
	t      cluster.Topology
	pace   int           // by which plans are quickened
	until  time.Duration // the end of the trouble
	budget budget.Budget // of the topology when it is quickened
	plan   faults.Plan
	goals  []Goal
	points sim.PointOdds
	decode bool
}

// draw draws the trouble: sequences that somebody thought of, single blows, or both.
func (w *weather) draw() {
	if w.Chance("points", 6) {
		w.points = sim.PointOdds{EnabledOneIn: w.Int("enabled", 2, 6), FiresOneIn: w.Int("fires", 50, 400)}
		w.budget.Recovery = 0 // there is never peace
	}
	style := w.Pick("style", "gambits", "gambits", "blows", "both")
	if style != "blows" {
		for range w.Int("gambits", 1, 2) {
			w.gambit()
		}
	}
	if style != "gambits" || len(w.plan) == 0 {
		w.blows()
	}
}

// gambit adds one of those that fit.
func (w *weather) gambit() {
	byName := make(map[string]gambit)
	var names []string
	for _, g := range gambits() {
		if g.fits(w.t) {
			byName[g.name] = g
			names = append(names, slices.Repeat([]string{g.name}, g.weight)...)
		}
	}
	if len(names) == 0 {
		return
	}
	g := byName[w.Pick("gambit", names...)]
	at := w.Between("gambit-at", 0, 10*time.Second)
	steps, _ := g.plan(w.Draw, w.t)
	for i := range steps {
		steps[i].At = (at + steps[i].At) / time.Duration(w.pace)
	}
	if w.add(steps) {
		w.decode = w.decode || g.decode
	}
}

// blows draws which kinds there are, and how often they strike.
func (w *weather) blows() {
	var kinds []blow
	var names []string
	for _, b := range blows() {
		if b.fits(w.t) && !w.Chance("without-"+b.name, 2) {
			kinds = append(kinds, b)
			names = append(names, slices.Repeat([]string{b.name}, b.weight)...)
		}
	}
	if len(kinds) == 0 {
		return
	}
	rate := w.Between("every", 500*time.Millisecond, 15*time.Second)
	dwell := w.Between("for", 500*time.Millisecond, 40*time.Second)
	for at := w.Between("first", 0, 6*time.Second); at < w.until; at += w.Between("apart", 0, 2*rate) {
		name := w.Pick("blow", names...)
		i := slices.IndexFunc(kinds, func(b blow) bool { return b.name == name })
		steps := kinds[i].strike(w, at, at+w.Between("lasts", 0, 2*dwell))
		for i := range steps {
			steps[i].At = min(steps[i].At, w.until)
		}
		if w.add(steps) {
			w.decode = w.decode || kinds[i].decode
		}
	}
}

// add takes steps into the plan, unless that were more than the topology must survive.
func (w *weather) add(steps faults.Plan) bool {
	plan := append(slices.Clone(w.plan), steps...)
	slices.SortStableFunc(plan, func(a, b faults.Step) int { return cmp.Compare(a.At, b.At) })
	if w.budget.Check(plan) != nil {
		return false
	}
	w.plan = plan
	return true
}

// swarmOptions draws the options that make a difference.
func swarmOptions(d *Draw, t *cluster.Topology) {
	if d.Chance("snapshots", 2) {
		t.Mon.SnapshotEvery, t.Mon.KeepEntries = d.Int("snapshot-every", 1, 200), d.Int("keep", 0, 100)
	}
	if d.Chance("few-epochs", 3) {
		t.Mon.MaxMgrMapEpochs = d.Int("epochs-kept", 1, 20)
		t.Mon.ProposeInterval = d.Between("propose-interval", 50*time.Millisecond, time.Second)
	}
	t.Mon.MonMapFirst = d.Chance("monmap-first", 2)
	t.Client.CommandTimeout = d.Between("command-timeout", 4*time.Second, 20*time.Second)
	if d.Chance("reports", 3) {
		t.Mgr.StatsPeriod = time.Second
	}
	if t.Mgrs > 0 && d.Chance("modules", 4) {
		t.MgrModules = modules.All()
	}
	if t.Cinder.Deployed() && d.Chance("intervals", 4) {
		t.Cinder.Service.ReportInterval = d.Between("interval", 2*time.Second, 20*time.Second)
		t.Cinder.Service.ServiceDownTime = d.Between("down", time.Second, 20*time.Second)
	}
}

// someMons draws how many monitors there are.
func someMons(d *Draw, t *cluster.Topology) {
	t.Mons = 3
	switch d.Pick("mons", "3", "3", "3", "5", "1") {
	case "5":
		t.Mons = 5
	case "1":
		t.Mons = 1
	}
}

func swarmMonitors(d *Draw, t *cluster.Topology) {
	someMons(d, t)
	t.Mgrs, t.KeyClients = 0, d.Int("keys", 2, 3)
	if d.Chance("spare", 3) {
		t.Mons, t.SpareMons = 3, 2
	}
}

func swarmManagers(d *Draw, t *cluster.Topology) {
	someMons(d, t)
	t.Mgrs, t.KeyClients = d.Int("mgrs", 1, 4), d.Int("keys", 0, 1)
}

func swarmClients(d *Draw, t *cluster.Topology) {
	someMons(d, t)
	t.Mgrs, t.KeyClients, t.MonClients = d.Int("mgrs", 0, 2), d.Int("keys", 0, 1), 3
}

func swarmCloud(d *Draw, t *cluster.Topology) {
	cloud(d, t)
	t.Cinder.Service.DBMaxRetries = patientRetries
	t.Cinder.Replicas = max(0, d.Int("replicas", -2, 2))
	switch d.Pick("more", "nothing", "twins", "cluster") {
	case "twins":
		t.Cinder.Twins = d.Int("twins-of", 1, t.Cinder.Volumes)
	case "cluster": // of all volume services
		t.Cinder.Volumes = d.Int("members", 2, 3)
		t.Cinder.Service.Cluster = "c"
		t.Cinder.Service.PeriodicInterval, t.Cinder.Service.PeriodicFuzzyDelay = 10*time.Second, 10*time.Second
	}
}

func swarmWhole(d *Draw, t *cluster.Topology) {
	t.KeyClients = d.Int("keys", 0, 1)
	t.Cinder.Volumes, t.Cinder.Schedulers, t.Cinder.APIs = 2, d.Int("schedulers", 0, 1), 1
	t.Cinder.Service.DBRetryInterval, t.Cinder.Service.DBMaxRetries = time.Second, patientRetries
}

// patientTimeout lets daemons that start wait for the monitors as long as the trouble lasts. After
// Ceph's five minutes they give up, and whatever supervises them starts them again.
const patientTimeout = time.Hour

// patientRetries lets services that start wait for their database as long as the trouble lasts.
// With Cinder's ten attempts they give up, and whatever supervises them starts them again.
const patientRetries = 1000
