package cluster

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// Messages under way at once, and how many are sent when as many have arrived.
const (
	benchWindow = 512
	benchBatch  = 128
)

// stream is one messenger that sends to another, one way.
type stream struct {
	msgr.BaseDispatcher
	got    atomic.Int64
	refill func() // sends the next batch
}

// Dispatch counts a message at the receiver.
func (s *stream) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	m.Release()
	if s.got.Add(1)%benchBatch == 0 {
		s.refill()
	}
	return true
}

// receive is the receiver's program.
func (s *stream) receive(addr netip.AddrPort) func(host.Host) {
	return func(h host.Host) {
		m := msgr.New(h, h.NewLoop("receiver"), msgr.Config{
			Name: msg.EntityName{Type: msg.EntityMon}, Label: "receiver", Workers: 1,
		})
		m.SetDefaultPolicy(msgr.StatelessServer())
		m.AddDispatcherTail(s)
		if err := m.Bind(addr); err != nil {
			panic(err)
		}
		if err := m.Start(); err != nil {
			panic(err)
		}
	}
}

// send is the sender's program. Every message carries size bytes of data.
func (s *stream) send(addr netip.AddrPort, size int) func(host.Host) {
	return func(h host.Host) {
		loop := h.NewLoop("sender")
		m := msgr.New(h, loop, msgr.Config{
			Name: msg.EntityName{Type: msg.EntityClient, Num: 1}, Nonce: h.PID(), Label: "sender", Workers: 1,
		})
		m.SetDefaultPolicy(msgr.LossyClient())
		m.AddDispatcherTail(msgr.BaseDispatcher{})
		if err := m.Start(); err != nil {
			panic(err)
		}
		c := m.ConnectTo(msg.EntityMon, msg.EntityAddr{Type: msg.AddrLegacy, IP: addr})
		data := make([]byte, size)
		batch := func() {
			for range benchBatch {
				p := msg.New(&msg.Ping{})
				p.Data = data
				c.Send(p)
			}
		}
		s.refill = func() { loop.Post(batch) }
		for range benchWindow / benchBatch {
			loop.Post(batch)
		}
	}
}

func benchmarkMessenger(b *testing.B, w World, size int) {
	defer w.Close()
	receiver, sender := w.AddHost("receiver"), w.AddHost("sender")
	addr := netip.AddrPortFrom(receiver.Addr(), monPort)
	s := &stream{}
	receiver.Start(s.receive(addr))
	w.Run(10 * time.Millisecond)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	sender.Start(s.send(addr, size))
	arrived := func() bool { return s.got.Load() >= int64(b.N) }
	if sim, ok := w.(*SimWorld); ok {
		if !sim.Sim().RunUntil(1<<62, arrived) {
			b.Fatal("the stream stopped")
		}
	} else {
		for !arrived() {
			time.Sleep(time.Millisecond)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkMessenger measures one message, one way, through two full messengers:
// encoded, both checksums made and checked, dispatched.
func BenchmarkMessenger(b *testing.B) {
	for _, size := range []int{64, 4096} {
		b.Run(fmt.Sprintf("sim/%dB", size), func(b *testing.B) {
			benchmarkMessenger(b, NewSim(SimConfig{Seed: 1}), size)
		})
		b.Run(fmt.Sprintf("tcp/%dB", size), func(b *testing.B) {
			w, err := NewTCP(TCPConfig{Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkMessenger(b, w, size)
		})
	}
}
