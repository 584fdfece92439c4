package cluster

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// Topology says which daemons there are and how they are set. What belongs to which kind
// of daemons is in the file of that kind.
type Topology struct {
	Mons int // monitors, named mon.a, mon.b, ...
	// SpareMons are machines for monitors that may be added later, named on from there.
	SpareMons int
	Mgrs      int // manager daemons, named mgr.x, mgr.y, ...
	// KeyClients are clients that read and write a few keys of the monitors, named
	// client.0, client.1, ...
	KeyClients int
	// MonClients are monitor clients without a daemon around them, which come and go,
	// named monc.0, monc.1, ...
	MonClients int
	// Cinder is beside them; by default nobody.
	Cinder Cinder
	// More are kinds of daemons that this package does not know.
	More []Part

	Mon    mon.Options
	Mgr    mgr.Options
	Client monc.Options

	// Defects are planted bugs; see Mutants.
	MonDefects mon.Defects
	MgrDefects mgr.Defects
	// MgrModules are the modules that managers have (none). Which run is up to "mgr
	// module enable".
	MgrModules []module.Class
	// ClientDefects are those of KeyClients and MonClients.
	ClientDefects monc.Defects
}

// DefaultTopology is three monitors and three managers with Ceph's own timings.
func DefaultTopology() Topology {
	return Topology{
		Mons: 3, Mgrs: 3,
		Mon: mon.DefaultOptions(), Mgr: mgr.DefaultOptions(), Client: monc.DefaultOptions(),
		Cinder: DefaultCinder(),
	}
}

// MonNames and MgrNames are the names of the daemons, in the order of their ids.
func (t Topology) MonNames() []string { return names("mon", "abcdefghijklm", t.Mons) }

// SpareMonNames are the names of the monitors that there are not at first.
func (t Topology) SpareMonNames() []string { return t.allMonNames()[t.Mons:] }

func (t Topology) allMonNames() []string { return names("mon", "abcdefghijklm", t.Mons+t.SpareMons) }

// MgrNames are the names of the managers.
func (t Topology) MgrNames() []string { return names("mgr", "xyzuvw", t.Mgrs) }

func names(kind, letters string, n int) []string {
	out := make([]string, n)
	for i := range out {
		if i < len(letters) {
			out[i] = fmt.Sprintf("%s.%c", kind, letters[i])
		} else {
			out[i] = fmt.Sprintf("%s.%d", kind, i)
		}
	}
	return out
}

// KeyClientNames are the names of the clients that read and write keys.
func (t Topology) KeyClientNames() []string { return names("client", "", t.KeyClients) }

// MonClientNames are the names of the monitor clients without a daemon.
func (t Topology) MonClientNames() []string { return names("monc", "", t.MonClients) }

// Grace is the time after which a silent manager is dropped.
func (t Topology) Grace() time.Duration { return t.Mon.MgrBeaconGrace }
