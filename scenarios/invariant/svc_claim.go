package invariant

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// oneClaim is I-SVC-8: unfinished work is taken over by one service at a time: of those
// that saw the same version of its row one gets it. A database that is put back to what it
// was before, or a replica that takes over with less, may not know of a claim, and then one
// more gets it: of each past there is of a row somebody has it once.
type oneClaim struct {
	timeline Timeline
	claimed  map[claim][]string
}

// claim is a version of a row of workers. A database may give the number of a row again
// whose work was done, so what the work is about is of it, and when it was begun: a request
// whose service was killed comes again to the next one.
type claim struct {
	worker, version int64
	resource        string
	begun           time.Duration // by the clock of who has begun it
}

func newOneClaim(t Timeline) *oneClaim {
	return &oneClaim{timeline: t, claimed: make(map[claim][]string)}
}

func (*oneClaim) Name() string { return "I-SVC-8 work is claimed once" }

func (c *oneClaim) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cinder.WorkClaimed)
	if !ok {
		return ""
	}
	of := claim{f.Worker, f.Version, f.Resource, f.CreatedAt}
	before := c.claimed[of]
	c.claimed[of] = append(before, o.Host)
	if rewinds := c.timeline.Rewinds(); len(before) > rewinds {
		return violation("%s and %s have both claimed the work on %s, and a database was put back %d times",
			strings.Join(before, ", "), o.Host, f.Resource, rewinds)
	}
	return ""
}
