package invariant

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// candidates is I-SVC-20: a scheduler chooses among backends with a service that it takes
// for up, and of which no operator was told before it looked that they are disabled. What
// an operator may claim is that of I-SVC-11. A member of a cluster has the flags of its
// cluster.
type candidates struct {
	timeline Timeline
	bounds   Bounds
	known    *acknowledgedKept
	up       map[string]map[string]time.Duration // when a scheduler last took a backend for up
}

func newCandidates(t Timeline, b Bounds) *candidates {
	return &candidates{timeline: t, bounds: b, known: newAcknowledgedKept(t, b), up: make(map[string]map[string]time.Duration)}
}

func (*candidates) Name() string { return "I-SVC-20 schedulers choose who is up and enabled" }

func (c *candidates) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cluster.CinderListed, cluster.CinderClusters:
		return ""
	case cinder.Judged:
		if c.up[o.Host] == nil {
			c.up[o.Host] = make(map[string]time.Duration)
		}
		if f.Up {
			c.up[o.Host][c.bounds.backendOf(f.Who)] = o.At
		}
	case cinder.Schedulable:
		return c.check(o, f)
	default:
		c.known.Observe(o)
	}
	return ""
}

func (c *candidates) check(o cluster.Observation, f cinder.Schedulable) string {
	if f.Backends == "" || c.timeline.Rewinds() > 0 || realTime(o) {
		return ""
	}
	for _, name := range strings.Split(f.Backends, ",") {
		if at, ok := c.up[o.Host][name]; !ok || at < o.At-f.Took {
			return violation("%s chooses %s, of which it takes no service for up", o.Host, name)
		}
		if since, ok := c.known.disabled(name, o.At-f.Took); ok {
			return violation("%s chooses %s, which was disabled, as was acknowledged %v before it looked", o.Host, name, since)
		}
	}
	return ""
}

// disabled reports for how long it was known, at a moment, that a backend is disabled.
func (c *acknowledgedKept) disabled(name string, asked time.Duration) (time.Duration, bool) {
	for _, s := range c.services {
		if s.Binary == cinder.BinaryVolume && s.Host == name && s.holds(asked) && s.disabled {
			return asked - s.since, true
		}
	}
	return 0, false
}
