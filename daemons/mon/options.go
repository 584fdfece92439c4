package mon

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Config says which monitor this is. It is read once, by New.
type Config struct {
	// Name is the monitor's name in the map, "a".
	Name string
	// FSID is the cluster's id. Messages of other clusters are dropped.
	FSID wire.UUID
	// MonMap is the map that the monitor was made with, and the same at each start.
	// If it is the first epoch and holds Name, the monitor founds the cluster together
	// with the others in it. Otherwise it is to join a cluster that exists, and the map
	// says where the others are; if a monitor of this name was removed, it is one that
	// does not have that any more. What the disk knows counts more. Each monitor has
	// an address of type v1.
	MonMap msg.MonMap
	// Addr is where a monitor serves that MonMap does not hold.
	Addr msg.EntityAddr
	// Dir is the folder of the monitor's data on the host's disk. Default "mon". One
	// that was removed and is to join again needs a new one.
	Dir string
	// Options are the tunables. The zero value means DefaultOptions.
	Options Options
	// Given are options by Ceph's names, see [Options.Set], that this process got from
	// its configuration file or command line. What the cluster's configuration says of
	// them does not count, as with Ceph's monitors.
	Given map[string]string
	// Defects switches planted bugs on.
	Defects Defects
}

// Options are a monitor's tunables, with Ceph's names in brackets. They must be
// the same on every monitor.
type Options struct {
	// TickInterval is how often the services look at their clocks. Default 5 s
	// (mon_tick_interval).
	TickInterval time.Duration
	// MgrBeaconGrace is the silence after which a mgr is dropped from the map.
	// Default 30 s (mon_mgr_beacon_grace).
	MgrBeaconGrace time.Duration
	// MgrTickPeriod is how often mgrs send beacons. Default 2 s
	// (mgr_tick_period).
	MgrTickPeriod time.Duration
	// MgrBlocklistInterval is how long the addresses of an active mgr that was
	// dropped stay on the blocklist. Default 24 h (mon_mgr_blocklist_interval).
	MgrBlocklistInterval time.Duration
	// MDSBeaconGrace is the silence after which an mds is laggy, and dropped from the
	// map if others are heard. Default 15 s (mds_beacon_grace).
	MDSBeaconGrace time.Duration
	// MDSBeaconInterval is how often mdss send beacons. Default 4 s
	// (mds_beacon_interval).
	MDSBeaconInterval time.Duration
	// MDSBeaconMonDownGrace is the silence that an mds is allowed while a monitor is
	// down or the quorum is younger than this. Default 60 s
	// (mds_beacon_mon_down_grace).
	MDSBeaconMonDownGrace time.Duration
	// BlocklistExpire is how long an address stays on the blocklist if the command
	// that put it there does not say. Default 1 h (mon_osd_blocklist_default_expire).
	BlocklistExpire time.Duration
	// MaxMgrMapEpochs is how many epochs of each map are kept. Default 500
	// (mon_max_mgrmap_epochs, mon_min_osdmap_epochs).
	MaxMgrMapEpochs int
	// MaxConfigKeyEntry is how many bytes a value of config-key may have. Default
	// 64 KiB (mon_config_key_max_entry_size).
	MaxConfigKeyEntry int
	// MaxLogEntries is how many entries of the cluster log are kept of each channel.
	// Default 500 (mon_log_max, there 10000).
	MaxLogEntries int
	// Lease is how long a peon may answer by itself after its leader has spoken,
	// and how long clients are held while there is no quorum. Default 5 s
	// (mon_lease).
	Lease time.Duration
	// LeaseRenewFactor times Lease is how often the leader speaks. Default 0.6
	// (mon_lease_renew_interval_factor).
	LeaseRenewFactor float64
	// LeaseAckTimeoutFactor times Lease is the silence that ends a quorum.
	// Default 2 (mon_lease_ack_timeout_factor).
	LeaseAckTimeoutFactor float64
	// ElectionTimeout bounds the delay before a campaign is repeated. Default
	// 5 s (mon_election_timeout).
	ElectionTimeout time.Duration
	// SessionTimeout ends the session of a client that sends neither messages
	// nor keepalives. Default 300 s (mon_session_timeout).
	SessionTimeout time.Duration
	// ProposeMinWait is how long a change waits for others to go with it.
	// Default 50 ms (paxos_min_wait).
	ProposeMinWait time.Duration
	// ProposeInterval is the least time between two commits of changes that can
	// wait. Default 1 s (paxos_propose_interval).
	ProposeInterval time.Duration
	// GlobalIDStep is by how much the highest global id is raised at a time.
	// Default 100 (mon_globalid_prealloc, there 10000).
	GlobalIDStep uint64
	// SnapshotEvery is the number of commits after which the log is rewritten.
	// Default 500 (paxos_min).
	SnapshotEvery int
	// KeepEntries is the number of commits before that which are kept for monitors that
	// lag; one that lacks more gets a snapshot. Default 100 (paxos_max_join_drift).
	KeepEntries int
	// MonMapFirst sends a client whose monitor map is older the newest before it is
	// told that it is let in, as monitors before Ceph 16 do, and not behind that. Ceph
	// has no such option; its name is mon_monmap_first.
	MonMapFirst bool
}

// DefaultOptions are the values of Ceph 16.2, except where the field says
// otherwise.
func DefaultOptions() Options {
	return Options{
		TickInterval:          5 * time.Second,
		MgrBeaconGrace:        30 * time.Second,
		MgrTickPeriod:         2 * time.Second,
		MgrBlocklistInterval:  24 * time.Hour,
		MDSBeaconGrace:        15 * time.Second,
		MDSBeaconInterval:     4 * time.Second,
		MDSBeaconMonDownGrace: time.Minute,
		BlocklistExpire:       time.Hour,
		MaxMgrMapEpochs:       500,
		MaxConfigKeyEntry:     64 << 10,
		MaxLogEntries:         500,
		Lease:                 5 * time.Second,
		LeaseRenewFactor:      0.6,
		LeaseAckTimeoutFactor: 2,
		ElectionTimeout:       5 * time.Second,
		SessionTimeout:        300 * time.Second,
		ProposeMinWait:        50 * time.Millisecond,
		ProposeInterval:       time.Second,
		GlobalIDStep:          100,
		SnapshotEvery:         500,
		KeepEntries:           100,
	}
}

// Validate reports the first option that makes no sense.
func (o Options) Validate() error {
	switch {
	case o.TickInterval <= 0:
		return fmt.Errorf("mon: TickInterval is %v, must be positive", o.TickInterval)
	case o.MgrTickPeriod <= 0 || o.MgrBeaconGrace <= o.MgrTickPeriod:
		return fmt.Errorf("mon: MgrBeaconGrace %v must be longer than MgrTickPeriod %v", o.MgrBeaconGrace, o.MgrTickPeriod)
	case o.MDSBeaconInterval <= 0 || o.MDSBeaconGrace <= o.MDSBeaconInterval:
		return fmt.Errorf("mon: MDSBeaconGrace %v must be longer than MDSBeaconInterval %v", o.MDSBeaconGrace, o.MDSBeaconInterval)
	case o.MDSBeaconMonDownGrace < 0:
		return fmt.Errorf("mon: MDSBeaconMonDownGrace is %v, must not be negative", o.MDSBeaconMonDownGrace)
	case o.MgrBlocklistInterval <= 0 || o.BlocklistExpire <= 0:
		return fmt.Errorf("mon: MgrBlocklistInterval %v, BlocklistExpire %v, must be positive", o.MgrBlocklistInterval, o.BlocklistExpire)
	case o.MaxMgrMapEpochs < 1:
		return fmt.Errorf("mon: MaxMgrMapEpochs is %d, must be at least 1", o.MaxMgrMapEpochs)
	case o.MaxConfigKeyEntry < 0:
		return fmt.Errorf("mon: MaxConfigKeyEntry is %d, must not be negative", o.MaxConfigKeyEntry)
	case o.MaxLogEntries < 1:
		return fmt.Errorf("mon: MaxLogEntries is %d, must be at least 1", o.MaxLogEntries)
	case o.SessionTimeout <= 0:
		return fmt.Errorf("mon: SessionTimeout is %v, must be positive", o.SessionTimeout)
	case o.ProposeMinWait < 0 || o.ProposeInterval < 0:
		return fmt.Errorf("mon: ProposeMinWait %v, ProposeInterval %v", o.ProposeMinWait, o.ProposeInterval)
	case o.GlobalIDStep < 10:
		return fmt.Errorf("mon: GlobalIDStep is %d, must be at least 10", o.GlobalIDStep)
	}
	return o.quorum().Validate()
}

// quorum is the part of the options that the replicated log needs.
func (o Options) quorum() quorum.Options {
	q := quorum.DefaultOptions()
	q.Lease = o.Lease
	q.LeaseRenew = scale(o.Lease, o.LeaseRenewFactor)
	q.LeaseAckTimeout = scale(o.Lease, o.LeaseAckTimeoutFactor)
	q.ElectionTimeout = o.ElectionTimeout
	q.SnapshotEvery, q.KeepEntries = o.SnapshotEvery, o.KeepEntries
	q.Tick = min(q.Tick, q.LeaseRenew)
	return q
}

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}

// Defects are planted bugs, each modelled on a real one, for proving that the
// scenarios find such bugs. All are off by default.
type Defects struct {
	// NoTickGapReset makes the leader judge beacons by their age even if it has
	// itself been asleep (drops rule MM-11; BUG-03, Ceph issue 20629).
	NoTickGapReset bool
	// MgrReselectStaleActive makes the leader take a just-failed mgr that still
	// believes itself active for a fresh candidate (skips rule MM-7; BUG-01, Ceph
	// issue 55711).
	MgrReselectStaleActive bool
	// NoPaxosPlug makes the leader propose the mgrmap by itself, and the osdmap that
	// fences the dropped mgr only when that is committed (MM-18; BUG-02, Ceph issue
	// 58923).
	NoPaxosPlug bool
	// NoRestartReset makes a new leader judge beacons by what it heard when it led
	// before (drops rule MM-12; BUG-03).
	NoRestartReset bool
	// DropMetaOnPromote makes the monitors forget what a standby has said about itself
	// when it becomes active (BUG-04, Ceph issue 21260).
	DropMetaOnPromote bool
	// NoMgrBlocklist drops an active mgr without fencing it (MM-18; BUG-06, Ceph issue
	// 42939).
	NoMgrBlocklist bool
	// ZeroFenceEpoch makes the monitors forget the epoch of the last fence when they drop
	// a standby (as Ceph's MDS map does with a standby-replay; BUG-29f).
	ZeroFenceEpoch bool
	// NoRefreshInRecovery makes a monitor that was given a snapshot go on with the maps
	// that it had (BUG-33, Ceph issue 6045).
	NoRefreshInRecovery bool
	// ZapProxied makes a monitor that loses its role end the sessions of all requests
	// that wait, those of other monitors' clients included (BUG-39, Ceph issue 13379).
	ZapProxied bool
	// DropNoReply does not tell a peon that a request which it has passed on gets no
	// answer, so that it keeps it (MM-1, SV-4).
	DropNoReply bool
	// MonMapApart commits the monmap first and then, by itself, the change of the
	// quorum's members, which is lost if the leader ends in between.
	MonMapApart bool
	// MgrClient are those of the client of the active manager.
	MgrClient mgrc.Defects
	// Quorum are those of the replicated log.
	Quorum quorum.Defects
}
