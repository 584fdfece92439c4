package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
)

// availableIsEarned is I-MGR-9: a map says available only after a beacon of the
// active gid said so, and the first such beacon carries the commands.
type availableIsEarned struct {
	claimed   map[uint64]bool // a monitor has accepted a beacon that claims it
	announced map[uint64]bool // the manager has sent one
}

func newAvailableIsEarned() *availableIsEarned {
	return &availableIsEarned{claimed: make(map[uint64]bool), announced: make(map[uint64]bool)}
}

func (*availableIsEarned) Name() string { return "I-MGR-9 available is earned" }

func (c *availableIsEarned) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mgr.BeaconSent:
		if f.Available && !c.announced[f.GID] {
			c.announced[f.GID] = true
			if f.Commands == 0 {
				return violation("%s (gid %d) announced itself without its commands", o.Host, f.GID)
			}
		}
	case mon.MgrBeaconReceived:
		if f.Available {
			c.claimed[f.GID] = true
		}
	case mon.MapCommitted:
		if f.Map == cluster.MgrMap && f.Available && !c.claimed[f.ActiveGID] {
			return violation("mgrmap epoch %d says gid %d is available, which it never said", f.Epoch, f.ActiveGID)
		}
	}
	return ""
}
