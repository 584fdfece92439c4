package mon

import (
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/wire"
)

// service is one of the state machines over the replicated log: it reads the
// committed state, and on the leader turns requests and the passing of time into
// changes of it. Ceph: PaxosService in src/mon/PaxosService.h.
type service interface {
	// load takes over the committed state after a change of it. Error: it cannot be
	// read, and this monitor must not go on.
	load(s *store.State) error
	// begin opens the service for changes that follow the committed state;
	// discard forgets those made, because they were proposed or the leadership
	// ended. Only a leader begins.
	begin()
	discard()
	// changes are the operations for the next batch, none if nothing was changed.
	changes() []store.Op
	// urgent reports that the changes are not to wait for others to go with them.
	urgent() bool
	// restart is what every election does to the service of every monitor.
	restart(now time.Duration)
	// tick lets time pass, on the leader, while the service is open.
	tick(now time.Duration, wall wire.UTime)
}
