package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// saneIntervals is I-SVC-4: a service sends heartbeats more often than they expire.
type saneIntervals struct{}

func (saneIntervals) Name() string { return "I-SVC-4 heartbeats come before they expire" }

func (saneIntervals) Observe(o cluster.Observation) string {
	if f, ok := o.Fact.(cinder.Started); ok && f.ReportInterval > 0 && f.DownTime <= f.ReportInterval {
		return violation("%s has report_interval %v and service_down_time %v", o.Host, f.ReportInterval, f.DownTime)
	}
	return ""
}
