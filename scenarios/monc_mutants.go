package scenarios

import "github.com/wavetank/wavetank/cluster"

// clientMutants are planted bugs of the monitor client. There is none of the renewal of
// tickets: authentication "none" has no tickets.
func clientMutants() []Mutant {
	return []Mutant{
		{
			Name:     "finishHuntOnMonmap",
			Doc:      "a client takes a monitor map for the end of its hunt, before it was let in (BUG-24, tracker 8278)",
			Scenario: "monc-reset", Property: "I-MC-2",
			Plant: func(t *cluster.Topology) { t.ClientDefects.FinishHuntOnMonmap = true },
		},
		{
			Name:     "freshGidOnReopen",
			Doc:      "a client that hunts again has forgotten its global id (BUG-23, tracker 18968)",
			Scenario: "monc-reset", Property: "I-MC-1",
			Plant: func(t *cluster.Topology) { t.ClientDefects.FreshGIDOnReopen = true },
		},
		{
			Name:     "keepAuthErrOnReopen",
			Doc:      "a client that is woken for a session that is gone again takes it for one (BUG-21, tracker 50477)",
			Scenario: "monc-reset", Property: "I-MC-2",
			Plant: func(t *cluster.Topology) { t.ClientDefects.KeepAuthErrOnReopen = true },
		},
		{
			Name:     "keepLosers",
			Doc:      "a client that has a session goes on to listen to the monitors that it has tried besides",
			Scenario: "monc-reset", Property: "I-MC-5",
			Plant: func(t *cluster.Topology) { t.ClientDefects.KeepLosers = true },
		},
		{
			Name:     "noReopenOnEagain",
			Doc:      "a client whose last monitor tells it to try again does not (BUG-26, tracker 58379)",
			Scenario: "monc-quorum", Property: "I-MC-2",
			Plant: func(t *cluster.Topology) { t.ClientDefects.NoReopenOnEagain = true },
		},
		{
			Name:     "noUnBackoff",
			Doc:      "a client that has hunted for long never hunts as eagerly as at first (BUG-28, tracker 20371)",
			Scenario: "monc-outage", Property: "I-MC-2",
			Plant: func(t *cluster.Topology) { t.ClientDefects.NoUnBackoff = true },
		},
		{
			Name:     "shutdownKeepsCons",
			Doc:      "a client that is shut down while it authenticates has a session afterwards (BUG-28c, tracker 13992)",
			Scenario: "monc-reset", Property: "I-MSG-9",
			Plant: func(t *cluster.Topology) { t.ClientDefects.ShutdownKeepsCons = true },
		},
		{
			Name:     "tickBySlowInterval",
			Doc:      "a client without a first session hunts only as often as it would send keepalives (BUG-28, tracker 46445)",
			Scenario: "monc-outage", Property: "I-MC-2",
			Plant: func(t *cluster.Topology) { t.ClientDefects.TickBySlowInterval = true },
		},
	}
}
