//go:build interop

package realceph_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg"
)

var (
	failovers = flag.Int("failovers", 0, "how many failovers of each kind to measure, at Ceph's own timings")
	simulated = flag.Int("simulated", 200, "how many of each kind in the simulator")
)

// TestMeasure_failovers makes the figures of docs/fidelity.md: how long three monitors
// and two managers take to replace an active manager that was killed, stopped or failed
// by command: Ceph's, ours, and ours in the simulator, by the same script. Of 20 each it
// takes some 20 minutes, so it is run on request only: make fidelity.
func TestMeasure_failovers(t *testing.T) {
	if *failovers == 0 {
		t.Skip("asked for with -failovers N")
	}
	kinds := []string{"kill", "stop", "fail"}
	whose := []struct {
		name   string
		rounds int
		stage  func(*testing.T) stage
	}{
		{"Ceph", *failovers, func(t *testing.T) stage { return newRealStage(t, "", (*site).startReal) }},
		{"ours", *failovers, func(t *testing.T) stage {
			return newRealStage(t, dropIn(t), func(s *site, name string) *realceph.Daemon { return s.startOurs(realceph.KindMgr, name) })
		}},
		{"simulated", *simulated, newSimStage},
	}
	taken := map[string][]failover{}
	t.Run("on", func(t *testing.T) {
		for _, kind := range kinds {
			for _, of := range whose {
				all := make([]failover, of.rounds)
				taken[kind+of.name] = all
				t.Run(kind+"/"+of.name, func(t *testing.T) {
					t.Parallel() // they wait most of the time
					measure(of.stage(t), kind, all)
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	for _, column := range []struct {
		name string
		of   func(failover) time.Duration
	}{
		{"from the fault to a map without the manager", func(f failover) time.Duration { return f.dropped }},
		{"from there to a map with another one available", func(f failover) time.Duration { return f.available - f.dropped }},
	} {
		fmt.Printf("\nSeconds %s:\n\n| | n | minimum | 25 %% | median | 75 %% | maximum |\n| --- | --- | --- | --- | --- | --- | --- |\n", column.name)
		for _, kind := range kinds {
			for _, of := range whose {
				row(os.Stdout, kind+", "+of.name, taken[kind+of.name], column.of)
			}
		}
	}
}

// row is a line of a table: the quantiles, between two values in proportion.
func row(w io.Writer, name string, all []failover, of func(failover) time.Duration) {
	var values []float64
	for _, f := range all {
		values = append(values, of(f).Seconds())
	}
	slices.Sort(values)
	fmt.Fprintf(w, "| %s | %d |", name, len(values))
	for quarter := range 5 {
		at := float64(quarter*(len(values)-1)) / 4
		low := int(at)
		high := min(low+1, len(values)-1)
		fmt.Fprintf(w, " %.3f |", values[low]+(at-float64(low))*(values[high]-values[low]))
	}
	fmt.Fprintln(w)
}

// failover is how long one took, from the fault.
type failover struct {
	dropped   time.Duration // to a map that does not name the manager
	available time.Duration // to one that has another one available
}

// stage is a cluster of three monitors and two managers on which the script is played.
type stage interface {
	// now is the time, and sleep lets it pass.
	now() time.Duration
	sleep(time.Duration)
	// strike takes a manager out, and recover brings it back.
	strike(kind, name string)
	recover(kind, name string)
	// await waits for the first manager map since the last strike that is as wanted.
	await(what string, wanted func(crew) bool) crew
}

// crew is what the script looks at of a manager map.
type crew struct {
	active    string
	gid       uint64
	available bool
	standbys  map[string]uint64 // global ids by name
}

// measure is the script: the active manager is taken out at any moment between two ticks
// of the monitors, which come every 5 s, and brought back some time after another one
// serves, so that its beacons, which come every 2 s, fall anywhere between ticks too.
func measure(s stage, kind string, all []failover) {
	draw := rand.New(rand.NewPCG(1, 1))
	wait := func(most time.Duration) { s.sleep(time.Duration(draw.Int64N(int64(most)))) }
	now := s.await("a manager and a standby", func(r crew) bool { return r.available && len(r.standbys) == 1 })
	for i := range all {
		wait(10 * time.Second)
		old, began := now, s.now()
		s.strike(kind, old.active)
		s.await("a map without the old one", func(r crew) bool { return r.gid != old.gid })
		all[i].dropped = s.now() - began
		s.await("another one available", func(r crew) bool { return r.gid != old.gid && r.available })
		all[i].available = s.now() - began
		wait(2 * time.Second)
		s.recover(kind, old.active)
		now = s.await(old.active+" as a standby", func(r crew) bool {
			gid := r.standbys[old.active]
			return r.available && r.active != old.active && gid != 0 && gid != old.gid
		})
	}
}

// realStage is processes on loopback, watched by a subscriber of the manager map.
type realStage struct {
	*site
	start    func(*site, string) *realceph.Daemon
	managers map[string]*realceph.Daemon
	seen     int // entries of the journal before the last strike
	began    time.Time
}

func newRealStage(t *testing.T, bin string, start func(*site, string) *realceph.Daemon) stage {
	s := newSiteAs(t, bin, nil, "a", "b", "c")
	for _, mon := range []string{"a", "b", "c"} {
		s.startMon(mon)
	}
	r := &realStage{site: s, start: start, managers: map[string]*realceph.Daemon{"x": start(s, "x")}, began: time.Now()}
	s.awaitMgrs("x: ")
	r.managers["y"] = start(s, "y")
	s.awaitMgrs("x: y")
	r.seen = s.newest()
	return r
}

func (s *realStage) now() time.Duration    { return time.Since(s.began) }
func (s *realStage) sleep(d time.Duration) { time.Sleep(d) }

func (s *realStage) strike(kind, name string) {
	s.seen = s.mgrMaps().now()
	switch kind {
	case "kill":
		s.managers[name].Kill()
	case "stop":
		s.managers[name].Pause()
	case "fail":
		s.watch.client.begin(`{"prefix": "mgr fail"}`)
	}
}

func (s *realStage) recover(kind, name string) {
	switch kind {
	case "kill":
		s.managers[name] = s.start(s.site, name)
	case "stop":
		s.managers[name].Resume()
	}
}

// loading is how long a manager of Ceph's may take to start on a busy machine: it loads
// some thirty modules in Python first.
const loading = 5 * time.Minute

func (s *realStage) await(what string, wanted func(crew) bool) crew {
	s.t.Helper()
	return crewOf(s.site.await(s.seen, what, loading, func(m *msg.MgrMap) bool { return wanted(crewOf(m)) }))
}

func crewOf(m *msg.MgrMap) crew {
	r := crew{active: m.ActiveName, gid: m.ActiveGID, available: m.Available, standbys: map[string]uint64{}}
	for _, s := range m.Standbys {
		r.standbys[s.Name] = s.GID
	}
	return r
}

// simStage is our daemons in the simulator; a map is there when the first monitor has it.
type simStage struct {
	t       *testing.T
	world   *cluster.SimWorld
	cluster *cluster.Cluster
}

func newSimStage(t *testing.T) stage {
	w := cluster.NewSim(cluster.SimConfig{Seed: 1})
	t.Cleanup(w.Close)
	topology := cluster.DefaultTopology()
	topology.Mgrs = 2
	s := &simStage{t: t, world: w, cluster: cluster.Deploy(w, topology)}
	s.cluster.Start()
	return s
}

func (s *simStage) now() time.Duration    { return s.world.Now() }
func (s *simStage) sleep(d time.Duration) { s.world.Run(d) }

func (s *simStage) strike(kind, name string) {
	switch kind {
	case "kill":
		s.cluster.Kill("mgr." + name)
	case "stop":
		s.cluster.Pause("mgr." + name)
	case "fail":
		s.cluster.Command("mgr fail")
	}
}

func (s *simStage) recover(kind, name string) {
	switch kind {
	case "kill":
		s.cluster.Restart("mgr." + name)
	case "stop":
		s.cluster.Resume("mgr." + name)
	}
}

func (s *simStage) await(what string, wanted func(crew) bool) (r crew) {
	s.t.Helper()
	if !s.world.Until(loading, func() bool { r = s.crew(); return wanted(r) }) {
		s.t.Fatalf("not within %v: %s", loading, what)
	}
	return r
}

func (s *simStage) crew() crew {
	m := s.cluster.View().MgrMap()
	r := crew{active: m.ActiveName, gid: m.ActiveGID, available: m.Available, standbys: map[string]uint64{}}
	for _, b := range cluster.Standbys(m) {
		r.standbys[strings.TrimPrefix(b.Name, "mgr.")] = b.GID
	}
	return r
}
