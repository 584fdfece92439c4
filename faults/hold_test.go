package faults_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// inBothWorlds runs a test in the simulator and on real sockets, there ten times faster.
func inBothWorlds(t *testing.T, topology cluster.Topology, test func(*testing.T, cluster.World, *cluster.Cluster)) {
	t.Helper()
	run := func(t *testing.T, w cluster.World, scale int) {
		t.Cleanup(w.Close)
		topology.Scale(scale)
		c := cluster.Deploy(w, topology)
		c.Start()
		if !w.Until(time.Minute, c.Ready) {
			_, problem := c.Unready()
			t.Fatal(problem)
		}
		test(t, w, c)
	}
	t.Run("sim", func(t *testing.T) { run(t, cluster.NewSim(cluster.SimConfig{Seed: 5, Decode: true}), 1) })
	t.Run("tcp", func(t *testing.T) {
		w, err := cluster.NewTCP(cluster.TCPConfig{Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		run(t, w, 10)
	})
}

// atOnce is a second, and more in the real world, where a machine may stand still.
func atOnce(w cluster.World) time.Duration {
	if w.Kind() == "tcp" {
		return 20 * time.Second
	}
	return time.Second
}

func three(mgrs int) cluster.Topology {
	t := cluster.DefaultTopology()
	t.Mgrs = mgrs
	return t
}

// A manager that gets no manager maps does not learn that it was promoted, though all
// else reaches it; when they are released it serves.
func TestHold_ofMessagesOfOneType(t *testing.T) {
	inBothWorlds(t, three(2), func(t *testing.T, w cluster.World, c *cluster.Cluster) {
		next := c.View().NextMgr()
		hold := &faults.Hold{From: cluster.RoleMons, To: next, Unit: "MMgrMap"}
		if _, err := hold.Strike(c); err != nil {
			t.Fatal(err)
		}
		c.Kill(c.View().ActiveMgr())
		c.Command("mgr fail")
		if !w.Until(40*time.Second, func() bool { return c.View().ActiveMgr() == next && hold.Landed(c) > 0 }) {
			t.Fatalf("%s, held %d", cluster.DescribeMgrMap(c.View().MgrMap()), hold.Landed(c))
		}
		if w.Run(200 * time.Millisecond); c.View().Mode(next) != "standby" {
			t.Fatalf("%s is %v, and was told nothing", next, c.View().Mode(next))
		}
		if n, err := (faults.Release{Of: hold}).Strike(c); n == 0 || err != nil {
			t.Errorf("released %d, %v", n, err)
		}
		// It gets what was held, before it could give up the session and ask anew.
		if !w.Until(atOnce(w), func() bool { return c.View().Mode(next) != "standby" }) {
			t.Errorf("%s is %v, after the release", next, c.View().Mode(next))
		}
		if !w.Until(20*time.Second, c.View().Available) {
			t.Errorf("%s, after the release", cluster.DescribeMgrMap(c.View().MgrMap()))
		}
	})
}

// A hold of an epoch lets those before it pass.
func TestHold_ofAnEpoch(t *testing.T) {
	inBothWorlds(t, three(2), func(t *testing.T, w cluster.World, c *cluster.Cluster) {
		next := c.View().NextMgr()
		hold := &faults.Hold{From: cluster.RoleMons, To: next, Unit: "MMgrMap", Number: 9999}
		if _, err := hold.Strike(c); err != nil {
			t.Fatal(err)
		}
		c.Command("mgr fail")
		if !w.Until(40*time.Second, func() bool { return c.View().ActiveMgr() == next && c.View().Available() }) || hold.Landed(c) != 0 {
			t.Errorf("%s, held %d of an epoch that never came", cluster.DescribeMgrMap(c.View().MgrMap()), hold.Landed(c))
		}
	})
}

func TestHold_withoutADecoder(t *testing.T) {
	w, c := healthy(t, 1)
	defer w.Close()
	if _, err := (&faults.Hold{From: "mon.a", To: "mgr.x", Unit: "MMgrMap"}).Strike(c); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a world that cannot tell units says %v", err)
	}
}

// A core that is mended is whole: nothing is held, clogged or has a wrong clock.
func TestMend_inBothWorlds(t *testing.T) {
	inBothWorlds(t, three(2), func(t *testing.T, w cluster.World, c *cluster.Cluster) {
		next := c.View().NextMgr()
		hold, clog := &faults.Hold{From: cluster.RoleMons, To: next, Unit: "MMgrMap"}, &faults.Clog{Who: "mon.a"}
		for _, f := range []faults.Fault{hold, faults.FailMgr{}} {
			if _, err := f.Strike(c); err != nil {
				t.Fatal(err)
			}
		}
		if !w.Until(40*time.Second, func() bool { return c.View().ActiveMgr() == next && hold.Landed(c) > 0 }) {
			t.Fatal("nothing was held")
		}
		if _, err := clog.Strike(c); err != nil {
			t.Fatal(err)
		}
		if _, err := (&faults.Mend{Core: []string{cluster.RoleMons, cluster.RoleMgrs}}).Strike(c); err != nil {
			t.Fatal(err)
		}
		if !w.Until(atOnce(w), func() bool { return c.View().Mode(next) != "standby" }) {
			t.Errorf("%s is %v, and mended", next, c.View().Mode(next))
		}
		if !w.Host("mon.a").Clog() {
			t.Error("mon.a is clogged, and mended")
		}
	})
}
