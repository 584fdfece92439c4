package divergence_test

import (
	"fmt"
	"math/rand"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
)

// planted are daemons that are not deterministic, each in another way. The line
// that a comment marks with the daemon's name is the one that must be found.
func planted() map[string]sim.Program {
	return map[string]sim.Program{
		"a map's order": func(h host.Host) {
			dialEverybody(h, func(conns map[string]host.Conn) {
				for _, c := range conns {
					c.Write([]byte("hello")) // found: a map's order
				}
			})
		},
		"the time": ticking(func(h host.Host, again host.Timer) {
			jitter := time.Now().Nanosecond() % 1000
			again.Reset(time.Second + time.Duration(jitter)) // found: the time
		}),
		"a random number": ticking(func(h host.Host, again host.Timer) {
			again.Reset(time.Second + time.Duration(rand.Intn(1000))) // found: a random number
		}),
		"a pointer": ticking(func(h host.Host, again host.Timer) {
			h.Log().Info("state", "at", fmt.Sprintf("%p", new(int))) // found: a pointer
			again.Reset(time.Second)
		}),
		"one draw more": ticking(func(h host.Host, again host.Timer) {
			if rand.Intn(2) == 0 {
				h.Rand("dice").IntN(6) // found: one draw more
			}
			again.Reset(time.Second)
		}),
		"bytes on a disk": ticking(func(h host.Host, again host.Timer) {
			f, _ := h.Disk().Open("state")
			f.WriteAt([]byte{byte(rand.Int())}, 0) // found: bytes on a disk
			again.Reset(time.Second)
		}),
		"a fact": ticking(func(h host.Host, again host.Timer) {
			h.Probe(lucky{rand.Int63()}) // found: a fact
			again.Reset(time.Second)
		}),
		"the number of posts": ticking(func(h host.Host, again host.Timer) {
			for range rand.Intn(50) {
				h.NewLoop("other").Post(func() {}) // found: the number of posts
			}
			again.Reset(time.Second)
		}),
		"a task": func(h host.Host) {
			h.NewLoop("main").Go("sleeper", func(t host.Task) {
				for {
					t.Sleep(time.Duration(1+rand.Intn(1000)) * time.Millisecond) // found: a task
				}
			})
		},
	}
}

// ticking is a daemon with one timer, which tick has to set again.
func ticking(tick func(h host.Host, again host.Timer)) sim.Program {
	return func(h host.Host) {
		var t host.Timer
		t = h.NewLoop("main").NewTimer(func() { tick(h, t) })
		t.Reset(time.Second)
	}
}

// dialEverybody is a daemon that has connections by name, and uses them once a
// second.
func dialEverybody(h host.Host, use func(map[string]host.Conn)) {
	l := h.NewLoop("main")
	conns := make(map[string]host.Conn)
	for i := range byte(8) {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 6789)
		conns[string('a'+i)] = h.Network().Dial(l, addr, quiet{})
	}
	var t host.Timer
	t = l.NewTimer(func() { use(conns); t.Reset(time.Second) })
	t.Reset(time.Second)
}

// listening is a daemon that takes every connection.
func listening(h host.Host) {
	l := h.NewLoop("main")
	_, err := h.Network().Listen(l, netip.AddrPortFrom(netip.Addr{}, 6789), func(c host.Conn) { c.Attach(l, quiet{}) })
	if err != nil {
		panic(err)
	}
}

// quiet is a handler that does nothing.
type quiet struct{}

func (quiet) Opened()      {}
func (quiet) Readable()    {}
func (quiet) Writable()    {}
func (quiet) Closed(error) {}
