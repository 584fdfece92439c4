package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// heartbeatMeansUp is I-SVC-1: who is taken for alive has sent a heartbeat within
// service_down_time, in true time, but for what the clocks of both sides are wrong. A
// service that has not sent one yet is none of its business.
type heartbeatMeansUp struct {
	bounds Bounds
	sent   stamps
}

func newHeartbeatMeansUp(b Bounds) *heartbeatMeansUp {
	return &heartbeatMeansUp{bounds: b, sent: make(stamps)}
}

func (*heartbeatMeansUp) Name() string { return "I-SVC-1 up means a heartbeat" }

func (c *heartbeatMeansUp) Observe(o cluster.Observation) string {
	c.sent.observe(o)
	v, ok := c.bounds.verdictOf(o)
	if !ok || !v.up {
		return ""
	}
	last, ok := c.sent[v.Who][v.updated]
	allowed := v.down + last.skew.Abs() + v.skew.Abs() + time.Second
	if ok && v.asked-last.at > allowed {
		return violation("%s takes %s of %s for up, whose heartbeat was %v old and may be %v", v.by, v.Binary, v.Who.Host, v.asked-last.at, allowed)
	}
	return ""
}
