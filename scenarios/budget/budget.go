// Package budget says how much damage a cluster must survive. What is drawn stays below
// it, so that each failure of a run is a real one.
//
//	b := budget.Of(topology)
//	if err := b.Check(plan); err != nil { ... } // names the step that is too much
//
// For safety nearly anything is allowed: all monitors may be down, cut off, slow or
// without power, at any time. What no quorum survives is that disks of a majority lose
// what they promised to keep; and what nothing recovers from is that too little is left,
// once the faults are over.
package budget

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// Budget is how much may be broken of a topology.
type Budget struct {
	// Forgetful is how many monitors may have disks that rot or lie, ever: a minority of
	// the fewest members that there may be. Once a disk has forgotten something, nothing
	// brings it back.
	Forgetful int
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
		DriftPPM: 500,
		Lost:     map[string]int{"mon": (t.Mons - 1) / 2, "mgr": t.Mgrs - 1},
		names:    slices.Concat(t.MonNames(), t.MgrNames(), t.Cinder.DatabaseNames(), t.Cinder.ServiceNames(), t.Cinder.APINames()),
	}
	b.Forgetful = b.Lost["mon"]
	if t.SpareMons > 0 { // members come and go, and with them who is a minority
		b.Forgetful, b.Lost["mon"] = 0, 0
	}
	for kind, all := range map[string]int{
		"volume": t.Cinder.Volumes, "scheduler": t.Cinder.Schedulers, "backup": t.Cinder.Backups, "api": t.Cinder.APIs,
	} {
		b.Lost[kind] = max(all-1, 0)
	}
	return b
}

// Check is an error about the first step that is too much, nil if all of them together
// are not. Error: ErrExceeded.
func (b Budget) Check(plan faults.Plan) error {
	var forgetful []string
	for i, step := range plan {
		problem := ""
		switch f := step.Fault.(type) {
		case faults.DiskRot:
			forgetful, problem = b.forgets(forgetful, f.Who)
		case *faults.DiskLie:
			forgetful, problem = b.forgets(forgetful, f.Who)
		case faults.ClockDrift:
			if max(f.PPM, -f.PPM) > b.DriftPPM {
				problem = fmt.Sprintf("clocks drift by %d ppm at most", b.DriftPPM)
			}
		case *faults.Mend:
			problem = b.leavesOut(f.Core, forgetful)
		}
		if problem != "" {
			return fmt.Errorf("step %d (%v) %w: %s", i+1, step, ErrExceeded, problem)
		}
	}
	return nil
}

// forgets adds a machine to those with disks that forget.
func (b Budget) forgets(already []string, who string) (all []string, problem string) {
	if !strings.HasPrefix(who, "mon.") {
		return already, "only disks of monitors that are named may forget"
	}
	if !slices.Contains(already, who) {
		already = append(already, who)
	}
	if len(already) > b.Forgetful {
		problem = fmt.Sprintf("%s may not forget together, but %d of them", strings.Join(already, ", "), b.Forgetful)
	}
	return already, problem
}

// leavesOut says whether a core leaves out too many. A monitor whose disk has forgotten
// something does not count for it.
func (b Budget) leavesOut(core, forgetful []string) (problem string) {
	lost := make(map[string]int)
	for _, name := range b.names {
		kind, _, _ := strings.Cut(name, ".")
		inside := slices.Contains(core, name) || kind == "mon" && slices.Contains(core, cluster.RoleMons)
		if inside && !slices.Contains(forgetful, name) {
			continue
		}
		if lost[kind]++; lost[kind] > b.Lost[kind] {
			return fmt.Sprintf("%d %ss may stay broken", b.Lost[kind], kind)
		}
	}
	return ""
}

// Forgetting are the monitors whose disks rot or lie in a plan.
func (b Budget) Forgetting(plan faults.Plan) (names []string) {
	for _, step := range plan {
		switch f := step.Fault.(type) {
		case faults.DiskRot:
			names, _ = b.forgets(names, f.Who)
		case *faults.DiskLie:
			names, _ = b.forgets(names, f.Who)
		}
	}
	return names
}
