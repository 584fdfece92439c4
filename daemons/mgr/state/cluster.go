package state

import (
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
)

// Cluster is the newest of everything. It belongs to the manager's loop. The maps are
// replaced, not changed, so whoever holds one may keep it.
type Cluster struct {
	Mgr      *msg.MgrMap     // never nil; epoch 0 before the first
	Mon      *msg.MonMap     // never nil
	OSD      *osdmap.Map     // never nil; epoch 0 before the first
	FS       *msg.FSMap      // nil before the first
	Services *msg.ServiceMap // as the active manager makes it; never nil

	// MonStatus and Health are what monitors tell managers, as JSON; nil before they
	// have.
	MonStatus, Health []byte

	Daemons Daemons
}

// New is a Cluster of which nothing is known.
func New() *Cluster {
	return &Cluster{Mgr: &msg.MgrMap{}, Mon: &msg.MonMap{}, OSD: &osdmap.Map{}, Services: &msg.ServiceMap{}}
}
