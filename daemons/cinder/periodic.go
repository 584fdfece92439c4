package cinder

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// PeriodicTask is something to be done now and then.
type PeriodicTask struct {
	Name string
	// Spacing is the least time between two runs; 0 is each round.
	Spacing time.Duration
	Run     func(t host.Task) error
}

// periodic runs the manager's periodic tasks, one after another, every
// PeriodicInterval; the first round comes after a random while, so that services that
// were started together do not do everything together.
func (s *Service) periodic(t host.Task) {
	tasks := s.manager.Periodic()
	last := make([]time.Duration, len(tasks))
	ran := make([]bool, len(tasks))
	t.Sleep(s.fuzzyDelay())
	for !s.stopped {
		began := s.h.Clock().Monotonic()
		for i, task := range tasks {
			now := s.h.Clock().Monotonic()
			if ran[i] && now-last[i] < task.Spacing {
				continue
			}
			last[i], ran[i] = now, true
			if err := task.Run(t); err != nil {
				s.log.Error("periodic task failed", "task", task.Name, "error", err)
			}
		}
		t.Sleep(max(0, s.opt.PeriodicInterval-(s.h.Clock().Monotonic()-began)))
	}
}

func (s *Service) fuzzyDelay() time.Duration {
	if s.opt.PeriodicFuzzyDelay < time.Millisecond {
		return 0
	}
	return time.Duration(s.h.Rand("cinder.periodic").IntN(int(s.opt.PeriodicFuzzyDelay/time.Millisecond)+1)) * time.Millisecond
}
