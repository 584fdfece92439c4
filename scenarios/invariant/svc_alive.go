package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// aliveIsUp is I-SVC-5: a service whose heartbeat was committed a while ago is taken for
// up, as long as that, and what the clocks of both sides differ by, is less than
// service_down_time by an interval. Who judges may see a beat before its sender knows
// that it is committed. He judges by the time at which he asked for the row,
// and takes a stamp that is as far ahead of that for as old. A database that was put back excuses him.
// Where two processes with different clocks beat for one row, it is judged by the clock of
// the one that has written it last.
type aliveIsUp struct {
	timeline Timeline
	bounds   Bounds
	sent     stamps
	last     map[int64]sent          // the last one that was committed, by row
	done     map[int64]time.Duration // when that was known
}

func newAliveIsUp(t Timeline, b Bounds) *aliveIsUp {
	return &aliveIsUp{timeline: t, bounds: b, sent: make(stamps), last: make(map[int64]sent), done: make(map[int64]time.Duration)}
}

func (*aliveIsUp) Name() string { return "I-SVC-5 who beats is up" }

func (c *aliveIsUp) Observe(o cluster.Observation) string {
	c.sent.observe(o)
	if f, ok := o.Fact.(cinder.Beat); ok {
		c.last[f.ID], c.done[f.ID] = c.sent[f.Who][f.UpdatedAt], o.At
	}
	v, ok := c.bounds.verdictOf(o)
	if !ok || v.up {
		return ""
	}
	beat, committed := c.last[v.row]
	seen := c.sent[v.Who][v.updated]
	if !committed || c.timeline.Rewinds() > 0 {
		return ""
	}
	switch {
	case seen.at > beat.at, c.bounds.Cinder.Twins > 0 && seen.at > 0 && (seen.skew-beat.skew).Abs() > time.Second:
		beat = seen
	case seen.at < beat.at && v.asked < c.done[v.row]: // he asked before
		return ""
	}
	if away := (v.asked - beat.at).Abs() + (v.skew - beat.skew).Abs(); away+c.margin() <= v.down {
		return violation("%s takes %s of %s for down, whose last heartbeat was %v old while clocks differed by %v",
			v.by, v.Binary, v.Who.Host, v.asked-beat.at, (v.skew - beat.skew).Abs())
	}
	return ""
}

// margin is how long a row may be under way to who judges it.
func (c *aliveIsUp) margin() time.Duration { return c.bounds.Cinder.Service.ReportInterval }
