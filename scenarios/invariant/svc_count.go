package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// beatsCount is I-SVC-9: report_count of a row goes up with each heartbeat of a process
// that is committed. Two processes with one row may count the same twice, and a database
// that was put back counts again.
type beatsCount struct {
	timeline Timeline
	bounds   Bounds
	last     map[counted]int
}

// counted is a row as one process counts in it.
type counted struct {
	process
	row int64
}

func newBeatsCount(t Timeline, b Bounds) *beatsCount { return &beatsCount{t, b, make(map[counted]int)} }

func (*beatsCount) Name() string { return "I-SVC-9 heartbeats are counted" }

func (c *beatsCount) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cinder.Beat)
	if !ok || c.bounds.Cinder.Twins > 0 || c.timeline.Rewinds() > 0 {
		return ""
	}
	of := counted{process{o.Host, o.PID}, f.ID}
	if last, ok := c.last[of]; ok && f.Count <= last {
		return violation("%s counts heartbeat %d after %d", o.Host, f.Count, last)
	}
	c.last[of] = f.Count
	return ""
}
