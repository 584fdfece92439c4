package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// monCatchUp keeps a monitor away for longer than the others keep their logs, so that
// it gets a snapshot when it is back: with its connections broken, on a slow disk, or
// crashing with or without power before the snapshot has replaced its log, and with
// its leader crashing. The next one may be away at once.
func monCatchUp() Scenario {
	return Scenario{
		Name:   "mon-catchup",
		Doc:    "monitors are away for longer than the others keep their logs, and crash while they catch up by a snapshot",
		Length: 120 * time.Second,
		Bite:   faults.Kill{}.Kind(),
		Lacks:  "crash-at, disk-slow and power-off are simulated",
		Topology: func(d *Draw, t *cluster.Topology) {
			keysOnly(d, t)
			t.Mon.SnapshotEvery, t.Mon.KeepEntries = d.Int("snapshot-often", 3, 20), d.Int("keep", 0, 10)
		},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan, at := slowDisks(d), d.Between("first", time.Second, 5*time.Second)
			for i := range d.Int("times", 1, 4) {
				who := d.Pick("whose", t.MonNames()...)
				begin, end := aDisappearance(d, who, i == 0)
				plan = append(plan, faults.Step{At: at, Fault: begin})
				at += d.Between("away", 15*time.Second, 35*time.Second)
				hindrance := aHindrance(d, who)
				plan = append(plan, faults.Step{At: at, Fault: hindrance}, faults.Step{At: at, Fault: end})
				at += d.Between("meanwhile", 100*time.Millisecond, 3*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Reset{A: who, B: cluster.RoleMons}})
				at += d.Between("together", 0, 5*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Disarm{Of: hindrance}}, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
			}
			return plan, []Goal{served(len(plan) - 1), caughtUp(len(plan) - 1)}
		},
	}
}

// aDisappearance draws why a monitor is away, and what ends that.
func aDisappearance(d *Draw, who string, kill bool) (begin, end faults.Fault) {
	how := "kill"
	if !kill {
		how = d.Pick("absence", "kill", "power", "cut", "pause")
	}
	switch how {
	case "kill":
		return faults.Kill{Who: who}, faults.Restart{Who: who}
	case "power":
		return &faults.PowerOff{Who: who}, faults.Restart{Who: who}
	default:
		return aSeparation(d, who, how == "pause")
	}
}

// aHindrance draws what keeps a monitor from catching up at once.
func aHindrance(d *Draw, who string) *faults.CrashAt {
	switch d.Pick("hindrance", "restore", "restore", "saved", "leader") {
	case "restore":
		return &faults.CrashAt{Who: who, Point: "mon.quorum.restore", Nth: 1, Power: d.Chance("power", 2)}
	case "saved":
		return &faults.CrashAt{Who: who, Point: d.Pick("point", commitPath...), Nth: d.Int("nth", 1, 6), Power: d.Chance("power", 2)}
	default:
		return &faults.CrashAt{Who: cluster.RoleLeader, Point: "mon.quorum.sent", Nth: d.Int("nth", 1, 8), Power: d.Chance("power", 2)}
	}
}

// caughtUp says that every monitor has executed what was executed anywhere by the
// given step.
func caughtUp(step int) Goal {
	return Goal{
		Words:    "caught-up",
		Property: "catch-up", Step: step, Fault: step,
		Doc:    "every monitor has executed what any had executed by then",
		Within: func(cluster.Topology) time.Duration { return 150 * time.Second },
		Reached: func(p *Progress) bool {
			return !slices.ContainsFunc(p.Topology().MonNames(), func(name string) bool {
				return p.View().Executed(name) < p.Executed
			})
		},
	}
}

// rejoined says that those monitors, which were added at the given step, are members, and
// have executed what came after: their addition at the latest.
func rejoined(step int, within func(cluster.Topology) time.Duration, who ...string) Goal {
	return Goal{
		Words:    "rejoined " + strings.Join(who, " "),
		Property: "catch-up", Step: step, Fault: step,
		Doc:    strings.Join(who, ", ") + " are members, and have executed their addition",
		Within: within,
		Reached: func(p *Progress) bool {
			members := p.MonMembers()
			return !slices.ContainsFunc(who, func(name string) bool {
				return !slices.Contains(members, name) || p.View().Executed(name) <= p.Executed
			})
		},
	}
}
