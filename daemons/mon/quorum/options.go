package quorum

import (
	"fmt"
	"time"
)

// Options are the timings of a quorum. They must be the same on every node.
type Options struct {
	// Tick is raft's unit of time on the leader. Default 500 ms.
	Tick time.Duration
	// Lease is how long a peon may answer from its state after a message of the
	// leader. Default 5 s (mon_lease).
	Lease time.Duration
	// LeaseRenew is how often the leader speaks to its peons. Default 3 s
	// (mon_lease * mon_lease_renew_interval_factor).
	LeaseRenew time.Duration
	// LeaseAckTimeout is the silence after which a peon gives its leader up, and
	// the leader its majority. Default 10 s (mon_lease *
	// mon_lease_ack_timeout_factor).
	LeaseAckTimeout time.Duration
	// ElectionTimeout bounds the drawn delay before each campaign but the first.
	// Default 5 s (mon_election_timeout).
	ElectionTimeout time.Duration
	// FirstCampaignMin and FirstCampaignMax bound the drawn delay before the
	// first campaign of a process. Default 50 ms and 500 ms, so that monitors
	// booting together have a leader in the time that Ceph takes (0.1 to 1 s).
	FirstCampaignMin, FirstCampaignMax time.Duration
	// SnapshotEvery is the number of applied entries after which the log is
	// rewritten as one snapshot. Default 500 (paxos_min).
	SnapshotEvery int
	// KeepEntries is the number of entries kept in memory below the snapshot,
	// for peons that lag a little. Default 100.
	KeepEntries int
}

// DefaultOptions are Ceph's defaults.
func DefaultOptions() Options {
	return Options{
		Tick:             500 * time.Millisecond,
		Lease:            5 * time.Second,
		LeaseRenew:       3 * time.Second,
		LeaseAckTimeout:  10 * time.Second,
		ElectionTimeout:  5 * time.Second,
		FirstCampaignMin: 50 * time.Millisecond,
		FirstCampaignMax: 500 * time.Millisecond,
		SnapshotEvery:    500,
		KeepEntries:      100,
	}
}

// Validate reports the first option that makes no sense.
func (o Options) Validate() error {
	switch {
	case o.Tick <= 0:
		return fmt.Errorf("quorum: Tick is %v, must be positive", o.Tick)
	case o.LeaseRenew < o.Tick:
		return fmt.Errorf("quorum: LeaseRenew %v is shorter than Tick %v", o.LeaseRenew, o.Tick)
	case o.Lease <= o.LeaseRenew:
		return fmt.Errorf("quorum: Lease %v must be longer than LeaseRenew %v", o.Lease, o.LeaseRenew)
	case o.electionTicks() <= o.heartbeatTicks():
		return fmt.Errorf("quorum: LeaseAckTimeout %v must be longer than LeaseRenew %v", o.LeaseAckTimeout, o.LeaseRenew)
	case o.ElectionTimeout < minCampaignDelay:
		return fmt.Errorf("quorum: ElectionTimeout %v is shorter than %v", o.ElectionTimeout, minCampaignDelay)
	case o.FirstCampaignMin < 0 || o.FirstCampaignMax < o.FirstCampaignMin:
		return fmt.Errorf("quorum: first campaign between %v and %v", o.FirstCampaignMin, o.FirstCampaignMax)
	case o.SnapshotEvery < 1 || o.KeepEntries < 0:
		return fmt.Errorf("quorum: SnapshotEvery %d, KeepEntries %d", o.SnapshotEvery, o.KeepEntries)
	}
	return nil
}

// minCampaignDelay keeps a repeated campaign from coming before the answers to
// the one before it.
const minCampaignDelay = 100 * time.Millisecond

func (o Options) heartbeatTicks() int { return int(o.LeaseRenew / o.Tick) }
func (o Options) electionTicks() int  { return int(o.LeaseAckTimeout / o.Tick) }
