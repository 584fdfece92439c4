package budget_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/budget"
	"github.com/wavetank/wavetank/sim"
	"pgregory.net/rapid"
)

// sweep looks at each moment of a plan from the plan's words alone, with no memory of the
// moments before: slow, and made otherwise than the budget's account.
type sweep struct {
	mons  []string
	b     budget.Budget
	plan  faults.Plan
	texts [][]string // of the plan, in words
}

func newSweep(t cluster.Topology, plan faults.Plan) sweep {
	s := sweep{mons: t.MonNames(), b: budget.Of(t), plan: plan}
	for _, step := range plan {
		s.texts = append(s.texts, strings.Fields(step.Fault.String()))
	}
	return s
}

// within reports whether no moment has more monitors spent than a majority can do without,
// and nobody starts who may have forgotten something.
func (s sweep) within() error {
	for i, step := range s.plan {
		for _, x := range s.mons {
			if s.starts(i, x) && s.forgotten(x, i-1) {
				return fmt.Errorf("%v starts %s", step, x)
			}
		}
		var spent []string
		for _, x := range s.mons {
			if s.forgotten(x, i) || s.rotten(x, i) || s.lying(x, i) || s.away(x, i) {
				spent = append(spent, x)
			}
		}
		if 2*(len(s.mons)-len(spent)) <= len(s.mons) {
			return fmt.Errorf("after %v %v are spent", step, spent)
		}
	}
	return nil
}

func (s sweep) words(i int) []string { return s.texts[i] }

// last is the latest step up to one that is of a kind, and whose next word is that.
func (s sweep) last(i int, kind, who string) int {
	for ; i >= 0; i-- {
		if w := s.words(i); w[0] == kind && (who == "" || len(w) > 1 && w[1] == who) {
			return i
		}
	}
	return -1
}

// may reports whether a word names a monitor, or is a role.
func may(who, x string) bool { return who == x || !strings.Contains(who, ".") }

func (s sweep) starts(i int, x string) bool {
	switch w := s.words(i); w[0] {
	case "restart", "power-on":
		return may(w[1], x)
	case "mend":
		w := s.words(i)
		return slices.Contains(w, x) || slices.Contains(w, cluster.RoleMons)
	}
	return false
}

func (s sweep) lying(x string, i int) bool {
	began := s.last(i, "disk-lie", x)
	for ; began >= 0 && began < i; i-- {
		w := s.words(i)
		if w[0] == "disk-mend" && w[1] == "disk-lie" && w[2] == x || w[0] == "mend" && s.starts(i, x) {
			return false
		}
	}
	return began >= 0
}

// dark reports whether the power of a monitor may go between two steps, the first left out.
func (s sweep) dark(x string, from, to int) bool {
	for j := 0; j <= to; j++ {
		w := s.words(j)
		switch {
		case w[0] == "power-off" && j > from && may(w[1], x) && s.lying(x, j):
			return true
		case w[0] == "crash-at" && w[len(w)-1] == "power" && may(w[2], x), w[0] == "disk-error" && slices.Contains(w, "sync") && may(w[1], x):
			for k := max(j, from+1); k <= to && !s.disarmed(j, k); k++ {
				if s.lying(x, k) && (k == j || s.words(k)[0] == "disk-lie") {
					return true
				}
			}
		}
	}
	return false
}

func (s sweep) disarmed(j, k int) bool {
	for m := j + 1; m <= k; m++ {
		if u, ok := s.plan[m].Fault.(faults.Undoing); ok && u.Undoes() == s.plan[j].Fault {
			return true
		}
	}
	return false
}

func (s sweep) forgotten(x string, i int) bool { return s.dark(x, s.replaced(x, i), i) }

func (s sweep) rotten(x string, i int) bool {
	rot := s.last(i, "disk-rot", x)
	return rot >= 0 && rot > s.replaced(x, i)
}

// away: who was removed is not back before it was added, and has had its peace.
func (s sweep) away(x string, i int) bool {
	rm := s.last(i, "mon-rm", x)
	return rm >= 0 && !s.member(x, i)
}

// member reports whether a monitor surely is a member, and has all that a quorum has.
func (s sweep) member(x string, i int) bool {
	rm := s.last(i, "mon-rm", x)
	if rm < 0 {
		return true
	}
	added := s.replaced(x, i)
	return added > rm && s.hadPeace(added, i)
}

// replaced is the last step up to one that surely has added a monitor, -1 if none has.
func (s sweep) replaced(x string, i int) int {
	for ; i >= 0; i-- {
		if w := s.words(i); w[0] != "mon-add" || w[1] != x || s.lying(x, i) {
			continue
		}
		rm := s.last(i, "mon-rm", x)
		if rm < 0 || s.last(i-1, "mon-add", x) > rm { // nothing was to be added, or it is too late
			continue
		}
		if s.member(x, rm-1) && s.peaceful(x, rm) && !s.disturbed(rm, i) && s.plan[i].At-s.plan[rm].At >= s.b.Change {
			return i
		}
	}
	return -1
}

// hadPeace reports whether nothing disturbed monitors for long enough after a step.
func (s sweep) hadPeace(from, to int) bool {
	for i := from + 1; i <= to && !s.disturbed(from, i); i++ {
		if s.plan[i].At-s.plan[from].At >= s.b.Change {
			return true
		}
	}
	return false
}

// disturbed reports whether something between two steps disturbs monitors.
func (s sweep) disturbed(from, to int) bool {
	for j := from + 1; j < to; j++ {
		if s.disturbs(j) {
			return true
		}
	}
	return false
}

// peaceful reports whether for long enough before step i nothing has disturbed monitors, and
// nothing is left that does but for a monitor's own end.
func (s sweep) peaceful(x string, i int) bool {
	for j := 0; j < i; j++ {
		if !s.disturbs(j) {
			continue
		}
		if s.plan[i].At-s.plan[j].At < s.b.Recovery {
			return false
		}
		w := s.words(j)
		if own := (w[0] == "kill" || w[0] == "power-off") && w[1] == x || w[0] == "disarm" && w[3] == x; !own && s.remains(j, i) {
			return false
		}
	}
	return true
}

// quiet are the kinds that disturb no monitor, or are accounted for.
const quiet = " mon-rm mon-add disk-rot disk-lie clock-step clock-offset clock-drift mgr-fail command os-service os-cluster" +
	" work-cleanup service-remove create-volume db-backup db-failover db-restore db-slow db-fast "

func (s sweep) disturbs(j int) bool {
	w := s.words(j)
	if strings.Contains(quiet, " "+w[0]+" ") || w[0] == "disk-mend" && w[1] == "disk-lie" {
		return false
	}
	aimed, ok := s.plan[j].Fault.(faults.Aimed)
	return !ok || len(aimed.Aim()) != 1 || !strings.Contains(aimed.Aim()[0], ".") || strings.HasPrefix(aimed.Aim()[0], "mon.")
}

// remains reports whether nothing before step i has ended what step j began.
func (s sweep) remains(j, i int) bool {
	w := s.words(j)
	if _, ends := s.plan[j].Fault.(faults.Undoing); strings.Contains(" restart resume reset mend ", " "+w[0]+" ") || ends && w[0] != "disarm" {
		return false
	}
	who := w[1]
	if w[0] == "disarm" { // its crash may have struck
		who = w[3]
	}
	for k := j + 1; k < i; k++ {
		e := s.words(k)
		u, undoing := s.plan[k].Fault.(faults.Undoing)
		if undoing && u.Undoes() == s.plan[j].Fault {
			return false
		}
		switch w[0] {
		case "kill", "power-off", "disarm":
			if e[0] == "restart" && (e[1] == "dead" || e[1] == who) || e[0] == "mon-add" && e[1] == who {
				return false
			}
		case "pause":
			if e[0] == "resume" && (e[1] == "paused" || e[1] == who) {
				return false
			}
		}
	}
	return true
}

// aPlan draws what is done to monitors, with their recovery in mind.
func aPlan(t *rapid.T, mons []string, b budget.Budget) (plan faults.Plan) {
	at := time.Duration(0)
	strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
	for range rapid.IntRange(6, 24).Draw(t, "steps") {
		at += rapid.SampledFrom([]time.Duration{0, time.Second, b.Change, b.Recovery, b.Recovery + time.Second}).Draw(t, "apart")
		x := rapid.SampledFrom(mons).Draw(t, "who")
		role := rapid.SampledFrom([]string{x, x, cluster.RoleLeader}).Draw(t, "role")
		switch rapid.IntRange(0, 13).Draw(t, "what") {
		case 0:
			strike(faults.DiskRot{Who: x, Bits: 1})
		case 1:
			strike(&faults.DiskLie{Who: x, OneIn: 1})
		case 2:
			strike(&faults.PowerOff{Who: role})
		case 3:
			strike(faults.Restart{Who: rapid.SampledFrom([]string{x, cluster.RoleDead}).Draw(t, "restart")})
		case 4, 5:
			strike(faults.RemoveMon{Who: x})
		case 6, 7:
			strike(faults.AddMon{Who: x})
		case 8:
			strike(&faults.Cut{A: x, B: cluster.RoleMons, Direction: faults.Both})
		case 9:
			strike(&faults.CrashAt{Who: role, Point: "p", Nth: 1, Power: rapid.Bool().Draw(t, "power")})
		case 10:
			strike(faults.Reset{A: x, B: cluster.RoleMons})
		case 11:
			strike(&faults.DiskError{Who: role, Errors: sim.DiskErrors{Read: rapid.IntRange(0, 1).Draw(t, "reads"), Sync: rapid.IntRange(0, 1).Draw(t, "syncs")}})
		default:
			if f := undoOf(plan, rapid.IntRange(0, len(plan)).Draw(t, "undo")); f != nil {
				strike(f)
			}
		}
	}
	return plan
}

// undoOf takes a step of the plan back, if that can be.
func undoOf(plan faults.Plan, i int) faults.Fault {
	if i == len(plan) {
		return nil
	}
	switch f := plan[i].Fault.(type) {
	case *faults.DiskLie:
		return faults.DiskMend{Of: f}
	case *faults.DiskError:
		return faults.DiskMend{Of: f}
	case *faults.PowerOff:
		return faults.PowerOn{Of: f}
	case *faults.Cut:
		return faults.Heal{Cut: f}
	case *faults.CrashAt:
		return faults.Disarm{Of: f}
	}
	return nil
}

// The budget and the sweep are of one mind about any plan.
func TestBudget_isTheSweeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		topology := cluster.DefaultTopology()
		topology.Mons = rapid.SampledFrom([]int{3, 5}).Draw(t, "mons")
		b := budget.Of(topology)
		for range 50 {
			plan := aPlan(t, topology.MonNames(), b)
			want := newSweep(topology, plan).within()
			if err := b.Check(plan); (err == nil) != (want == nil) {
				t.Fatalf("%v, and the sweep says %v, of\n%s", err, want, plan)
			}
		}
	})
}

// No plan that the swarm draws has more damage at any moment than its topology survives, and
// some replace monitors.
func TestSweep_swarm(t *testing.T) {
	swarm, err := scenarios.Find("swarm")
	if err != nil {
		t.Fatal(err)
	}
	replaced := 0
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64Max(1<<40).Draw(t, "first seed")
		for seed := range uint64(20) {
			script, err := scenarios.ScriptOf(scenarios.Spec{Scenario: swarm, Seed: first + seed})
			if err != nil || script.Topology.SpareMons > 0 || script.Topology.Mons == 0 {
				continue // of two messengers; of members that come and go; without monitors
			}
			if err := newSweep(script.Topology, script.Plan).within(); err != nil {
				t.Fatalf("seed %d: %v in\n%s", first+seed, err, script)
			}
			replaced += len(budget.Of(script.Topology).Rejoins(script.Plan))
		}
	})
	if replaced == 0 && !testing.Short() { // few plans have it
		t.Error("nobody was ever replaced")
	}
	t.Logf("%d monitors were replaced", replaced)
}
