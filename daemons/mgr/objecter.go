package mgr

import (
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// objecter is what there is here of Ceph's client of OSDs: it has the OSD map, by which a
// manager knows that its predecessor is fenced, and that it is itself (MS-18).
type objecter struct {
	msgr.BaseDispatcher
	s *Standby
}

// start asks for one OSD map, as a client does that has none (MS-7).
func (o objecter) start() {
	o.s.monc.Want("osdmap", 0, true)
	o.s.monc.Renew()
}

// Dispatch takes OSD maps over, and lets everybody else see that there are new ones.
// Implements [msgr.Dispatcher].
func (o objecter) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	if b, ok := m.Body.(*msg.OSDMap); ok && c.PeerType() == msg.EntityMon && !o.s.gone {
		o.s.takeOSDMap(b)
	}
	return false
}
