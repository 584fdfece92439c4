package sim

import (
	"fmt"
	"log/slog"
	"time"
)

// ScheduleKind is a strategy by which the kernel chooses among loops.
type ScheduleKind uint8

// The strategies.
const (
	// Uniform draws uniformly among everything that is due at one instant.
	Uniform ScheduleKind = iota
	// PCT is probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and
	// Nagarakatte, ASPLOS 2010). Each loop has a random priority and of what is due
	// the loop with the highest one goes first; at Depth-1 steps drawn from the
	// first Steps the loop that runs falls below all others. A bug that needs d
	// ordered events among n loops in k steps is found with a chance of at least
	// 1/(n*k^(d-1)) by each run with Depth d.
	PCT
	// Fair lets loops take turns: of those with something due goes first which has
	// not run for longest. It is for phases in which something must come true.
	Fair
)

// Schedule is the order among loops.
type Schedule struct {
	Kind ScheduleKind
	// Depth is the number of ordering constraints that PCT looks for; default 3.
	Depth int
	// Steps is how many kernel steps PCT takes the run for; default 4096. Of a run
	// that is longer the rest has no changes of priority.
	Steps int
	// Lag is how long at most PCT lets a loop oversleep. With 0 priorities decide
	// only among what is due at the same nanosecond, which is little besides posts
	// between loops, for each message has a delay of its own. With more, a loop that
	// was idle takes up what is due for it the later the lower its priority is, and
	// one that falls stops for at least half of Lag and at most all of it, so that
	// whatever the others do meanwhile comes first. Time passes all the same: no loop
	// starves.
	Lag time.Duration
	// Except are decisions that Fair leaves to Uniform: what that would have drawn there
	// goes first. A decision is a step at which more than one event is due; they are
	// numbered from 1, and stand here in ascending order. With all of them excepted a run
	// makes the steps of a Uniform one. So a list says which draws of a Uniform run matter.
	Except []Decisions
}

// Decisions are some in a row, both ends included.
type Decisions struct{ First, Last uint64 }

func (d Decisions) String() string {
	if d.First == d.Last {
		return fmt.Sprint(d.First)
	}
	return fmt.Sprintf("%d-%d", d.First, d.Last)
}

func (s Schedule) withDefaults() Schedule {
	switch s.Kind {
	case Uniform:
		return Schedule{}
	case Fair:
		return Schedule{Kind: Fair, Except: s.Except}
	}
	if s.Depth < 1 {
		s.Depth = 3
	}
	if s.Steps < 1 {
		s.Steps = 4096
	}
	s.Lag = max(s.Lag, 0)
	return s
}

// String is the schedule in words: "uniform", "fair", "fair,except=17,except=40-45",
// "pct,depth=3,steps=4096,lag=1ms".
func (s Schedule) String() string {
	switch s.Kind {
	case PCT:
		return fmt.Sprintf("pct,depth=%d,steps=%d,lag=%v", s.Depth, s.Steps, s.Lag)
	case Fair:
		text := "fair"
		for _, d := range s.Except {
			text += ",except=" + d.String()
		}
		return text
	}
	return "uniform"
}

// SetSchedule chooses the strategy from now on. Each has random streams of its own;
// the steps of PCT count from here.
func (s *Sim) SetSchedule(schedule Schedule) {
	schedule = schedule.withDefaults()
	k := s.kernel
	k.lags = nil
	switch schedule.Kind {
	case PCT:
		p := newPCT(schedule, s.stream("kernel/pct"), k.steps)
		k.chooser = p
		if schedule.Lag > 0 {
			k.lags = p
		}
	case Fair:
		k.chooser = &fair{draws: s.stream("kernel/fair"), except: schedule.Except, order: k.order}
	default:
		k.chooser = nil
	}
	s.Note("schedule", slog.String("schedule", schedule.String()))
}

// thread names what an event belongs to for the choice: the loop whose callbacks it
// runs, or else its actor. 0 is the owner of the simulation.
func (e *event) thread() uint32 {
	l := e.loop()
	if l == nil {
		return e.actor
	}
	return l.id
}

// loop is the loop whose callbacks the event may run, nil if there is none.
func (e *event) loop() *loop {
	switch t := e.target.(type) {
	case *loop:
		return t
	case *timer:
		return t.loop
	case *conn:
		return t.loop
	case *pipe:
		if e.kind == eventCredit {
			return t.from.loop
		}
		return t.to.loop
	}
	return nil
}

// fair is the strategy Fair.
type fair struct {
	ran   []uint64 // by thread: the step at which it ran last, plus one
	draws *Stream  // among several events of one thread

	except   []Decisions // those still to come
	order    *Stream     // what Uniform draws from
	decision uint64      // the last one's number
}

func (f *fair) choose(w *wheel, steps uint64) int {
	if len(f.except) > 0 && len(w.due) > 1 {
		if drawn := f.order.IntN(len(w.due)); f.excepted() {
			f.turn(w.slab[w.due[drawn]].thread(), steps)
			return drawn
		}
	}
	pick, best, same := 0, w.slab[w.due[0]].thread(), 1
	for i, index := range w.due[1:] {
		id := w.slab[index].thread()
		switch {
		case id == best:
			if same++; f.draws.IntN(same) == 0 {
				pick = i + 1
			}
		case f.before(id, best):
			pick, best, same = i+1, id, 1
		}
	}
	f.turn(best, steps)
	return pick
}

// excepted counts a decision, and reports whether it is Uniform's.
func (f *fair) excepted() bool {
	f.decision++
	for len(f.except) > 0 && f.except[0].Last < f.decision {
		f.except = f.except[1:]
	}
	return len(f.except) > 0 && f.decision >= f.except[0].First
}

// turn notes that a thread runs.
func (f *fair) turn(id uint32, steps uint64) {
	for int(id) >= len(f.ran) {
		f.ran = append(f.ran, 0)
	}
	f.ran[id] = steps + 1
}

// before reports whether it is a's turn and not b's.
func (f *fair) before(a, b uint32) bool {
	if x, y := f.last(a), f.last(b); x != y {
		return x < y
	}
	return a < b
}

func (f *fair) last(id uint32) uint64 {
	if int(id) < len(f.ran) {
		return f.ran[id]
	}
	return 0
}
