package faults_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// A manager whose machine is clogged is silent and hears nothing, so that it is replaced
// and does not know; when that is over it finds out.
func TestClog_inBothWorlds(t *testing.T) {
	inBothWorlds(t, three(2), func(t *testing.T, w cluster.World, c *cluster.Cluster) {
		first := c.View().ActiveMgr()
		clog := &faults.Clog{Who: first}
		if _, err := clog.Strike(c); err != nil {
			t.Fatal(err)
		}
		if !w.Until(60*time.Second, func() bool { return c.View().ActiveMgr() != first && c.View().Available() }) {
			t.Fatalf("%s", cluster.DescribeMgrMap(c.View().MgrMap()))
		}
		if clog.Landed(c) == 0 || c.View().Mode(first) != "active" {
			t.Errorf("landed %d, and %s is %v", clog.Landed(c), first, c.View().Mode(first))
		}
		if n, err := (faults.Unclog{Of: clog}).Strike(c); n != 1 || err != nil {
			t.Errorf("unclogged %d, %v", n, err)
		}
		if !w.Until(60*time.Second, func() bool { return len(cluster.Standbys(c.View().MgrMap())) == 1 }) {
			t.Errorf("%s, after the end", cluster.DescribeMgrMap(c.View().MgrMap()))
		}
	})
}
