package invariant

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/monc"
)

// calm is a Timeline of scripted damage.
type calm struct {
	paused    time.Duration
	apart     time.Duration // by which others were paused while the one in question was not
	unlike    string        // but for this one
	disturbed bool
	down      bool
	dead      string // hosts that do not run
	late      string // hosts on whose paths something is wrong
	disk      []error
	since     time.Duration // the end of all damage
	damaged   bool
	rewinds   int
}

func (c calm) PausedDuring(string, time.Duration, time.Duration) time.Duration { return c.paused }
func (c calm) PausedApart(host, _ string, _, _ time.Duration) time.Duration {
	if c.unlike == host {
		return 0
	}
	return c.apart
}
func (c calm) Runs(string, uint32) bool                         { return !c.down }
func (c calm) Rewinds() int                                     { return c.rewinds }
func (c calm) HostRuns(host string) bool                        { return !c.down && !strings.Contains(c.dead, host) }
func (c calm) LinksDisturbed(time.Duration, time.Duration) bool { return c.disturbed }
func (c calm) PathDisturbed(a, b string, _, _ time.Duration) bool {
	return strings.Contains(c.late, a) || strings.Contains(c.late, b)
}
func (c calm) DiskFaults(string) []error        { return c.disk }
func (c calm) CalmSince() (time.Duration, bool) { return c.since, !c.damaged }

var bounds = Bounds{
	Grace: 30 * time.Second, BeaconPeriod: 2 * time.Second, Tick: 5 * time.Second, Lonely: 10 * time.Second,
	Blocklist: time.Hour, Proposal: 2 * time.Second, Founders: []string{"mon.a", "mon.b", "mon.c"}, Lease: 5 * time.Second, Client: monc.DefaultOptions(), Cinder: cloud(),
}

// cloud is one API and one volume service with Cinder's timings.
func cloud() cluster.Cinder {
	c := cluster.DefaultCinder()
	c.APIs, c.Volumes = 1, 1
	return c
}

// beaconsSent are a manager's beacons from a second to another, one in a period.
func beaconsSent(from, to int) (sent []cluster.Observation) {
	for second := from; second <= to; second += int(bounds.BeaconPeriod / time.Second) {
		sent = append(sent, at(second, "mgr.x", mgr.BeaconSent{GID: 7}))
	}
	return sent
}

func at(seconds int, where string, f host.Fact) cluster.Observation {
	return cluster.Observation{At: time.Duration(seconds) * time.Second, Step: uint64(seconds), Host: where, Fact: f}
}

func restarted(seconds int, where string, f host.Fact) cluster.Observation {
	o := at(seconds, where, f)
	o.PID++
	return o
}

func mgrmap(epoch, active uint64, available bool, standbys string) mon.MapCommitted {
	return mon.MapCommitted{Map: cluster.MgrMap, Epoch: epoch, ActiveGID: active, ActiveName: "x", Available: available, Standbys: standbys, Hash: epoch}
}

// fenced is a manager map with the addresses of the active manager and the epoch that
// fences the one before.
func fenced(epoch, active uint64, addrs string, fencedAt uint64) mon.MapCommitted {
	f := mgrmap(epoch, active, false, "")
	f.ActiveAddrs, f.FencedAt = addrs, fencedAt
	return f
}

// blocking is an OSD map with its blocklist.
func blocking(epoch uint64, addrs string) mon.MapCommitted {
	return mon.MapCommitted{Map: cluster.OSDMap, Epoch: epoch, Hash: epoch, Blocklist: addrs}
}

// described is a manager map with the names of which there is metadata.
func described(epoch, active uint64, standbys, names string) mon.MapCommitted {
	f := mgrmap(epoch, active, false, standbys)
	f.Described = names
	return f
}

// follows is what a peon states of its leader.
func follows(term uint64, leader string) mon.Role {
	return mon.Role{Role: "peon", Term: term, Leader: leader}
}

// applied is an OSD map that a manager has applied.
func applied(gid uint64, epoch uint32, incremental bool) mgr.MapApplied {
	return mgr.MapApplied{GID: gid, Map: cluster.OSDMap, Epoch: epoch, Incremental: incremental}
}

// named is a manager map that a manager has applied.
func named(gid uint64, epoch uint32, active uint64) mgr.MapApplied {
	return mgr.MapApplied{GID: gid, Map: cluster.MgrMap, Epoch: epoch, ActiveGID: active}
}

// asks and sends are a subscription to the manager map on a session, and a map on it.
func asks(session, start uint64, onetime bool) mon.Subscribed {
	return mon.Subscribed{Map: cluster.MgrMap, Session: session, Start: start, OneTime: onetime}
}

func sends(session, epoch uint64) mon.MapSent {
	return mon.MapSent{Map: cluster.MgrMap, Session: session, Epoch: epoch}
}

// sessionOpened, configured and report are of a session with the active manager.
func sessionOpened(session uint64) mgrc.SessionOpened { return mgrc.SessionOpened{Session: session} }

func configured(session uint64) mgrc.Configured {
	return mgrc.Configured{Session: session, Period: time.Second}
}

func report(session uint64, counters, declared, undeclared int) mgrc.Reported {
	return mgrc.Reported{Session: session, Counters: counters, Declared: declared, Undeclared: undeclared}
}

// TestCheckers gives each checker a history that breaks its property in the last
// fact, and one like it that does not.
func TestCheckers(t *testing.T) {
	drop := mon.MgrDropped{GID: 7, Name: "x", Reason: cluster.DropTimeout}
	leads := mon.Role{Role: cluster.Leader, Term: 2}
	silentSince2 := []cluster.Observation{at(1, "mon.a", leads), at(1, "mgr.x", monc.SessionOpened{GID: 7, Mon: "a"}), at(2, "mon.a", mon.MgrBeaconReceived{GID: 7})}
	served := mon.Role{Role: cluster.Leader, Term: 2, Active: true}
	members := func(epoch uint64, all string) mon.Members { return mon.Members{Epoch: epoch, Members: all} }
	tests := []struct {
		property  string
		timeline  calm
		good, bad []cluster.Observation
	}{
		{
			property: "I-PROC-1",
			good:     []cluster.Observation{at(1, "mon.a", cluster.ProcessExited{})},
			bad:      []cluster.Observation{at(1, "mon.a", cluster.ProcessExited{Code: 1})},
		}, {
			property: "I-PROC-1",
			timeline: calm{disk: []error{host.ErrNoSpace}},
			good:     []cluster.Observation{at(1, "mon.a", cluster.ProcessExited{Code: 1, Reason: "write mon/log: no space left on device"})},
			bad:      []cluster.Observation{at(1, "mon.a", cluster.ProcessExited{Code: 1, Reason: "read mon/log: input/output error"})},
		}, {
			property: "I-PROC-1", // monitors that have not answered for five minutes
			timeline: calm{since: 30 * time.Second},
			good:     []cluster.Observation{at(329, "mgr.x", cluster.ProcessExited{Code: 1, Reason: "authenticate mgr.x: " + monc.ErrTimeout.Error() + " within 5m0s"})},
			bad:      []cluster.Observation{at(330, "mgr.x", cluster.ProcessExited{Code: 1, Reason: "authenticate mgr.x: " + monc.ErrTimeout.Error() + " within 5m0s"})},
		}, {
			property: "I-PROC-1",
			timeline: calm{damaged: true},
			good:     []cluster.Observation{at(330, "mgr.x", cluster.ProcessExited{Code: 1, Reason: "authenticate mgr.x: " + monc.ErrTimeout.Error() + " within 5m0s"})},
			bad:      []cluster.Observation{at(330, "mgr.x", cluster.ProcessExited{Code: 1, Reason: "authenticate mgr.x: refused"})},
		}, {
			property: "I-MGR-15",
			good: []cluster.Observation{
				at(1, "mon.a", sessionOpened(1)), at(2, "mon.a", configured(1)), at(3, "mon.a", report(1, 3, 3, 0)), at(4, "mon.a", report(1, 2, 1, 2)),
				at(5, "mon.a", mgrc.SessionLost{Session: 1}), at(6, "mon.a", sessionOpened(2)), at(7, "mon.a", configured(2)), at(8, "mon.a", report(2, 2, 2, 0)),
				restarted(9, "mon.a", sessionOpened(1)), restarted(10, "mon.a", configured(1)), restarted(11, "mon.a", report(1, 0, 0, 0)),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", sessionOpened(1)), at(2, "mon.a", configured(1)), at(3, "mon.a", report(1, 3, 3, 0)),
				at(5, "mon.a", mgrc.SessionLost{Session: 1}), at(6, "mon.a", sessionOpened(2)), at(7, "mon.a", configured(2)), at(8, "mon.a", report(2, 3, 0, 0)),
			},
		}, {
			property: "I-MGR-15",
			good:     []cluster.Observation{at(1, "mon.a", sessionOpened(1)), at(2, "mon.a", configured(1)), at(3, "mon.a", report(1, 0, 0, 0))},
			bad:      []cluster.Observation{at(1, "mon.a", sessionOpened(1)), at(3, "mon.a", report(1, 0, 0, 0))},
		}, {
			property: "I-MGR-15",
			good:     []cluster.Observation{at(1, "mon.a", sessionOpened(1)), at(2, "mon.a", mgrc.SessionLost{Session: 1}), at(3, "mon.a", sessionOpened(2))},
			bad:      []cluster.Observation{at(1, "mon.a", sessionOpened(1)), at(3, "mon.a", sessionOpened(2))},
		}, {
			property: "I-PX-1",
			good: []cluster.Observation{
				at(1, "mon.a", quorum.Applied{Index: 5, Term: 2, Sum: 1}), at(2, "mon.b", quorum.Restored{Index: 5, Term: 2}), restarted(3, "mon.a", quorum.Applied{Index: 5, Term: 2, Sum: 1}),
			},
			bad: []cluster.Observation{at(1, "mon.a", quorum.Applied{Index: 5, Term: 2, Sum: 1}), at(2, "mon.b", quorum.Applied{Index: 5, Term: 3, Sum: 1})},
		}, {
			property: "I-PX-1",
			good:     []cluster.Observation{at(1, "mon.a", quorum.Applied{Index: 5, Term: 2, Sum: 1}), at(2, "mon.b", quorum.Restored{Index: 6, Term: 3})},
			bad:      []cluster.Observation{at(1, "mon.a", quorum.Applied{Index: 5, Term: 2, Sum: 1}), at(2, "mon.b", quorum.Restored{Index: 5, Term: 3})},
		}, {
			property: "I-PX-2 no gaps",
			good:     []cluster.Observation{at(1, "mon.a", quorum.Restored{Index: 5}), at(2, "mon.a", quorum.Applied{Index: 6}), restarted(3, "mon.a", quorum.Restored{Index: 3}), restarted(3, "mon.a", quorum.Applied{Index: 4})},
			bad:      []cluster.Observation{at(1, "mon.a", quorum.Restored{Index: 5}), at(2, "mon.a", quorum.Applied{Index: 7})},
		}, {
			property: "I-PX-2 no gaps",
			good:     []cluster.Observation{at(1, "mon.a", quorum.Restored{Index: 5}), at(2, "mon.a", quorum.Applied{Index: 6}), at(3, "mon.a", quorum.Restored{Index: 9})},
			bad:      []cluster.Observation{at(1, "mon.a", quorum.Restored{Index: 5}), at(2, "mon.a", quorum.Applied{Index: 6}), at(3, "mon.a", quorum.Restored{Index: 6})},
		}, {
			property: "I-EL-1",
			good:     []cluster.Observation{at(1, "mon.a", leads), at(2, "mon.a", leads), at(3, "mon.b", mon.Role{Role: cluster.Leader, Term: 3})},
			bad:      []cluster.Observation{at(1, "mon.a", leads), at(2, "mon.b", leads)},
		}, {
			property: "I-EL-2",
			good: []cluster.Observation{
				at(1, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a"}), at(2, "mon.b", follows(2, "a")),
				at(3, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a", Active: true}),
			},
			bad: []cluster.Observation{
				at(1, "mon.b", follows(1, "a")), at(2, "mon.c", mon.Role{Role: "electing", Term: 2}),
				at(3, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a", Active: true}),
			},
		}, {
			property: "I-EL-2", // a majority of the monmap before, where a new one is applied in the same step
			good: []cluster.Observation{
				at(1, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a"}), at(2, "mon.b", follows(2, "a")),
				at(3, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(3, "mon.a", served),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a"}), at(2, "mon.b", follows(2, "a")),
				at(3, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(4, "mon.a", served),
			},
		}, {
			property: "I-EL-2", // a process that has restarted has to apply it again
			good: []cluster.Observation{
				at(1, "mon.a", members(2, "1:a,2:b,3:c,4:d")), restarted(2, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a"}),
				at(2, "mon.b", follows(2, "a")), restarted(3, "mon.a", members(2, "1:a,2:b,3:c,4:d")), restarted(3, "mon.a", served),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(2, "mon.a", mon.Role{Role: cluster.Leader, Term: 2, Leader: "a"}),
				at(2, "mon.b", follows(2, "a")), at(3, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(3, "mon.a", served),
			},
		}, {
			property: "I-EL-2", // of four, three are a majority
			good: []cluster.Observation{
				at(1, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(1, "mon.d", follows(2, "")), at(1, "mon.b", follows(2, "a")), at(2, "mon.a", served),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", members(2, "1:a,2:b,3:c,4:d")), at(1, "mon.d", follows(2, "")), at(1, "mon.e", follows(2, "a")), at(2, "mon.a", served),
			},
		}, {
			property: "I-EL-2", // by the newest monmap, unless a later term has begun
			good: []cluster.Observation{
				at(1, "mon.b", members(2, "1:a,2:b")), at(1, "mon.c", follows(2, "a")), at(1, "mon.b", mon.Role{Role: "electing", Term: 3}), at(2, "mon.a", served),
			},
			bad: []cluster.Observation{
				at(1, "mon.b", members(2, "1:a,2:b")), at(1, "mon.c", follows(2, "a")), at(2, "mon.a", served),
			},
		}, {
			property: "I-EL-2", // and who is removed does not lead
			bad:      []cluster.Observation{at(1, "mon.c", members(2, "1:a,2:b")), at(1, "mon.b", follows(2, "c")), at(1, "mon.a", follows(2, "c")), at(2, "mon.c", served)},
		}, {
			property: "I-PX-9",
			good:     []cluster.Observation{at(1, "mon.a", mgrmap(3, 7, true, "")), at(2, "mon.a", sends(1, 3)), at(2, "mon.a", sends(1, 0)), at(2, "mon.a", mon.MapSent{Map: "monmap", Epoch: 1}), at(2, "mon.a", mon.MapSent{Map: "mdsmap", Epoch: 1})},
			bad:      []cluster.Observation{at(1, "mon.b", mgrmap(3, 7, true, "")), at(1, "mon.a", mgrmap(2, 7, true, "")), at(2, "mon.a", sends(1, 3))},
		}, {
			property: "I-PX-9", // a process that has restarted begins with what it states
			good:     []cluster.Observation{restarted(1, "mon.a", mgrmap(3, 7, true, "")), restarted(2, "mon.a", sends(1, 3))},
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(3, 7, true, "")), restarted(2, "mon.a", sends(1, 3))},
		}, {
			property: "I-PX-9", // a snapshot is not taken over
			good: []cluster.Observation{
				at(1, "mon.a", quorum.Applied{Index: 4}), at(1, "mon.a", mgrmap(3, 7, true, "")), at(2, "mon.a", quorum.Applied{Index: 5}), at(2, "mon.a", mgrmap(4, 7, true, "")),
				at(2, "mon.b", quorum.Restored{Index: 4}), at(3, "mon.b", mgrmap(3, 7, true, "")), at(3, "mon.b", sends(1, 3)),
			},
			bad: []cluster.Observation{
				at(1, "mon.b", quorum.Applied{Index: 4}), at(1, "mon.b", mgrmap(3, 7, true, "")), at(2, "mon.a", quorum.Applied{Index: 5}), at(2, "mon.a", mgrmap(4, 7, true, "")),
				at(3, "mon.b", quorum.Restored{Index: 6}), at(3, "mon.b", sends(1, 3)),
			},
		}, {
			property: "I-MAP-3",
			good:     []cluster.Observation{at(1, "mgr.x", applied(7, 3, false)), at(2, "mgr.x", applied(7, 4, true)), at(3, "mgr.x", applied(7, 9, false)), at(4, "mgr.x", applied(8, 1, true))},
			bad:      []cluster.Observation{at(1, "mgr.x", applied(7, 3, false)), at(2, "mgr.x", applied(7, 5, true))},
		}, {
			property: "I-MAP-4",
			good: []cluster.Observation{
				at(1, "mon.a", asks(1, 0, false)), at(1, "mon.a", sends(1, 3)), at(2, "mon.a", sends(1, 5)), at(3, "mon.a", asks(1, 5, false)), at(3, "mon.a", sends(1, 5)),
				at(4, "mon.a", sends(1, 0)), at(4, "mon.a", asks(2, 0, false)), at(4, "mon.a", sends(2, 5)),
			},
			bad: []cluster.Observation{at(1, "mon.a", asks(1, 0, false)), at(1, "mon.a", sends(1, 3)), at(2, "mon.a", sends(1, 3))},
		}, {
			property: "I-MAP-4", // nobody has asked on this session
			bad:      []cluster.Observation{at(1, "mon.a", asks(1, 0, false)), at(2, "mon.a", sends(2, 3))},
		}, {
			property: "I-MAP-5",
			good: []cluster.Observation{
				at(1, "mon.a", asks(1, 0, true)), at(1, "mon.a", sends(1, 3)), at(1, "mon.a", sends(1, 4)),
				at(2, "mon.a", asks(1, 5, true)), at(3, "mon.a", sends(1, 5)), at(4, "mon.a", asks(1, 6, false)), at(5, "mon.a", sends(1, 6)), at(6, "mon.a", sends(1, 7)),
			},
			bad: []cluster.Observation{at(1, "mon.a", asks(1, 0, true)), at(1, "mon.a", sends(1, 3)), at(2, "mon.a", sends(1, 4))},
		}, {
			property: "I-MAP-6",
			good: []cluster.Observation{
				at(1, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeStandby}), at(1, "mgr.x", mgr.BeaconSent{GID: 7}), at(2, "mgr.x", named(7, 3, 8)), at(2, "mgr.x", mgr.BeaconSent{GID: 7}),
				at(3, "mgr.x", named(7, 9, 7)), at(3, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeStarting}), at(4, "mgr.x", mgr.BeaconSent{GID: 7}),
			},
			bad: []cluster.Observation{at(1, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeStandby}), at(2, "mgr.x", named(7, 9, 7)), at(3, "mgr.x", mgr.BeaconSent{GID: 7})},
		}, {
			property: "I-MAP-6",
			bad:      []cluster.Observation{at(1, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeActive}), at(2, "mgr.x", named(7, 9, 8)), at(3, "mgr.x", mgr.BeaconSent{GID: 7})},
		}, {
			property: "I-MGR-3", // a manager is named that is blocked
			good:     []cluster.Observation{at(1, "mon.a", blocking(2, "h:1/1")), at(2, "mon.a", fenced(2, 7, "h:1/2", 0)), at(2, "mon.b", fenced(2, 7, "h:1/1", 0))},
			bad:      []cluster.Observation{at(1, "mon.a", blocking(2, "h:1/1")), at(2, "mon.a", fenced(2, 7, "h:1/1,h:1/2", 0))},
		}, {
			property: "I-MGR-3", // the fence of a manager is lifted early
			good: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.a", blocking(2, "h:1/1,h:9/9")), at(3, "mon.a", blocking(3, "h:1/1")), at(3602, "mon.a", blocking(4, "")),
			},
			bad: []cluster.Observation{at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.a", blocking(2, "h:1/1")), at(3600, "mon.a", blocking(3, ""))},
		}, {
			property: "I-MGR-4", // the one before is not fenced
			good: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.b", blocking(2, "h:1/1")), at(2, "mon.b", fenced(3, 8, "", 2)),
				at(3, "mgr.y", applied(8, 2, false)), at(3, "mgr.y", mgr.ModeChanged{GID: 8, Mode: mgr.ModeActive, Epoch: 3}),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.b", blocking(2, "h:1/2")), at(2, "mon.b", fenced(3, 8, "", 2)),
				at(3, "mgr.y", applied(8, 2, false)), at(3, "mgr.y", mgr.ModeChanged{GID: 8, Mode: mgr.ModeActive, Epoch: 3}),
			},
		}, {
			property: "I-MGR-4", // it answers although it was replaced
			good: []cluster.Observation{
				at(1, "mgr.x", named(7, 3, 7)), at(2, "mgr.x", mgr.Served{GID: 7}),
				at(2, "mon.b", fenced(5, 8, "h:1/2", 2)), at(3, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeActive, Epoch: 3}),
			},
			bad: []cluster.Observation{at(1, "mgr.x", named(7, 3, 7)), at(2, "mgr.x", named(7, 4, 8)), at(3, "mgr.x", mgr.Served{GID: 7})},
		}, {
			property: "I-MGR-11",
			good: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")), at(9, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(61, "mon.a", mon.MgrBeaconReceived{GID: 8}),
				at(62, "mon.a", mgrmap(3, 0, false, "8:y")), at(63, "mon.a", mgrmap(4, 8, false, "")),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")), at(9, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(62, "mon.a", mon.MgrBeaconReceived{GID: 8}),
			},
		}, {
			property: "I-MGR-11", // a new leader has time of its own
			good: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")), at(9, "mon.a", mon.MgrBeaconReceived{GID: 7}),
				at(40, "mon.a", mon.Role{Role: "electing", Term: 3}), at(50, "mon.b", mon.Role{Role: cluster.Leader, Term: 3, Active: true}), at(90, "mon.a", mon.MgrBeaconReceived{GID: 8}),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")),
				at(40, "mon.a", mon.Role{Role: "electing", Term: 3}), at(50, "mon.b", mon.Role{Role: cluster.Leader, Term: 3, Active: true}), at(103, "mon.a", mon.MgrBeaconReceived{GID: 8}),
			},
		}, {
			property: "I-MGR-11", // a place is not taken
			good:     []cluster.Observation{at(1, "mon.a", mgrmap(2, 0, false, "8:y")), at(2, "mon.a", mgrmap(3, 8, false, ""))},
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(2, 0, false, "8:y")), at(2, "mon.a", mgrmap(3, 0, false, "8:y,9:z"))},
		}, {
			property: "I-MGR-12",
			good: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, false, "8:y")), at(3, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(46, "mon.a", mon.MgrBeaconReceived{GID: 7}),
				at(47, "mon.a", mgrmap(3, 8, false, "")), at(55, "mon.a", mon.MgrBeaconReceived{GID: 8}),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, false, "8:y")), at(3, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(47, "mon.a", mon.MgrBeaconReceived{GID: 7}),
			},
		}, {
			property: "I-MGR-12",
			good: []cluster.Observation{
				at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 0, false, "")), at(3, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(90, "mon.a", mon.MgrBeaconReceived{GID: 8}),
			},
			bad: append([]cluster.Observation{at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 0, false, ""))}, beaconsUntil(47)...),
		}, {
			property: "I-MGR-13",
			good:     []cluster.Observation{at(1, "mon.a", described(2, 7, "8:y", "x,y")), at(2, "mon.a", described(3, 0, "", ""))},
			bad:      []cluster.Observation{at(1, "mon.a", described(2, 7, "8:y", "x"))},
		}, {
			property: "I-MGR-13",
			bad:      []cluster.Observation{at(1, "mon.a", described(2, 7, "", "x,y"))},
		}, {
			property: "I-MGR-14",
			good: []cluster.Observation{
				at(1, "mon.a", served), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 9 * time.Second}),
				at(21, "mon.c", mon.Role{Role: "peon", Term: 2}), at(25, "mon.b", mon.BeaconsKept{Count: 2, Oldest: 12 * time.Second}),
			},
			bad: []cluster.Observation{at(1, "mon.a", served), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 10 * time.Second})},
		}, {
			property: "I-MGR-14", // the leader has no majority
			timeline: calm{dead: "mon.c mon.d mon.e"},
			good: []cluster.Observation{
				at(1, "mon.a", mon.Members{Epoch: 2, Members: "1:a,2:b,3:c,4:d,5:e"}), at(1, "mon.a", served),
				at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 18 * time.Second}), at(25, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 23 * time.Second}),
			},
			bad: []cluster.Observation{at(1, "mon.a", served), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 18 * time.Second})},
		}, {
			property: "I-MGR-14", // the leader has died and is there again, and nobody has noticed
			good:     []cluster.Observation{at(1, "mon.a", served), restarted(19, "mon.a", mgrmap(2, 7, true, "")), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 10 * time.Second})},
			bad:      []cluster.Observation{at(1, "mon.a", served), at(19, "mon.a", mgrmap(2, 7, true, "")), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 10 * time.Second})},
		}, {
			property: "I-MAP-1",
			good:     []cluster.Observation{at(1, "mon.a", mon.MapCommitted{Map: "m", Epoch: 1, Hash: 5}), at(1, "mon.b", mon.MapCommitted{Map: "m", Epoch: 1, Hash: 5})},
			bad:      []cluster.Observation{at(1, "mon.a", mon.MapCommitted{Map: "m", Epoch: 1, Hash: 5}), at(1, "mon.b", mon.MapCommitted{Map: "m", Epoch: 1, Hash: 6})},
		}, {
			property: "I-PX-2 committed",
			good:     []cluster.Observation{at(1, "mon.a", mgrmap(4, 0, false, "")), at(2, "mon.b", mgrmap(3, 0, false, "")), restarted(3, "mon.a", mgrmap(3, 0, false, ""))},
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(4, 0, false, "")), at(2, "mon.a", mgrmap(3, 0, false, ""))},
		}, {
			property: "I-MAP-2",
			good:     []cluster.Observation{at(1, "mgr.x", mgr.MapApplied{GID: 1, Map: "m", Epoch: 4}), at(2, "mgr.x", mgr.MapApplied{GID: 2, Map: "m", Epoch: 4})},
			bad:      []cluster.Observation{at(1, "mgr.x", mgr.MapApplied{GID: 1, Map: "m", Epoch: 4}), at(2, "mgr.x", mgr.MapApplied{GID: 1, Map: "m", Epoch: 4})},
		}, {
			property: "I-MC-1",
			good:     []cluster.Observation{at(1, "mgr.x", monc.SessionOpened{GID: 9}), at(2, "mgr.x", monc.SessionOpened{GID: 9})},
			bad:      []cluster.Observation{at(1, "mgr.x", monc.SessionOpened{GID: 9}), at(2, "mgr.y", monc.SessionOpened{GID: 9})},
		}, {
			property: "I-MC-1", // a process keeps its id, another one has another
			good:     []cluster.Observation{at(1, "mgr.x", monc.SessionOpened{GID: 9}), restarted(2, "mgr.x", monc.SessionOpened{GID: 10})},
			bad:      []cluster.Observation{at(1, "mgr.x", monc.SessionOpened{GID: 9}), at(2, "mgr.x", monc.SessionOpened{GID: 10})},
		}, {
			property: "I-MGR-1",
			good:     []cluster.Observation{at(1, "mon.a", mgrmap(1, 7, true, "8:y,9:z"))},
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(1, 7, true, "7:y"))},
		}, {
			property: "I-MGR-1",
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(1, 7, true, "8:x"))},
		}, {
			property: "I-MGR-7",
			good:     []cluster.Observation{at(1, "mon.a", mgrmap(1, 7, true, "")), at(2, "mon.a", mgrmap(2, 0, false, "")), at(3, "mon.a", mgrmap(3, 8, false, "")), at(3, "mon.b", mgrmap(1, 7, true, ""))},
			bad:      []cluster.Observation{at(1, "mon.a", mgrmap(1, 7, true, "")), at(2, "mon.a", mgrmap(2, 0, false, "")), at(3, "mon.a", mgrmap(3, 7, false, ""))},
		}, {
			property: "I-MGR-8",
			good:     []cluster.Observation{at(1, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeStandby}), at(2, "mgr.x", mgr.MapApplied{GID: 7, Epoch: 2, ActiveGID: 8}), at(3, "mgr.x", mgr.BeaconSent{GID: 7})},
			bad:      []cluster.Observation{at(1, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeActive}), at(2, "mgr.x", mgr.MapApplied{GID: 7, Epoch: 2, ActiveGID: 8}), at(3, "mgr.x", mgr.BeaconSent{GID: 7})},
		}, {
			property: "I-MGR-2",
			good: []cluster.Observation{
				at(1, "mgr.x", mgr.MapApplied{GID: 7, Map: cluster.MgrMap, Epoch: 3, ActiveGID: 7, FencedAt: 2}),
				at(2, "mgr.x", mgr.MapApplied{GID: 7, Map: cluster.MgrMap, Epoch: 4, ActiveGID: 7, FencedAt: 9}),
				at(3, "mgr.x", mgr.MapApplied{GID: 7, Map: cluster.OSDMap, Epoch: 2}), at(4, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeActive}),
			},
			bad: []cluster.Observation{
				at(1, "mgr.x", mgr.MapApplied{GID: 7, Map: cluster.MgrMap, Epoch: 3, ActiveGID: 7, FencedAt: 2}),
				at(3, "mgr.x", mgr.MapApplied{GID: 7, Map: cluster.OSDMap, Epoch: 1}), at(4, "mgr.x", mgr.ModeChanged{GID: 7, Mode: mgr.ModeActive}),
			},
		}, {
			property: "I-MGR-5",
			good: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1,h:1/2", 0)), at(2, "mon.a", blocking(2, "h:1/1,h:1/2")), at(2, "mon.a", fenced(3, 8, "", 2)),
				at(3, "mon.b", blocking(5, "")), at(3, "mon.b", fenced(9, 8, "", 4)), at(4, "mon.a", fenced(4, 8, "h:1/3", 2)),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.b", blocking(2, "h:1/1")), at(2, "mon.a", fenced(3, 8, "", 2)),
			},
		}, {
			property: "I-MGR-5",
			good: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "", 0)), at(2, "mon.a", blocking(2, "")), at(2, "mon.a", fenced(3, 0, "", 2)), at(3, "mon.a", fenced(4, 8, "", 2)),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "", 0)), at(2, "mon.a", blocking(2, "")), at(2, "mon.a", fenced(3, 0, "", 0)),
			},
		}, {
			property: "I-MGR-5",
			good: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), restarted(2, "mon.a", blocking(2, "")), restarted(2, "mon.a", fenced(3, 8, "", 2)),
			},
			bad: []cluster.Observation{
				at(1, "mon.a", fenced(2, 7, "h:1/1", 0)), at(2, "mon.a", blocking(2, "h:1/11")), at(2, "mon.a", fenced(3, 8, "", 2)),
			},
		}, {
			property: "I-MGR-6",
			good:     []cluster.Observation{at(1, "mon.a", fenced(3, 7, "", 4)), at(2, "mon.b", fenced(2, 7, "", 2)), at(3, "mon.a", fenced(4, 8, "", 4))},
			bad:      []cluster.Observation{at(1, "mon.a", fenced(3, 7, "", 4)), at(2, "mon.b", fenced(4, 7, "", 0))},
		}, {
			property: "I-MGR-9",
			good:     []cluster.Observation{at(1, "mgr.x", mgr.BeaconSent{GID: 7, Available: true, Commands: 2}), at(1, "mon.a", mon.MgrBeaconReceived{GID: 7, Available: true}), at(2, "mon.a", mgrmap(2, 7, true, ""))},
			bad:      []cluster.Observation{at(1, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(2, "mon.a", mgrmap(2, 7, true, ""))},
		}, {
			property: "I-MGR-9",
			bad:      []cluster.Observation{at(1, "mgr.x", mgr.BeaconSent{GID: 7, Available: true})},
		}, {
			property: "I-MGR-10", // a drop within the grace
			good:     []cluster.Observation{at(1, "mon.a", leads), at(2, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(33, "mon.a", drop)},
			bad:      []cluster.Observation{at(1, "mon.a", leads), at(2, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(31, "mon.a", drop)},
		}, {
			property: "I-MGR-10", // a new leader has heard of nobody
			bad:      []cluster.Observation{at(2, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(20, "mon.a", leads), at(40, "mon.a", drop)},
		}, {
			property: "I-MGR-10", // a leader that stood still
			timeline: calm{paused: 32 * time.Second},
			good:     []cluster.Observation{at(1, "mon.a", leads), at(2, "mgr.x", mgr.BeaconSent{GID: 7}), at(2, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(35, "mon.a", drop)},
			bad:      slices.Concat(silentSince2, beaconsSent(2, 34), []cluster.Observation{at(35, "mon.a", drop)}),
		}, {
			property: "I-MGR-10", // the manager stood still as long as the leader did, and goes on first
			timeline: calm{paused: 32 * time.Second},
			good:     slices.Concat(silentSince2, beaconsSent(2, 4), beaconsSent(35, 35), []cluster.Observation{at(35, "mon.a", drop)}),
			bad:      slices.Concat(silentSince2, beaconsSent(2, 35), []cluster.Observation{at(35, "mon.a", drop)}),
		},
	}
	for _, tt := range tests {
		if v := feed(t, tt.property, tt.timeline, tt.good); v != "" {
			t.Errorf("%s: a good history is refused: %s", tt.property, v)
		}
		if v := feed(t, tt.property, tt.timeline, tt.bad); v == "" {
			t.Errorf("%s: a bad history passes", tt.property)
		}
	}
}

// TestNoFalseDrop_excusesLostBeacons: a beacon that was sent need not lie in front of the
// leader while links are disturbed, nor if it went to another monitor that is gone, or stood still
// while the leader did not.
func TestNoFalseDrop_excusesLostBeacons(t *testing.T) {
	session := func(second int, with string) cluster.Observation {
		return at(second, "mgr.x", monc.SessionOpened{GID: 7, Mon: with})
	}
	paused, apart := calm{paused: 32 * time.Second}, calm{paused: 26 * time.Second, apart: 8 * time.Second}
	for name, tt := range map[string]struct {
		timeline calm
		sessions []cluster.Observation
		bad      bool
	}{
		"the leader's":               {apart, []cluster.Observation{session(1, "a")}, true},
		"links are disturbed":        {calm{paused: paused.paused, disturbed: true}, []cluster.Observation{session(1, "a")}, false},
		"of who stood still as well": {paused, []cluster.Observation{session(1, "b")}, true},
		"of who stood still before":  {apart, []cluster.Observation{session(1, "b")}, false},
		"of who is gone":             {calm{paused: paused.paused, dead: "mon.b"}, []cluster.Observation{session(1, "b")}, false},
		"then the leader's":          {apart, []cluster.Observation{session(1, "b"), session(3, "a")}, true},
		"the leader's until late":    {apart, []cluster.Observation{session(1, "a"), session(30, "b")}, true},
		"of one who stood still, and then of another": {calm{paused: 26 * time.Second, apart: 8 * time.Second, unlike: "mon.c"},
			[]cluster.Observation{session(1, "b"), session(30, "c")}, false},
		"of another all the time": {calm{paused: 26 * time.Second, apart: 8 * time.Second, unlike: "mon.c"}, []cluster.Observation{session(1, "c")}, true},
		"the leader's at first":   {apart, []cluster.Observation{session(1, "a"), session(4, "b")}, false},
	} {
		history := slices.Concat([]cluster.Observation{
			at(1, "mon.a", mon.Role{Role: cluster.Leader, Term: 2}), at(2, "mon.a", mon.MgrBeaconReceived{GID: 7}),
		}, tt.sessions, beaconsSent(2, 34), []cluster.Observation{at(35, "mon.a", mon.MgrDropped{GID: 7, Reason: cluster.DropTimeout})})
		slices.SortStableFunc(history, func(a, b cluster.Observation) int { return cmp.Compare(a.At, b.At) })
		if v := feed(t, "I-MGR-10", tt.timeline, history); (v != "") != tt.bad {
			t.Errorf("%s: found %q", name, v)
		}
	}
}

// TestLiveness_excusesDamage: what must come to pass within a time need not while the
// leader is dead or stands still, nor what needs links while they are disturbed.
func TestLiveness_excusesDamage(t *testing.T) {
	served := mon.Role{Role: cluster.Leader, Term: 2, Active: true}
	silent := []cluster.Observation{at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")), at(62, "mon.a", mon.MgrBeaconReceived{GID: 8})}
	idle := []cluster.Observation{
		at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, false, "8:y")), at(3, "mon.a", mon.MgrBeaconReceived{GID: 7}), at(47, "mon.a", mon.MgrBeaconReceived{GID: 7}),
	}
	kept := []cluster.Observation{at(1, "mon.a", served), at(20, "mon.b", mon.BeaconsKept{Count: 1, Oldest: 10 * time.Second})}
	for property, history := range map[string][]cluster.Observation{"I-MGR-11": silent, "I-MGR-12": idle, "I-MGR-14": kept} {
		if v := feed(t, property, calm{}, history); v == "" {
			t.Errorf("%s: proves nothing, it passes without damage", property)
		}
		for _, damage := range []calm{{down: true}, {paused: time.Second}, {disturbed: true}} {
			if v := feed(t, property, damage, history); v != "" && (!damage.disturbed || property != "I-MGR-11") {
				t.Errorf("%s: refused with %+v: %s", property, damage, v)
			}
		}
	}
}

// A leader that hears its majority late cannot drop anybody in time; one that still hears
// a majority as ever can, and so must one that has none, unless something is late.
func TestBoundedDetection_hearsLate(t *testing.T) {
	served := mon.Role{Role: cluster.Leader, Term: 2, Active: true}
	five := at(1, "mon.a", mon.Members{Epoch: 2, Members: "1:a,2:b,3:c,4:d,5:e"})
	silent := []cluster.Observation{at(1, "mon.a", served), at(2, "mon.a", mgrmap(2, 7, true, "")), at(62, "mon.a", mon.MgrBeaconReceived{GID: 8})}
	executed := func(where string, seconds ...int) (list []cluster.Observation) {
		for _, s := range seconds {
			list = append(list, at(s, where, quorum.Applied{Index: uint64(s)}))
		}
		return list
	}
	for _, tt := range []struct {
		late, dead string
		before     []cluster.Observation
		executed   []cluster.Observation
		excused    bool
	}{
		{late: "mon.b mon.c", excused: true},
		{late: "mon.b"},
		{late: "mon.b", dead: "mon.c", excused: true},
		{dead: "mon.b mon.c"},
		{late: "mgr.x"},
		{late: "mon.b mon.c", before: []cluster.Observation{five}},
		{late: "mon.b mon.c mon.d", before: []cluster.Observation{five}, excused: true},
		{late: "mon.b mon.c", dead: "mon.e", before: []cluster.Observation{five}, excused: true},
		{late: "mon.b mon.c", executed: executed("mon.a", 10, 25, 35, 43, 50)},                // due at 42
		{late: "mon.b mon.c", executed: executed("mon.a", 10, 25, 35, 42, 50), excused: true}, // what was through last may be older
		{late: "mon.b mon.c", executed: executed("mon.b", 10, 25, 35, 43, 50), excused: true}, // does not lead
		{late: "mon.b mon.c", executed: executed("mon.a", 10, 35, 43, 50), excused: true},     // ages are new since 35
		{late: "mon.b mon.c", executed: executed("mon.a", 10, 25, 35, 43, 62), excused: true}, // this may be its end
	} {
		history := slices.Insert(append(tt.before, silent...), len(tt.before)+len(silent)-1, tt.executed...)
		if v := feed(t, "I-MGR-11", calm{late: tt.late, dead: tt.dead}, history); (v == "") != tt.excused {
			t.Errorf("late %q, dead %q of %d facts: excused %v, want %v", tt.late, tt.dead, len(history), v == "", tt.excused)
		}
	}
}

// beaconsUntil are those of a manager that nobody makes active.
func beaconsUntil(end int) (list []cluster.Observation) {
	for s := 2; s <= end; s += 2 {
		list = append(list, at(s, "mon.a", mon.MgrBeaconReceived{GID: 7}))
	}
	return list
}

// feed gives a fresh checker a history. All facts but the last must pass.
func feed(t *testing.T, property string, timeline calm, history []cluster.Observation) string {
	t.Helper()
	for _, c := range All(timeline, bounds) {
		if !strings.HasPrefix(c.Name()+" ", property+" ") {
			continue
		}
		for i, o := range history {
			v := c.Observe(o)
			if i == len(history)-1 {
				return v
			}
			if v != "" {
				t.Fatalf("%s: refused too early: %s", property, v)
			}
		}
		return ""
	}
	t.Fatalf("no checker of %s", property)
	return ""
}
