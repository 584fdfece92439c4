package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// oneClaim is I-SVC-8: unfinished work is taken over by one service at a time: of those
// that saw the same version of its row one gets it.
type oneClaim struct{ claimed map[claim]string }

// claim is a version of a row of workers. A database may give the number of a row again
// whose work was done, so what the work is about is of it.
type claim struct {
	worker, version int64
	resource        string
}

func newOneClaim() *oneClaim { return &oneClaim{claimed: make(map[claim]string)} }

func (*oneClaim) Name() string { return "I-SVC-8 work is claimed once" }

func (c *oneClaim) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cinder.WorkClaimed)
	if !ok {
		return ""
	}
	of := claim{f.Worker, f.Version, f.Resource}
	if first, twice := c.claimed[of]; twice {
		return violation("%s and %s have both claimed the work on %s", first, o.Host, f.Resource)
	}
	c.claimed[of] = o.Host
	return ""
}
