package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// removals are what operators do to rows of services, for checkers that know something of
// a row. One that is known to have removed something is over then; of any other nobody
// knows when it is done, if ever.
type removals map[cinder.Who]*removal

type removal struct {
	underWay int
	last     time.Duration // when somebody knew that the row was gone
}

// observe tells whose row is being removed, or was.
func (r removals) observe(o cluster.Observation) (who cinder.Who, ok bool) {
	switch f := o.Fact.(type) {
	case cluster.RowDeleting:
		if r[f.Who] == nil {
			r[f.Who] = new(removal)
		}
		r[f.Who].underWay++
		return f.Who, true
	case cluster.RowDeleted:
		if one := r[f.Who]; one != nil && f.Rows > 0 {
			one.underWay, one.last = one.underWay-1, o.At
		}
		return f.Who, true
	}
	return who, false
}

// mayStrike reports whether what was done to a service's row at a time may be gone with it.
func (r removals) mayStrike(who cinder.Who, at time.Duration) bool {
	one := r[who]
	return one != nil && (one.underWay > 0 || at <= one.last)
}
