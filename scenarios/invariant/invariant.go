// Package invariant holds the safety properties that are checked while a
// scenario runs, one property a file, named after what it demands. A checker is
// told every fact in the order of publication and answers with a violation as
// soon as there is one; its legitimate exceptions are part of it. State changes
// only by facts, so a check at every fact is a check after every step.
package invariant

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// Checker judges one property. It is used by one goroutine.
type Checker interface {
	// Name is the property's id and what it says, "I-MGR-1 single active".
	Name() string
	// Observe is told a fact and reports a violation, empty if there is none.
	Observe(cluster.Observation) string
}

// Concluder is a Checker that judges what it has been told at the end of a run.
type Concluder interface {
	Checker
	// Conclude reports a violation, empty if there is none.
	Conclude() string
}

// Timeline is what checkers need to know of the damage that is being done.
type Timeline interface {
	// PausedDuring is for how long of the time from since until now the host
	// stood still.
	PausedDuring(host string, since, now time.Duration) time.Duration
	// PausedApart is for how long of it the host stood still and the other one did not.
	PausedApart(host, other string, since, now time.Duration) time.Duration
	// LinksDisturbed reports whether any link was cut at any time from since
	// until now.
	LinksDisturbed(since, now time.Duration) bool
	// PathDisturbed is LinksDisturbed for what goes between two hosts, either way.
	// Connections that were reset do not count.
	PathDisturbed(a, b string, since, now time.Duration) bool
	// DiskFaults are the errors that the disk of a host has given its daemon cause to
	// end with, so far.
	DiskFaults(host string) []error
	// Runs reports whether that very process of the host is there and not paused, now.
	Runs(host string, pid uint32) bool
	// Rewinds is how often a database was put back to what it was before.
	Rewinds() int
	// HostRuns reports whether any process of the host is there and not paused, now.
	HostRuns(host string) bool
	// CalmSince is when the last damage of any kind was over, long before the run if
	// there was none; false while something is damaged. Who was killed is over with.
	CalmSince() (time.Duration, bool)
}

// Bounds are the timings that the properties speak of.
type Bounds struct {
	Grace        time.Duration // mon_mgr_beacon_grace
	BeaconPeriod time.Duration // mgr_tick_period
	Tick         time.Duration // mon_tick_interval
	Lonely       time.Duration // how long a leader may go on without its majority
	Blocklist    time.Duration // mon_mgr_blocklist_interval
	Proposal     time.Duration // how long a change takes to be committed everywhere
	Founders     []string      // the monitors of the first monmap
	Lease        time.Duration // mon_lease
	Client       monc.Options  // of every monitor client
	Cinder       cluster.Cinder
}

// All makes one of each checker, in the order of their names.
func All(t Timeline, b Bounds) []Checker {
	return []Checker{
		newNoExit(t, b),
		newOneLeader(),
		newMajorityQuorum(b),
		newOneContent(),
		newAgreement(),
		newNoGaps(),
		newMonotoneCommit(),
		newRefreshBeforeServe(),
		newMonotoneApply(),
		newContiguous(),
		newNoDoubleSend(),
		newOnetime(),
		newNoStray(),
		newStableGID(),
		newSingleActive(),
		newNoResurrection(),
		newRespawnOnLoss(),
		newSkipSafe(),
		newAtomicFence(),
		newFenceEpoch(),
		newFenceBeforeServe(),
		newStaysFenced(b),
		newOneServer(),
		newAvailableIsEarned(),
		newMetadata(),
		newNoFalseDrop(t, b),
		newBoundedDetection(t, b),
		newBoundedPromotion(t, b),
		newBeaconAccounting(t, b),
		newReports(),
		newLinearizable(),
		newHuntNeverStops(t, b),
		newHealthySession(t, b),
		newResubscribed(),
		newCatchUp(t, b),
		newQuietShutdown(),
		newHeartbeatMeansUp(b),
		newOnlyBeatsStamp(b),
		newLoopSurvives(t),
		saneIntervals{},
		newAliveIsUp(t, b),
		newBrokenIsSilent(),
		oneRule{b},
		newOneClaim(t),
		newBeatsCount(t, b),
		listsAnswered{t, b},
		newAcknowledgedKept(t, b),
		newOneRow(t, b),
		newFreezeAndThaw(t, b),
		newOneFailover(t, b),
		newFailoverEnds(t, b),
		newClusterIsFreshest(t, b),
		newOneCluster(t),
		fieldsOfVersion{},
		newRefusedIsUndone(),
		newCandidates(t, b),
	}
}

// realTime reports whether an observation is of a world in real time. What must come to
// pass within a time is not judged there at every fact, for the machine may stand still
// for longer than that; the goals of a scenario are.
func realTime(o cluster.Observation) bool { return o.Step == 0 }

func violation(format string, args ...any) string { return fmt.Sprintf(format, args...) }
