package invariant

import "github.com/wavetank/wavetank/cluster"

// onlyBeatsStamp is I-SVC-2: the stamp by which a service is judged was written by a
// heartbeat of that service. Neither an operator's change nor a mere start of the process
// makes one, or it would revive the dead.
type onlyBeatsStamp struct {
	bounds Bounds
	sent   stamps
}

func newOnlyBeatsStamp(b Bounds) *onlyBeatsStamp {
	return &onlyBeatsStamp{bounds: b, sent: make(stamps)}
}

func (*onlyBeatsStamp) Name() string { return "I-SVC-2 only heartbeats are signs of life" }

func (c *onlyBeatsStamp) Observe(o cluster.Observation) string {
	c.sent.observe(o)
	v, ok := c.bounds.verdictOf(o)
	if !ok || v.updated == 0 {
		return ""
	}
	if _, ok := c.sent[v.Who][v.updated]; !ok {
		return violation("%s judges %s of %s by the stamp %v, which no heartbeat has written", v.by, v.Binary, v.Who.Host, v.updated)
	}
	return ""
}
