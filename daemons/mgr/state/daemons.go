package state

import (
	"cmp"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Key names a daemon: "mds" and "a", or "rgw" and what it calls itself.
type Key struct{ Type, Name string }

// String is "mds.a".
func (k Key) String() string { return k.Type + "." + k.Name }

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
}

// Daemon is one daemon of the cluster, as it describes itself.
type Daemon struct {
	Key
	Hostname string
	// Metadata is what the monitors have of it, or, of a service daemon, what it said
	// when it began to report.
	Metadata map[string]string
	// Service says that it is no part of Ceph itself: it told its metadata here.
	Service bool
	// Status is what a service daemon said of itself last, at StatusStamp of the wall
	// clock.
	Status      map[string]string
	StatusStamp time.Time
	// Reported is when it was heard last, on the manager's monotonic clock; 0 is never.
	Reported time.Duration
	// Config are its options that somebody has set, and Defaults what they are otherwise, nil
	// if it has not told them.
	Config   msg.DaemonConfig
	Defaults map[string]string
	// Health are the metrics of its last report.
	Health []msg.DaemonHealthMetric
	// Counters are its performance counters.
	Counters Counters
}

// Daemons is the index of daemons. The zero value is empty.
type Daemons struct{ list []*Daemon } // ascending by key

func (x *Daemons) search(k Key) (int, bool) {
	return slices.BinarySearchFunc(x.list, k, func(d *Daemon, k Key) int { return compareKeys(d.Key, k) })
}

// Get is the daemon of a key, nil if it is not known.
func (x *Daemons) Get(k Key) *Daemon {
	if i, found := x.search(k); found {
		return x.list[i]
	}
	return nil
}

// Put enters a daemon, or replaces the one of its key.
func (x *Daemons) Put(d *Daemon) {
	i, found := x.search(d.Key)
	if found {
		x.list[i] = d
		return
	}
	x.list = slices.Insert(x.list, i, d)
}

// Remove forgets a daemon.
func (x *Daemons) Remove(k Key) {
	if i, found := x.search(k); found {
		x.list = slices.Delete(x.list, i, i+1)
	}
}

// Cull forgets the daemons of a type that are not among names.
func (x *Daemons) Cull(kind string, names []string) {
	x.list = slices.DeleteFunc(x.list, func(d *Daemon) bool { return d.Type == kind && !slices.Contains(names, d.Name) })
}

// All are all daemons, ascending by type and name. The list must not be changed.
func (x *Daemons) All() []*Daemon { return x.list }

// OfType are the daemons of a type, ascending by name.
func (x *Daemons) OfType(kind string) (some []*Daemon) {
	for _, d := range x.list {
		if d.Type == kind {
			some = append(some, d)
		}
	}
	return some
}
