package scenarios

import (
	"testing"

	"github.com/wavetank/wavetank/cluster"
)

// BenchmarkSeed measures whole runs: one seed of mgr-failover is three monitors
// and three managers for 120 s of virtual time. Parallel runs one on each core.
func BenchmarkSeed(b *testing.B) {
	s, err := Find("mgr-failover")
	if err != nil {
		b.Fatal(err)
	}
	run := func(seed uint64) {
		if r := Run(Spec{Scenario: s, Seed: seed}); r.Verdict != Pass {
			b.Errorf("seed %d: %v", seed, r.Failure)
		}
	}
	b.Run("sequential", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			run(uint64(i))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seeds/s")
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for seed := uint64(0); pb.Next(); seed++ {
				run(seed)
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seeds/s")
	})
}

// BenchmarkSwarm_wholeCluster measures runs of the swarm's largest shape: three monitors,
// three managers, and Cinder with two volume services and its database, a minute of
// trouble, and then a core that must work.
func BenchmarkSwarm_wholeCluster(b *testing.B) {
	s := WholeCluster()
	if err := cluster.InitializeCinder(); err != nil { // it takes a second, once for the program
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var virtual, steps float64
	for i := range b.N {
		r := Run(Spec{Scenario: s, Seed: uint64(i)})
		if r.Verdict == Fail || r.Verdict == Infrastructure {
			b.Errorf("seed %d: %v", i, r.Failure)
		}
		virtual, steps = virtual+r.Virtual.Seconds(), steps+float64(r.Steps)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seeds/s")
	b.ReportMetric(virtual/float64(b.N), "virtual-s/op")
	b.ReportMetric(steps/float64(b.N), "steps/op")
}
