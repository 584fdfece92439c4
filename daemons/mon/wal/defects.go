package wal

// Defects are planted bugs of a log, for proving that the scenarios find such bugs.
// All are off by default.
type Defects struct {
	// CutOffDamage takes the first bad record for a torn one, whatever it is.
	CutOffDamage bool
	// TrustCache takes what Open can read for what is on the disk, but for a sync that
	// has nothing to write.
	TrustCache bool
}
