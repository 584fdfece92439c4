package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/faults"
)

// core is who is mended in the end, and who is left to his fate.
type core struct {
	in, out []string
	mons    []string // those in it, or a role for them
	mgrs    []string
	served  []string // services of Cinder that are in it
	dead    []string // services of Cinder that are down for good, twins too
}

// end mends a core, once the trouble is over, and says what is expected of it.
func (w *weather) end() {
	at := time.Duration(0)
	if len(w.plan) > 0 {
		at = w.plan[len(w.plan)-1].At
	}
	at += w.Between("mend", 0, 5*time.Second)
	c := w.drawCore(at)
	for _, name := range c.out {
		w.plan = append(w.plan, faults.Step{At: at, Fault: w.fate(name)})
	}
	for _, name := range w.driverless(c.served) {
		w.plan = append(w.plan, faults.Step{At: at, Fault: faults.Kill{Who: name}})
	}
	for _, step := range w.budget.Rejoins(w.plan) {
		who := w.plan[step].Fault.(faults.AddMon).Who
		w.goals = append(w.goals, rejoined(step, changed, who))
	}
	w.plan = append(w.plan, faults.Step{At: at, Fault: &faults.Mend{Core: c.in}})
	w.goals = append(w.goals, c.goals(len(w.plan)-1, w.t)...)
	if w.t.Mons == 0 && c.volumes() != nil && w.Chance("asked-after", 2) { // monitors would only cost, for two minutes
		w.askAfter(c)
	}
}

// askAfter lets operators ask for things once the core is well and it has been quiet for a
// while, also of those who are down for good. What they ask for then must come to its end, or
// be refused: there is no trouble to excuse it.
func (w *weather) askAfter(c core) {
	after := w.Between("quiet", 30*time.Second, time.Minute)
	for range w.Int("asked", 1, 3) {
		w.plan = append(w.plan, faults.Step{At: after, After: true, Fault: w.request(w.t.Cinder.VolumeNames())})
		after = w.Between("asked-apart", 10*time.Millisecond, 10*time.Second)
	}
	last := faults.OSService{Action: "enable", Who: w.Pick("enabled", c.volumes()...)}
	w.plan = append(w.plan, faults.Step{At: 30 * time.Second, After: true, Fault: last})
	w.goals = append(w.goals, listed(len(w.plan)-1, late(afterOutage), c.served...))
}

// request draws what is asked of one of the volume services, or of the cluster of all of them.
func (w *weather) request(volumes []string) faults.Fault {
	if w.t.Cinder.Service.Cluster != "" {
		return clusterRequest(w.Draw, volumes)
	}
	who := w.Pick("whose", volumes...)
	switch action := w.Pick("action", "disable", "freeze", "thaw", "failover", "failback", "astray", "create"); action {
	case "create":
		return faults.CreateVolume{Who: who}
	case "failback", "astray":
		return faults.OSService{Action: "failover_host", Who: who, To: failoverTarget(action)}
	case "failover":
		return faults.OSService{Action: "failover_host", Who: who}
	default:
		return faults.OSService{Action: action, Who: who}
	}
}

// volumes are the volume services of the core.
func (c core) volumes() (names []string) {
	for _, name := range c.served {
		if strings.HasPrefix(name, "volume.") {
			names = append(names, name)
		}
	}
	return names
}

// drawCore draws a core that the budget allows at a time.
func (w *weather) drawCore(at time.Duration) core {
	var c core
	b := w.budget
	if w.t.SpareMons > 0 { // and soon it may need those that are about to become members
		c.mons = []string{cluster.RoleMons}
		c.in = append(c.in, cluster.RoleMons, cluster.RoleNewMons)
	} else {
		c.mons = w.split(&c, w.t.MonNames(), b.Lost["mon"], b.Unsound(w.plan, at))
	}
	c.mgrs = w.split(&c, w.t.MgrNames(), b.Lost["mgr"], nil)
	c.in = append(c.in, w.t.MonClientNames()...)
	t := w.t.Cinder
	if !t.Deployed() {
		return c
	}
	c.in = append(append(c.in, t.DatabaseNames()...), cluster.BrokerName)
	w.split(&c, t.APINames(), b.Lost["api"], nil)
	for kind, names := range [][]string{t.VolumeNames(), t.SchedulerNames(), t.BackupNames()} {
		lost := b.Lost[[]string{"volume", "scheduler", "backup"}[kind]]
		c.served = append(c.served, w.split(&c, names, lost, nil)...)
	}
	for _, twin := range t.TwinNames() {
		if volume := "volume." + strings.TrimPrefix(twin, "twin."); slices.Contains(c.in, volume) {
			c.in = append(c.in, twin)
		} else {
			c.out = append(c.out, twin)
		}
	}
	for _, name := range c.out {
		if t.ServiceOf(name).Host != "" && !w.rowsVanish() && !w.stampsAhead() {
			c.dead = append(c.dead, name)
		}
	}
	return c
}

// driverless are those whose driver may not have been set up. They would be down for good:
// an operator kills them, and they are started again with the rest of the core.
func (w *weather) driverless(names []string) []string {
	fired := func(name string) bool {
		return slices.ContainsFunc(w.plan, func(s faults.Step) bool {
			f, ok := s.Fault.(*faults.Fire)
			return ok && f.Who == name && f.Point == cinder.PointSetup
		})
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !fired(name) })
}

// rowsVanish reports whether somebody removes rows of services, or puts old ones in their
// place: who has no row is not listed at all.
func (w *weather) rowsVanish() bool {
	return slices.ContainsFunc(w.plan, func(s faults.Step) bool {
		kind := s.Fault.Kind()
		return kind == faults.ServiceRemove{}.Kind() || kind == faults.DBFailover{}.Kind() || kind == faults.DBRestore{}.Kind()
	})
}

// stampsAhead reports whether somebody's clock goes so far ahead that a stamp of his is not
// believed: who is down for that now may be up for a while once its time has come.
func (w *weather) stampsAhead() bool {
	return slices.ContainsFunc(w.plan, func(s faults.Step) bool {
		var ahead time.Duration
		switch f := s.Fault.(type) {
		case faults.ClockOffset:
			ahead = f.Offset
		case faults.ClockStep:
			ahead = f.By
		}
		return ahead > w.t.Cinder.API.ServiceDownTime
	})
}

// split draws who of a kind is in the core: all but up to most, among them all that can
// not be of use.
func (w *weather) split(c *core, names []string, most int, useless []string) (in []string) {
	out := slices.Clone(useless)
	if most > len(out) {
		rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(out, n) })
		out = append(out, drawn(w.Draw, rest, w.Int("left-out", 0, most-len(out)))...)
	}
	for _, name := range names {
		if slices.Contains(out, name) {
			c.out = append(c.out, name)
		} else {
			in = append(in, name)
		}
	}
	c.in = append(c.in, in...)
	return in
}

// fate draws how somebody is broken for good.
func (w *weather) fate(name string) faults.Fault {
	kind, _, _ := strings.Cut(name, ".")
	fates := []string{"kill", "pause", "power"}
	if kind == "mon" || kind == "mgr" {
		fates = append(fates, "cut")
	}
	switch w.Pick("fate", fates...) {
	case "pause":
		return faults.Pause{Who: name}
	case "power":
		return &faults.PowerOff{Who: name}
	case "cut":
		return &faults.Cut{A: name, B: cluster.RoleMons, Direction: faults.Both}
	}
	return faults.Kill{Who: name}
}

// lateTCP is how long TCP may take, once a path is whole again, until it sends what was
// lost, and how long a request that hangs may be waited for. Neither is quickened.
const lateTCP = 3 * time.Minute

// late is a deadline for a core that was mended: the bound of a cluster that is well, and
// TCP's.
func late(bound func(cluster.Topology) time.Duration) func(cluster.Topology) time.Duration {
	return func(t cluster.Topology) time.Duration { return lateTCP + electionBound(t) + bound(t) }
}

// goals are what the core must do after the given step.
func (c core) goals(step int, t cluster.Topology) (goals []Goal) {
	if t.Mons > 0 {
		goals = append(goals, coreQuorum(step, late(deadSessionBound), c.mons...))
	}
	if len(c.mgrs) > 0 {
		within := func(t cluster.Topology) time.Duration { return detection(t) + rediscovery(t) + initialisation(t) }
		goals = append(goals, coreActive(step, late(within), c.mgrs...))
	}
	if t.KeyClients > 0 {
		goals = append(goals, served(step))
	}
	if who := append(slices.Clone(c.mgrs), t.MonClientNames()...); len(who) > 0 {
		goals = append(goals, sessions(step, late(deadSessionBound), who...))
	}
	if len(c.served) > 0 {
		goals = append(goals, listed(step, late(afterOutage), c.served...))
	}
	if len(c.dead) > 0 {
		down := goesDown(step, c.dead...)
		down.Within = late(func(t cluster.Topology) time.Duration { // a stamp may be of the future, by as much as that is believed
			return downBound(t) + t.Cinder.API.ServiceDownTime
		})
		goals = append(goals, down)
	}
	return goals
}
