package scenarios

import "github.com/wavetank/wavetank/cluster"

// serviceMutants are planted bugs of Cinder's services and their API. Those without a
// number are what Cinder does to this day.
func serviceMutants() []Mutant {
	return []Mutant{
		{
			Name:     "acknowledgesOnly",
			Doc:      "enable and disable are acknowledged, and nothing is written (Cinder 28.0.0)",
			Scenario: "svc-dead", Property: "I-SVC-11",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.AcknowledgesOnly = true },
		},
		{
			Name:     "adminTouchesHeartbeat",
			Doc:      "disabling or freezing a dead service revives it (BUG-60, Launchpad 1397167)",
			Scenario: "svc-dead", Property: "I-SVC-2",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.AdminTouchesHeartbeat = true },
		},
		{
			Name:     "databaseAnswersEarly",
			Doc:      "the database answers writes that are committed together before they are",
			Scenario: "svc-slow", Property: "I-SVC-9",
			Plant: func(t *cluster.Topology) { t.Cinder.ServerDefects.AnswersEarly = true },
		},
		{
			Name:     "heartbeatDiesOnError",
			Doc:      "one error of the database ends the heartbeat of a service for good (BUG-62, Launchpad 1466991)",
			Scenario: "svc-outage", Property: "I-SVC-3",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.HeartbeatDiesOnError = true },
		},
		{
			Name:     "heartbeatIgnoresManager",
			Doc:      "a service whose driver is not set up says that it is alive (BUG-65, Launchpad 1446750)",
			Scenario: "svc-broken", Property: "I-SVC-6",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.HeartbeatIgnoresManager = true },
		},
		{
			Name:     "heartbeatUnbounded",
			Doc:      "a heartbeat waits for a database that does not answer, for as long as that takes, and no other comes",
			Scenario: "svc-outage", Property: "I-SVC-3",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.HeartbeatUnbounded = true },
		},
		{
			Name:     "judgesLate",
			Doc:      "a failover of a dead service is refused once its row says that it is failing over",
			Scenario: "svc-dead", Property: "I-SVC-19",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.JudgesLate = true },
		},
		{
			Name:     "noCreatedAtFallback",
			Doc:      "a service that has not sent a heartbeat yet cannot be judged (BUG-64, Launchpad 1495938)",
			Scenario: "svc-delete", Property: "I-SVC-7",
			Plant: func(t *cluster.Topology) {
				t.Cinder.Defects.NoCreatedAtFallback, t.Cinder.APIDefects.NoCreatedAtFallback = true, true
			},
		},
		{
			Name:     "noIntervalCheck",
			Doc:      "a service sends heartbeats less often than they expire (BUG-61, Launchpad 1255685)",
			Scenario: "svc-intervals", Property: "I-SVC-4",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.NoIntervalCheck = true },
		},
		{
			Name:     "oneSidedAge",
			Doc:      "schedulers take a service for up whose heartbeat is of the future, however far",
			Scenario: "svc-skew", Property: "I-SVC-7",
			Plant: func(t *cluster.Topology) {
				t.Cinder.Defects.OneSidedAge, t.Cinder.APIDefects.OneSidedAge = true, true
			},
		},
		{
			Name:     "racingRows",
			Doc:      "two processes of one name that start together have a row each, and one is down with its process",
			Scenario: "svc-twins", Property: "I-SVC-12",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.RacingRows = true },
		},
		{
			Name:     "restartTouchesHeartbeat",
			Doc:      "a service that crashes again and again and never works is up for ever",
			Scenario: "svc-broken", Property: "I-SVC-2",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.RestartTouchesHeartbeat = true },
		},
		{
			Name:     "stampAsVersion",
			Doc:      "two services claim the same unfinished work within a second, and both get it (BUG-67, Cinder c24bab6b7f)",
			Scenario: "svc-twins", Property: "I-SVC-8",
			Plant: func(t *cluster.Topology) { t.Cinder.DB.Defects.StampAsVersion = true },
		},
	}
}

// clusteredMutants are those of clusters of services, and of who may do what in which state.
func clusteredMutants() []Mutant {
	return []Mutant{
		{
			Name:     "failoverForgets",
			Doc:      "a failover to a target that there is not leaves the backend failing over for ever",
			Scenario: "svc-cluster", Property: "I-SVC-15",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.FailoverForgets = true },
		},
		{
			Name:     "failsOverTwice",
			Doc:      "a backend that is failing over can be failed over once more",
			Scenario: "svc-cluster", Property: "I-SVC-14",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.FailsOverTwice = true },
		},
		{
			Name:     "newestFields",
			Doc:      "a list in an old version has fields that came later",
			Scenario: "svc-cluster", Property: "I-SVC-18",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.NewestFields = true },
		},
		{
			Name:     "oldestMember",
			Doc:      "a cluster is taken for as old as the member that was heard of the longest time ago",
			Scenario: "svc-cluster", Property: "I-SVC-16",
			Plant: func(t *cluster.Topology) { t.Cinder.DB.Defects.OldestMember = true },
		},
		{
			Name:     "racingClusters",
			Doc:      "members of a new cluster that start together make a row of it each",
			Scenario: "svc-cluster", Property: "I-SVC-17",
			Plant: func(t *cluster.Topology) { t.Cinder.DB.Defects.RacingClusters = true },
		},
		{
			Name:     "schedulesDisabled",
			Doc:      "schedulers choose among backends that operators have disabled",
			Scenario: "svc-cluster", Property: "I-SVC-20",
			Plant: func(t *cluster.Topology) { t.Cinder.Defects.SchedulesDisabled = true },
		},
		{
			Name:     "unguarded",
			Doc:      "freeze, thaw and failover are done whatever state the backend is in",
			Scenario: "svc-cluster", Property: "I-SVC-13",
			Plant: func(t *cluster.Topology) { t.Cinder.APIDefects.Unguarded = true },
		},
	}
}
