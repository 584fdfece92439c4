package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// timeline remembers the damage of a run, for checkers whose properties excuse
// some of it.
type timeline struct {
	world  cluster.World
	pauses map[string][]interval
	cuts   []interval
}

// interval is a stretch of time; until is 0 while it lasts.
type interval struct{ since, until time.Duration }

func newTimeline(w cluster.World) *timeline {
	return &timeline{world: w, pauses: make(map[string][]interval)}
}

// struck notes a fault that has just happened.
func (t *timeline) struck(f faults.Fault, victims []string) {
	now := t.world.Now()
	switch f.(type) {
	case faults.Pause:
		for _, v := range victims {
			t.pauses[v] = append(t.pauses[v], interval{since: now})
		}
	case faults.Resume, faults.Kill:
		for _, v := range victims {
			end(t.pauses[v], now)
		}
	case *faults.Cut:
		t.cuts = append(t.cuts, interval{since: now})
	case faults.Heal:
		end(t.cuts, now)
	case faults.Reset:
		t.cuts = append(t.cuts, interval{since: now, until: now})
	}
}

func end(intervals []interval, now time.Duration) {
	for i := range intervals {
		if intervals[i].until == 0 {
			intervals[i].until = now
		}
	}
}

// PausedDuring implements invariant.Timeline.
func (t *timeline) PausedDuring(host string, since, now time.Duration) time.Duration {
	var total time.Duration
	for _, p := range t.pauses[host] {
		total += p.overlap(since, now)
	}
	return total
}

// LinksDisturbed implements invariant.Timeline. What a cut held back arrives
// only after the heal, when TCP sends again: that time counts too.
func (t *timeline) LinksDisturbed(since, now time.Duration) bool {
	for _, c := range t.cuts {
		if c.until == 0 || c.until+aftermath >= since && c.since <= now {
			return true
		}
	}
	return false
}

// aftermath is how long after a heal something may still be missing: the time in
// which a monitor client notices a dead session and finds another.
const aftermath = 60 * time.Second

func (i interval) overlap(since, until time.Duration) time.Duration {
	end := i.until
	if end == 0 {
		end = until
	}
	return max(0, min(end, until)-max(i.since, since))
}
