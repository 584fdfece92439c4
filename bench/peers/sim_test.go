package peers

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
)

// BenchmarkSim sends messages one way in the simulator, on one core: collecting
// garbage has to share it.
func BenchmarkSim(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, size := range sizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			simulate(b, Job{Peer: "wavetank", Size: size, Count: b.N}, b.ResetTimer)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// simulate does a job in the simulator. begin is called when the connection is
// open.
func simulate(t testing.TB, job Job, begin func()) {
	s := sim.New(sim.Config{Seed: 1})
	defer s.Close()
	far, near := s.AddHost("far"), s.AddHost("near")
	addr := netip.AddrPortFrom(far.Addr(), 6789)
	tally, replies := NewTally(job), NewTally(job)
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	far.Start(func(h host.Host) {
		_, err := newReceiver(h, addr, job, tally)
		fail(err)
	})
	s.Run(time.Millisecond)
	opened, done := false, func() bool { return tally.count.Load() >= tally.want }
	sender := &sender{
		job: job, content: NewContent(job.Size), replies: replies,
		opened: func() { opened = true }, handed: func() {}, failed: fail,
	}
	near.Start(func(h host.Host) { fail(sender.connect(h, addr)) })
	if !s.RunUntil(time.Minute, func() bool { return opened }) {
		t.Fatal("the connection did not open")
	}
	begin()
	sender.begin()
	if job.Echo() {
		done = func() bool { return replies.count.Load() >= replies.want }
	}
	if !s.RunUntil(1<<62, done) {
		t.Fatal("the stream stopped")
	}
	check(t, job, tally.String(), replies)
}
