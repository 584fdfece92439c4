package cluster

import (
	"slices"
	"testing"
)

// What a topology says it deploys is what it deploys.
func TestTopology_machines(t *testing.T) {
	small, large := Topology{}.Plain(), DefaultTopology()
	small.Mons, small.Mgrs = 0, 0
	small.Cinder.Volumes, small.Cinder.APIs = 1, 1
	large.KeyClients, large.MonClients, large.SpareMons = 2, 1, 1
	large.Cinder.Volumes, large.Cinder.Twins, large.Cinder.Replicas = 2, 1, 1
	for _, topology := range []Topology{small, large, DefaultTopology()} {
		c := Deploy(NewSim(SimConfig{Seed: 1}), topology)
		got, want := slices.Sorted(slices.Values(topology.Machines())), slices.Sorted(slices.Values(c.Machines()))
		if !slices.Equal(got, want) {
			t.Errorf("says %q, has %q", got, want)
		}
	}
}
