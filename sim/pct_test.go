package sim

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// thread is a loop of a daemon with work in steps, one callback each. Between two
// steps pass gap of virtual time; with 0 each step posts the next.
type thread struct {
	name  string
	steps int
	gap   time.Duration
	at    map[int]func() // what the steps do that matter
}

// run starts the threads of a daemon, each after its first gap.
func (th thread) run(h host.Host) {
	l := h.NewLoop(th.name)
	n := 0
	var step, next func()
	timer := l.NewTimer(func() { step() })
	next = func() {
		if th.gap == 0 {
			l.Post(step)
		} else {
			timer.Reset(th.gap)
		}
	}
	step = func() {
		n++
		if do := th.at[n]; do != nil {
			do()
		}
		if n < th.steps {
			next()
		}
	}
	next()
}

// plantedBug is a daemon with a bug that some order of its loops shows. threads
// makes it anew, with what to call when it shows.
type plantedBug struct {
	what    string
	threads func(shows func()) []thread
}

// plantedBugs are a store that is closed while a writer is at it. In the first two
// writer and closer race at one instant; in the last the closer is done 0.8 ms later.
//
// Depth 2: the store is closed after the writer has looked whether it is open, and
// before it writes. Depth 3: as before, but the closer closes only if it saw no writer
// one step earlier, so the writer must do all but its writing between two steps of the
// closer.
func plantedBugs() []plantedBug {
	return []plantedBug{
		{"depth 2, one instant", func(shows func()) []thread {
			open, seen := true, false
			return []thread{
				{name: "writer", steps: 4, at: map[int]func(){
					2: func() { seen = open },
					3: func() {
						if seen && !open {
							shows()
						}
					},
				}},
				{name: "closer", steps: 16, at: map[int]func(){16: func() { open = false }}},
			}
		}},
		{"depth 3, one instant", func(shows func()) []thread {
			open, writing, free, seen := true, false, false, false
			return []thread{
				{name: "writer", steps: 14, at: map[int]func(){
					1:  func() { writing = true },
					12: func() { seen = open },
					13: func() {
						if seen && !open {
							shows()
						}
						writing = false
					},
				}},
				{name: "closer", steps: 4, at: map[int]func(){
					3: func() { free = !writing },
					4: func() {
						if free {
							open = false
						}
					},
				}},
			}
		}},
		{"depth 2, 0.8 ms apart", func(shows func()) []thread {
			open, seen := true, false
			return []thread{
				{name: "writer", steps: 4, gap: 20 * time.Microsecond, at: map[int]func(){
					2: func() { seen = open },
					3: func() {
						if seen && !open {
							shows()
						}
					},
				}},
				{name: "closer", steps: 8, gap: 100 * time.Microsecond, at: map[int]func(){8: func() { open = false }}},
			}
		}},
	}
}

// seedsThatShow counts the seeds that show a bug.
func seedsThatShow(bug plantedBug, schedule Schedule, seeds uint64) (n int) {
	for seed := range seeds {
		s := New(Config{Seed: seed, Schedule: schedule})
		showed := false
		threads := bug.threads(func() { showed = true })
		s.AddHost("a").Start(func(h host.Host) {
			for _, th := range threads {
				th.run(h)
			}
		})
		s.Run(time.Second)
		s.Close()
		if showed {
			n++
		}
	}
	return n
}

// TestPCT_findsOrderingBugs holds PCT to its promise, a chance of 1/(n*k^(d-1)), and
// uniform choice below it. The figures are in docs/benchmarks.md.
func TestPCT_findsOrderingBugs(t *testing.T) {
	seeds := uint64(10_000)
	if testing.Verbose() {
		seeds = 100_000
	}
	pct := func(depth int, lag time.Duration) Schedule {
		return Schedule{Kind: PCT, Depth: depth, Steps: 25, Lag: lag}
	}
	bugs := plantedBugs()
	for i, schedules := range [][]Schedule{
		{{}, pct(2, 0), pct(3, 0)},
		{{}, pct(3, 0), pct(2, 0)},
		{{}, pct(2, time.Millisecond), pct(3, time.Millisecond), pct(2, 0)},
	} {
		var counts []int
		for _, schedule := range schedules {
			n := seedsThatShow(bugs[i], schedule, seeds)
			t.Logf("%s: %v finds it in %d of %d seeds", bugs[i].what, schedule.withDefaults(), n, seeds)
			counts = append(counts, n)
		}
		depth := schedules[1].Depth
		least := int(seeds) / 2 * 3 / 4 // the promise is one on average
		for range depth - 1 {
			least /= 25
		}
		if counts[1] < least {
			t.Errorf("%s: found %d times, promised are %d", bugs[i].what, counts[1], least)
		}
		if counts[1] <= 5*counts[0] {
			t.Errorf("%s: found %d times with PCT, %d times without", bugs[i].what, counts[1], counts[0])
		}
	}
}
