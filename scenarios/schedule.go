package scenarios

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/cluster"
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
	draws := sim.NewStream(s.Seed, "schedule/"+s.Scenario.Name)
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
	if s.Schedule == "" || s.Schedule == ScheduleUniform || s.World == WorldTCP {
		return others
	}
	return fmt.Sprintf("%s schedule=%v", others, s.schedule())
}

// beFair lets loops take turns once the last fault has struck: from here on the goals
// must be reached, and a loop that is kept waiting would only be in their way.
func (r *run) beFair() {
	if w, ok := r.world.(*cluster.SimWorld); ok && r.spec.schedule().Kind != sim.Uniform {
		w.Sim().SetSchedule(sim.Schedule{Kind: sim.Fair})
	}
}
