package invariant

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// onetime is I-MAP-5: a subscription for one time is served one time. Several messages
// at one moment, because one would be too long, are one delivery. Whoever asks again,
// or on another session, is served again.
type onetime struct{ open map[subscription]delivery }

// delivery is when a subscription for one time was served, if it was.
type delivery struct {
	done bool
	at   time.Duration
}

func newOnetime() *onetime { return &onetime{open: make(map[subscription]delivery)} }

func (*onetime) Name() string { return "I-MAP-5 one time is once" }

func (c *onetime) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Subscribed:
		key := subscription{o.Host, o.PID, f.Session, f.Map}
		delete(c.open, key)
		if f.OneTime {
			c.open[key] = delivery{}
		}
	case mon.MapSent:
		key := subscription{o.Host, o.PID, f.Session, f.Map}
		d, once := c.open[key]
		if !once || f.Epoch == 0 {
			return ""
		}
		if d.done && o.At > d.at+stampError(o) {
			return violation("%s sent %s epoch %d to gid %d, which wanted one and was served at %v", o.Host, f.Map, f.Epoch, f.GID, d.at)
		}
		c.open[key] = delivery{done: true, at: o.At}
	}
	return ""
}
