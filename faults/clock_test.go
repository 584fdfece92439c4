package faults_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

func TestClockFaults(t *testing.T) {
	w, c := healthy(t, 1)
	wall := func() time.Duration {
		p := w.Sim().Host("mon.b").Process()
		return p.Clock().Now().Sub(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)) - p.Clock().Monotonic()
	}
	for _, tt := range []struct {
		fault faults.Fault
		text  string
		want  time.Duration // the wall clock ahead of the monotonic one
	}{
		{faults.ClockStep{Who: "mon.b", By: -time.Hour}, "clock-step mon.b by -1h0m0s", -time.Hour},
		{faults.ClockStep{Who: "mon.b", By: time.Minute}, "clock-step mon.b by 1m0s", -59 * time.Minute},
		{faults.ClockOffset{Who: "mon.b", Offset: time.Second}, "clock-offset mon.b 1s", time.Second},
		{faults.ClockOffset{Who: "mon.b"}, "clock-offset mon.b 0s", 0},
		{faults.ClockDrift{Who: "mon.b", PPM: 200}, "clock-drift mon.b +200 ppm", 0},
	} {
		if n := strike(t, c, tt.fault); n != 1 || tt.fault.String() != tt.text || wall() != tt.want {
			t.Errorf("%v: landed %d, the wall clock is %v ahead", tt.fault, n, wall())
		}
	}
	before, began := w.Sim().Host("mon.b").Process().Clock().Monotonic(), w.Now()
	w.Run(1000 * time.Second)
	if ahead := w.Sim().Host("mon.b").Process().Clock().Monotonic() - before - (w.Now() - began); ahead != 200*time.Millisecond {
		t.Errorf("200 ppm are %v in 1000s", ahead)
	}
	if !c.View().Available() {
		t.Error("the cluster does not serve")
	}
	if n := strike(t, c, faults.ClockDrift{Who: cluster.RoleMons, PPM: -50}); n != 3 {
		t.Errorf("landed %d on three monitors", n)
	}
	if _, err := (faults.ClockDrift{Who: "mon.b", PPM: sim.MaxClockDrift + 1}).Strike(c); err == nil {
		t.Error("an impossible drift is no error")
	}
}

func TestSlow(t *testing.T) {
	w, c := healthy(t, 1)
	f := &faults.Slow{Who: cluster.RoleLeader, Factor: 50}
	if f.String() != "slow leader 50 times" || (faults.Fast{Of: f}).String() != "fast leader" {
		t.Errorf("in words: %v, %v", f, faults.Fast{Of: f})
	}
	if n := strike(t, c, f); n != 0 || f.Landed(c) != 0 {
		t.Errorf("landed %d and %d before anything happened", n, f.Landed(c))
	}
	w.Run(time.Minute)
	landed := f.Landed(c)
	if landed == 0 {
		t.Error("never landed")
	}
	if n := strike(t, c, faults.Fast{Of: f}); n != 1 {
		t.Errorf("%d are fast again", n)
	}
	w.Run(time.Minute)
	if f.Landed(c) != landed {
		t.Errorf("landed %d before it was over and %d afterwards", landed, f.Landed(c))
	}
}
