package faults_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// healthy is a simulated cluster of three monitors and two managers that serves.
func healthy(t *testing.T, seed uint64) (*cluster.SimWorld, *cluster.Cluster) {
	t.Helper()
	w := cluster.NewSim(cluster.SimConfig{Seed: seed})
	t.Cleanup(w.Close)
	c := cluster.Deploy(w, cluster.Topology{Mons: 3, Mgrs: 2})
	c.Start()
	if !w.Until(time.Minute, c.View().Available) {
		t.Fatal("the cluster does not become healthy")
	}
	return w, c
}

func strike(t *testing.T, c *cluster.Cluster, f faults.Fault) int {
	t.Helper()
	landed, err := f.Strike(c)
	if err != nil {
		t.Fatal(err)
	}
	return landed
}

func TestDiskFaults_landAndAreMended(t *testing.T) {
	for _, tt := range []struct {
		fault faults.DiskFault
		text  string
	}{
		{&faults.DiskError{Who: "mon.b", Errors: sim.DiskErrors{Read: 7, Write: 1, Sync: 2}}, "disk-error mon.b one read in 7 every write one sync in 2"},
		{&faults.DiskSlow{Who: "mon.b", Latency: sim.DiskLatency{Extra: time.Millisecond, Spread: time.Second}}, "disk-slow mon.b by 1ms..1.001s"},
		{
			&faults.DiskSlow{Who: "mon.b", Latency: sim.DiskLatency{BytesPerSecond: 1000, StallOneIn: 2, Stall: time.Second}},
			"disk-slow mon.b by 0s..0s at 1000 B/s one sync in 2 stalls 1s",
		},
		{
			&faults.DiskSlow{Who: "mon.b", Latency: sim.DiskLatency{Read: time.Second, Write: time.Millisecond}},
			"disk-slow mon.b by 0s..0s reads 1s..2s writes 1ms..2ms",
		},
		{&faults.DiskFull{Who: "mon.b"}, "disk-full mon.b but for 0 B"},
		{&faults.DiskLie{Who: "mon.b", OneIn: 2}, "disk-lie mon.b one sync in 2"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if got := tt.fault.String(); got != tt.text {
				t.Errorf("in words: %s", got)
			}
			w, c := healthy(t, 1)
			before := tt.fault.Landed(c)
			if n := strike(t, c, tt.fault) + before + tt.fault.Landed(c); n != 0 {
				t.Errorf("landed %d before anything happened", n)
			}
			for range 20 {
				strike(t, c, faults.FailMgr{}) // makes monitors write
				w.Run(time.Minute)
			}
			landed := tt.fault.Landed(c)
			if landed == 0 {
				t.Error("never landed")
			}
			if n := strike(t, c, faults.DiskMend{Of: tt.fault}); n != 1 {
				t.Errorf("mended %d", n)
			}
			c.Restart("mon.b")
			strike(t, c, faults.FailMgr{})
			w.Run(30 * time.Second)
			if n := tt.fault.Landed(c); n != landed {
				t.Errorf("landed %d before it was mended and %d afterwards", landed, n)
			}
			if !c.View().Available() {
				t.Error("the cluster does not serve")
			}
		})
	}
}

func TestDiskFaults_strikeRoles(t *testing.T) {
	_, c := healthy(t, 1)
	f := &faults.DiskLie{Who: cluster.RoleMons, OneIn: 1}
	strike(t, c, f)
	if n := strike(t, c, faults.DiskMend{Of: f}); n != 3 {
		t.Errorf("struck %d monitors", n)
	}
}

func TestDiskRot_flipsBits(t *testing.T) {
	w, c := healthy(t, 1)
	f := faults.DiskRot{Who: "mon.a", Bits: 3}
	if n := strike(t, c, f); n != 3 || w.Sim().Host("mon.a").DiskCounts().FlippedBits != 3 {
		t.Errorf("flipped %d", n)
	}
	if got := f.String(); got != "disk-rot mon.a 3 bits" {
		t.Errorf("in words: %s", got)
	}
}

func TestPowerOff_takesAndGivesBack(t *testing.T) {
	w, c := healthy(t, 1)
	off := &faults.PowerOff{Who: cluster.RoleLeader}
	if n := strike(t, c, off); n != 1 || w.Host(c.View().Leader()).Running() {
		t.Fatalf("landed %d", n)
	}
	gone := c.View().Leader()
	if n := strike(t, c, &faults.PowerOff{Who: gone}); n != 0 {
		t.Errorf("power-off of a dark machine landed %d", n)
	}
	if !w.Until(time.Minute, func() bool { return c.View().Leader() != gone }) {
		t.Fatal("nobody else leads")
	}
	on := faults.PowerOn{Of: off}
	if n := strike(t, c, on); n != 1 || !w.Host(gone).Running() {
		t.Errorf("power-on landed %d", n)
	}
	if n := strike(t, c, on); n != 0 {
		t.Errorf("a second power-on landed %d", n)
	}
	if off.String() != "power-off leader" || on.String() != "power-on leader" {
		t.Errorf("in words: %v, %v", off, on)
	}
}

// TestDiskFaults_needSimulatedMachines: a world that cannot do it says so.
func TestDiskFaults_needSimulatedMachines(t *testing.T) {
	w, err := cluster.NewTCP(cluster.TCPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := cluster.Deploy(w, cluster.Topology{Mons: 1, Mgrs: 1})
	for _, f := range []faults.Fault{
		&faults.DiskError{Who: "mon.a"}, &faults.DiskSlow{Who: "mon.a"}, &faults.DiskFull{Who: "mon.a"},
		&faults.DiskLie{Who: "mon.a"}, faults.DiskRot{Who: "mon.a"}, &faults.PowerOff{Who: "mon.a"},
		&faults.Slow{Who: "mon.a"}, faults.ClockDrift{Who: "mon.a"},
	} {
		landed, err := f.Strike(c)
		if landed != 0 || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %d, %v", f.Kind(), landed, err)
		}
	}
}

func TestDiskFaults_nameWhoIsUnknown(t *testing.T) {
	_, c := healthy(t, 1)
	for _, f := range []faults.Fault{&faults.DiskLie{Who: "nobody"}, faults.DiskRot{Who: "nobody"}, &faults.PowerOff{Who: "nobody"}, &faults.Slow{Who: "nobody"}, faults.ClockStep{Who: "nobody"}} {
		if _, err := f.Strike(c); !errors.Is(err, cluster.ErrUnknown) {
			t.Errorf("%s: %v", f.Kind(), err)
		}
	}
}
