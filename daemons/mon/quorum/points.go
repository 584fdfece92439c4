package quorum

// Fault points of a member's work on what raft hands it (see [host.Host.Point]), where
// a crash tells much: before anything of it is kept; where a snapshot takes the place of
// the whole log; when all of it is safe; when its messages are sent, too; when what was
// committed is applied. Nothing else strikes there.
const (
	PointSave    = "mon.quorum.save"
	PointRestore = "mon.quorum.restore"
	PointSaved   = "mon.quorum.saved"
	PointSent    = "mon.quorum.sent"
	PointApplied = "mon.quorum.applied"
)

// Points are the names of all fault points of a member, in the order of its work.
func Points() []string {
	return []string{PointSave, PointRestore, PointSaved, PointSent, PointApplied}
}
