// Package faults is the vocabulary of damage: what can be done to a running
// cluster, in words that pair up (cut and heal, pause and resume, kill and
// restart), and plans that say when.
//
// A plan is written down before it runs: each step is a time and a fault, and
// prints as one line of text ("at 31.4s kill active-mgr"). Who is struck may be
// named ("mgr.x", "mon.a"), or by role at the moment of the strike
// ("active-mgr", "leader", "mons", "mgrs"), so that one plan fits every seed.
//
// Package faults knows neither worlds nor daemons: a [Target] is what it needs
// of them, and a [Simulated] one what faults of disks, of links and of power need.
// A new kind of fault is one new file in this package.
package faults

import (
	"fmt"
	"strings"
	"time"
)

// Target is what faults strike.
type Target interface {
	// Resolve names the daemons that a role or a name stands for now, in a fixed
	// order. It is empty if the role is vacant, and an error if there is no such
	// name or role.
	Resolve(who string) ([]string, error)

	// Kill is kill -9 of a daemon; it reports whether the daemon was running.
	Kill(name string) bool
	// Restart starts a daemon that is not running; it reports whether it did.
	Restart(name string) bool
	// Pause is SIGSTOP, Resume SIGCONT; they report whether they changed anything.
	Pause(name string) bool
	Resume(name string) bool

	// Cut stops what goes from one daemon's host to another's, Heal undoes it.
	Cut(from, to string)
	Heal(from, to string)
	// Held counts what cuts in that direction have kept back so far.
	Held(from, to string) int
	// Reset breaks the connections between two daemons and counts them.
	Reset(a, b string) int

	// AddMon makes, starts and adds a monitor; RemoveMon has one removed. They report
	// whether there was anything to do.
	AddMon(name string) bool
	RemoveMon(name string) bool

	// Command sends an operator's command to the monitors, such as
	// {"mgr fail", "who", "x"}: the prefix, then names and values in turn.
	Command(prefix string, args ...string)
}

// Fault is one thing that can be done to a Target.
type Fault interface {
	// String is the fault in the words of a plan.
	String() string
	// Kind is the first word, for counting.
	Kind() string
	// Strike does it, and reports how much of it landed: daemons killed or
	// paused, connections broken. A fault that finds nobody to strike lands 0. For
	// cuts, which land over time, see Landed.
	Strike(Target) (landed int, err error)
}

// Aimed is a fault that strikes daemons, which a report may name.
type Aimed interface {
	Fault
	// Aim is who is meant: names or roles.
	Aim() []string
}

// Spanning is a fault of what goes between machines.
type Spanning interface {
	Fault
	// Ends are names or roles: it is about what goes between anybody that the one stands for
	// and anybody that the other does, whichever way. The other one is empty for everybody.
	Ends() (one, other string)
}

// Lasting is a fault whose effect shows only later.
type Lasting interface {
	Fault
	// Landed counts what the fault has done since it struck.
	Landed(Target) int
}

// Undoing is a fault that takes back another one of its plan.
type Undoing interface {
	Fault
	// Undoes is the one that is over then.
	Undoes() Fault
}

// Step is a fault and its time.
type Step struct {
	// At is the time since the cluster was healthy; with After since the step before,
	// and with When how long that is waited for at most.
	At    time.Duration
	After bool
	// When is what the step waits for, from when the step before has struck and what is
	// expected of that has come true; nil is nothing.
	When  *Condition
	Fault Fault
}

// Timed reports whether the step has a time of its own, whatever comes before it.
func (s Step) Timed() bool { return !s.After && s.When == nil }

// String is the step in the words of a plan: "at 5s kill leader", "after 200ms kill
// leader", "when mgr.mode mode=active within 1m0s then kill leader".
func (s Step) String() string {
	switch {
	case s.When != nil:
		return fmt.Sprintf("when %v within %v then %v", s.When, s.At, s.Fault)
	case s.After:
		return fmt.Sprintf("after %v %v", s.At, s.Fault)
	}
	return fmt.Sprintf("at %v %v", s.At, s.Fault)
}

// Plan is steps in the order in which they happen: those that are timed in the order of
// their times.
type Plan []Step

// Check is an error that names the first step whose time is before that of one before it.
func (p Plan) Check() error {
	last := -1
	for i, s := range p {
		if !s.Timed() {
			continue
		}
		if last >= 0 && s.At < p[last].At {
			return fmt.Errorf("step %d (%v) comes before step %d (%v)", i, s, last, p[last])
		}
		last = i
	}
	return nil
}

// String is the plan in text, a step on each line, see [ParsePlan].
func (p Plan) String() string {
	var b strings.Builder
	undone := make(map[Fault]bool)
	for i, s := range p {
		b.WriteString(s.String())
		if u, ok := s.Fault.(Undoing); ok {
			if nth := p[:i].which(u, undone); nth > 0 {
				fmt.Fprintf(&b, " nth %d", nth)
			}
			undone[u.Undoes()] = true
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// which is the how-manieth of the steps that could be meant by the words of an undoing
// one is meant, 0 if the words say enough.
func (p Plan) which(u Undoing, undone map[Fault]bool) int {
	first, nth := Fault(nil), 0
	for _, s := range p {
		if s.Fault.Kind() != u.Undoes().Kind() || takenBackBy(s.Fault) != takenBackBy(u.Undoes()) {
			continue
		}
		nth++
		if first == nil && !undone[s.Fault] {
			first = s.Fault
		}
		if s.Fault == u.Undoes() {
			break
		}
	}
	if first == u.Undoes() {
		return 0
	}
	return nth
}

// resolve is Target.Resolve with the fault in its error.
func resolve(t Target, f Fault, who string) ([]string, error) {
	names, err := t.Resolve(who)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	return names, nil
}

// eachPair does something for each way from one of the first to another one of the second,
// until that fails.
func eachPair[T comparable](froms, tos []T, do func(from, to T) error) error {
	for _, from := range froms {
		for _, to := range tos {
			if from == to {
				continue
			}
			if err := do(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}
