package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// TestMoncSilence_canFail: clients that are more patient than Ceph's hold on to dead
// sessions, which some seed must find.
func TestMoncSilence_canFail(t *testing.T) {
	s := moncSilence()
	s.Topology = func(d *Draw, t *cluster.Topology) {
		manyClients(d, t)
		t.Client.PingTimeout = 10 * time.Minute
	}
	for seed := range uint64(20) {
		if r := Run(Spec{Scenario: s, Seed: seed + 1}); r.Verdict == Fail {
			if !strings.HasPrefix(r.Failure.Property, "I-MC-3") {
				t.Errorf("seed %d broke %v, want I-MC-3", seed+1, r.Failure)
			}
			return
		}
	}
	t.Error("no seed of 20 has found a session that nobody abandons")
}
