package invariant

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

var (
	svc     = cinder.Who{Host: "volume.0@lvm", Binary: cinder.BinaryVolume}
	started = cinder.Started{Who: svc, ID: 1, ReportInterval: 10 * time.Second, DownTime: time.Minute}
	failed  = cinder.BeatFailed{Who: svc}
)

// wall is what a clock shows that is ahead by so many seconds.
func wall(seconds, ahead int) time.Duration {
	return simulated + time.Duration(seconds+ahead)*time.Second
}

// beatSent is a heartbeat on its way, by a clock that is ahead.
func beatSent(seconds, ahead int) cluster.Observation {
	return at(seconds, "volume.0", cinder.BeatSent{Who: svc, ID: 1, UpdatedAt: wall(seconds, ahead)})
}

func beatDone(seconds, ahead, count int) cluster.Observation {
	return at(seconds, "volume.0", cinder.Beat{Who: svc, ID: 1, Count: count, UpdatedAt: wall(seconds, ahead)})
}

// judged is a scheduler's verdict on the stamp of a moment.
func judged(seconds int, stamp time.Duration, up bool) cluster.Observation {
	return at(seconds, "scheduler.0", cinder.Judged{Who: svc, ID: 1, Up: up, UpdatedAt: stamp, Now: wall(seconds, 0), DownTime: time.Minute})
}

// inList is an API's verdict, by a clock that is ahead.
func inList(seconds, ahead int, stamp time.Duration, up bool) cluster.Observation {
	f := api.Judged{Service: 1, ServiceHost: svc.Host, Binary: svc.Binary, Up: up, UpdatedAt: stamp, Age: wall(seconds, ahead) - stamp, Now: wall(seconds, ahead)}
	return at(seconds, "api.0", f)
}

// inOldList is an API's verdict on the stamp of second 5, for which it asked a while ago, by a
// clock that was ahead then.
func inOldList(seconds, took, ahead int) cluster.Observation {
	f := api.Judged{Service: 1, ServiceHost: svc.Host, Binary: svc.Binary, UpdatedAt: wall(5, 0), Took: time.Duration(took) * time.Second}
	f.Now = wall(seconds-took, ahead)
	f.Age = f.Now - f.UpdatedAt
	return at(seconds, "api.0", f)
}

// asked and told are a request about the service, and its answer.
func asked(seconds, id int, action string) cluster.Observation {
	return at(seconds, "client.cinder", cluster.CinderAsked{ID: id, Action: action, Service: svc})
}

func told(seconds, id, status int) cluster.Observation {
	return at(seconds, "client.cinder", cluster.CinderAnswered{ID: id, Status: status})
}

// removing and removed are what an operator does to the row of the service.
func removing(seconds int) cluster.Observation {
	return at(seconds, "client.cinder", cluster.RowDeleting{Who: svc})
}

func removed(seconds, rows int) cluster.Observation {
	return at(seconds, "client.cinder", cluster.RowDeleted{Who: svc, Rows: rows})
}

// inOneList is a list with the service in it, for which somebody has waited.
func inOneList(seconds, took int, disabled bool) cluster.Observation {
	f := cluster.CinderListed{Status: 200, Took: time.Duration(took) * time.Second, Enabled: "cinder-backup b,cinder-volume volume.0@lvm"}
	if disabled {
		f.Enabled, f.Disabled = "", "cinder-volume volume.0@lvm"
	}
	return at(seconds, "client.cinder", f)
}

// twice is a list with two rows of the service.
func twice(seconds int) cluster.Observation {
	return at(seconds, "client.cinder", cluster.CinderListed{Status: 200, Enabled: "cinder-volume volume.0@lvm", Disabled: "cinder-volume volume.0@lvm"})
}

// frozenList is a list for which somebody has waited.
func frozenList(seconds, took int, frozen, disabled bool) cluster.Observation {
	f := cluster.CinderListed{Status: 200, Took: time.Duration(took) * time.Second, Enabled: "cinder-volume volume.0@lvm"}
	if disabled {
		f.Enabled, f.Disabled = "", f.Enabled
	}
	if frozen {
		f.Frozen = "cinder-volume volume.0@lvm"
	}
	return at(seconds, "client.cinder", f)
}

// failsOver is a failover that is accepted.
func failsOver(seconds int, backend string) cluster.Observation {
	return at(seconds, "api.0", api.Changed{ServiceHost: backend, Binary: cinder.BinaryVolume, Action: "failover_host"})
}

func sending(seconds int, of string) cluster.Observation {
	return at(seconds, "volume.0", cinder.ReplicationSent{Who: svc, Cluster: of})
}

func replication(seconds int, of, status string) cluster.Observation {
	return at(seconds, "volume.0", cinder.ReplicationChanged{Who: svc, Cluster: of, Status: status})
}

// fields is a list by what is in it.
func fields(version, volumes, others string) cluster.Observation {
	return at(1, "client.cinder", cluster.CinderListed{Status: 200, Version: version, VolumeFields: volumes, OtherFields: others})
}

func clusterFields(version, names string) cluster.Observation {
	return at(1, "client.cinder", cluster.CinderClusters{Status: 200, Version: version, Fields: names})
}

// changed is what a request has done, and refused its answer.
func changed(seconds int, request string) cluster.Observation {
	return at(seconds, "api.0", api.Changed{ServiceHost: svc.Host, Request: request})
}

func refused(seconds, status int, request string) cluster.Observation {
	return at(seconds, "client.cinder", cluster.CinderAnswered{Status: status, Of: request})
}

// chooses is a scheduler's choice, for which it has looked a second before.
func chooses(seconds int, backends string) cluster.Observation {
	return at(seconds, "scheduler.0", cinder.Schedulable{Backends: backends, Took: time.Second})
}

// TestServiceCheckers is TestCheckers for what Cinder's services promise.
func TestServiceCheckers(t *testing.T) {
	quiet := calm{since: -time.Hour}
	claimed := func(worker, version int64) cinder.WorkClaimed {
		return cinder.WorkClaimed{Who: svc, Worker: worker, Version: version, Resource: "v"}
	}
	begunAgain := claimed(1, 0)
	begunAgain.CreatedAt = time.Second
	for _, tt := range []struct {
		name, property string
		timeline       calm
		good, bad      events
	}{
		{
			"up means a heartbeat", "I-SVC-1", quiet,
			events{beatSent(10, 0), judged(71, wall(10, 0), true)},
			events{beatSent(10, 0), judged(72, wall(10, 0), true)},
		}, {
			"clocks excuse some", "I-SVC-1", quiet,
			events{beatSent(10, 30), judged(100, wall(10, 30), true)},
			events{beatSent(10, 30), judged(102, wall(10, 30), true)},
		}, {
			"of both sides", "I-SVC-1", quiet,
			events{beatSent(10, 0), inList(90, -20, wall(10, 0), true)},
			events{beatSent(10, 0), inList(92, -20, wall(10, 0), true)},
		}, {
			"stamps are of heartbeats", "I-SVC-2", quiet,
			events{beatSent(10, 0), judged(20, wall(10, 0), true), inList(20, 0, wall(10, 0), true), judged(20, 0, true)},
			events{beatSent(10, 0), judged(20, wall(15, 0), true)},
		}, {
			"the heartbeat goes on", "I-SVC-3", quiet,
			events{at(0, "volume.0", started), at(21, "volume.0", failed), beatSent(40, 0), tick(61)},
			events{at(0, "volume.0", started), at(21, "volume.0", failed), tick(44)},
		}, {
			"as long as there is a process", "I-SVC-3", calm{down: true},
			events{at(0, "volume.0", started), tick(99)}, nil,
		}, {
			"that does not stand still", "I-SVC-3", calm{paused: 80 * time.Second},
			events{at(0, "volume.0", started), tick(99)},
			events{at(0, "volume.0", started), tick(109)},
		}, {
			"a new process begins anew", "I-SVC-3", quiet,
			events{at(0, "volume.0", started), restarted(20, "volume.0", started), tick(40)},
			events{at(0, "volume.0", started), restarted(20, "volume.0", started), tick(43)},
		}, {
			"sane intervals", "I-SVC-4", quiet,
			events{at(0, "volume.0", started), at(0, "volume.0", cinder.Started{DownTime: 1})},
			events{at(0, "volume.0", cinder.Started{ReportInterval: 10, DownTime: 10})},
		}, {
			"who beats is up", "I-SVC-5", quiet,
			events{beatSent(10, 0), beatDone(10, 0, 1), judged(61, wall(10, 0), false)},
			events{beatSent(10, 0), beatDone(10, 0, 1), judged(60, wall(10, 0), false)},
		}, {
			"unless clocks differ", "I-SVC-5", quiet,
			events{beatSent(10, 45), beatDone(10, 45, 1), judged(16, wall(10, 45), false)},
			events{beatSent(10, 45), beatDone(10, 45, 1), judged(15, wall(10, 45), false)},
		}, {
			"by as much on both sides is not to differ", "I-SVC-5", quiet, nil,
			events{beatSent(10, 300), beatDone(10, 300, 1), inList(20, 300, wall(10, 300), false)},
		}, {
			"an old row is seen of a database that was put back", "I-SVC-5", calm{rewinds: 1},
			events{beatSent(10, 0), beatDone(10, 0, 1), beatSent(90, 0), beatDone(90, 0, 2), judged(91, wall(10, 0), false)}, nil,
		}, {
			"and not in others", "I-SVC-5", quiet, nil,
			events{beatSent(10, 0), beatDone(10, 0, 1), beatSent(90, 0), beatDone(90, 0, 2), judged(91, wall(10, 0), false)},
		}, {
			"who asked before the first heartbeat has not seen it", "I-SVC-5", quiet,
			events{beatSent(70, 0), beatDone(70, 0, 1), at(75, "api.0", api.Judged{Service: 1, ServiceHost: svc.Host, Binary: svc.Binary, Age: time.Hour, Now: wall(69, 0), Took: 6 * time.Second})},
			events{beatSent(70, 0), beatDone(70, 0, 1), at(75, "api.0", api.Judged{Service: 1, ServiceHost: svc.Host, Binary: svc.Binary, Age: time.Hour, Now: wall(71, 0), Took: 4 * time.Second})},
		}, {
			"nor does a clock count that was set right meanwhile", "I-SVC-5", quiet,
			events{beatSent(5, 0), beatDone(5, 0, 1), beatSent(60, 0), beatDone(60, 0, 2), inOldList(70, 60, 65)},
			events{beatSent(5, 0), beatDone(5, 0, 1), beatSent(60, 0), beatDone(60, 0, 2), inOldList(70, 5, 0)},
		}, {
			"a stamp far ahead of the question is not believed", "I-SVC-5", quiet,
			events{beatSent(5, 0), beatDone(5, 0, 1), inOldList(60, 106, 0)},
			events{beatSent(5, 0), beatDone(5, 0, 1), inOldList(60, 105, 0)},
		}, {
			"who cannot work is silent", "I-SVC-6", quiet,
			events{at(1, "volume.0", cinder.Working{Who: svc}), at(2, "volume.0", cinder.BeatSkipped{Who: svc}), at(3, "volume.0", cinder.Working{Who: svc, Working: true}), beatSent(4, 0)},
			events{at(1, "volume.0", cinder.Working{Who: svc}), beatSent(4, 0)},
		}, {
			"one rule", "I-SVC-7", quiet,
			events{judged(70, wall(10, 0), true), judged(71, wall(10, 0), false), judged(10, wall(70, 0), true), judged(10, wall(71, 0), false), inList(71, -1, wall(10, 0), true)},
			events{judged(10, wall(71, 0), true)},
		}, {
			"with both ends", "I-SVC-7", quiet, nil, events{judged(70, wall(10, 0), false)},
		}, {
			"in lists too", "I-SVC-7", quiet, nil, events{inList(71, 0, wall(10, 0), true)},
		}, {
			"work is claimed once", "I-SVC-8", quiet,
			events{at(1, "volume.0", claimed(1, 0)), at(1, "volume.1", claimed(1, 1)), at(1, "volume.1", claimed(2, 0))},
			events{at(1, "volume.0", claimed(1, 0)), at(1, "volume.1", claimed(1, 0))},
		}, {
			"of work that was begun once", "I-SVC-8", quiet,
			events{at(1, "volume.0", claimed(1, 0)), at(9, "volume.0", begunAgain)},
			events{at(1, "volume.0", begunAgain), at(9, "volume.0", begunAgain)},
		}, {
			"and once more after a database was put back", "I-SVC-8", calm{rewinds: 1},
			events{at(1, "volume.0", claimed(1, 0)), at(1, "volume.1", claimed(1, 0)), at(1, "volume.0", claimed(1, 1)), at(1, "volume.0", claimed(1, 1))},
			events{at(1, "volume.0", claimed(1, 0)), at(1, "volume.1", claimed(1, 0)), at(1, "volume.0", claimed(1, 0))},
		}, {
			"heartbeats are counted", "I-SVC-9", quiet,
			events{beatDone(1, 0, 1), beatDone(2, 0, 2), restarted(3, "volume.0", cinder.Beat{Who: svc, ID: 1, Count: 2}), at(4, "volume.0", cinder.Beat{Who: svc, ID: 2, Count: 1})},
			events{beatDone(1, 0, 1), beatDone(2, 0, 1)},
		}, {
			"unless the database was put back", "I-SVC-9", calm{rewinds: 1}, events{beatDone(1, 0, 2), beatDone(2, 0, 1)}, nil,
		}, {
			"services can be listed", "I-SVC-10", calm{since: 10 * time.Second},
			events{at(70, "client.cinder", cluster.CinderListed{Status: 500}), at(99, "client.cinder", cluster.CinderListed{Status: 200})},
			events{at(71, "client.cinder", cluster.CinderListed{Status: 500})},
		}, {
			"who asked before may wait in vain", "I-SVC-10", calm{since: 10 * time.Second},
			events{at(71, "client.cinder", cluster.CinderListed{Took: 61001 * time.Millisecond})},
			events{at(71, "client.cinder", cluster.CinderListed{Took: 61 * time.Second})},
		}, {
			"if somebody is there to answer", "I-SVC-10", calm{since: 10 * time.Second, down: true},
			events{at(71, "client.cinder", cluster.CinderListed{})}, nil,
		}, {
			"what was acknowledged is kept", "I-SVC-11", quiet,
			events{asked(1, 1, "disable"), told(2, 1, 200), inOneList(9, 1, true), asked(10, 2, "enable"), told(11, 2, 200), inOneList(12, 2, true), inOneList(20, 1, false)},
			events{asked(1, 1, "disable"), told(2, 1, 200), inOneList(9, 1, false)},
		}, {
			"either way", "I-SVC-11", quiet,
			events{asked(1, 1, "enable"), told(2, 1, 404), inOneList(9, 1, true)},
			events{asked(1, 1, "enable"), told(2, 1, 200), inOneList(9, 1, true)},
		}, {
			"but for requests under way", "I-SVC-11", quiet,
			events{asked(1, 1, "disable"), asked(1, 2, "enable"), told(2, 1, 200), told(3, 2, 200), inOneList(9, 1, false), asked(10, 3, "disable"), inOneList(12, 1, false)},
			events{asked(1, 1, "disable"), told(2, 1, 200), asked(3, 2, "disable"), told(4, 2, 200), inOneList(12, 1, false)},
		}, {
			"of unknown outcome", "I-SVC-11", quiet,
			events{asked(1, 1, "disable"), told(2, 1, 200), asked(3, 2, "enable"), told(4, 2, 500), inOneList(9, 1, false)}, nil,
		}, {
			"of other kinds", "I-SVC-11", quiet,
			events{asked(1, 1, "thaw"), told(2, 1, 200), asked(3, 2, "disable"), told(4, 2, 200), inOneList(9, 1, false)}, nil,
		}, {
			"and rows that are new", "I-SVC-11", quiet,
			events{asked(1, 1, "disable"), told(2, 1, 200), at(3, "volume.0", cinder.RowCreated{Who: svc, Again: true}), inOneList(9, 1, false)},
			events{asked(1, 1, "disable"), told(2, 1, 200), at(3, "volume.1", cinder.RowCreated{Who: cinder.Who{Host: "volume.1@lvm", Binary: cinder.BinaryVolume}}), inOneList(9, 1, false)},
		}, {
			"or came while the request was under way", "I-SVC-11", quiet,
			events{
				asked(1, 1, "disable"), removing(2), removed(3, 1), at(4, "volume.0", cinder.RowCreated{Who: svc, Again: true}),
				told(5, 1, 200), inOneList(9, 1, false),
			},
			events{
				asked(1, 1, "disable"), removing(2), removed(3, 1), at(4, "volume.0", cinder.RowCreated{Who: svc, Again: true}),
				told(5, 1, 200), asked(6, 2, "disable"), told(7, 2, 200), inOneList(9, 1, false),
			},
		}, {
			"or are being removed", "I-SVC-11", quiet,
			events{
				asked(1, 1, "disable"), told(2, 1, 200), removing(3), inOneList(5, 1, false),
				asked(6, 2, "disable"), told(7, 2, 200), inOneList(9, 1, false), removed(10, 1), inOneList(12, 1, false),
			},
			events{removing(3), removed(4, 1), asked(6, 2, "disable"), told(7, 2, 200), inOneList(9, 1, false)},
		}, {
			"or were listed twice", "I-SVC-11", quiet,
			events{asked(1, 1, "disable"), told(2, 1, 200), twice(5), inOneList(9, 1, false)},
			events{twice(1), asked(2, 1, "disable"), told(3, 1, 200), inOneList(9, 1, false)},
		}, {
			"as they may be for ever", "I-SVC-11", quiet,
			events{removing(3), removed(4, 0), asked(6, 2, "disable"), told(7, 2, 200), inOneList(9, 1, false)}, nil,
		}, {
			"or databases that were put back", "I-SVC-11", calm{rewinds: 1},
			events{asked(1, 1, "disable"), told(2, 1, 200), inOneList(9, 1, false)}, nil,
		}, {
			"one row for a service", "I-SVC-12", quiet,
			events{twice(10), twice(29), inOneList(30, 0, false), twice(40), twice(59)},
			events{twice(10), twice(31)},
		}, {
			"as long as somebody runs who could see to it", "I-SVC-12", calm{since: -time.Hour, down: true},
			events{twice(10), twice(99)}, nil,
		}, {
			"freeze and thaw take turns", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), told(2, 1, 200), asked(3, 2, "freeze"), told(4, 2, 400), asked(5, 3, "thaw"), told(6, 3, 200)},
			events{asked(1, 1, "freeze"), told(2, 1, 200), asked(3, 2, "freeze"), told(4, 2, 200)},
		}, {
			"who is refused is so for a reason", "I-SVC-13", quiet,
			events{asked(1, 1, "thaw"), told(2, 1, 400)},
			events{asked(1, 1, "freeze"), told(2, 1, 400)},
		}, {
			"one of two at once succeeds", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), asked(1, 2, "freeze"), told(2, 2, 400), told(2, 1, 200), asked(3, 3, "freeze"), asked(3, 4, "thaw"), told(4, 3, 200), told(4, 4, 200)},
			events{asked(1, 1, "freeze"), asked(1, 2, "freeze"), told(2, 1, 200), told(2, 2, 200)},
		}, {
			"or refused, but not all of them", "I-SVC-13", quiet, nil,
			events{asked(1, 1, "freeze"), asked(1, 2, "freeze"), told(2, 1, 400), told(2, 2, 400)},
		}, {
			"who may be done at any time", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), told(2, 1, 500), asked(3, 2, "freeze"), told(4, 2, 200), asked(5, 3, "freeze"), told(6, 3, 200)}, nil,
		}, {
			"a row that is new", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), told(2, 1, 200), at(3, "volume.0", cinder.RowCreated{Who: svc, Again: true}), asked(4, 2, "freeze"), told(5, 2, 200)}, nil,
		}, {
			"or a database that was put back", "I-SVC-13", calm{rewinds: 1},
			events{asked(1, 1, "freeze"), told(2, 1, 200), asked(3, 2, "freeze"), told(4, 2, 200), frozenList(6, 1, false, true)}, nil,
		}, {
			"lists have it as it was left", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), told(3, 1, 200), frozenList(4, 2, false, true), frozenList(5, 1, true, true)},
			events{asked(1, 1, "freeze"), told(3, 1, 200), frozenList(5, 1, false, true)},
		}, {
			"and disabled", "I-SVC-13", quiet,
			events{asked(1, 1, "freeze"), told(2, 1, 200), asked(3, 2, "enable"), told(4, 2, 200), frozenList(6, 1, true, false)},
			events{asked(1, 1, "freeze"), told(2, 1, 200), frozenList(6, 1, true, false)},
		}, {
			"one failover at a time", "I-SVC-14", quiet,
			events{failsOver(1, svc.Host), replication(2, "", "failed-over"), failsOver(3, svc.Host)},
			events{failsOver(1, svc.Host), failsOver(3, svc.Host)},
		}, {
			"a start ends it", "I-SVC-14", quiet,
			events{failsOver(1, svc.Host), sending(2, ""), failsOver(3, svc.Host)}, nil,
		}, {
			"of others it says nothing", "I-SVC-14", quiet,
			events{failsOver(1, svc.Host), failsOver(3, "volume.1@lvm")}, nil,
		}, {
			"a failover ends", "I-SVC-15", quiet,
			events{failsOver(40, svc.Host), tick(60), replication(60, "", "failover-error"), tick(99)},
			events{failsOver(40, svc.Host), replication(41, "", "failing-over"), tick(61)},
		}, {
			"if it was accepted in quiet", "I-SVC-15", calm{since: 20 * time.Second},
			events{failsOver(49, svc.Host), tick(99)},
			events{failsOver(50, svc.Host), tick(99)},
		}, {
			"by somebody who does not start", "I-SVC-15", quiet,
			events{failsOver(40, svc.Host), restarted(45, "volume.0", started), tick(99)}, nil,
		}, {
			"or dies", "I-SVC-15", calm{since: -time.Hour, down: true}, events{failsOver(40, svc.Host), tick(99)}, nil,
		}, {
			"one row for a cluster", "I-SVC-17", quiet,
			events{at(1, "volume.0", cinder.ClusterCreated{Who: svc, Cluster: "c@lvm", ID: 1}), at(1, "volume.0", cinder.ClusterCreated{Who: svc, Cluster: "d@lvm", ID: 2})},
			events{at(1, "volume.0", cinder.ClusterCreated{Who: svc, Cluster: "c@lvm", ID: 1}), at(1, "volume.0", cinder.ClusterCreated{Who: svc, Cluster: "c@lvm", ID: 2})},
		}, {
			"answers are of the version asked for", "I-SVC-18", quiet,
			events{fields("3.7", "binary,cluster,frozen", "binary,cluster"), fields("3.49", "backend_state", ""), clusterFields("3.26", "frozen,name")},
			events{fields("3.6", "binary,cluster", "")},
		}, {
			"of clusters too", "I-SVC-18", quiet, nil, events{clusterFields("3.25", "name,replication_status")},
		}, {
			"and who has no volumes has no replicas", "I-SVC-18", quiet, nil, events{fields("3.48", "frozen", "binary,frozen")},
		}, {
			"what is refused changes nothing", "I-SVC-19", quiet,
			events{changed(1, "req-1"), refused(2, 200, "req-1"), changed(3, "req-2"), refused(4, 500, "req-2"), refused(5, 400, "req-3")},
			events{changed(1, "req-1"), refused(2, 406, "req-1")},
		}, {
			"schedulers choose who is up", "I-SVC-20", quiet,
			events{judged(10, wall(5, 0), true), chooses(10, svc.Host)},
			events{judged(10, wall(5, 0), false), chooses(10, svc.Host)},
		}, {
			"at that time", "I-SVC-20", quiet, nil, events{judged(10, wall(5, 0), true), chooses(12, svc.Host)},
		}, {
			"and enabled", "I-SVC-20", quiet,
			events{asked(1, 1, "disable"), told(9, 1, 200), judged(10, wall(5, 0), true), chooses(10, svc.Host), asked(11, 2, "enable"), told(12, 2, 200), judged(20, wall(5, 0), true), chooses(20, svc.Host)},
			events{asked(1, 1, "disable"), told(2, 1, 200), judged(10, wall(5, 0), true), chooses(10, svc.Host)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := feed(t, tt.property, tt.timeline, tt.good); v != "" {
				t.Errorf("a good history is refused: %s", v)
			}
			if v := feed(t, tt.property, tt.timeline, tt.bad); v == "" && tt.bad != nil {
				t.Error("a bad history passes")
			}
		})
	}
}

// TestClusterIsFreshest is TestCheckers for I-SVC-16, in a cluster of two members.
func TestClusterIsFreshest(t *testing.T) {
	c := cluster.DefaultCinder()
	c.Volumes, c.Service.Cluster = 2, "c"
	beat := func(seconds int, host string, sentOnly bool) events {
		who := cinder.Who{Host: host + "@lvm", Binary: cinder.BinaryVolume}
		all := events{at(seconds, host, cinder.BeatSent{Who: who, UpdatedAt: wall(seconds, 0)})}
		if !sentOnly {
			all = append(all, at(seconds, host, cinder.Beat{Who: who, UpdatedAt: wall(seconds, 0)}))
		}
		return all
	}
	look := func(seconds int, last time.Duration, up bool, hosts, down int) events {
		return events{at(seconds, "api.0", api.ClusterJudged{
			Name: "c@lvm", Binary: cinder.BinaryVolume, Up: up, LastHeartbeat: last, Now: wall(seconds, 0), Took: time.Second, Hosts: hosts, Down: down,
		})}
	}
	for _, tt := range []struct {
		name     string
		timeline calm
		good     []events
		bad      []events
	}{
		{
			"the last one counts", calm{},
			[]events{beat(10, "volume.0", false), beat(20, "volume.1", false), look(22, wall(20, 0), true, 2, 0)},
			[]events{beat(10, "volume.0", false), beat(20, "volume.1", false), look(22, wall(10, 0), true, 2, 0)},
		}, {
			"unless it came while somebody looked", calm{},
			[]events{beat(10, "volume.0", false), beat(20, "volume.1", false), look(21, wall(10, 0), true, 2, 0)}, nil,
		}, {
			"or an old one may yet be written", calm{},
			[]events{beat(10, "volume.0", true), beat(20, "volume.0", false), look(22, wall(10, 0), true, 2, 0)}, nil,
		}, {
			"or the row is being removed", calm{},
			[]events{beat(10, "volume.1", false), beat(20, "volume.0", false), {removing(21)}, look(23, wall(10, 0), true, 1, 0), {removed(24, 1)}, look(30, wall(10, 0), true, 1, 0)},
			[]events{beat(10, "volume.0", false), beat(20, "volume.1", false), {removing(21)}, look(23, wall(10, 0), true, 1, 0)},
		}, {
			"or was, after the heartbeat was sent", calm{},
			[]events{beat(10, "volume.1", false), {removing(11)}, beat(20, "volume.0", true), {removed(20, 1)}, beat(20, "volume.0", false), look(23, wall(10, 0), true, 1, 0)},
			[]events{beat(10, "volume.1", false), {removing(11)}, {removed(19, 1)}, beat(20, "volume.0", false), look(23, wall(10, 0), true, 2, 0)},
		}, {
			"or may yet be, for nobody knows", calm{},
			[]events{beat(10, "volume.1", false), {removing(11)}, {removed(12, 0)}, beat(20, "volume.0", false), look(23, wall(10, 0), true, 1, 0)}, nil,
		}, {
			"or the row is new", calm{},
			[]events{beat(10, "volume.1", false), beat(20, "volume.0", false), {at(21, "volume.0", cinder.RowCreated{Who: svc})}, look(30, wall(10, 0), true, 2, 0)}, nil,
		}, {
			"or the database", calm{rewinds: 1},
			[]events{beat(20, "volume.1", false), look(22, wall(10, 0), true, 2, 0)}, nil,
		}, {
			"the rule", calm{},
			[]events{look(70, wall(10, 0), true, 2, 0), look(71, wall(10, 0), false, 2, 2), look(10, 0, false, 1, 0), look(10, wall(80, 0), true, 2, 1), look(10, wall(80, 0), false, 2, 2)},
			[]events{look(71, wall(10, 0), true, 2, 1)},
		}, {
			"with both ends", calm{}, nil, []events{look(70, wall(10, 0), false, 2, 1)},
		}, {
			"up has a member", calm{}, nil, []events{look(20, wall(10, 0), true, 2, 2)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge := func(all []events) string {
				checker := newClusterIsFreshest(tt.timeline, Bounds{Cinder: c})
				for _, o := range slices.Concat(all...) {
					if v := checker.Observe(o); v != "" {
						return v
					}
				}
				return ""
			}
			if v := judge(tt.good); v != "" {
				t.Errorf("a good history is refused: %s", v)
			}
			if tt.bad != nil && judge(tt.bad) == "" {
				t.Error("a bad history passes")
			}
		})
	}
}
