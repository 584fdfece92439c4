package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgrc"
)

// reports is I-MGR-15, of the clients that report to the active manager: one session at a
// time, a report only on that session, after its manager has said how it wants it, and
// each value declared once on a session, so that the manager can tell them apart.
type reports struct{ of map[process]*reporting }

type reporting struct {
	session    uint64 // 0 while there is none
	last       uint64 // the highest one so far
	configured bool
	declared   int // counters that were declared and not taken back
}

func newReports() *reports { return &reports{of: make(map[process]*reporting)} }

func (*reports) Name() string { return "I-MGR-15 reports belong to their session" }

func (c *reports) client(o cluster.Observation) *reporting {
	key := process{o.Host, o.PID}
	r := c.of[key]
	if r == nil {
		r = &reporting{}
		c.of[key] = r
	}
	return r
}

func (c *reports) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mgrc.SessionOpened:
		return c.client(o).open(f)
	case mgrc.SessionLost:
		r := c.client(o)
		if f.Session != r.session {
			return violation("%s lost session %d, while it had session %d", f.Entity, f.Session, r.session)
		}
		*r = reporting{last: r.last}
	case mgrc.Configured:
		r := c.client(o)
		if f.Session != r.session {
			return violation("%s was told how to report on session %d, while it had session %d", f.Entity, f.Session, r.session)
		}
		r.configured = f.Period > 0
	case mgrc.Reported:
		return c.client(o).report(f)
	}
	return ""
}

func (r *reporting) open(f mgrc.SessionOpened) string {
	if r.session != 0 || f.Session <= r.last {
		return violation("%s opened session %d, while it had session %d and had had %d", f.Entity, f.Session, r.session, r.last)
	}
	r.session, r.last = f.Session, f.Session
	return ""
}

func (r *reporting) report(f mgrc.Reported) string {
	if f.Session != r.session || !r.configured {
		return violation("%s reported on session %d, while it had session %d, whose manager wants reports: %v", f.Entity, f.Session, r.session, r.configured)
	}
	r.declared += f.Declared - f.Undeclared
	if r.declared != f.Counters {
		return violation("%s reported %d values on session %d, on which %d are declared", f.Entity, f.Counters, f.Session, r.declared)
	}
	return ""
}
