package faults_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// Monitors come and go by the operator's commands; who is a member is not made anew,
// and who is none is not removed.
func TestMembers_comeAndGo(t *testing.T) {
	w := cluster.NewSim(cluster.SimConfig{Seed: 1})
	t.Cleanup(w.Close)
	c := cluster.Deploy(w, cluster.Topology{Mons: 3, SpareMons: 1, Mgrs: 1})
	c.Start()
	if !w.Until(time.Minute, c.View().Available) {
		t.Fatal("the cluster does not become healthy")
	}
	for _, tt := range []struct {
		fault  faults.Fault
		text   string
		landed int
		then   []string
	}{
		{faults.AddMon{Who: "mon.b"}, "mon-add mon.b", 0, []string{"mon.a", "mon.b", "mon.c"}},
		{faults.RemoveMon{Who: "mon.d"}, "mon-rm mon.d", 0, []string{"mon.a", "mon.b", "mon.c"}},
		{faults.AddMon{Who: cluster.RoleNextMon}, "mon-add next-mon", 1, []string{"mon.a", "mon.b", "mon.c", "mon.d"}},
		{faults.AddMon{Who: cluster.RoleNextMon}, "mon-add next-mon", 0, []string{"mon.a", "mon.b", "mon.c", "mon.d"}},
		{faults.RemoveMon{Who: "mon.a"}, "mon-rm mon.a", 1, []string{"mon.b", "mon.c", "mon.d"}},
		{faults.AddMon{Who: "mon.a"}, "mon-add mon.a", 1, []string{"mon.b", "mon.c", "mon.d", "mon.a"}},
	} {
		if got := tt.fault.String(); got != tt.text {
			t.Errorf("in words: %s, want %s", got, tt.text)
		}
		if landed := strike(t, c, tt.fault); landed != tt.landed {
			t.Errorf("%v: %d landed", tt.fault, landed)
		}
		w.Until(time.Minute, func() bool { return slices.Equal(c.MonMembers(), tt.then) })
		w.Run(15 * time.Second)
		if got, err := c.Resolve(cluster.RoleMons); err != nil || !slices.Equal(got, tt.then) {
			t.Errorf("%v: the monitors are %v, want %v", tt.fault, got, tt.then)
		}
	}
	if _, err := c.Resolve("mon.e"); err == nil {
		t.Error("there is a mon.e")
	}
}
