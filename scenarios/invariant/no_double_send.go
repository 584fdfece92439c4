package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// subscription is a client's wish for a map on one session.
type subscription struct {
	host    string
	pid     uint32
	session uint64
	name    string
}

// noDoubleSend is I-MAP-4: on one session a subscriber gets no epoch twice, and none
// that it did not ask for. One that asks again, from an earlier epoch on, is sent that
// again.
type noDoubleSend struct{ from map[subscription]uint64 } // the first epoch that may be sent

func newNoDoubleSend() *noDoubleSend { return &noDoubleSend{from: make(map[subscription]uint64)} }

func (*noDoubleSend) Name() string { return "I-MAP-4 no epoch is sent twice" }

func (c *noDoubleSend) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Subscribed:
		c.from[subscription{o.Host, o.PID, f.Session, f.Map}] = f.Start
	case mon.MapSent:
		if f.Epoch == 0 { // the null map, which nobody asks for
			return ""
		}
		key := subscription{o.Host, o.PID, f.Session, f.Map}
		from, asked := c.from[key]
		if !asked {
			return violation("%s sent %s epoch %d to gid %d, which has not asked for it", o.Host, f.Map, f.Epoch, f.GID)
		}
		if f.Epoch < from {
			return violation("%s sent %s epoch %d to gid %d, to which only epoch %d is new", o.Host, f.Map, f.Epoch, f.GID, from)
		}
		c.from[key] = f.Epoch + 1
	}
	return ""
}
