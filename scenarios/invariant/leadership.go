package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// leadership is who leads the monitors, and since when without a break, for checkers
// that ask what a leader has done in its time. A leader that dies says nothing: ask the
// Timeline. What its next process says ends its leadership.
type leadership struct {
	leader string // empty while nobody is known to lead
	pid    uint32 // its process
	term   uint64
	since  time.Duration
}

func (l *leadership) observe(o cluster.Observation) {
	if o.Host == l.leader && o.PID != l.pid && o.PID != 0 {
		*l = leadership{term: l.term, since: o.At}
	}
	f, ok := o.Fact.(mon.Role)
	switch {
	case !ok || f.Term < l.term:
	case f.Role == cluster.Leader && f.Active && (o.Host != l.leader || o.PID != l.pid || f.Term > l.term):
		*l = leadership{leader: o.Host, pid: o.PID, term: f.Term, since: o.At}
	case f.Role != cluster.Leader && (o.Host == l.leader || f.Term > l.term):
		*l = leadership{term: f.Term, since: o.At}
	}
}

// stable reports whether the leader has led since the given time, without standing
// still, and still does.
func (l *leadership) stable(t Timeline, since, now time.Duration) bool {
	return l.leader != "" && l.since <= since && t.Runs(l.leader, l.pid) && t.PausedDuring(l.leader, since, now) == 0
}
