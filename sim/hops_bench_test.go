package sim

import (
	"container/heap"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// The same work in six ways: as many tokens as nodes hop from node to node. A hop
// costs a step of a hash, a draw of the next node, and one of a latency of 20 to 120
// microseconds of virtual time. Sub-benchmarks are named by what carries it:
//
//   - kernel, callbacks on our kernel, which also keeps its run hash;
//   - heap, an event loop on container/heap with a closure for each event;
//   - task, a host.Task for each token, written as blocking code;
//   - coroutine, the same with a loop (a simulated thread) for each;
//   - baton, a goroutine for each node, which the loop of heap wakes through a
//     channel and waits for;
//   - synctest, the same in a bubble of testing/synctest, where it waits for all to
//     be blocked.
//
// The last four are blocking code. Run them with -cpu 1: all are one thread at heart.
func BenchmarkHops(b *testing.B) {
	for _, way := range []struct {
		name string
		run  func(b *testing.B, nodes int)
	}{
		{"kernel", hopKernel}, {"heap", hopHeap},
		{"task", hopTask}, {"coroutine", hopLoops}, {"baton", hopBaton}, {"synctest", hopSynctest},
	} {
		for _, nodes := range []int{2, 100, 1000} {
			b.Run(fmt.Sprintf("%s/nodes=%d", way.name, nodes), func(b *testing.B) {
				b.ReportAllocs()
				way.run(b, nodes)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hops/s")
			})
		}
	}
}

// tokens is what all ways of hopping share.
type tokens struct {
	draws *Stream
	nodes int
	hash  uint64
	hops  int
}

func newTokens(nodes int) *tokens { return &tokens{draws: NewStream(1, "bench"), nodes: nodes} }

// hop is the work of a node at which a token arrives: where it goes next, and when
// it gets there.
func (t *tokens) hop(node int) (next int, after time.Duration) {
	t.hops++
	t.hash = mix(t.hash ^ uint64(node))
	return t.draws.IntN(t.nodes), 20*time.Microsecond + time.Duration(t.draws.int64N(100_000))
}

// hopNode is a node that the kernel calls.
type hopNode struct {
	*tokens
	kernel *kernel
	nodes  []hopNode
	id     uint32
}

func (n *hopNode) fire(kind eventKind, arg uint64) {
	next, after := n.hop(int(n.id))
	n.kernel.after(after, &n.nodes[next], kind, uint32(next), arg+1)
}

func hopKernel(b *testing.B, nodes int) {
	k := newKernel(Config{Seed: 1}.withDefaults())
	list, shared := make([]hopNode, nodes), newTokens(nodes)
	for i := range list {
		list[i] = hopNode{tokens: shared, kernel: k, nodes: list, id: uint32(i)}
	}
	for i := range list {
		list[i].fire(eventTimer, 0)
	}
	b.ResetTimer()
	for range b.N {
		k.step(1 << 62)
	}
}

// closures is an event loop as it is usually written.
type closures struct {
	queue closureHeap
	now   time.Duration
	seq   int
}

type closure struct {
	at  time.Duration
	seq int
	fn  func()
}

type closureHeap []*closure

func (h closureHeap) Len() int      { return len(h) }
func (h closureHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h closureHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h *closureHeap) Push(x any) { *h = append(*h, x.(*closure)) }
func (h *closureHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

func (c *closures) after(d time.Duration, fn func()) {
	c.seq++
	heap.Push(&c.queue, &closure{c.now + d, c.seq, fn})
}

func (c *closures) step() {
	e := heap.Pop(&c.queue).(*closure)
	c.now = e.at
	e.fn()
}

func hopHeap(b *testing.B, nodes int) {
	loop, shared := &closures{}, newTokens(nodes)
	var arrive func(node int)
	arrive = func(node int) {
		next, after := shared.hop(node)
		loop.after(after, func() { arrive(next) })
	}
	for i := range nodes {
		arrive(i)
	}
	b.ResetTimer()
	for range b.N {
		loop.step()
	}
}

func hopTask(b *testing.B, nodes int)  { hopTasks(b, nodes, false) }
func hopLoops(b *testing.B, nodes int) { hopTasks(b, nodes, true) }

// hopTasks runs a task for each token, on one loop or on one for each.
func hopTasks(b *testing.B, nodes int, own bool) {
	s := New(Config{Seed: 1})
	defer s.Close()
	shared := newTokens(nodes)
	s.AddHost("a").Start(func(h host.Host) {
		loop := h.NewLoop("l")
		for i := range nodes {
			if own {
				loop = h.NewLoop(fmt.Sprint("l", i))
			}
			loop.Go("token", func(t host.Task) {
				for node := i; ; {
					next, after := shared.hop(node)
					t.Sleep(after)
					node = next
				}
			})
		}
	})
	s.RunUntil(time.Minute, func() bool { return shared.hops >= nodes })
	shared.hops = 0
	b.ResetTimer()
	s.RunUntil(1<<62, func() bool { return shared.hops >= b.N })
}

// hopBaton passes control to a node's goroutine and back.
func hopBaton(b *testing.B, nodes int) {
	loop, shared := &closures{}, newTokens(nodes)
	back := make(chan struct{})
	wake := make([]chan struct{}, nodes)
	for i := range wake {
		wake[i] = make(chan struct{})
		go func() {
			for range wake[i] {
				next, after := shared.hop(i)
				loop.after(after, func() { wake[next] <- struct{}{}; <-back })
				back <- struct{}{}
			}
		}()
	}
	for i := range wake {
		wake[i] <- struct{}{}
		<-back
	}
	b.ResetTimer()
	for range b.N {
		loop.step()
	}
	b.StopTimer()
	for _, c := range wake {
		close(c)
	}
}

// hopSynctest is hopBaton where the bubble's clock is the time and its Wait the
// way back.
func hopSynctest(b *testing.B, nodes int) {
	inBubble(b, func() {
		loop, shared := &closures{}, newTokens(nodes)
		wake := make([]chan struct{}, nodes)
		for i := range wake {
			wake[i] = make(chan struct{})
			go func() {
				for range wake[i] {
					next, after := shared.hop(i)
					loop.after(after, func() { wake[next] <- struct{}{}; synctest.Wait() })
				}
			}()
		}
		for i := range wake {
			wake[i] <- struct{}{}
			synctest.Wait()
		}
		for range b.N {
			time.Sleep(loop.queue[0].at - loop.now)
			loop.step()
		}
		for _, c := range wake {
			close(c)
		}
	})
}

// inBubble runs fn in a bubble, which only tests have: so it makes one. The time is
// taken outside, for inside it stands still.
func inBubble(b *testing.B, fn func()) {
	bubble := testing.InternalTest{Name: "bubble", F: func(t *testing.T) { synctest.Test(t, func(*testing.T) { fn() }) }}
	everything := func(string, string) (bool, error) { return true, nil }
	b.ResetTimer()
	if !testing.RunTests(everything, []testing.InternalTest{bubble}) {
		b.Fatal("the bubble burst")
	}
	b.StopTimer()
}
