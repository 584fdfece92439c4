package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// How the order among the loops of a simulated run is chosen.
const (
	// ScheduleUniform draws uniformly among what is due.
	ScheduleUniform = "uniform"
	// SchedulePCT is probabilistic concurrency testing; each seed draws its depth, the
	// number of steps and how long a loop may lag. See sim.PCT.
	SchedulePCT = "pct"
	// ScheduleFair lets loops take turns.
	ScheduleFair = "fair"
	// SchedulePortfolio lets each seed draw: uniform once in three times, else pct.
	SchedulePortfolio = "portfolio"
)

// Schedules lists them.
func Schedules() []string {
	return []string{ScheduleUniform, SchedulePCT, ScheduleFair, SchedulePortfolio}
}

// CheckSchedule is an error that names the schedules, if there is no such schedule.
func CheckSchedule(name string) error {
	if name == "" {
		return nil
	}
	if _, err := oneOf(name, Schedules()); err != nil {
		return fmt.Errorf("no schedule: %w", err)
	}
	return nil
}

// schedule is the seed's. The draws are from a stream of their own, so that all else
// that the seed chooses is the same with each schedule.
func (s Spec) schedule() sim.Schedule {
	if s.Scenario.Schedule.Kind != sim.Uniform {
		return s.Scenario.Schedule
	}
	stream := "schedule/" + s.Scenario.Name
	draws := sim.NewStream(s.Vary.Of(s.Seed, stream), stream)
	kind := s.Schedule
	if kind == SchedulePortfolio {
		kind = [...]string{ScheduleUniform, SchedulePCT, SchedulePCT}[draws.IntN(3)]
	}
	switch kind {
	case SchedulePCT:
		lags := [...]time.Duration{0, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond}
		return sim.Schedule{
			Kind: sim.PCT, Depth: 2 + draws.IntN(3), Steps: 256 << draws.IntN(6),
			Lag: lags[draws.IntN(len(lags))] / time.Duration(s.Profile.divisor()),
		}
	case ScheduleFair:
		return sim.Schedule{Kind: sim.Fair}
	}
	return sim.Schedule{}
}

// choices adds the schedule to what a seed chose, if it chose one.
func (s Spec) choices(others string) string {
	plain := (s.Schedule == "" || s.Schedule == ScheduleUniform) && s.Scenario.Schedule.Kind == sim.Uniform
	if plain || s.World == WorldTCP {
		return others
	}
	return fmt.Sprintf("%s schedule=%v", others, s.schedule())
}

// beFair lets loops take turns once the last fault has struck: from here on the goals
// must be reached, and a loop that is kept waiting would only be in their way. A schedule
// that is fair but for some decisions is left as it is.
func (r *run) beFair() {
	schedule := r.spec.schedule()
	if w, ok := r.world.(*cluster.SimWorld); ok && schedule.Kind != sim.Uniform && len(schedule.Except) == 0 {
		w.Sim().SetSchedule(sim.Schedule{Kind: sim.Fair})
	}
}

// scheduleText is a schedule in the words of a script.
func scheduleText(s sim.Schedule) string {
	switch {
	case s.Kind == sim.PCT:
		return fmt.Sprintf("schedule pct depth %d steps %d lag %v", s.Depth, s.Steps, s.Lag)
	case len(s.Except) > 0:
		return "schedule fair except " + strings.Trim(fmt.Sprint(s.Except), "[]")
	}
	return "schedule fair"
}

func readSchedule(p *faults.Phrase) (s sim.Schedule) {
	if p.OneOf(ScheduleFair, SchedulePCT) == SchedulePCT {
		s.Kind = sim.PCT
		p.Expect("depth")
		s.Depth = int(p.Int("the depth", 1, mostDaemons))
		p.Expect("steps")
		s.Steps = int(p.Int("the number of steps", 1, 1<<30))
		p.Expect("lag")
		s.Lag = p.Duration("how long a loop may oversleep", 0)
		return s
	}
	s.Kind = sim.Fair
	if p.Accept("except") {
		s.Except = readDecisions(p)
	}
	return s
}

// readDecisions reads numbers and ranges of them, "17 40-45", ascending.
func readDecisions(p *faults.Phrase) (all []sim.Decisions) {
	for last := uint64(0); p.More() || last == 0 && p.End() == nil; {
		d := sim.Decisions{}
		text := p.Word("the number of a decision, or a range of them such as 40-45")
		first, end, isRange := strings.Cut(text, "-")
		if !isRange {
			end = first
		}
		var errFirst, errLast error
		d.First, errFirst = strconv.ParseUint(first, 10, 64)
		d.Last, errLast = strconv.ParseUint(end, 10, 64)
		if errFirst != nil || errLast != nil || d.First <= last || d.Last < d.First || d.Last > mostSteps {
			p.FailBack("the number of a decision is %q, want one above %d, or a range of them such as 40-45", text, last)
		}
		last = d.Last
		all = append(all, d)
	}
	return all
}
