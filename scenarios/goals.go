package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// proposal bounds how long a change takes from the leader's decision to the
// commit at every monitor: paxos_propose_interval is 1 s.
const proposal = 2 * time.Second

// detection is MM-24: a silent active is dropped by its grace, one tick of the
// monitors and a proposal.
func detection(t cluster.Topology) time.Duration {
	return t.Mon.MgrBeaconGrace + t.Mon.TickInterval + proposal
}

// replaced is I-MGR-11: the manager that was active when the fault struck, and
// silenced it, is out of the map.
func replaced(fault int) Goal {
	return Goal{
		Words:    "replaced",
		Property: "I-MGR-11 bounded detection", Fault: fault, Step: fault,
		Doc:    "the manager that was active at the fault is dropped from the map",
		Within: detection,
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			return m.Epoch > p.Before.Epoch && m.ActiveGID != p.Before.ActiveGID
		},
	}
}

// succeeded is I-MGR-12: a healthy successor of the manager that was active when
// the fault struck serves. The deadline counts from the given step.
func succeeded(fault, step int, after func(cluster.Topology) time.Duration) Goal {
	return Goal{
		Words:    "succeeded",
		Property: "I-MGR-12 bounded promotion", Fault: fault, Step: step,
		Doc:    "another manager is active and available",
		Within: func(t cluster.Topology) time.Duration { return after(t) + initialisation(t) },
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			return m.Available && m.ActiveGID != p.Before.ActiveGID
		},
	}
}

// initialisation bounds a promoted manager's way to available: a map to it, the maps
// that it waits for, a beacon and a commit.
func initialisation(t cluster.Topology) time.Duration {
	return t.Mgr.TickPeriod + 2*proposal
}

// cameBack says that the manager that was active when the fault struck is in the
// map again, as a new process. The deadline counts from the given step.
func cameBack(fault, step int, within func(cluster.Topology) time.Duration) Goal {
	return Goal{
		Words:    "came-back",
		Property: "I-MGR-8 respawn on loss", Fault: fault, Step: step,
		Doc:    "the former active has respawned and is in the map under a new gid",
		Within: within,
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			if m.ActiveName == p.Before.ActiveName && m.ActiveGID != p.Before.ActiveGID {
				return true
			}
			for _, s := range cluster.Standbys(m) {
				if s.Name == p.Before.ActiveName && s.GID != p.Before.ActiveGID {
					return true
				}
			}
			return false
		},
	}
}

// settled says that, whoever it is, an active manager serves and knows it, and all others
// stand by.
func settled(step int) Goal {
	return Goal{
		Words:    "settled",
		Property: "I-MGR-12 bounded promotion", Step: step, Fault: step,
		Doc:    "a manager is active and available, and all others stand by",
		Within: func(t cluster.Topology) time.Duration { return detection(t) + rediscovery(t) + initialisation(t) },
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			return m.Available && len(cluster.Standbys(m)) == p.Topology().Mgrs-1 && p.View().Mode("mgr."+m.ActiveName) == mgr.ModeActive
		},
	}
}

// undisturbed says that the manager that was active before the first fault goes
// on serving: it does so when the given time has passed since the given step.
func undisturbed(step int, within time.Duration) Goal {
	return Goal{
		Words:    "undisturbed",
		Property: "I-MGR-12 bounded promotion", Step: step, Lasts: true,
		Doc:    "the manager that was active before the first fault is still active and available",
		Within: func(cluster.Topology) time.Duration { return within },
		Reached: func(p *Progress) bool {
			m := p.View().MgrMap()
			return m.Available && m.ActiveGID == p.Before.ActiveGID && p.View().Mode("mgr."+m.ActiveName) == mgr.ModeActive
		},
	}
}

// answered says that the operator has an answer to everything that was asked.
func answered(step int) Goal {
	return Goal{
		Property: "I-MC-4 command completion", Fault: step, Step: step,
		Words:   "answered",
		Doc:     "the operator's commands are answered",
		Within:  func(t cluster.Topology) time.Duration { return rediscovery(t) + proposal },
		Reached: func(p *Progress) bool { return p.Unanswered() == 0 },
	}
}
