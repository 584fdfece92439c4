package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host/task"
)

// Errors that end a run (wrapped in a [*StuckError], so test with errors.Is).
var (
	// ErrDeadlock: nothing is left to do while a task waits.
	ErrDeadlock = errors.New("deadlock")
	// ErrLivelock: something goes round without virtual time passing.
	ErrLivelock = errors.New("livelock")
)

// StuckError says why a run finds no way on.
type StuckError struct {
	// Reason is ErrDeadlock or ErrLivelock.
	Reason error
	// At and Step are virtual time and kernel step of the end.
	At   time.Duration
	Step uint64
	// Spins are the loops and sockets that go round, the busiest first, with their
	// share of the last Sample steps. A deadlock has none.
	Spins  []Spin
	Sample int
	// Waits are the tasks that wait, of all hosts in the order of their making.
	Waits []Wait
}

// Spin is how often something took its turn.
type Spin struct {
	Host  string // empty if it belongs to none
	What  string // "loop NAME", or what else it is
	Steps int
}

// Wait is why one task waits.
type Wait struct {
	Host, Loop string
	task.Wait
}

// Unwrap is the reason.
func (e *StuckError) Unwrap() error { return e.Reason }

// Error names everything that spins and waits, a line each.
func (e *StuckError) Error() string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "sim: %v at %v, step %d", e.Reason, e.At, e.Step)
	if e.Sample > 0 {
		fmt.Fprintf(b, ": of the last %d steps at this instant took", e.Sample)
	}
	for _, s := range e.Spins {
		fmt.Fprintf(b, "\n  %s %s: %d", s.Host, s.What, s.Steps)
	}
	for _, w := range e.Waits {
		fmt.Fprintf(b, "\n  %v", w)
	}
	return b.String()
}

// String is the wait on a line: `mon.a main: task "sync" waits for a reply since 3s`.
func (w Wait) String() string { return fmt.Sprintf("%s %s: %v", w.Host, w.Loop, w.Wait) }

// Err is why the run has ended: a [*StuckError], or nil if it can go on. After it
// nothing happens any more and time stands still.
func (s *Sim) Err() error { return s.kernel.err }

// Waits lists the tasks that wait, with their reasons.
func (s *Sim) Waits() []Wait {
	var all []Wait
	for _, h := range s.hosts {
		if h.process == nil {
			continue
		}
		for _, l := range h.process.loops {
			for _, w := range l.tasks.Waits() {
				all = append(all, Wait{Host: h.name, Loop: l.name, Wait: w})
			}
		}
	}
	return all
}

// checkDeadlock ends the run if nobody but the owner of the simulation can bring
// anything about any more, while a task waits.
func (s *Sim) checkDeadlock() {
	if !s.config.StopOnDeadlock || s.kernel.err != nil || s.kernel.wheel.count > 0 || s.somethingIsKept() {
		return
	}
	if waits := s.Waits(); len(waits) > 0 {
		s.kernel.stop(&StuckError{Reason: ErrDeadlock, At: s.Now(), Step: s.Steps(), Waits: waits})
	}
}

// somethingIsKept reports whether a machine is paused, or a link or a rule holds
// something: then it is to be expected that somebody lets it go on.
func (s *Sim) somethingIsKept() bool {
	for _, h := range s.hosts {
		if h.paused {
			return true
		}
	}
	for _, l := range s.links {
		if len(l.held) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.rules, func(r *Rule) bool { return r.Holding() > 0 })
}

// spinSample is how many steps at one instant are counted by loop before the run is
// given up.
const spinSample = 10_000

// livelocked ends the run once too many steps have been made at one instant. It is
// asked from k.calm steps on.
func (k *kernel) livelocked() bool {
	if k.err == nil && k.stuck > k.bound {
		e := &StuckError{Reason: ErrLivelock, At: time.Duration(k.now()), Step: k.steps, Waits: k.waits()}
		for _, s := range k.spins {
			e.Spins = append(e.Spins, *s)
			e.Sample += s.Steps
		}
		slices.SortFunc(e.Spins, func(a, b Spin) int {
			return cmp.Or(b.Steps-a.Steps, strings.Compare(a.Host, b.Host), strings.Compare(a.What, b.What))
		})
		k.stop(e)
	}
	return k.err != nil
}

// countSpin notes whose step comes next although there were suspiciously many.
func (k *kernel) countSpin(pick int) {
	e := &k.wheel.slab[k.wheel.due[pick]]
	if k.stuck == k.calm+1 || k.spins == nil {
		k.spins = make(map[uint32]*Spin)
	}
	s := k.spins[e.thread()]
	if s == nil {
		s = e.spin()
		k.spins[e.thread()] = s
	}
	s.Steps++
}

func (e *event) spin() *Spin {
	if l := e.loop(); l != nil {
		return &Spin{Host: l.proc.host.name, What: "loop " + l.name}
	}
	switch t := e.target.(type) {
	case *Process:
		return &Spin{Host: t.host.name, What: "start of a process"}
	case *conn:
		return &Spin{Host: t.proc.host.name, What: "a connection"}
	case *pipe:
		return &Spin{Host: t.to.proc.host.name, What: "a connection"}
	}
	return &Spin{What: "the simulation's owner"}
}
