package invariant

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// oneRow is I-SVC-12: a service has one row. Two processes of one name may make one each
// at the same time, and a process may make one without learning of it; then the later ones
// are deleted within two intervals, in which one of the processes runs and nothing is
// damaged. A database that was put back may have them for good.
type oneRow struct {
	timeline Timeline
	bounds   Bounds
	since    map[string]time.Duration // when a name was first listed twice, in lists without a break
}

func newOneRow(t Timeline, b Bounds) *oneRow {
	return &oneRow{timeline: t, bounds: b, since: make(map[string]time.Duration)}
}

func (*oneRow) Name() string { return "I-SVC-12 one row for a service" }

func (c *oneRow) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cluster.CinderListed)
	if !ok || f.Status != http.StatusOK || c.timeline.Rewinds() > 0 || realTime(o) {
		return ""
	}
	listed := slices.Concat(strings.Split(f.Enabled, ","), strings.Split(f.Disabled, ","))
	slices.Sort(listed)
	for name := range c.since {
		if !slices.Contains(listed, name) {
			delete(c.since, name)
		}
	}
	var twice string
	for i, name := range listed {
		switch {
		case i > 0 && name == listed[i-1]:
			if c.tooLong(name, o.At-f.Took, o.At) {
				twice = name
			}
		case i+1 == len(listed) || name != listed[i+1]:
			delete(c.since, name)
		}
	}
	if twice != "" {
		return violation("%s has been listed twice for %v", twice, o.At-c.since[twice])
	}
	return ""
}

// tooLong reports whether a service that is listed twice has been so for too long.
func (c *oneRow) tooLong(name string, asked, now time.Duration) bool {
	since, known := c.since[name]
	if !known || !c.runs(name) {
		c.since[name] = asked
		return false
	}
	calm, ok := c.timeline.CalmSince()
	return ok && now-max(since, calm) > 2*c.bounds.Cinder.Service.ReportInterval
}

// runs reports whether a process of the service is there.
func (c *oneRow) runs(name string) bool {
	t := c.bounds.Cinder
	return slices.ContainsFunc(slices.Concat(t.ServiceNames(), t.TwinNames()), func(machine string) bool {
		who := t.ServiceOf(machine)
		return who.Binary+" "+who.Host == name && c.timeline.HostRuns(machine)
	})
}
