// Package scenarios is the catalogue: what is put to the test, with which
// damage, and what must hold.
//
// A [Scenario] is a topology, a plan of faults, and goals that must be reached
// within a deadline once the damage is over; while it runs, every invariant of
// package invariant is checked at every fact that a daemon publishes. What a
// seed may choose (how many daemons, when a fault strikes, how long it lasts) the
// scenario draws from a [Draw]; all of it is printed with a failure.
//
//	run, _ := scenarios.Find("mgr-failover")
//	result := scenarios.Run(scenarios.Spec{Scenario: run, Seed: 7})
//	fmt.Println(result.Verdict, result.Hash)
//
// [Campaign] runs many seeds on all cores. The Ginkgo suite of this package runs
// the catalogue as specs.
package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// Scenario is one entry of the catalogue.
type Scenario struct {
	// Name is what the command line and the repro line call it.
	Name string
	// Doc is one sentence.
	Doc string
	// File is the file of its script; "" if it is of the catalogue.
	File string
	// Topology draws what is deployed. It starts from the default topology.
	Topology func(*Draw, *cluster.Topology)
	// Plan draws the faults, and the goals that must be reached, one after
	// another. Times count from the moment the cluster is healthy.
	Plan func(*Draw, cluster.Topology) (faults.Plan, []Goal)
	// Bite is the kind of fault that must land at least once: a run in which it
	// did not has proved nothing. "" is any fault.
	Bite string
	// Lacks is why real machines cannot run it: what only simulated ones have, or can be
	// done to; "" if they can.
	Lacks string
	// Length is how long the run lasts from its beginning, if the goals leave
	// time.
	Length time.Duration

	// Cloud says that Cinder's services are deployed.
	Cloud bool

	// Decode lets a plan of the simulator speak of places in the daemons' protocol.
	Decode bool

	// Points are the odds by which fault points of the messengers fire throughout, in
	// the simulator; the zero value is never. See sim.Sim.EnablePoints.
	Points sim.PointOdds
	// PointsAt are fault points that fire at given times, of the messengers or others.
	PointsAt []PointAt
	// Schedule is the order among loops of a simulated run, whatever its Spec says; real
	// sockets know none. The zero value leaves it to the Spec.
	Schedule sim.Schedule

	// Each makes of every seed a scenario of its own, which has this one's name. Then
	// only Name, Doc, Lacks, Cloud and Marks of this one count.
	Each func(*Draw) Scenario

	// Races are the roles whose changes in two worlds need not be alike, see RoleChanges.
	Races []string

	// Alone is all of a scenario that deploys no cluster: it brings machines of its
	// own, simulated ones, and runs and judges by itself. Then Topology, Plan, Bite
	// and Length are not used.
	Alone func(Spec) Result
	// Marks are those that only this scenario can reach: those that its goals state, or,
	// if it deploys no cluster or each seed draws what, all.
	Marks []string
}

// Worlds are those that the scenario can run in.
func (s Scenario) Worlds() []string {
	if s.lacks() != "" {
		return []string{WorldSim}
	}
	return Worlds()
}

// of is what a seed makes of the scenario.
func (s Scenario) of(d *Draw) Scenario {
	if s.Each == nil {
		return s
	}
	one := s.Each(d)
	one.Name, one.File, one.Marks = s.Name, s.File, s.Marks
	return one
}

// ErrNotInWorld: a world lacks something that a scenario needs.
var ErrNotInWorld = errors.New("does not run in world")

// lacks is why the scenario cannot run on real machines, "" if it can.
func (s Scenario) lacks() string {
	switch {
	case s.Lacks != "":
		return s.Lacks
	case s.Alone != nil:
		return "it brings simulated machines of its own"
	case s.Points != (sim.PointOdds{}) || len(s.PointsAt) > 0:
		return "fault points are simulated"
	}
	return ""
}

// CheckIn is an error, ErrNotInWorld, that says where the scenario can run, if not in that world.
func (s Scenario) CheckIn(world string) error {
	if world != WorldTCP || slices.Contains(s.Worlds(), world) {
		return nil
	}
	return fmt.Errorf("scenario %s %w %q, only in %s (%s)", s.Name, ErrNotInWorld, world, strings.Join(s.Worlds(), ", "), s.lacks())
}

// marks are those that the scenario can reach.
func (s Scenario) marks() []string {
	switch {
	case s.Alone != nil, s.Each != nil:
		return s.Marks
	case s.Cloud:
		return addNew(cloudMarks(), s.Marks)
	}
	return addNew(clusterMarks(), s.Marks)
}

// Goal is a liveness property with its deadline.
type Goal struct {
	// Words are the goal in a script, see Script: "replaced", "abandoned mon.b monclients".
	// A goal without them can be in no script.
	Words string
	// Property names it in a failure, "I-MGR-11".
	Property string
	// Doc says what must come true.
	Doc string
	// Step is the index in the plan of the fault from whose time the deadline
	// counts; the goal is not looked at before that fault has struck.
	Step int
	// Fault is the index of the fault that the goal is about, often Step's own:
	// Progress.Before is the map at its moment.
	Fault int
	// Within is the deadline.
	Within func(cluster.Topology) time.Duration
	// Reached says whether it has come true.
	Reached func(*Progress) bool
	// Lasts makes it a goal to be true at the deadline, not once on the way: what
	// "nothing happens" means.
	Lasts bool
}

// Progress is what a goal may look at.
type Progress struct {
	*cluster.Cluster
	// Before is the newest manager map at the moment the goal's Fault struck.
	Before MapSeen
	// Struck is when it struck, and Victims whom it struck.
	Struck  time.Duration
	Victims []string
	// Executed is the last entry that any monitor had executed then.
	Executed uint64

	mark func(name string)
}

// Sometimes states that a mark is reached, one of the scenario's Marks.
func (p *Progress) Sometimes(name string) { p.mark(name) }
