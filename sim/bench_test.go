package sim

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// hopper is a node of the kernel benchmark: each event goes on to another node
// after a delay in the range of a local network.
type hopper struct {
	kernel *kernel
	nodes  []*hopper
	draws  *Stream
	id     uint32
}

func (h *hopper) fire(kind eventKind, arg uint64) {
	next := h.nodes[h.draws.IntN(len(h.nodes))]
	h.kernel.after(20*time.Microsecond+time.Duration(h.draws.int64N(100_000)), next, kind, next.id, arg+1)
}

// BenchmarkKernel measures one event: taken, hashed, handled, and another one
// scheduled. 1000 nodes, as many events pending.
func BenchmarkKernel(b *testing.B) {
	k := newKernel(Config{Seed: 1}.withDefaults())
	draws := NewStream(1, "bench")
	nodes := make([]*hopper, 1000)
	for i := range nodes {
		nodes[i] = &hopper{kernel: k, nodes: nodes, draws: draws, id: uint32(i)}
	}
	for _, n := range nodes {
		n.fire(eventTimer, 0)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		k.step(1 << 62)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkTask measures one Sleep of a task: a timer, and two switches between
// the kernel and the task.
func BenchmarkTask(b *testing.B) {
	s := New(Config{Seed: 1})
	defer s.Close()
	sleeps := 0
	s.AddHost("a").Start(func(h host.Host) {
		h.NewLoop("l").Go("sleeper", func(t host.Task) {
			for {
				sleeps++
				t.Sleep(time.Microsecond)
			}
		})
	})
	b.ReportAllocs()
	b.ResetTimer()
	s.RunUntil(1<<62, func() bool { return sleeps >= b.N })
}

// echo answers every byte it gets.
type echo struct {
	conn host.Conn
	buf  []byte
	got  *int
}

func (e *echo) Opened()      { e.conn.Write(e.buf) }
func (e *echo) Writable()    {}
func (e *echo) Closed(error) {}
func (e *echo) Readable() {
	for {
		n, err := e.conn.Read(e.buf)
		if err != nil {
			return
		}
		*e.got++
		e.conn.Write(e.buf[:n])
	}
}
