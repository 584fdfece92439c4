package mgrc

import (
	"time"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Config is what makes a client this one.
type Config struct {
	// Entity is who reports: mon.a.
	Entity msg.AuthName
	// Service is "mon" for a monitor. Managers, metadata servers and OSDs leave it
	// empty: their type says it.
	Service string
	// Daemon is what is reported; nil reports nothing but that the daemon is there.
	Daemon Daemon
	// Options are the tunables.
	Options Options
	// Defects are planted bugs; the zero value has none.
	Defects Defects
}

// Daemon is what a client reports of. Its methods are called on the client's loop.
type Daemon interface {
	// Counters are its performance counters, in any order, each path once.
	Counters() []Counter
	// Health are the metrics by which the manager judges it.
	Health() []msg.DaemonHealthMetric
	// Options are its options, each name once. They are asked for again after
	// [Client.OptionsChanged].
	Options() []admin.Option
}

// Options are the tunables, named after Ceph's options. A duration that is 0 takes its
// default.
type Options struct {
	// ConnectRetryInterval is the least time between two sessions
	// (mgr_connect_retry_interval, 1 s).
	ConnectRetryInterval time.Duration
	// UnregisterTimeout is for how long a service daemon that takes its leave waits to
	// be heard (mgr_client_service_daemon_unregister_timeout, 1 s).
	UnregisterTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.ConnectRetryInterval == 0 {
		o.ConnectRetryInterval = time.Second
	}
	if o.UnregisterTimeout == 0 {
		o.UnregisterTimeout = time.Second
	}
	return o
}

// Defects are planted bugs, each modelled on a historical one, for proving that the
// checks find it.
type Defects struct {
	// NoLock lets a report be made between the look at the session and its use, in a
	// callback of its own, so that a reset can come in between (BUG-10, Ceph issues
	// 23370 and 23352).
	NoLock bool
}
