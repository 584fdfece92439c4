package cluster

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// onlyMons is three monitors, or another number, and nobody else.
func onlyMons(mons int) Topology {
	t := DefaultTopology()
	t.Mons, t.Mgrs = mons, 0
	return t
}

// deploy is a cluster, and a condition that tells when all of its monitors serve.
func deploy(w World, t Topology) (*Cluster, func() bool) {
	serving := map[string]bool{}
	w.Observe(func(o Observation) {
		if role, ok := o.Fact.(mon.Role); ok {
			serving[role.Mon] = role.Active
		}
	})
	return Deploy(w, t), func() bool {
		n := 0
		for _, active := range serving {
			if active {
				n++
			}
		}
		return n == t.Mons
	}
}

// writer writes keys, as many at once as flight says, until n are committed.
type writer struct {
	cluster   *Cluster
	flight, n int
	client    *monc.Client
	given     int
	committed int
	ready     chan struct{}
}

func (w *writer) run(h host.Host) {
	loop := h.NewLoop("writer")
	m := msgr.New(h, loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: "writer", Workers: 1,
	})
	w.client = monc.New(h, loop, m, monc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, MonMap: w.cluster.monmap, Options: w.cluster.topology.Client,
	})
	m.AddDispatcherTail(msgr.BaseDispatcher{})
	loop.Post(func() {
		w.client.Init()
		if err := m.Start(); err != nil {
			panic(err)
		}
		w.client.Authenticate(func(err error) {
			if err != nil {
				panic(err)
			}
			for range w.flight {
				w.give()
			}
		})
	})
}

func (w *writer) give() {
	if w.given == w.n {
		return
	}
	w.given++
	text := fmt.Sprintf(`{"prefix":"config-key set","key":"bench/%d","val":"%08d"}`, w.given%100, w.given)
	w.client.Command(text, func(r monc.CommandResult) {
		if r.Err != nil || r.Code != 0 {
			panic(fmt.Sprint(text, ": ", r))
		}
		if w.committed++; w.committed == w.n {
			close(w.ready)
		}
		w.give()
	})
}

// BenchmarkMonCommit is how many keys are written in a second at three monitors, each write committed by a
// majority that has synced it: on loopback sockets with files of this machine, and in
// the simulator, where a sync costs virtual time only.
func BenchmarkMonCommit(b *testing.B) {
	for _, flight := range []int{1, 16} {
		for _, name := range []string{"tcp", "sim"} {
			b.Run(fmt.Sprintf("world=%s/flight=%d", name, flight), func(b *testing.B) {
				var world World = NewSim(SimConfig{Seed: 1})
				if name == "tcp" {
					tcp, err := NewTCP(TCPConfig{Seed: 1})
					if err != nil {
						b.Fatal(err)
					}
					world = tcp
				}
				defer world.Close()
				c, quorate := deploy(world, onlyMons(3))
				c.Start()
				if !world.Until(time.Minute, quorate) {
					b.Fatal("no quorum")
				}
				w := &writer{cluster: c, flight: flight, n: b.N, ready: make(chan struct{})}
				b.ReportAllocs()
				b.ResetTimer()
				world.AddHost("writer").Start(w.run)
				if sim, ok := world.(*SimWorld); !ok {
					<-w.ready
				} else if !sim.Sim().RunUntil(1<<62, func() bool { return w.committed == w.n }) {
					b.Fatal("the writer has stopped")
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}

// BenchmarkFirstQuorum is from the start of monitors with empty disks to all of them
// serving: quorum-ms is the world's time.
func BenchmarkFirstQuorum(b *testing.B) {
	for _, mons := range []int{1, 3, 5} {
		for _, name := range []string{"tcp", "sim"} {
			b.Run(fmt.Sprintf("world=%s/mons=%d", name, mons), func(b *testing.B) {
				var sum time.Duration
				for i := range b.N {
					var world World = NewSim(SimConfig{Seed: uint64(i) + 1})
					if name == "tcp" {
						tcp, err := NewTCP(TCPConfig{Seed: uint64(i) + 1})
						if err != nil {
							b.Fatal(err)
						}
						world = tcp
					}
					c, quorate := deploy(world, onlyMons(mons))
					began := world.Now()
					c.Start()
					if !world.Until(time.Minute, quorate) {
						b.Fatal("no quorum")
					}
					sum += world.Now() - began
					world.Close()
				}
				b.ReportMetric(float64(sum.Milliseconds())/float64(b.N), "quorum-ms")
			})
		}
	}
}

// BenchmarkMonMemory is how much of the heap a simulated monitor takes, everything of
// its machine included, in so many worlds at once with three each, a virtual minute
// after the start.
func BenchmarkMonMemory(b *testing.B) {
	for _, clusters := range []int{1, 3, 100} {
		b.Run(fmt.Sprintf("clusters=%d", clusters), func(b *testing.B) {
			var bytes float64
			for range b.N {
				before := heap()
				worlds := make([]World, clusters)
				for i := range worlds {
					worlds[i] = NewSim(SimConfig{Seed: uint64(i) + 1})
					Deploy(worlds[i], onlyMons(3)).Start()
					worlds[i].Run(time.Minute)
				}
				bytes += float64(heap()-before) / float64(3*clusters)
				for _, w := range worlds {
					w.Close()
				}
			}
			b.ReportMetric(bytes/float64(b.N), "B/mon")
		})
	}
}

// heap is what is in use now.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
