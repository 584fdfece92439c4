package oshost_test

import (
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// guest ends its connection in one of many ways, and counts when that has been
// done or told.
type guest struct {
	conn  host.Conn
	how   int
	left  int // bytes to read before it leaves
	ends  *atomic.Int64
	ended bool
}

// The ways of a guest.
const (
	closes = iota
	aborts
	waits // for the other end
	ways
)

func (g *guest) Opened() {
	g.conn.Write(make([]byte, 5000))
	g.leave()
}
func (g *guest) Writable()    {}
func (g *guest) Closed(error) { g.end() }

func (g *guest) Readable() {
	var buf [1000]byte
	for {
		n, err := g.conn.Read(buf[:])
		g.left -= n
		if err == host.ErrWouldBlock {
			break
		}
		if err != nil {
			g.conn.Close()
			g.end()
			return
		}
	}
	if g.left <= 0 {
		g.leave()
	}
}

func (g *guest) leave() {
	switch g.how {
	case closes:
		g.conn.Close()
		g.end()
	case aborts:
		g.conn.Abort()
		g.end()
	}
}

func (g *guest) end() {
	if !g.ended {
		g.ended = true
		g.ends.Add(1)
	}
}

// Connections come and go at once, in every way, and leave nothing behind: no
// descriptor, no goroutine, and nobody who waits for ever.
func TestConn_thousandLeaveNothingBehind(t *testing.T) {
	t.Run("default", func(t *testing.T) { thousandGuests(t, func(o oshost.Options) oshost.Options { return o }) })
	t.Run("poll", func(t *testing.T) { thousandGuests(t, oshost.PollOnly) })
}

func thousandGuests(t *testing.T, with func(oshost.Options) oshost.Options) {
	const conns = 1000
	server, client := oshost.New(with(oshost.Options{Name: "server"})), oshost.New(with(oshost.Options{Name: "client"}))
	defer server.Kill()
	defer client.Kill()
	in := [...]host.Loop{server.NewLoop("in"), server.NewLoop("in too")}
	out := client.NewLoop("out")
	var accepted, ends atomic.Int64
	ln, err := server.Network().Listen(in[0], netip.AddrPort{}, func(c host.Conn) {
		n := int(accepted.Add(1))
		c.Attach(in[n%2], &guest{conn: c, how: n / 2 % waits, left: n % 5 * 1000, ends: &ends})
	})
	if err != nil {
		t.Fatal(err)
	}
	visit := func(n int) {
		out.Post(func() {
			for i := range n {
				g := &guest{how: i % ways, ends: &ends}
				g.conn = client.Network().Dial(out, ln.Addr(), g)
				if i%10 == 0 { // before it is open
					g.how = closes + i/10%2
					g.leave()
				}
			}
		})
	}
	visit(2) // both hosts wait for sockets from now on
	settles(t, "the first have gone", func() bool { return accepted.Load() >= 1 && ends.Load() >= 3 })
	time.Sleep(100 * time.Millisecond) // real: the kernel's acknowledgements, or most of them
	quiet := usage(t)
	visit(conns)
	settles(t, "all have gone", func() bool {
		now := usage(t)
		return ends.Load() >= 2+conns && now[0] <= quiet[0] && now[1] <= quiet[1]
	})
}

// usage is how many descriptors and goroutines this process has.
func usage(t *testing.T) [2]int {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip("cannot count descriptors: ", err)
	}
	return [2]int{len(open), runtime.NumGoroutine()}
}

// settles waits in real time.
func settles(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s: %v descriptors and goroutines", what, usage(t))
		}
	}
}
