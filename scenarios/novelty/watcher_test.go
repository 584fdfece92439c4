package novelty_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/novelty"
)

// watched is a watcher of a cluster in which daemons do nothing and are told what to state.
type watched struct {
	*novelty.Watcher
	c *cluster.Cluster
}

func watch(t *testing.T, topology cluster.Topology) watched {
	t.Helper()
	w := cluster.NewSim(cluster.SimConfig{Seed: 1})
	t.Cleanup(w.Close)
	c := cluster.Deploy(w, topology)
	for _, name := range c.Daemons() {
		w.Host(name).Start(func(host.Host) {})
	}
	return watched{novelty.NewWatcher(c), c}
}

func (w watched) state(host string, f host.Fact) {
	w.Observe(cluster.Observation{Host: host, Fact: f})
}

func (w watched) strike(t *testing.T, f faults.Fault, victims ...string) {
	t.Helper()
	if _, err := f.Strike(w.c); err != nil {
		t.Fatal(err)
	}
	w.Struck(f, victims)
}

// of are the features of a kind.
func (w watched) of(k novelty.Kind) []novelty.Feature {
	return slices.DeleteFunc(w.Features(), func(f novelty.Feature) bool { return f.Kind() != k })
}

func expect(t *testing.T, got []novelty.Feature, want ...novelty.Feature) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWatcher_roles(t *testing.T) {
	w := watch(t, cluster.Topology{Mons: 2, Mgrs: 1, MonClients: 1})
	w.state("mon.a", mon.Role{Role: cluster.Leader, Term: 1})
	w.state("mon.b", mon.Role{Role: "peon", Term: 1})
	w.state("mgr.x", mgr.ModeChanged{Mode: mgr.ModeStandby})
	w.state("mgr.x", mgr.ModeChanged{Mode: mgr.ModeActive})
	w.state("monc.0", monc.SessionLost{})
	w.strike(t, faults.Pause{Who: "mon.b"}, "mon.b")
	w.strike(t, faults.Resume{Who: "mon.b"}, "mon.b")
	w.strike(t, faults.Kill{Who: "mon.a"}, "mon.a")
	w.strike(t, faults.Restart{Who: "mon.a"}, "mon.a")
	expect(t, w.of(novelty.Roles),
		"roles mon 1 leader 1 down, mgr 1 active",
		"roles mon 1 leader 1 electing, mgr 1 down",
		"roles mon 1 leader 1 peon, mgr 1 active",
		"roles mon 1 leader 1 peon, mgr 1 down",
		"roles mon 1 leader 1 peon, mgr 1 standby",
		"roles mon 1 peon 1 down, mgr 1 active",
		"roles mon 1 peon 1 electing, mgr 1 active",
		"roles monc 1 idle", "roles monc 1 works",
	)
}

func TestWatcher_faults(t *testing.T) {
	w := watch(t, cluster.Topology{Mons: 3, Mgrs: 1})
	w.state("mon.a", mon.Role{Role: cluster.Leader, Term: 1})
	w.state("mon.b", mon.Role{Role: "peon", Term: 1})
	cut := &faults.Cut{A: "mon.a", B: "mon.b", Direction: faults.Both}
	w.strike(t, cut, "mon.a", "mon.b")
	w.strike(t, faults.Kill{Who: "mon.a"}, "mon.a") // while the path is cut
	w.strike(t, faults.Heal{Cut: cut})
	w.strike(t, faults.Reset{A: "mon.a", B: "mon.b"}, "mon.a") // while it is dead
	w.strike(t, faults.Restart{Who: "mon.a"}, "mon.a")
	w.strike(t, faults.Pause{Who: "mon.b"}, "mon.b") // alone
	w.strike(t, &faults.Cut{A: "mon.b", B: "mon.c", Direction: faults.Both})
	w.strike(t, &faults.Mend{Core: []string{"mons"}})
	w.strike(t, faults.Reset{A: "mon.a", B: "mon.b"}, "mon.c") // after everything
	expect(t, w.of(novelty.Faults), "faults cut + kill", "faults cut + pause", "faults kill + reset")
	expect(t, w.of(novelty.Targets), "targets cut @ mon leader", "targets cut @ mon peon", "targets kill @ mon leader",
		"targets pause @ mon peon", "targets reset @ mon down", "targets reset @ mon electing")
}

func TestWatcher_epochs(t *testing.T) {
	w := watch(t, cluster.Topology{Mons: 3})
	commit := func(f mon.MapCommitted) { w.state("mon.a", f) }
	commit(mon.MapCommitted{Map: cluster.MgrMap, Epoch: 4, ActiveGID: 7, Standbys: "8:y,9:z"})
	commit(mon.MapCommitted{Map: cluster.MgrMap, Epoch: 5, ActiveGID: 7, Available: true, Standbys: "8:y,9:z"})
	w.state("mon.b", mon.MapCommitted{Map: cluster.MgrMap, Epoch: 4, ActiveGID: 7}) // an old one
	commit(mon.MapCommitted{Map: cluster.OSDMap, Epoch: 2, Blocklist: "10.0.0.1:6800/7"})
	commit(mon.MapCommitted{Map: cluster.MgrMap, Epoch: 6, ActiveGID: 8, Standbys: "9:z"})
	w.state("mon.a", mon.Role{Role: cluster.Leader, Term: 3})
	w.state("mon.a", mon.Role{Role: cluster.Leader, Term: 3, Active: true}) // the same term
	w.state("mon.a", mon.Role{Role: cluster.Leader, Term: 4})
	w.state("mon.a", mon.Members{Epoch: 2, Members: "1:a,2:b"})
	expect(t, w.of(novelty.Epochs),
		"epochs leader again > monmap fewer",
		"epochs leader new > leader again",
		"epochs mgrmap available > osdmap blocklist longer",
		"epochs mgrmap promoted, more standbys > mgrmap available",
		"epochs mgrmap replaced, fewer standbys > leader new",
		"epochs osdmap blocklist longer > mgrmap replaced, fewer standbys",
	)
}

func TestWatcher_sessionsAndServices(t *testing.T) {
	w := watch(t, cluster.Topology{Mons: 1, Mgrs: 2})
	w.state("mgr.x", monc.HuntBegun{Reason: monc.HuntAuthenticate})
	w.state("mgr.y", monc.SessionLost{Reason: monc.LostSilent})
	w.state("mgr.x", monc.SessionOpened{})
	w.state("mgr.y", monc.HuntBegun{Reason: monc.LostSilent})
	w.state("volume.0", cinder.Working{Working: false})
	w.state("volume.1", cinder.BeatSkipped{})
	w.state("volume.1", cinder.Beat{}) // of no interest
	w.state("volume.0", cinder.RowCreated{Again: true})
	expect(t, w.of(novelty.Sessions), "sessions mgr: authenticate > session", "sessions mgr: no keepalive was answered > hunt")
	expect(t, w.of(novelty.Services), "services beat skipped > row again", "services does not work > beat skipped")
}

// No feature of a run has names, epochs or times: two runs have one in common if they did
// the same. And it says nothing about itself that another run of the seed does not.
func TestFeatures_ofRuns(t *testing.T) {
	named := regexp.MustCompile(`\b(mon|mgr|client|monc|volume|scheduler|backup|twin|api|db)\.[a-z0-9]+\b|\d{3,}|\d(s|ms)\b`)
	for i, s := range scenarios.Catalogue() {
		if i%4 > 0 {
			continue
		}
		spec := scenarios.Spec{Scenario: s, Seed: 3, Watchdog: time.Minute}
		r := scenarios.Run(spec)
		if len(r.Features) == 0 {
			t.Errorf("%s shows nothing", s.Name)
		}
		for _, f := range r.Features {
			if bare := regexp.MustCompile(`^points .*`).ReplaceAllString(string(f), ""); named.MatchString(bare) {
				t.Errorf("%s: %q names somebody, or a number", s.Name, f)
			}
		}
		if i%8 == 0 && !slices.Equal(scenarios.Run(spec).Features, r.Features) {
			t.Errorf("%s shows something else the second time", s.Name)
		}
	}
}
