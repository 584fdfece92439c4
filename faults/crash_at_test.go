package faults_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// A point that is armed crashes whoever reaches it, and one that was taken back nobody.
func TestCrashAt_disarmed(t *testing.T) {
	for _, disarm := range []bool{false, true} {
		w, c := healthy(t, 1)
		f := &faults.CrashAt{Who: cluster.RoleMons, Point: "mon.quorum.applied", Nth: 1}
		strike(t, c, f)
		if disarm {
			if n := strike(t, c, faults.Disarm{Of: f}); n != 3 {
				t.Errorf("disarmed %d", n)
			}
		}
		strike(t, c, faults.FailMgr{}) // makes monitors commit
		w.Run(10 * time.Second)
		if crashed := f.Landed(c) > 0; crashed == disarm {
			t.Errorf("disarmed %v, %d crashed", disarm, f.Landed(c))
		}
	}
}
