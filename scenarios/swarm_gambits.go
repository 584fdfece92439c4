package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// gambit is a sequence that somebody thought of, which chance alone would take long to
// find: the plan of a scenario of the catalogue, without what that expects.
type gambit struct {
	name   string
	weight int
	decode bool // it has rules about units of the protocol
	fits   func(cluster.Topology) bool
	plan   func(*Draw, cluster.Topology) (faults.Plan, []Goal)
}

// gambits are all, with their weights.
func gambits() []gambit {
	quorum := func(t cluster.Topology) bool { return t.Mons >= 3 && t.SpareMons == 0 }
	managers := func(t cluster.Topology) bool { return t.Mgrs > 0 }
	failover := func(t cluster.Topology) bool { return t.Mgrs > 1 && t.Mons > 0 }
	members := func(t cluster.Topology) bool { return t.Mons == 3 && t.SpareMons == 2 }
	clients := func(t cluster.Topology) bool { return t.MonClients == 3 && t.Mons >= 3 }
	some := func(t cluster.Topology) bool { return t.Cinder.Backups > 0 }
	twins := func(t cluster.Topology) bool { return t.Cinder.Twins > 0 }
	clustered := func(t cluster.Topology) bool { return t.Cinder.Service.Cluster != "" && t.Cinder.Volumes > 1 }
	replicas := func(t cluster.Topology) bool { return t.Cinder.Replicas > 0 }
	of := func(s Scenario, weight int, fits func(cluster.Topology) bool) gambit {
		return gambit{name: s.Name, weight: weight, decode: s.Decode, fits: fits, plan: s.Plan}
	}
	return []gambit{
		of(clockSteps(), 1, failover),
		of(mapLag(), 2, failover),
		of(mgrClog(), 1, failover),
		of(mgrEdge(), 1, managers),
		of(mgrFailCommand(), 2, managers),
		of(mgrFailCrash(), 1, failover),
		of(mgrFailover(), 2, failover),
		of(mgrInFlight(), 1, managers),
		of(mgrLateMap(), 2, failover),
		of(mgrPause(), 2, failover),
		of(mgrReports(), 2, failover),
		of(mgrRestart(), 1, managers),
		of(mgrStorm(), 3, managers),
		of(mgrSwizzle(), 1, failover),
		of(monPause(), 2, managers),
		of(monLateForward(), 1, func(t cluster.Topology) bool { return failover(t) && quorum(t) }),
		of(monSplit(), 2, func(t cluster.Topology) bool { return failover(t) && quorum(t) }),
		of(monCatchUp(), 1, quorum),
		of(monCrash(), 3, quorum),
		of(monDisk(), 2, func(t cluster.Topology) bool { return quorum(t) && t.Mgrs == 0 }),
		of(monMembers(), 8, members),
		of(monMinority(), 3, quorum),
		of(monPower(), 2, quorum),
		of(monPromise(), 2, quorum),
		of(monReplace(), 2, quorum),
		of(monRolling(), 1, quorum),
		of(monRot(), 2, quorum),
		of(moncOutage(), 2, clients),
		of(moncQuorum(), 2, clients),
		of(moncReset(), 6, clients),
		{name: "broken-hunts", weight: 10, decode: true, fits: clients, plan: brokenHunts},
		of(moncSilence(), 1, clients),
		of(svcBroken(), 2, some),
		of(svcCluster(), 12, clustered),
		of(svcDead(), 2, some),
		of(svcDelete(), 2, some),
		of(svcFailover(), 2, replicas),
		of(svcFlap(), 1, some),
		of(svcIntervals(), 1, some),
		of(svcOutage(), 2, some),
		of(svcRestore(), 1, some),
		of(svcSkew(), 2, some),
		of(svcSlow(), 4, some),
		of(svcTwins(), 4, twins),
	}
}

// brokenHunts holds what ends the hunts of clients, and breaks them off there, again and
// again: what a client believes of a hunt that is not over shows in the next one.
func brokenHunts(d *Draw, _ cluster.Topology) (plan faults.Plan, goals []Goal) {
	at := d.Between("first", 2*time.Second, 6*time.Second)
	strike := func(f faults.Fault) { plan = append(plan, faults.Step{At: at, Fault: f}) }
	reset := faults.Reset{A: cluster.RoleMons, B: cluster.RoleMonClients}
	for range d.Int("hunts", 2, 6) {
		last := aims()[d.Pick("last", "let-in", "let-in", "monmap", "auth")]
		hold := &faults.Rule{From: cluster.RoleMons, To: cluster.RoleMonClients, Unit: last.unit, Verdict: sim.HoldBack()}
		if last.client {
			hold.From, hold.To = hold.To, hold.From
		}
		strike(hold)
		at += 10 * time.Millisecond
		strike(reset)
		at += d.Between("held", 500*time.Millisecond, 9*time.Second)
		strike(reset)
		strike(faults.LinkMend{Of: hold})
		at += d.Between("gap", 0, 8*time.Second)
	}
	return plan, nil
}

// blow is one thing that happens, and ends some time later, or not at all.
type blow struct {
	name   string
	weight int
	decode bool
	fits   func(cluster.Topology) bool
	strike func(w *weather, at, end time.Duration) faults.Plan
}

// blows are all, with their weights.
func blows() []blow {
	any := func(cluster.Topology) bool { return true }
	mons := func(t cluster.Topology) bool { return t.Mons > 0 }
	mgrs := func(t cluster.Topology) bool { return t.Mgrs > 0 }
	some := func(t cluster.Topology) bool { return t.Cinder.Deployed() }
	return []blow{
		{name: "kill", weight: 6, fits: any, strike: blowKill},
		{name: "pause", weight: 4, fits: any, strike: blowPause},
		{name: "power", weight: 3, fits: any, strike: blowPower},
		{name: "cut", weight: 5, fits: any, strike: blowCut},
		{name: "reset", weight: 4, fits: any, strike: blowReset},
		{name: "slow", weight: 1, fits: any, strike: blowSlow},
		{name: "clog", weight: 2, fits: any, strike: blowClog},
		{name: "path", weight: 2, fits: any, strike: blowPath},
		{name: "clock", weight: 1, fits: any, strike: blowClock},
		{name: "disk", weight: 3, fits: mons, strike: blowDisk},
		{name: "crash-at", weight: 3, fits: mons, strike: blowCrashAt},
		{name: "hold", weight: 3, decode: true, fits: mons, strike: blowHold},
		{name: "map-change", weight: 2, fits: mons, strike: blowMapChange},
		{name: "mgr-fail", weight: 3, fits: mgrs, strike: blowFail},
		{name: "members", weight: 4, fits: func(t cluster.Topology) bool { return t.SpareMons > 0 }, strike: blowMembers},
		{name: "operator", weight: 3, fits: some, strike: blowOperator},
		{name: "cluster", weight: 3, fits: func(t cluster.Topology) bool { return t.Cinder.Service.Cluster != "" }, strike: blowCluster},
		{name: "create", weight: 2, fits: func(t cluster.Topology) bool { return t.Cinder.Volumes > 0 }, strike: blowCreate},
		{name: "database", weight: 3, fits: some, strike: blowDatabase},
		{name: "backend", weight: 2, fits: func(t cluster.Topology) bool { return t.Cinder.Volumes > 0 }, strike: blowBackend},
	}
}

// somebody draws who is struck, by name or by role.
func (w *weather) somebody() string {
	t := w.t
	var who []string
	if t.Mons > 0 {
		who = append(who, t.MonNames()...)
		who = append(who, cluster.RoleLeader, cluster.RoleLeader, cluster.RolePeons, cluster.RoleMons)
	}
	if t.Mgrs > 0 {
		who = append(who, t.MgrNames()...)
		who = append(who, cluster.RoleActiveMgr, cluster.RoleActiveMgr, cluster.RoleNextMgr)
	}
	who = append(who, t.MonClientNames()...)
	if t.Cinder.Deployed() {
		who = append(who, t.Cinder.ServiceNames()...)
		who = append(who, t.Cinder.TwinNames()...)
		who = append(who, t.Cinder.APINames()...)
		who = append(who, cluster.DatabaseName, cluster.BrokerName)
	}
	return w.Pick("who", who...)
}

// group draws who is on one side of a path.
func (w *weather) group() string {
	var who []string
	if w.t.Mons > 0 {
		who = append(who, cluster.RoleMons, cluster.RoleMons)
	}
	if w.t.Mgrs > 0 {
		who = append(who, cluster.RoleMgrs)
	}
	if w.t.Cinder.Deployed() {
		who = append(who, cluster.DatabaseName, cluster.DatabaseName, cluster.RoleServices)
	}
	return w.Pick("group", who...)
}

func (w *weather) path() faults.Path {
	direction := w.Pick("direction", string(faults.Both), string(faults.Both), string(faults.To), string(faults.From))
	return faults.Path{A: w.somebody(), B: w.group(), Direction: faults.Direction(direction)}
}

// during is a fault and what ends it, unless nothing does.
func (w *weather) during(at time.Duration, begin faults.Fault, until time.Duration, end faults.Fault) faults.Plan {
	plan := faults.Plan{{At: at, Fault: begin}}
	if !w.Chance("for-good", 8) {
		plan = append(plan, faults.Step{At: until, Fault: end})
	}
	return plan
}

func single(at time.Duration, f faults.Fault) faults.Plan { return faults.Plan{{At: at, Fault: f}} }

func blowKill(w *weather, at, end time.Duration) faults.Plan {
	who := w.somebody()
	return w.during(at, faults.Kill{Who: who}, end, faults.Restart{Who: cluster.RoleDead})
}

func blowPause(w *weather, at, end time.Duration) faults.Plan {
	return w.during(at, faults.Pause{Who: w.somebody()}, end, faults.Resume{Who: cluster.RolePaused})
}

func blowPower(w *weather, at, end time.Duration) faults.Plan {
	who := w.somebody()
	return w.during(at, &faults.PowerOff{Who: who}, end, faults.Restart{Who: cluster.RoleDead})
}

func blowCut(w *weather, at, end time.Duration) faults.Plan {
	p := w.path()
	cut := &faults.Cut{A: p.A, B: p.B, Direction: p.Direction}
	return w.during(at, cut, end, faults.Heal{Cut: cut})
}

func blowReset(w *weather, at, _ time.Duration) faults.Plan {
	return single(at, faults.Reset{A: w.group(), B: w.somebody()})
}

func blowSlow(w *weather, at, end time.Duration) faults.Plan {
	slow := &faults.Slow{Who: w.somebody(), Factor: w.Int("factor", 10, 4000)}
	return w.during(at, slow, end, faults.Fast{Of: slow})
}

func blowClog(w *weather, at, end time.Duration) faults.Plan {
	clog := &faults.Clog{Who: w.somebody()}
	return w.during(at, clog, end, faults.Unclog{Of: clog})
}

// blowPath stalls a path, or makes it slow or narrow.
func blowPath(w *weather, at, end time.Duration) faults.Plan {
	var f faults.LinkFault = &faults.Stall{Path: w.path()}
	switch w.Pick("path", "stall", "delay", "bandwidth", "mtu") {
	case "delay":
		scale := w.Between("scale", time.Millisecond, time.Second)
		f = &faults.Delay{Path: w.path(), Delay: sim.Delay{Shape: sim.DelayPareto, Scale: scale, Tail: 1200, Max: 20 * scale}}
	case "bandwidth":
		f = &faults.Bandwidth{Path: w.path(), BytesPerSecond: int64(w.Int("rate", 1000, 500_000))}
	case "mtu":
		f = &faults.MTU{Path: w.path(), Payload: w.Int("mtu", 50, 1500)}
	}
	return w.during(at, f, end, faults.LinkMend{Of: f})
}

func blowClock(w *weather, at, end time.Duration) faults.Plan {
	who := w.somebody()
	switch w.Pick("clock", "step", "offset", "drift") {
	case "step":
		return single(at, faults.ClockStep{Who: who, By: aStep(w.Draw)})
	case "drift":
		return w.during(at, faults.ClockDrift{Who: who, PPM: w.Int("ppm", -500, 500)}, end, faults.ClockDrift{Who: who})
	}
	return w.during(at, faults.ClockOffset{Who: who, Offset: aSkew(w.Draw)}, end, faults.ClockOffset{Who: who})
}

// blowDisk makes the disk of a monitor ill. One that stalls for many seconds is not for
// clusters with managers: what bounds a failover (I-MGR-11) takes a commit for a matter of
// two.
func blowDisk(w *weather, at, end time.Duration) faults.Plan {
	who := w.Pick("disk", w.t.MonNames()...)
	ill := w.Pick("ill", "failing", "error", "full", "crawl", "slow", "slow", "rot", "lie")
	if ill == "crawl" && w.t.Mgrs > 0 {
		ill = "slow"
	}
	switch ill {
	case "rot":
		return single(at, faults.DiskRot{Who: who, Bits: w.Int("bits", 1, 20)})
	case "lie":
		lie := &faults.DiskLie{Who: who, OneIn: w.Int("lies", 1, 4)}
		return w.during(at, lie, end, faults.DiskMend{Of: lie})
	case "slow":
		extra := w.Between("sync", time.Millisecond, 400*time.Millisecond)
		slow := &faults.DiskSlow{Who: cluster.RoleMons, Latency: sim.DiskLatency{Extra: extra, Spread: extra}}
		return w.during(at, slow, end, faults.DiskMend{Of: slow})
	}
	f := aDiskFault(w.Draw, ill, who)
	return append(w.during(at, f, end, faults.DiskMend{Of: f}), faults.Step{At: end, Fault: faults.Restart{Who: cluster.RoleDead}})
}

func blowCrashAt(w *weather, at, end time.Duration) faults.Plan {
	who := w.Pick("crash", append(w.t.MonNames(), cluster.RoleLeader, cluster.RoleLeader)...)
	f := &faults.CrashAt{Who: who, Point: w.Pick("point", commitPath...), Nth: w.Int("nth", 1, 12), Power: w.Chance("by-power", 2)}
	return w.during(at, f, end, faults.Restart{Who: cluster.RoleDead})
}

// blowHold holds, delays or breaks what crosses at a place of the protocol.
func blowHold(w *weather, at, end time.Duration) faults.Plan {
	who := []string{cluster.RoleMons}
	if w.t.Mgrs > 0 {
		who = append(who, cluster.RoleActiveMgr, cluster.RoleNextMgr, cluster.RoleMgrs)
	}
	if w.t.MonClients > 0 {
		who = append(who, cluster.RoleMonClients)
	}
	rule := aimedAt(w.Draw, anAim(w.Draw), w.Pick("aimed", who...))
	switch unit := w.Pick("unit", "aim", "aim", "MMgrBeacon", "MMgrMap", "MForward"); unit {
	case "MForward":
		rule.Unit, rule.From, rule.To = unit, cluster.RolePeons, cluster.RoleLeader
	case "MMgrBeacon", "MMgrMap":
		rule.Unit = unit
	}
	return w.during(at, rule, end, faults.LinkMend{Of: rule})
}

func blowMapChange(w *weather, at, _ time.Duration) faults.Plan {
	var plan faults.Plan
	for range w.Int("changes", 1, 8) {
		plan = append(plan, single(at, aMapChange(w.Int("blocked", 1, 1000)))...)
		at += w.Between("change", 50*time.Millisecond, 600*time.Millisecond)
	}
	return plan
}

func blowFail(w *weather, at, _ time.Duration) faults.Plan { return single(at, aFail(w.Draw, w.t, 1)) }

// blowMembers adds a monitor, or removes one.
func blowMembers(w *weather, at, end time.Duration) faults.Plan {
	leaves := w.Pick("leaves", append(append(w.t.MonNames(), w.t.SpareMonNames()...), cluster.RoleLeader)...)
	return faults.Plan{{At: at, Fault: faults.AddMon{Who: cluster.RoleNextMon}}, {At: end, Fault: faults.RemoveMon{Who: leaves}}}
}

// blowOperator is what an operator asks of Cinder.
func blowOperator(w *weather, at, _ time.Duration) faults.Plan {
	who := w.Pick("service", w.t.Cinder.ServiceNames()...)
	switch action := w.Pick("action", "disable", "enable", "freeze", "thaw", "failover_host", "remove"); action {
	case "remove":
		return single(at, faults.ServiceRemove{Who: who})
	default:
		return single(at, faults.OSService{Action: action, Who: who})
	}
}

func blowCluster(w *weather, at, _ time.Duration) faults.Plan {
	return single(at, clusterRequest(w.Draw, w.t.Cinder.VolumeNames()))
}

func blowCreate(w *weather, at, _ time.Duration) faults.Plan {
	return single(at, faults.CreateVolume{Who: w.Pick("creates", w.t.Cinder.VolumeNames()...)})
}

// blowDatabase takes the database away, or makes it slow.
func blowDatabase(w *weather, at, end time.Duration) faults.Plan {
	if w.Chance("db-slow", 3) {
		slow := faults.DBSlow{Who: cluster.DatabaseName, By: w.Between("statement", 100*time.Millisecond, 70*time.Second)}
		return w.during(at, slow, end, faults.DBFast{Who: cluster.DatabaseName})
	}
	gone, back := aDatabaseOutage(w.Draw)
	return w.during(at, gone, end, back)
}

// blowBackend lets a volume service start without its backend.
func blowBackend(w *weather, at, end time.Duration) faults.Plan {
	who := w.Pick("backend", w.t.Cinder.VolumeNames()...)
	return faults.Plan{
		{At: at, Fault: &faults.Fire{Who: who, Point: cinder.PointSetup, OneIn: w.Int("fails", 1, 3)}},
		{At: at, Fault: faults.Kill{Who: who}},
		{At: end, Fault: faults.Restart{Who: cluster.RoleDead}},
	}
}
