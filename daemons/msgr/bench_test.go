package msgr_test

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// BenchmarkMessenger carries 64-byte messages one way through two messengers
// over the in-memory network, which costs next to nothing.
func BenchmarkMessenger(b *testing.B) {
	for _, tc := range []struct {
		name string
		size int
	}{{"64B", 64}, {"4KiB", 4 << 10}, {"256KiB", 256 << 10}} {
		b.Run(tc.name, func(b *testing.B) { benchmarkMessenger(b, tc.size) })
	}
}

func benchmarkMessenger(b *testing.B, size int) {
	w := newWorld()
	w.window = 1 << 20
	mon := &daemon{journal: &journal{}, h: w.host("mon", "10.0.0.1").quiet()}
	mon.loop = mon.h.NewLoop("dispatch")
	mon.m = msgr.New(mon.h, mon.loop, msgr.Config{Label: "mon", Name: monName(0)})
	mon.m.SetDefaultPolicy(msgr.StatelessServer())
	sink := &counter{}
	mon.m.AddDispatcherTail(sink)
	mon.bind(b, 6789)
	cli := &daemon{journal: &journal{}, h: w.host("cli", "10.0.0.2").quiet()}
	cli.loop = cli.h.NewLoop("dispatch")
	cli.m = msgr.New(cli.h, cli.loop, msgr.Config{Label: "cli", Name: mgrName(1), Nonce: 1})
	c := cli.m.ConnectTo(msg.EntityMon, mon.m.Addr())
	w.settle()

	data := make([]byte, size)
	ping := &msg.Ping{}
	burst := min(1000, 4<<20/size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for sent := 0; sent < b.N; {
		for range min(burst, b.N-sent) {
			m := msg.New(ping)
			m.Data = data
			c.Send(m)
			sent++
		}
		for sink.n < sent {
			w.run(1e6)
		}
	}
}

type counter struct {
	msgr.BaseDispatcher
	n int
}

func (c *counter) Dispatch(*msgr.Connection, *msg.Message) bool { c.n++; return true }
