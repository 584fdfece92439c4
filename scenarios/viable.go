package scenarios

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// Viable says why a core that was just mended must be able to do its work, whatever stays
// broken. What is then required of it is required with reason.
type Viable struct {
	Reasons []string
	// Doubts are what speaks against it. With one of them nothing can be required, and the
	// plan is wrong.
	Doubts []string
}

// String is the reasons on one line.
func (v Viable) String() string { return strings.Join(v.Reasons, "; ") }

// Err is the doubts as an error, nil if there are none.
func (v Viable) Err() error {
	if len(v.Doubts) == 0 {
		return nil
	}
	return fmt.Errorf("the core cannot be required to work: %s", strings.Join(v.Doubts, "; "))
}

func (v *Viable) require(ok bool, doubt string, args ...any) bool {
	if !ok {
		v.Doubts = append(v.Doubts, fmt.Sprintf(doubt, args...))
	}
	return ok
}

func (v *Viable) because(reason string, args ...any) {
	v.Reasons = append(v.Reasons, fmt.Sprintf(reason, args...))
}

// viable looks at the world right after a core was mended.
func viable(c *cluster.Cluster, core []string) (v Viable) {
	for _, name := range core {
		h := c.World().Host(name)
		v.require(h.Running() && !h.Paused(), "%s does not run", name)
	}
	viableMachines(c, core, &v)
	viableMons(c, core, &v)
	viableMgrs(c, core, &v)
	viableCinder(c, core, &v)
	return v
}

// viableMachines looks at what only simulated machines have: paths that are not whole, and
// clocks.
func viableMachines(c *cluster.Cluster, core []string, v *Viable) {
	whole := 0
	for _, a := range core {
		from, err := c.Machine(a)
		if err != nil {
			return
		}
		for _, b := range core {
			to, _ := c.Machine(b) // as a's
			for _, l := range from.LinksTo(to) {
				if v.require(l.Whole(), "the path from %s to %s is not whole", a, b) && a != b {
					whole++
				}
			}
		}
	}
	v.because("%d run, with %d whole paths between them and clocks that are right", len(core), whole)
}

// viableMons: those in the core whose disks have neither rotted nor lost what they lied
// about, since they were given to them, are more than half of the members. So whatever was acknowledged is with one of them, and they can elect.
func viableMons(c *cluster.Cluster, core []string, v *Viable) {
	if c.Topology().Mons == 0 {
		return
	}
	members := c.MonMembers()
	var sound []string
	for _, name := range members {
		if slices.Contains(core, name) && c.KeepsPromises(name) {
			sound = append(sound, name)
		}
	}
	if v.require(2*len(sound) > len(members), "%d monitors with sound disks are no majority of %d members", len(sound), len(members)) {
		v.because("%s are %d of %d members, with sound disks", strings.Join(sound, ", "), len(sound), len(members))
	}
}

// viableMgrs: one of the core runs, and none that is left out can keep the role for
// itself, because its beacons do not get through.
func viableMgrs(c *cluster.Cluster, core []string, v *Viable) {
	if c.Topology().Mgrs == 0 {
		return
	}
	var in, out []string
	for _, name := range c.Topology().MgrNames() {
		if slices.Contains(core, name) {
			in = append(in, name)
			continue
		}
		out = append(out, name)
		v.require(silent(c, name), "%s is not in the core, and its beacons may get through", name)
	}
	if !v.require(len(in) > 0, "no manager is in the core") {
		return
	}
	v.because("%s may serve", strings.Join(in, ", "))
	if len(out) > 0 {
		v.because("%s are not heard", strings.Join(out, ", "))
	}
}

// silent reports whether no monitor hears a daemon: it does not run, or everything
// between it and every monitor is cut.
func silent(c *cluster.Cluster, name string) bool {
	if h := c.World().Host(name); !h.Running() || h.Paused() {
		return true
	}
	from, err := c.Machine(name)
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(c.MonMembers(), func(mon string) bool {
		to, _ := c.Machine(mon) // as from's
		return slices.ContainsFunc(from.LinksTo(to), func(l *sim.Link) bool { return !l.IsCut() })
	})
}

// viableCinder: the databases, the broker and an API are in the core.
func viableCinder(c *cluster.Cluster, core []string, v *Viable) {
	t := c.Topology().Cinder
	if !t.Deployed() {
		return
	}
	all := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(core, n) })
	}
	databases := t.DatabaseNames()
	ok := v.require(all(databases...), "a database is not in the core") && v.require(all(cluster.BrokerName), "the broker is not in the core")
	if len(t.APINames()) > 0 {
		ok = v.require(slices.ContainsFunc(t.APINames(), func(n string) bool { return all(n) }), "no API is in the core") && ok
	}
	if ok {
		v.because("%s and %s are in it", strings.Join(databases, ", "), cluster.BrokerName)
	}
}

// judgeCore states why a core must be able to work that was just mended. If there is a
// doubt the plan is wrong.
func (r *run) judgeCore(m *faults.Mend) {
	core, err := m.Members(r.cluster)
	if err != nil {
		r.fail("", "plan", err.Error())
		return
	}
	v := viable(r.cluster, core)
	r.note("viable", slog.String("because", v.String()))
	r.result.Viable = v.String()
	if err := v.Err(); err != nil {
		r.fail("", "plan", err.Error())
	}
}
