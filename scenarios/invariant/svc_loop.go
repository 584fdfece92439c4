package invariant

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// loopSurvives is I-SVC-3: a service that runs tries to send a heartbeat again within its
// interval and the time of one try, which is an interval too, whatever has become of the
// last one. Time in which the process stood still does not count.
type loopSurvives struct {
	timeline Timeline
	beating  []beating
}

// beating is the loop of one process.
type beating struct {
	process
	interval time.Duration
	last     time.Duration
}

// tolerance is what may come on top: timers of tasks, a statement that ends late.
const tolerance = 2 * time.Second

func newLoopSurvives(t Timeline) *loopSurvives { return &loopSurvives{timeline: t} }

func (*loopSurvives) Name() string { return "I-SVC-3 the heartbeat goes on" }

func (c *loopSurvives) Observe(o cluster.Observation) string {
	me := process{o.Host, o.PID}
	switch f := o.Fact.(type) {
	case cinder.Started:
		c.beating = slices.DeleteFunc(c.beating, func(b beating) bool { return b.host == o.Host })
		if f.ReportInterval > 0 {
			c.beating = append(c.beating, beating{me, f.ReportInterval, o.At})
		}
	case cinder.BeatSent, cinder.Beat, cinder.BeatFailed, cinder.BeatSkipped:
		if i := slices.IndexFunc(c.beating, func(b beating) bool { return b.process == me }); i >= 0 {
			c.beating[i].last = o.At
		}
	}
	if realTime(o) {
		return ""
	}
	for _, b := range c.beating {
		if silent := o.At - b.last; silent > 2*b.interval+tolerance && c.timeline.Runs(b.host, b.pid) {
			if silent -= c.timeline.PausedDuring(b.host, b.last, o.At); silent > 2*b.interval+tolerance {
				return violation("the service on %s has not tried to send a heartbeat for %v, its interval is %v", b.host, silent, b.interval)
			}
		}
	}
	return ""
}
