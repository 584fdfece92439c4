package peers

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	BecomeFarEnd()
	os.Exit(m.Run())
}

// order is that of the benchmarks: those to compare run one after another.
var order = [...]string{"wavetank", "grpc-stream", "grpc-unary", "net-rpc", "raw"}

var sizes = [...]int{64, 4 << 10, 64 << 10}

// BenchmarkOneWay sends messages as fast as the far end takes them.
func BenchmarkOneWay(b *testing.B) {
	for _, size := range sizes {
		for _, peer := range order {
			b.Run(fmt.Sprintf("size=%d/peer=%s", size, peer), func(b *testing.B) {
				benchmark(b, Job{Peer: peer, Size: size, Count: b.N})
			})
		}
	}
}

// BenchmarkRoundTrip sends messages that come back.
func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range sizes {
		for _, inflight := range []int{1, 64} {
			for _, peer := range order {
				b.Run(fmt.Sprintf("size=%d/inflight=%d/peer=%s", size, inflight, peer), func(b *testing.B) {
					benchmark(b, Job{Peer: peer, Size: size, Inflight: inflight, Count: b.N})
				})
			}
		}
	}
}

func benchmark(b *testing.B, job Job) {
	far, err := StartFarEnd(job)
	if err != nil {
		b.Fatal(err)
	}
	defer far.Close()
	replies := NewTally(job)
	near, err := Peers()[job.Peer].Dial(job, far.Addr, replies)
	if err != nil {
		b.Fatal(err)
	}
	defer near.Close()

	b.ReportAllocs()
	b.SetBytes(int64(job.Size))
	b.ResetTimer()
	if err := near.Send(); err != nil {
		b.Fatal(err)
	}
	got, err := far.Await()
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	check(b, job, got, replies)
}

// check compares both ends' tallies with what was sent.
func check(t testing.TB, job Job, got string, replies *Tally) {
	t.Helper()
	want := Expected(job).String()
	if got != want {
		t.Errorf("the far end of %s had %s, want %s", job.Peer, got, want)
	}
	if job.Echo() && replies.String() != want {
		t.Errorf("%s brought back %s, want %s", job.Peer, replies, want)
	}
}
