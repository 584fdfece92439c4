package budget

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// condition is what may have become of a monitor by some time.
type condition int

const (
	sound     condition = iota
	rotten              // it stays out once it has to start
	removed             // it is going to be no member, or is none
	joining             // added, and perhaps without all that a quorum has
	forgetful           // it must not start
)

// account is what is broken at a moment, while a plan is gone through.
type account struct {
	b       Budget
	now     time.Duration
	of      map[string]condition         // by monitor
	lying   map[string][]*faults.DiskLie // by monitor, lies that were not taken back
	trouble []faults.Fault               // what may keep monitors from their work, and is not over
	struck  time.Duration                // when something last did, or ended
	removed map[string]time.Duration     // when a removal was asked for in peace, until an addition
	joins   map[string]join              // of monitors that are joining
	// doubtful are monitors of which nobody knows any more whether they are members.
	doubtful map[string]bool
	// rejoined are the steps whose monitors have recovered.
	rejoined []int
}

// join is an addition.
type join struct {
	step int
	at   time.Duration
}

func newAccount(b Budget) *account {
	return &account{
		b: b, of: make(map[string]condition), lying: make(map[string][]*faults.DiskLie),
		struck:  -b.Recovery, // a cluster is healthy in the beginning
		removed: make(map[string]time.Duration), joins: make(map[string]join), doubtful: make(map[string]bool),
	}
}

// take does a step, and says what is too much about it.
func (a *account) take(i int, step faults.Step) (problem string) {
	switch {
	case step.When != nil: // at once, for all that is known
	case step.After:
		a.advance(a.now + step.At)
	default:
		a.advance(max(a.now, step.At))
	}
	problem = a.strike(i, step.Fault)
	a.disturb(step.Fault)
	if problem == "" {
		problem = a.tooMuch()
	}
	return problem
}

// advance lets time pass: who has had his time to recover has done so.
func (a *account) advance(to time.Duration) {
	a.now = to
	for name, c := range a.of {
		if j := a.joins[name]; c == joining && a.now-j.at >= a.b.Change {
			delete(a.of, name)
			a.rejoined = append(a.rejoined, j.step)
		}
	}
	slices.Sort(a.rejoined)
}

// calm reports whether nothing has disturbed monitors for long enough. That the one that is
// replaced is down itself does not.
func (a *account) calm(name string) bool {
	others := slices.ContainsFunc(a.trouble, func(t faults.Fault) bool { return !down(t) || aim(t) != name })
	return a.b.Recovery > 0 && !others && a.now-a.struck >= a.b.Recovery
}

// strike says what becomes of monitors that a fault is about, and of which that must not.
func (a *account) strike(i int, f faults.Fault) (problem string) {
	switch f := f.(type) {
	case faults.DiskRot:
		return a.spoil(f.Who, func() { a.become(f.Who, rotten) })
	case *faults.DiskLie:
		return a.spoil(f.Who, func() { a.lie(f) })
	case faults.DiskMend:
		a.endLie(f.Of)
	case *faults.PowerOff:
		a.loseDarkly(f.Who)
	case *faults.DiskError:
		if f.Errors.Sync > 0 {
			a.loseDarkly(f.Who)
		}
	case *faults.CrashAt:
		if f.Power {
			a.loseDarkly(f.Who)
		}
	case faults.Restart:
		return a.start(f.Who)
	case faults.PowerOn:
		return a.start(f.Of.Who)
	case faults.RemoveMon:
		return a.remove(f.Who)
	case faults.AddMon:
		a.add(i, f.Who)
	case faults.ClockDrift:
		if max(f.PPM, -f.PPM) > a.b.DriftPPM {
			return fmt.Sprintf("clocks drift by %d ppm at most", a.b.DriftPPM)
		}
	case *faults.Mend:
		return a.mend(f.Core)
	}
	return ""
}

// spoil does something to the disk of a monitor.
func (a *account) spoil(who string, do func()) (problem string) {
	if !slices.Contains(a.b.names, who) || !strings.HasPrefix(who, "mon.") {
		return "only disks of monitors that are named may rot or lie"
	}
	do()
	return ""
}

// become makes a monitor worse. Nothing makes one better that has forgotten something, and
// whether one that was removed has rotted does not matter.
func (a *account) become(name string, c condition) {
	if a.of[name] < c || a.of[name] == joining {
		a.of[name] = c
	}
}

// lie lets a disk lie. A crash that was armed before may take its power at any time, and so
// may a sync fail.
func (a *account) lie(f *faults.DiskLie) {
	a.lying[f.Who] = append(a.lying[f.Who], f)
	for _, t := range a.trouble {
		crash, crashes := t.(*faults.CrashAt)
		errs, fails := t.(*faults.DiskError)
		if crashes && crash.Power && mayBe(crash.Who, f.Who) || fails && errs.Errors.Sync > 0 && mayBe(errs.Who, f.Who) {
			a.become(f.Who, forgetful)
		}
	}
}

// endLie takes a lie back; the end of one is that of all.
func (a *account) endLie(of faults.DiskFault) {
	if lie, ok := of.(*faults.DiskLie); ok {
		delete(a.lying, lie.Who)
	}
}

// loseDarkly is a loss of power or a failed sync, now or some time: either takes what is not
// on the disk, and whose disk lies has forgotten.
func (a *account) loseDarkly(who string) {
	for name := range a.lying {
		if mayBe(who, name) {
			a.become(name, forgetful)
		}
	}
}

// start is a start of those who are down.
func (a *account) start(who string) (problem string) {
	for _, name := range a.b.names {
		if a.of[name] == forgetful && mayBe(who, name) {
			return fmt.Sprintf("%s may have forgotten what it promised, and must not run", name)
		}
	}
	return ""
}

// remove has a monitor removed, which only counts in peace. Who has forgotten something
// stays dead until it is added.
func (a *account) remove(who string) (problem string) {
	if a.b.Mons == 0 {
		return ""
	}
	if !slices.Contains(a.b.names, who) {
		return "only monitors that are named may be removed"
	}
	c, calm := a.of[who], a.calm(who)
	_, twice := a.removed[who]
	if c != forgetful {
		a.of[who] = removed
	}
	if a.removed[who] = a.now; twice || c == removed || c == joining || a.doubtful[who] || !calm {
		a.unclear(who)
	}
	return ""
}

// add makes a monitor anew, if it surely is no member any more.
func (a *account) add(i int, who string) {
	since, gone := a.removed[who]
	switch {
	case !gone:
	case a.now-since < a.b.Change || len(a.lying[who]) > 0:
		a.unclear(who)
	default:
		delete(a.removed, who)
		a.of[who], a.joins[who] = joining, join{step: i, at: a.now}
	}
}

// mend is the core's, whose disks do not lie from now on.
func (a *account) mend(core []string) (problem string) {
	for _, name := range a.b.names {
		if !slices.Contains(core, name) && !slices.Contains(core, cluster.RoleMons) {
			continue
		}
		if problem := a.start(name); problem != "" {
			return problem
		}
		delete(a.lying, name)
	}
	return a.b.leavesOut(core, a.unsound())
}

// unsound are the monitors that are not as they should be.
func (a *account) unsound() (names []string) {
	for _, name := range a.b.names {
		if a.of[name] != sound || len(a.lying[name]) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// tooMuch says whether more is broken now than a quorum can do without. Of those that are
// replaced each counts, which is enough: with one member less, one less may be spent at most.
func (a *account) tooMuch() (problem string) {
	most := minority(a.b.Mons)
	if all := a.unsound(); len(all) > most {
		return fmt.Sprintf("%s may not be spent together, but %d of %d", strings.Join(all, ", "), most, a.b.Mons)
	}
	return ""
}

// mayBe reports whether a name or a role may stand for a daemon.
func mayBe(who, name string) bool { return who == name || !strings.Contains(who, ".") }
