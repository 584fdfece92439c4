package cluster

import (
	"bytes"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/sim"
)

// TestMessenger_bursts sends messages of all sizes in bursts, with signs of life
// between them, through machines that lend the messenger their memory and through
// those that do not: everything arrives as it was sent, and nothing breaks.
func TestMessenger_bursts(t *testing.T) {
	const messages = 3000
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			defer w.Close()
			receiver, sender := w.AddHost("receiver"), w.AddHost("sender")
			addr := netip.AddrPortFrom(receiver.Addr(), monPort)
			r := &burstReceiver{draws: sim.NewStream(1, "bursts")}
			receiver.Start(r.begin(addr))
			w.Run(50 * time.Millisecond)
			sender.Start((&burstSender{draws: sim.NewStream(1, "bursts"), left: messages}).begin(addr))
			for range 600 {
				w.Run(100 * time.Millisecond)
				if r.got.Load() == messages || r.wrong.Load() > 0 {
					break
				}
			}
			if r.got.Load() != messages || r.wrong.Load() > 0 {
				t.Errorf("%d of %d messages arrived, %d things went wrong", r.got.Load(), messages, r.wrong.Load())
			}
		})
	}
}

func worlds(t *testing.T) map[string]World {
	tcp, err := NewTCP(TCPConfig{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]World{"sim": NewSim(SimConfig{Seed: 1}), "tcp": tcp}
}

// burstData is the next message's data; both sides draw it.
func burstData(draws *sim.Stream) []byte {
	size := draws.IntN([]int{1, 200, 5000, 40000, 200000}[draws.IntN(5)])
	return bytes.Repeat([]byte{byte(draws.IntN(256))}, size)
}

type burstReceiver struct {
	msgr.BaseDispatcher
	draws      *sim.Stream
	got, wrong atomic.Int64
}

func (r *burstReceiver) begin(addr netip.AddrPort) func(host.Host) {
	return func(h host.Host) {
		m := msgr.New(h, h.NewLoop("receiver"), msgr.Config{Name: msg.EntityName{Type: msg.EntityMon}, Label: "receiver"})
		m.SetDefaultPolicy(msgr.StatelessServer())
		m.AddDispatcherTail(r)
		if m.Bind(addr) != nil || m.Start() != nil {
			r.wrong.Add(1)
		}
	}
}

// Dispatch compares a message and lets its memory serve again.
func (r *burstReceiver) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	if !bytes.Equal(m.Data, burstData(r.draws)) {
		r.wrong.Add(1)
	}
	r.got.Add(1)
	m.Release()
	return true
}

// HandleReset must not happen.
func (r *burstReceiver) HandleReset(*msgr.Connection) bool {
	r.wrong.Add(1)
	return true
}

type burstSender struct {
	msgr.BaseDispatcher
	draws *sim.Stream
	left  int
}

func (s *burstSender) begin(addr netip.AddrPort) func(host.Host) {
	return func(h host.Host) {
		loop := h.NewLoop("sender")
		m := msgr.New(h, loop, msgr.Config{
			Name: msg.EntityName{Type: msg.EntityClient, Num: 1}, Nonce: h.PID(), Label: "sender",
		})
		m.AddDispatcherTail(s)
		if m.Start() != nil {
			return
		}
		c := m.ConnectTo(msg.EntityMon, msg.EntityAddr{Type: msg.AddrLegacy, IP: addr})
		var timer host.Timer
		burst := 0
		timer = loop.NewTimer(func() {
			for range min(s.left, burst%37) {
				s.left--
				p := msg.New(&msg.Ping{})
				p.Data = burstData(s.draws)
				c.Send(p)
			}
			c.SendKeepalive()
			if burst++; s.left > 0 {
				timer.Reset(time.Duration(burst%3) * 300 * time.Microsecond)
			}
		})
		loop.Post(func() { timer.Reset(0) })
	}
}
