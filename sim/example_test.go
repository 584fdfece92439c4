package sim_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
)

// greeter is the server: it greets whoever connects and hangs up.
func greeter(h host.Host) {
	loop := h.NewLoop("greeter")
	addr := netip.AddrPortFrom(h.Network().Addrs()[0], 7000)
	_, err := h.Network().Listen(loop, addr, func(c host.Conn) {
		c.Attach(loop, silent{})
		c.Write([]byte("hello"))
		c.Close()
	})
	if err != nil {
		h.Exit(1, err.Error())
	}
}

type silent struct{}

func (silent) Opened()      {}
func (silent) Readable()    {}
func (silent) Writable()    {}
func (silent) Closed(error) {}

// guest is the client: it prints what it is told, and when.
type guest struct {
	silent
	h    host.Host
	conn host.Conn
}

func (g *guest) Readable() {
	buf := make([]byte, 100)
	for {
		n, err := g.conn.Read(buf)
		if err != nil {
			return
		}
		fmt.Printf("%s at %v\n", buf[:n], g.h.Clock().Monotonic().Round(time.Second))
	}
}

// Two processes talk across a network that is cut for a while. The same seed
// gives the same run.
func Example() {
	run := func(seed uint64) uint64 {
		s := sim.New(sim.Config{Seed: seed})
		defer s.Close()
		a, b := s.AddHost("a"), s.AddHost("b")
		a.Start(greeter)
		s.Run(time.Second)
		s.Cut(a, b) // nothing that a sends reaches b
		b.Start(func(h host.Host) {
			g := &guest{h: h}
			loop := h.NewLoop("guest")
			loop.Post(func() { g.conn = h.Network().Dial(loop, netip.AddrPortFrom(a.Addr(), 7000), g) })
		})
		s.Run(20 * time.Second)
		s.Heal(a, b) // the next SYN is due 31 s after the first
		s.Run(time.Minute)
		return s.Hash()
	}
	first, second := run(7), run(7)
	fmt.Println("same run:", first == second)
	// Output:
	// hello at 32s
	// hello at 32s
	// same run: true
}
