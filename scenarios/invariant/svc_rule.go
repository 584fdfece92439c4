package invariant

import "github.com/wavetank/wavetank/cluster"

// oneRule is I-SVC-7: whoever judges a service does so by the same rule, of which nothing
// but the row's stamp, his clock and service_down_time are part: up is who was heard of
// within that time, before or ahead, and both ends count.
type oneRule struct{ bounds Bounds }

func (oneRule) Name() string { return "I-SVC-7 one rule of who is up" }

func (c oneRule) Observe(o cluster.Observation) string {
	v, ok := c.bounds.verdictOf(o)
	if ok && v.up != (v.age.Abs() <= v.down) {
		return violation("%s takes %s of %s, heard of %v ago, for up: %v; service_down_time is %v", v.by, v.Binary, v.Who.Host, v.age, v.up, v.down)
	}
	return ""
}
