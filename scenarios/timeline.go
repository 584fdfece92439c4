package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/wal"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/history"
)

// machines are what a timeline looks at: those of a run under way, or of a saved one
// (history.World).
type machines interface {
	// Now is the time since the world began.
	Now() time.Duration
	// Machine is how a machine stands, but for its disk; the zero value for none.
	Machine(name string) history.Machine
	// DiskFaults are the errors that its disk has given its daemon cause to end with so far.
	DiskFaults(name string) []error
}

// timeline remembers the damage of a run, for checkers whose properties excuse
// some of it.
type timeline struct {
	machines
	resolve func(who string) ([]string, error) // of the cluster
	pauses  map[string][]interval
	links   map[faults.Fault]*disturbance // damage to links that lasts
	broken  []interval
	fired   func() bool   // whether any fault point has, nil if none can
	last    time.Duration // of the damage that is over as soon as it is done
	lasts   bool          // there is damage that nothing undoes
	rewinds int           // how often a database was put back
}

// interval is a stretch of time; until is 0 while it lasts.
type interval struct{ since, until time.Duration }

// disturbance is damage to what goes between machines: of one with any other, or of any
// with any other if there is no other.
type disturbance struct {
	interval
	one, other []string
}

func (d *disturbance) between(a, b string) bool {
	joins := func(a, b string) bool {
		return slices.Contains(d.one, a) && (d.other == nil || slices.Contains(d.other, b))
	}
	return joins(a, b) || joins(b, a)
}

func newTimeline(m machines, resolve func(who string) ([]string, error)) *timeline {
	return &timeline{
		machines: m, resolve: resolve,
		pauses: make(map[string][]interval), links: make(map[faults.Fault]*disturbance), last: longAgo,
	}
}

// struck notes a fault that has just happened.
func (t *timeline) struck(f faults.Fault, victims []string) {
	now := t.Now()
	for _, v := range victims {
		t.look(v, now)
	}
	switch faults.HarmOf(f) {
	case faults.Requested:
	case faults.Interrupted:
		t.last = now
	case faults.Broken:
		t.broken = append(t.broken, interval{since: now, until: now})
		t.last = now
	case faults.Disturbed:
		t.links[f] = t.disturbance(f)
	case faults.Undone:
		if i := t.links[f.(faults.Undoing).Undoes()]; i != nil {
			i.until = now
		}
	case faults.Rewound:
		t.lasts = true
		t.rewinds++
	default:
		t.lasts = true
	}
}

// disturbance is the damage of a fault that has just begun.
func (t *timeline) disturbance(f faults.Fault) *disturbance {
	d := &disturbance{interval: interval{since: t.Now()}}
	if f, ok := f.(faults.Spanning); ok {
		one, other := f.Ends()
		d.one, _ = t.resolve(one) // Strike reports the error
		if other != "" {
			others, _ := t.resolve(other)
			d.other = append([]string{}, others...)
		}
	}
	return d
}

// Rewinds implements invariant.Timeline.
func (t *timeline) Rewinds() int { return t.rewinds }

// longAgo is before any run.
const longAgo = -time.Hour

// CalmSince implements invariant.Timeline.
func (t *timeline) CalmSince() (time.Duration, bool) {
	since := t.last
	if t.lasts || t.fired != nil && t.fired() {
		return 0, false
	}
	for _, i := range t.links {
		if i.until == 0 {
			return 0, false
		}
		since = max(since, i.until)
	}
	for _, all := range t.pauses {
		if all[len(all)-1].until == 0 {
			return 0, false
		}
	}
	return since, true
}

// look notes whether a daemon stands still, whatever fault made it so.
func (t *timeline) look(name string, now time.Duration) {
	all := t.pauses[name]
	open := len(all) > 0 && all[len(all)-1].until == 0
	switch paused := t.Machine(name).Paused; {
	case paused && !open:
		t.pauses[name] = append(all, interval{since: now})
	case !paused && open:
		all[len(all)-1].until = now
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

// PausedApart implements invariant.Timeline.
func (t *timeline) PausedApart(host, other string, since, now time.Duration) time.Duration {
	total := t.PausedDuring(host, since, now)
	for _, p := range t.pauses[host] {
		from, until := max(p.since, since), now
		if p.until != 0 {
			until = min(p.until, now)
		}
		total -= t.PausedDuring(other, from, max(from, until))
	}
	return total
}

// Runs implements invariant.Timeline. On real sockets any process of the host counts.
func (t *timeline) Runs(host string, pid uint32) bool {
	m := t.Machine(host)
	return m.Running && !m.Paused && (m.PID == 0 || m.PID == pid)
}

// HostRuns implements invariant.Timeline.
func (t *timeline) HostRuns(host string) bool {
	m := t.Machine(host)
	return m.Running && !m.Paused
}

// live are the machines of a run under way.
type live struct{ cluster.World }

func (l live) Machine(name string) (m history.Machine) {
	h := l.Host(name)
	if h == nil {
		return m
	}
	m.Running, m.Paused = h.Running(), h.Paused()
	if w, ok := l.World.(*cluster.SimWorld); ok && m.Running {
		m.PID = w.Sim().Host(name).Process().PID()
	}
	return m
}

func (l live) DiskFaults(name string) (causes []error) {
	w, ok := l.World.(*cluster.SimWorld)
	if !ok {
		return nil
	}
	c := w.Sim().Host(name).DiskCounts()
	if c.ReadErrors+c.WriteErrors+c.SyncErrors > 0 {
		causes = append(causes, host.ErrIO)
	}
	if c.NoSpace > 0 {
		causes = append(causes, host.ErrNoSpace)
	}
	if c.FlippedBits+c.Lies > 0 {
		causes = append(causes, wal.ErrCorrupt)
	}
	if c.Lies > 0 {
		causes = append(causes, quorum.ErrForgot)
	}
	return causes
}

// LinksDisturbed implements invariant.Timeline. What a cut held back arrives
// only after the heal, when TCP sends again: that time counts too.
func (t *timeline) LinksDisturbed(since, now time.Duration) bool {
	for _, i := range t.links {
		if i.disturbs(since, now) {
			return true
		}
	}
	if t.fired != nil && t.fired() {
		return true
	}
	return slices.ContainsFunc(t.broken, func(i interval) bool { return i.disturbs(since, now) })
}

// PathDisturbed implements invariant.Timeline.
func (t *timeline) PathDisturbed(a, b string, since, now time.Duration) bool {
	for _, d := range t.links {
		if d.disturbs(since, now) && d.between(a, b) {
			return true
		}
	}
	return false
}

func (i interval) disturbs(since, now time.Duration) bool {
	return i.since <= now && (i.until == 0 || i.until+aftermath >= since)
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
