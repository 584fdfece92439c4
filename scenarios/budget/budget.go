// Package budget says how much damage a cluster must survive at one time. What is drawn
// stays below it at each moment, so that each failure of a run is a real one.
//
//	b := budget.Of(topology)
//	if err := b.Check(plan); err != nil { ... } // names the step that is too much
//
// For safety nearly anything is allowed: all monitors may be down, cut off, slow, full or
// without power, at any time. Who promised something to another monitor still has it then.
// Three things are not:
//
//   - A disk that has rotted. Its monitor notices when it starts, and stays out, for good.
//   - A disk that lies. As long as it does, and its power is on, nobody can tell; once it
//     is mended it has kept all promises.
//   - A disk that has lost its power while it lied, or failed a sync, which drops what was
//     written before. Its monitor may have forgotten entries and votes, and not notice: two leaders of one term may follow, or what was
//     acknowledged be gone. It must not run again, not even alone.
//
// What is spent in one of these ways gives its allowance back when an operator replaces
// the monitor: "mon rm", and "mon add" with an empty disk and a number that nobody had
// before. That takes a quorum of the others and an operator who reaches it. So it counts as
// done only if nothing disturbs monitors meanwhile: for [Budget.Recovery] before the
// removal, for [Budget.Change] from there to the addition, and as long again. Until then
// the monitor counts as spent; and for good if something does, for nobody can tell what has
// become of what the operator asked for.
package budget

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// Budget is how much may be broken of a topology.
type Budget struct {
	// Mons is how many monitors there are, if only replacements change their number, and
	// otherwise 0: then no disk may rot or lie.
	Mons int
	// Recovery is how long it takes at most, after trouble that is over or is one monitor's
	// alone, until the operator has a session with another one and a quorum works. 0 is
	// for ever.
	Recovery time.Duration
	// Change is how long it takes at most from then on until a removal of a monitor that was
	// asked for is in force, and likewise until one that was added has all that a quorum has.
	Change time.Duration
	// Lost is how many daemons of each kind may stay broken for good, outside of the core
	// that is mended in the end. Kinds are as in names: "mon", "mgr", "volume".
	Lost map[string]int
	// DriftPPM is by how much clocks may run fast or slow. Steps and offsets of wall
	// clocks are not limited.
	DriftPPM int

	names []string // of everybody who counts, first monitors
}

// ErrExceeded: a plan does more damage than the topology must survive.
var ErrExceeded = errors.New("exceeds the budget")

// Of is the budget of a topology.
func Of(t cluster.Topology) Budget {
	b := Budget{
		Mons: t.Mons, Recovery: silence(t) + election(t), Change: election(t), DriftPPM: 500,
		Lost:  map[string]int{"mon": minority(t.Mons), "mgr": t.Mgrs - 1},
		names: slices.Concat(t.MonNames(), t.MgrNames(), t.Cinder.DatabaseNames(), t.Cinder.ServiceNames(), t.Cinder.APINames()),
	}
	if t.SpareMons > 0 { // members come and go, and with them who is a minority
		b.Mons, b.Lost["mon"] = 0, 0
	}
	for kind, all := range map[string]int{
		"volume": t.Cinder.Volumes, "scheduler": t.Cinder.Schedulers, "backup": t.Cinder.Backups, "api": t.Cinder.APIs,
	} {
		b.Lost[kind] = max(all-1, 0)
	}
	return b
}

// minority is how many of n members a majority can do without.
func minority(n int) int { return max(n-1, 0) / 2 }

// silence is how long a client may be without a session at most: one that is silent goes
// unnoticed for a time, and then there is the longest hunt.
func silence(t cluster.Topology) time.Duration {
	c := t.Client
	return c.PingTimeout + c.PingInterval + time.Duration(float64(c.HuntInterval)*c.HuntMaxMultiple)
}

// election is how long monitors may be without a leader at most, all others there: a lease
// and its acknowledgements until the lack is noticed, and four elections.
func election(t cluster.Topology) time.Duration {
	return time.Duration(float64(t.Mon.Lease)*(1+t.Mon.LeaseAckTimeoutFactor)) + 4*t.Mon.ElectionTimeout
}

// Check is an error about the first step that is too much at its time, nil if none is.
// Error: ErrExceeded.
func (b Budget) Check(plan faults.Plan) error {
	a := newAccount(b)
	for i, step := range plan {
		if problem := a.take(i, step); problem != "" {
			return fmt.Errorf("step %d (%v) %w: %s", i+1, step, ErrExceeded, problem)
		}
	}
	return nil
}

// Unsound are the monitors that cannot be relied on at a time after the plan: who is spent,
// or not back yet.
func (b Budget) Unsound(plan faults.Plan, at time.Duration) (names []string) {
	a := newAccount(b)
	for i, step := range plan {
		a.take(i, step)
	}
	a.advance(at)
	return a.unsound()
}

// Rejoins are the steps that add a monitor which counts as recovered later on.
func (b Budget) Rejoins(plan faults.Plan) (steps []int) {
	a := newAccount(b)
	for i, step := range plan {
		a.take(i, step)
	}
	return a.rejoined
}

// leavesOut says whether a core leaves out too many. A monitor that is not sound does not
// count for it.
func (b Budget) leavesOut(core, unsound []string) (problem string) {
	lost := make(map[string]int)
	for _, name := range b.names {
		kind, _, _ := strings.Cut(name, ".")
		inside := slices.Contains(core, name) || kind == "mon" && slices.Contains(core, cluster.RoleMons)
		if inside && !slices.Contains(unsound, name) {
			continue
		}
		if lost[kind]++; lost[kind] > b.Lost[kind] {
			return fmt.Sprintf("%d %ss may stay broken", b.Lost[kind], kind)
		}
	}
	return ""
}
