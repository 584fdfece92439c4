package invariant

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// failoverEnds is I-SVC-15: a failover that was accepted comes to an end, good or bad, in
// time, if it was accepted in quiet that has lasted since: nothing is damaged, and nobody who
// could do it, or a broker or database on the way, dies, starts or stands still.
type failoverEnds struct {
	timeline Timeline
	bounds   Bounds
	accepted []failingOver
	started  time.Duration // when a process last did
}

// quiet is how long everything must have been in order, so that what was accepted is not
// lost on connections of before; and failoverTime is how long it may take.
const (
	quiet        = 30 * time.Second
	failoverTime = 20 * time.Second
)

// failingOver is a backend, or a cluster, that is.
type failingOver struct {
	name  string
	since time.Duration
}

func newFailoverEnds(t Timeline, b Bounds) *failoverEnds {
	return &failoverEnds{timeline: t, bounds: b, started: -time.Hour}
}

func (*failoverEnds) Name() string { return "I-SVC-15 a failover ends" }

func (c *failoverEnds) Observe(o cluster.Observation) string {
	if name, ok := c.bounds.failoverOf(o); ok && c.machines(name) {
		c.accepted = append(c.accepted, failingOver{name, o.At})
	}
	switch f := o.Fact.(type) {
	case cinder.Started:
		c.started = o.At
	case cinder.ReplicationChanged:
		if name, ok := c.bounds.replicationOf(f.Who, f.Cluster); ok && f.Status != "failing-over" {
			c.over(name)
		}
	}
	if realTime(o) || c.timeline.Rewinds() > 0 || len(c.accepted) == 0 {
		return ""
	}
	return c.check(o.At)
}

func (c *failoverEnds) over(name string) {
	c.accepted = slices.DeleteFunc(c.accepted, func(f failingOver) bool { return f.name == name })
}

func (c *failoverEnds) check(now time.Duration) string {
	calm, ok := c.timeline.CalmSince()
	if !ok {
		return ""
	}
	for _, f := range c.accepted {
		if f.since-max(calm, c.started) >= quiet && now-f.since > failoverTime && c.machines(f.name) {
			return violation("%s has been failing over for %v", f.name, now-f.since)
		}
	}
	return ""
}

// machines reports whether everybody runs that has a part in a failover of a backend.
func (c *failoverEnds) machines(name string) bool {
	t := c.bounds.Cinder
	for _, machine := range slices.Concat(t.VolumeNames(), t.TwinNames()) {
		if c.bounds.backendOf(t.ServiceOf(machine)) == name && !c.timeline.HostRuns(machine) {
			return false
		}
	}
	return c.timeline.HostRuns(cluster.DatabaseName) && c.timeline.HostRuns(cluster.BrokerName)
}
