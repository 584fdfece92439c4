package mgr

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Config is what makes a manager this one. New reads it once.
type Config struct {
	// Name is the manager's name without its type, "x". It survives restarts.
	Name string
	// FSID identifies the cluster. Monitors drop beacons with another one. Zero means to
	// take it from the monitors' own map.
	FSID wire.UUID
	// MonMap is where to look for monitors at first.
	MonMap msg.MonMap
	// Options are the tunables; begin with [DefaultOptions].
	Options Options
	// Given are options by Ceph's names, see [Options.Set], that this process got from
	// its configuration file or command line. What the monitors say of them does not
	// count, as with Ceph's daemons.
	Given map[string]string
	// Client are the tunables of the monitor client.
	Client monc.Options
	// Modules are the modules that the manager has. Which of them run is in the manager
	// map.
	Modules []module.Class
	// ModuleDefaults are values of modules' options for where the monitors'
	// configuration has none, by full name ("mgr/prometheus/server_port").
	ModuleDefaults map[string]string
	// Authorizer decides who may talk to the active manager and what it may do. nil
	// believes everybody.
	Authorizer msgr.Authorizer
	// Defects are planted bugs; the zero value has none.
	Defects Defects
}

// Options are a manager's tunables, named after Ceph's options where it has
// them. A duration that is 0 takes its default.
type Options struct {
	// TickPeriod is the time between beacons (mgr_tick_period, 2 s).
	TickPeriod time.Duration
	// StatsPeriod is the time between two reports of a daemon, rounded up to seconds
	// (mgr_stats_period, 5 s).
	StatsPeriod time.Duration
	// StatsThreshold is the priority from which on daemons report their counters
	// (mgr_stats_threshold, 5). 0 takes all of them.
	StatsThreshold int
	// StandbyModules lets a standby run the standby half of its modules
	// (mgr_standby_modules, true).
	StandbyModules bool
	// StrictMgrMapEpoch ignores manager maps that are not newer than the last
	// one, which a monitor that lags behind can send after a change of sessions
	// (true). Ceph trusts the monitor: false is how it behaves (MS-15).
	StrictMgrMapEpoch bool
	// Bind is where an active manager listens. Without an address it is the
	// machine's first one; port 0 takes a free one.
	Bind netip.AddrPort
	// Messenger are the tunables of both messengers.
	Messenger msgr.Options
	// MessengerWorkers is the number of worker loops of each messenger
	// (ms_async_op_threads). 0 means 3.
	MessengerWorkers int
}

// DefaultOptions are the values of Ceph 16.2 where it has the option, and strict
// epochs.
func DefaultOptions() Options {
	return Options{
		TickPeriod:        2 * time.Second,
		StatsPeriod:       5 * time.Second,
		StatsThreshold:    int(msg.CounterUseful),
		StandbyModules:    true,
		StrictMgrMapEpoch: true,
	}
}

func (o Options) withDefaults() Options {
	d := DefaultOptions()
	if o.TickPeriod == 0 {
		o.TickPeriod = d.TickPeriod
	}
	if o.StatsPeriod == 0 {
		o.StatsPeriod = d.StatsPeriod
	}
	return o
}

// Validate reports everything that cannot work, as one error.
func (c Config) Validate() error {
	var bad []error
	refuse := func(when bool, what string) {
		if when {
			bad = append(bad, errors.New(what))
		}
	}
	refuse(c.Name == "", "Name is empty")
	refuse(c.Options.TickPeriod < 0, "TickPeriod is negative")
	refuse(c.Options.StatsPeriod < 0, "StatsPeriod is negative")
	refuse(c.Options.StatsThreshold < 0, "StatsThreshold is negative")
	refuse(c.Options.MessengerWorkers < 0, "MessengerWorkers is negative")
	for _, name := range slices.Sorted(maps.Keys(c.Given)) {
		o := c.Options
		bad = append(bad, o.Set(name, c.Given[name]))
	}
	bad = append(bad, c.client().Validate())
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("mgr.%s: %w", c.Name, err)
	}
	return nil
}

// client is the monitor client's part of the configuration.
func (c Config) client() monc.Config {
	return monc.Config{
		Entity:  msg.AuthName{Type: uint32(msg.EntityMgr), ID: c.Name},
		MonMap:  c.MonMap,
		Options: c.Client,
	}
}

// Defects are planted bugs for proving that the checks find them. Each is
// consulted in one place.
type Defects struct {
	// StayActive makes a manager ignore maps that name another one, so that it
	// goes on as if it were active (the daemon's half of BUG-06). I-MGR-8 finds
	// it.
	StayActive bool
	// DeafWhileStarting makes a manager whose initialisation is under way ignore maps
	// that name another one, so that it comes to serve although it was replaced.
	// I-MGR-8 finds it.
	DeafWhileStarting bool
	// MgrClient are those of the client of the active manager.
	MgrClient mgrc.Defects
	// NoFenceWait makes a manager serve without the OSD map that fences its
	// predecessor (skips the wait of MS-18). I-MGR-2 finds it.
	NoFenceWait bool
}
