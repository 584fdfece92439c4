package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
)

// damages are what may be done to a link, and takes it back.
func damages() []func(*rapid.T, *Link) {
	ms := func(t *rapid.T, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, "ms")) * time.Millisecond
	}
	return []func(*rapid.T, *Link){
		func(_ *rapid.T, l *Link) { l.Cut() },
		func(_ *rapid.T, l *Link) { l.Heal() },
		func(_ *rapid.T, l *Link) { l.Stall() },
		func(_ *rapid.T, l *Link) { l.Unstall() },
		func(_ *rapid.T, l *Link) { l.from.Clog() },
		func(_ *rapid.T, l *Link) { l.from.Unclog() },
		func(t *rapid.T, l *Link) { l.AddDelay(ms(t, 10)) },
		func(t *rapid.T, l *Link) {
			l.SetBandwidth(int64(rapid.SampledFrom([]int{0, 1000, 1_000_000}).Draw(t, "rate")))
		},
		func(t *rapid.T, l *Link) { l.SetMTU(rapid.SampledFrom([]int{0, 0, 100, 1000}).Draw(t, "mtu")) },
		func(t *rapid.T, l *Link) {
			d := &Delay{Shape: DelayShape(rapid.IntRange(0, 4).Draw(t, "shape")), Min: ms(t, 5), Scale: ms(t, 50), Tail: 1000}
			if err := l.SetDelay(d); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// TestLinks_deliverAllOrFail: whatever is done to the links between two machines,
// a reader gets what was written, in order and once. When all is well again it gets
// all of it and the end, unless a sender had no patience. Nothing stays on the
// agenda, and no memory is lost.
func TestLinks_deliverAllOrFail(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		config := Config{
			Seed: rapid.Uint64().Draw(rt, "seed"), Split: rapid.SampledFrom([]int{0, 50, 5000}).Draw(rt, "split"),
			UserTimeout: rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(rt, "patience"),
		}
		k := newTank(t, config)
		client, server := k.open("client")
		links := []*Link{k.Link(client.host(), k.server), k.Link(k.server, client.host())}
		ends := [...]struct {
			from, to *sink
			sent     int
		}{{from: client, to: server}, {from: server, to: client}}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			i := rapid.IntRange(0, 1).Draw(rt, "side")
			if rapid.Bool().Draw(rt, "write") {
				n, _ := ends[i].from.conn.Write(pattern(ends[i].sent, rapid.IntRange(1, 20_000).Draw(rt, "bytes")))
				ends[i].sent += n
			} else {
				rapid.SampledFrom(damages()).Draw(rt, "damage")(rt, links[i])
			}
			k.Run(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "pause")) * time.Millisecond)
		}
		for _, l := range links {
			l.Heal()
			l.Unstall()
			l.from.Unclog()
			l.SetMTU(0)
		}
		for _, e := range ends {
			_ = e.from.conn.(host.HalfCloser).CloseWrite() // fails if the connection has
		}
		k.Run(24 * time.Hour)
		failed := client.err != nil || server.err != nil
		for _, e := range ends {
			if e.to.disorder || e.to.total > e.sent {
				rt.Fatalf("%d of %d bytes arrived, in disorder: %t", e.to.total, e.sent, e.to.disorder)
			}
			if !failed && (e.to.total < e.sent || !e.to.eof) {
				rt.Fatalf("%d of %d bytes arrived, and the end: %t", e.to.total, e.sent, e.to.eof)
			}
		}
		if failed && config.UserTimeout == 0 {
			rt.Fatalf("failed with %v and %v", client.err, server.err)
		}
		client.conn.Close()
		server.conn.Close()
		k.Run(24 * time.Hour)
		if n := k.kernel.wheel.count; n != 0 {
			rt.Fatalf("%d events are left", n)
		}
		if n := k.Counts().Buffers; n != 0 {
			rt.Fatalf("%d buffers are left", n)
		}
		for _, l := range links {
			if len(l.held) > 0 {
				rt.Fatalf("%d arrivals are held by a link that is whole", len(l.held))
			}
		}
	})
}
