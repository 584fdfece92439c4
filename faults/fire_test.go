package faults_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

func TestFire(t *testing.T) {
	w, c := healthy(t, 1)
	const point = "mon.quorum.applied" // where nothing follows from it
	for _, tt := range []struct {
		fire        *faults.Fire
		text        string
		least, most float64 // share of the times that the point is reached
	}{
		{&faults.Fire{Who: cluster.RoleMons, Point: point}, "fire mon.quorum.applied mons", 1, 1},
		{&faults.Fire{Who: cluster.RoleMons, Point: point, OneIn: 3}, "fire mon.quorum.applied mons one in 3", 0.1, 0.6},
		{&faults.Fire{Who: cluster.RoleMons, Point: point, Nth: 2}, "fire mon.quorum.applied mons nth 2", 0.005, 0.05}, // once
	} {
		before := pointCount(w.Sim(), point)
		if n := strike(t, c, tt.fire); n != 3 || tt.fire.String() != tt.text {
			t.Errorf("%v landed %d", tt.fire, n)
		}
		for range 20 {
			c.Command("config-key set", "key", "k", "val", "v")
			w.Run(2 * time.Second)
		}
		after := pointCount(w.Sim(), point)
		share := float64(after.Fired-before.Fired) / float64(after.Reached-before.Reached)
		if !(share >= tt.least && share <= tt.most) {
			t.Errorf("%v: fired %.2f of the times", tt.fire, share)
		}
	}
	if _, err := (&faults.Fire{Who: "nobody", Point: point}).Strike(c); !errors.Is(err, cluster.ErrUnknown) {
		t.Errorf("error %v, want ErrUnknown", err)
	}
}

func pointCount(s *sim.Sim, name string) (count sim.PointCount) {
	for _, p := range s.Points() {
		if p.Name == name {
			count = p
		}
	}
	return count
}
