package quorum

import "github.com/wavetank/wavetank/daemons/mon/wal"

// Defects are planted bugs of a node, for proving that the scenarios find such bugs.
// All are off by default.
type Defects struct {
	// SendBeforeSave sends messages before what they promise is written, as raft
	// allows for a leader's entries but never for votes and acknowledgements.
	SendBeforeSave bool
	// AckBeforeSync goes on as soon as the operating system has what was written,
	// without a sync.
	AckBeforeSync bool
	// ApplyBeforeCommit executes entries that are in this node's log, committed or
	// not.
	ApplyBeforeCommit bool
	// ChangeWhenAppended takes a change of the members into account as soon as it is in
	// this node's log, and does not take it back if the entry is replaced.
	ChangeWhenAppended bool
	// ForgetHardState restarts in the term of the log's snapshot and without a vote.
	ForgetHardState bool
	// Log are those of the log's file.
	Log wal.Defects
	// ReadWithoutLease answers reads from what the node has, without asking whether
	// that is all that is committed, and whether or not its lease has run out.
	ReadWithoutLease bool
	// TimerDuringWrite lets the leader's clock go on to the next step while the last
	// one is still being written (BUG-38, Ceph issue 10220).
	TimerDuringWrite bool
}
