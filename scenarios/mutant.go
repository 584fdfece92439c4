package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios/messenger"
)

// Mutant is a planted bug, modelled on one that Ceph really had. A suite that
// cannot find it proves nothing when it is green.
type Mutant struct {
	Name string
	// Doc says what the bug is; Scenario and Property where and by what it is
	// found.
	Doc, Scenario, Property string
	// Plant switches the bug on in a cluster; it is nil for one of the messenger
	// matrix, which has Messenger.
	Plant     func(*cluster.Topology)
	Messenger messenger.Defects
}

// Mutants is every planted bug, in the order of their names.
func Mutants() []Mutant {
	all := slices.Concat(clusterMutants(), quorumMutants(), clientMutants(), serviceMutants(), clusteredMutants())
	for _, b := range messenger.Bugs() {
		all = append(all, Mutant{
			Name: b.Name, Doc: b.Doc, Scenario: "messenger", Property: b.Property, Messenger: b.Defects,
		})
	}
	slices.SortFunc(all, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func clusterMutants() []Mutant {
	return []Mutant{
		{
			Name:     "mgrReselectStaleActive",
			Doc:      "a beacon of a manager that was just failed makes it active again (BUG-01, tracker 55711)",
			Scenario: "mgr-fail-command", Property: "I-MGR-7",
			Plant: func(t *cluster.Topology) { t.MonDefects.MgrReselectStaleActive = true },
		},
		{
			Name:     "mgrDeafWhileStarting",
			Doc:      "a manager that is starting does not heed a map that names another, and goes on to serve",
			Scenario: "mgr-late-map", Property: "I-MGR-4",
			Plant: func(t *cluster.Topology) { t.MgrDefects.DeafWhileStarting = true },
		},
		{
			Name:     "monMapApart",
			Doc:      "the monmap and the members of the quorum are changed one after the other, and a leader that ends in between changes only one",
			Scenario: "mon-members", Property: "I-PROC-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.MonMapApart = true },
		},
		{
			Name:     "noFenceWait",
			Doc:      "a manager serves before its predecessor is fenced for it",
			Scenario: "mgr-failover", Property: "I-MGR-2",
			Plant: func(t *cluster.Topology) { t.MgrDefects.NoFenceWait = true },
		},
		{
			Name:     "mgrClientNoLock",
			Doc:      "a daemon looks whether it has a session with the manager, and reports on it in another callback (BUG-10, tracker 23370)",
			Scenario: "mgr-reports", Property: "panic",
			Plant: func(t *cluster.Topology) { t.MonDefects.MgrClient.NoLock, t.MgrDefects.MgrClient.NoLock = true, true },
		},
		{
			Name:     "noPaxosPlug",
			Doc:      "a dropped manager is out of its map before it is fenced (BUG-02, tracker 58923)",
			Scenario: "mgr-failover", Property: "I-MGR-5",
			Plant: func(t *cluster.Topology) { t.MonDefects.NoPaxosPlug = true },
		},
		{
			Name:     "noTickGapReset",
			Doc:      "a leader that stood still takes everybody else for silent (BUG-03, tracker 20629)",
			Scenario: "mon-pause", Property: "I-MGR-10",
			Plant: func(t *cluster.Topology) { t.MonDefects.NoTickGapReset = true },
		},
		{
			Name:     "dropMetaOnPromote",
			Doc:      "what a standby has said about itself is forgotten when it becomes active (BUG-04, tracker 21260)",
			Scenario: "mgr-failover", Property: "I-MGR-13",
			Plant: func(t *cluster.Topology) { t.MonDefects.DropMetaOnPromote = true },
		},
		{
			Name:     "noMgrBlocklist",
			Doc:      "an active manager is dropped without being fenced (BUG-06, tracker 42939)",
			Scenario: "mgr-pause", Property: "I-MGR-5",
			Plant: func(t *cluster.Topology) { t.MonDefects.NoMgrBlocklist = true },
		},
		{
			Name:     "noRestartReset",
			Doc:      "a leader judges managers by what it heard when it led before (BUG-03, tracker 20629)",
			Scenario: "mon-split", Property: "I-MGR-10",
			Plant: func(t *cluster.Topology) { t.MonDefects.NoRestartReset = true },
		},
		{
			Name:     "noRefreshInRecovery",
			Doc:      "a monitor that was given a snapshot goes on with the maps it had (BUG-33, tracker 6045)",
			Scenario: "map-lag", Property: "I-PX-9",
			Plant: func(t *cluster.Topology) { t.MonDefects.NoRefreshInRecovery = true },
		},
		{
			Name:     "zeroFenceEpoch",
			Doc:      "the epoch of the last fence is forgotten when a standby is dropped",
			Scenario: "mgr-storm", Property: "I-MGR-6",
			Plant: func(t *cluster.Topology) { t.MonDefects.ZeroFenceEpoch = true },
		},
		{
			Name:     "dropNoReply",
			Doc:      "a peon is not told that a beacon gets no answer, and keeps it for ever",
			Scenario: "mgr-failover", Property: "I-MGR-14",
			Plant: func(t *cluster.Topology) { t.MonDefects.DropNoReply = true },
		},
		{
			Name:     "zapProxied",
			Doc:      "a monitor that loses its role ends sessions that other monitors have (BUG-39, tracker 13379)",
			Scenario: "mon-minority", Property: "panic",
			Plant: func(t *cluster.Topology) { t.MonDefects.ZapProxied = true },
		},
	}
}

// quorumMutants are planted bugs of the way in which monitors drive raft.
func quorumMutants() []Mutant {
	return []Mutant{
		{
			Name:     "quorumAckBeforeSync",
			Doc:      "a monitor acknowledges what it has written before that is synced",
			Scenario: "mon-power", Property: "I-PX-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.AckBeforeSync = true },
		},
		{
			Name:     "quorumApplyBeforeCommit",
			Doc:      "a monitor executes entries of its log that are not committed",
			Scenario: "mon-minority", Property: "I-EL-2",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.ApplyBeforeCommit = true },
		},
		{
			Name:     "quorumChangeWhenAppended",
			Doc:      "a change of the members counts as soon as it is in a monitor's log, and still does when the entry was replaced",
			Scenario: "mon-members", Property: "I-PROC-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.ChangeWhenAppended = true },
		},
		{
			Name:     "quorumForgetHardState",
			Doc:      "a monitor that restarts has forgotten its term and its vote",
			Scenario: "mon-crash", Property: "I-EL-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.ForgetHardState = true },
		},
		{
			Name:     "quorumTimerDuringWrite",
			Doc:      "the leader's clock goes on to the next step while one is still being written (BUG-38, tracker 10220)",
			Scenario: "mon-crash", Property: "I-PROC-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.TimerDuringWrite = true },
		},
		{
			Name:     "quorumCutOffDamage",
			Doc:      "a monitor takes a rotten log for one with a torn tail, and comes up with a part of its past",
			Scenario: "mon-rot", Property: "I-PX-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.Log.CutOffDamage = true },
		},
		{
			Name:     "quorumReadWithoutLease",
			Doc:      "a monitor answers reads from what it has, without asking a majority",
			Scenario: "mon-minority", Property: "I-PX-3",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.ReadWithoutLease = true },
		},
		{
			Name:     "quorumSendBeforeSave",
			Doc:      "a monitor promises what it has not saved yet",
			Scenario: "mon-promise", Property: "I-PX-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.SendBeforeSave = true },
		},
		{
			Name:     "quorumTrustCache",
			Doc:      "a monitor that starts again after a failed sync builds on what it can read and the disk does not have",
			Scenario: "mon-disk", Property: "I-PROC-1",
			Plant: func(t *cluster.Topology) { t.MonDefects.Quorum.Log.TrustCache = true },
		},
	}
}

// FindMutant finds a planted bug by name; the empty name stands for none.
func FindMutant(name string) (Mutant, bool) {
	all := Mutants()
	i := slices.IndexFunc(all, func(m Mutant) bool { return m.Name == name })
	if i < 0 {
		return Mutant{}, false
	}
	return all[i], true
}

// CheckMutant is an error that names what there is, if there is no such mutant.
func CheckMutant(name string) error {
	if _, ok := FindMutant(name); ok || name == "" {
		return nil
	}
	var names []string
	for _, m := range Mutants() {
		names = append(names, m.Name)
	}
	return fmt.Errorf("no mutant %q; there are %s", name, strings.Join(names, ", "))
}
