package oshost_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// plain is a handler that passes on what it is told.
type plain struct {
	conn   host.Conn
	opened chan struct{}
	eof    chan string // all that was read before EOF
	closed chan error
	got    []byte
}

func newPlain() *plain {
	return &plain{opened: make(chan struct{}), eof: make(chan string, 1), closed: make(chan error, 1)}
}

func (p *plain) Opened()          { close(p.opened) }
func (p *plain) Writable()        {}
func (p *plain) Closed(err error) { p.closed <- err }

func (p *plain) Readable() {
	var buf [512]byte
	for {
		n, err := p.conn.Read(buf[:])
		p.got = append(p.got, buf[:n]...)
		if err == io.EOF {
			p.eof <- string(p.got)
		}
		if err != nil {
			return
		}
	}
}

// withPeer connects a Host with an ordinary net.Conn.
func withPeer(t *testing.T, o oshost.Options) (*oshost.Host, host.Loop, *plain, *net.TCPConn) {
	t.Helper()
	h := oshost.New(o)
	t.Cleanup(h.Kill)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l, p := h.NewLoop("l"), newPlain()
	on(t, l, func() { p.conn = h.Network().Dial(l, netip.MustParseAddrPort(ln.Addr().String()), p) })
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	receive(t, p.opened)
	return h, l, p, nc.(*net.TCPConn)
}

func TestConn_peerThatShutsItsSideCanStillRead(t *testing.T) {
	_, l, p, nc := withPeer(t, oshost.Options{})
	io.WriteString(nc, "question")
	nc.CloseWrite()
	if got := receive(t, p.eof); got != "question" {
		t.Errorf("read %q before EOF", got)
	}
	on(t, l, func() {
		p.conn.Write([]byte("answer"))
		p.conn.Close()
	})
	if got, err := io.ReadAll(nc); string(got) != "answer" || err != nil {
		t.Errorf("the peer read %q, %v", got, err)
	}
}

func TestConn_errorsNameTheKindAndTheCause(t *testing.T) {
	_, _, p, nc := withPeer(t, oshost.Options{Name: "mon-a"})
	addr := nc.LocalAddr().String()
	nc.SetLinger(0)
	nc.Close()
	err := receive(t, p.closed)
	if !errors.Is(err, host.ErrReset) || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Closed(%v), want ErrReset and ECONNRESET", err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "mon-a: connection with "+addr+": connection reset by peer") {
		t.Errorf("the error reads %q", text)
	}
}

func TestConn_abortAfterCloseResets(t *testing.T) {
	_, l, p, nc := withPeer(t, oshost.Options{})
	on(t, l, func() {
		for n := 1; n > 0; { // until the buffer is full: the peer does not read
			n, _ = p.conn.Write(make([]byte, 1<<20))
		}
		p.conn.Close()
		p.conn.Abort()
	})
	if _, err := io.Copy(io.Discard, nc); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer's read ended with %v", err)
	}
}

// isReset reports whether a connection was reset by its other end, and leaves what has
// arrived, and the error, to be read.
func isReset(t *testing.T, nc *net.TCPConn) (is bool) {
	t.Helper()
	raw, err := nc.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			fds := []unix.PollFd{{Fd: int32(fd)}}
			n, err := unix.Poll(fds, 0)
			is = n == 1 && err == nil && fds[0].Revents&unix.POLLERR != 0
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// A peer that never reads must not take a truncated stream for a whole one.
func TestConn_closeResetsAPeerThatTakesTooLong(t *testing.T) {
	h, l, p, nc := withPeer(t, oshost.Options{Linger: 50 * time.Millisecond})
	nc.SetReadBuffer(4 << 10)
	block := make([]byte, 1<<20)
	gone := make(chan struct{})
	var fill host.Timer
	on(t, l, func() {
		idle := 0
		fill = l.NewTimer(func() {
			if n, _ := p.conn.Write(block); n == 0 {
				idle++
			}
			if idle < 20 {
				fill.Reset(time.Millisecond)
				return
			}
			p.conn.Close()
			close(gone)
		})
		fill.Reset(0)
	})
	receive(t, gone)
	for deadline := time.Now().Add(patience); !isReset(t, nc); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the peer is not reset")
		}
	}
	if _, err := io.Copy(io.Discard, nc); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer's read ended with %v, want a reset", err)
	}
	h.Kill()
}

// What a peer sends before it has seen EOF must not cost it what is still on its
// way: closing the socket at once would.
func TestConn_closeDeliversThoughThePeerStillWrites(t *testing.T) {
	_, l, p, nc := withPeer(t, oshost.Options{Linger: time.Minute})
	nc.SetReadBuffer(4 << 10)
	const size = 128 << 10
	on(t, l, func() {
		if n, err := p.conn.Write(make([]byte, size)); n != size || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		p.conn.Close()
	})
	for range 5 {
		time.Sleep(20 * time.Millisecond) // real: the kernel's time
		io.WriteString(nc, "still here")
	}
	if n, err := io.Copy(io.Discard, nc); n != size || err != nil {
		t.Errorf("the peer read %d of %d bytes, %v", n, size, err)
	}
}

func TestConn_killClosesUnattachedAndDialling(t *testing.T) {
	h := oshost.New(oshost.Options{})
	l := h.NewLoop("l")
	accepted := make(chan host.Conn, 1)
	ln, err := h.Network().Listen(l, netip.AddrPort{}, func(c host.Conn) { accepted <- c })
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := receive(t, accepted)
	h.Kill()
	nc.SetDeadline(time.Now().Add(patience))
	if n, err := nc.Read(make([]byte, 1)); err == nil || errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("the peer read %d bytes, %v", n, err)
	}
	c.Attach(l, newPlain()) // too late, and harmless
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, host.ErrStopped) {
		t.Errorf("Read after Kill: %v, want ErrStopped", err)
	}
	if _, err := h.Network().Listen(l, netip.AddrPort{}, nil); !errors.Is(err, host.ErrStopped) {
		t.Errorf("Listen after Kill: %v, want ErrStopped", err)
	}
}

// More connections than the listener holds for its loop wait in the kernel.
func TestListener_manyConnectionsWaitForABusyLoop(t *testing.T) {
	h := oshost.New(oshost.Options{})
	defer h.Kill()
	l := h.NewLoop("l")
	const n = 300
	accepted := make(chan host.Conn, n)
	ln, err := h.Network().Listen(l, netip.AddrPort{}, func(c host.Conn) { accepted <- c })
	if err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	l.Post(func() { <-release }) // a callback that blocks: only a test may
	for range n {
		nc, err := net.Dial("tcp4", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	close(release)
	for range n {
		receive(t, accepted)
	}
}

func TestNetwork_addresses(t *testing.T) {
	second := netip.MustParseAddr("127.0.0.9")
	h := oshost.New(oshost.Options{Addrs: []netip.Addr{second, netip.MustParseAddr("127.0.0.8")}})
	defer h.Kill()
	l := h.NewLoop("l")
	addrs := h.Network().Addrs()
	addrs[0] = netip.Addr{} // a copy
	ln, err := h.Network().Listen(l, netip.AddrPort{}, func(host.Conn) {})
	if err != nil || ln.Addr().Addr() != second {
		t.Fatalf("Listen at the zero address: %v, %v", ln, err)
	}
	p := newPlain()
	on(t, l, func() { p.conn = h.Network().Dial(l, ln.Addr(), p) })
	receive(t, p.opened)
	on(t, l, func() {
		if got := p.conn.LocalAddr().Addr(); got != second {
			t.Errorf("dialled from %v, the machine's first address is %v", got, second)
		}
	})
	if _, err := h.Network().Listen(l, netip.MustParseAddrPort("127.0.0.1:0"), nil); !errors.Is(err, host.ErrAddrNotAvailable) {
		t.Errorf("Listen at an address of the operating system's: %v", err)
	}
	bad := newPlain()
	on(t, l, func() { bad.conn = h.Network().Dial(l, netip.AddrPort{}, bad) })
	if err := receive(t, bad.closed); err == nil {
		t.Error("dialling no address worked")
	}
}

// TestDial_leavesFromTheAddressOnTheTargetsNetwork: a machine on two networks is
// seen under its address on the one that it was reached over.
func TestDial_leavesFromTheAddressOnTheTargetsNetwork(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("127.20.0.1"), netip.MustParseAddr("127.30.0.1")}
	h := oshost.New(oshost.Options{Addrs: own})
	t.Cleanup(h.Kill)
	l := h.NewLoop("l")
	for target, want := range map[string]netip.Addr{"127.20.0.9:0": own[0], "127.30.0.9:0": own[1], "127.31.0.9:0": own[1], "127.0.0.1:0": own[0]} {
		ln, err := net.Listen("tcp4", target)
		if err != nil {
			t.Skipf("no loopback address beside 127.0.0.1: %v", err)
		}
		defer ln.Close()
		p := newPlain()
		on(t, l, func() { p.conn = h.Network().Dial(l, netip.MustParseAddrPort(ln.Addr().String()), p) })
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if got := netip.MustParseAddrPort(nc.RemoteAddr().String()).Addr(); got != want {
			t.Errorf("%s is reached from %v, want %v", target, got, want)
		}
	}
}

// TestDial_isOpenWithOpened: however soon the socket is connected, the loop that
// dialled sees an open connection from Opened on and not in the middle of a callback.
func TestDial_isOpenWithOpened(t *testing.T) {
	h := oshost.New(oshost.Options{})
	t.Cleanup(h.Kill)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l, p := h.NewLoop("l"), newPlain()
	on(t, l, func() {
		p.conn = h.Network().Dial(l, netip.MustParseAddrPort(ln.Addr().String()), p)
		nc, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { nc.Close() })
		io.WriteString(nc, "early")
		nc.(*net.TCPConn).CloseWrite()
		for end := time.Now().Add(patience); !p.conn.LocalAddr().IsValid(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Error("not connected in time")
				return
			}
		}
		if n, err := p.conn.Read(make([]byte, 9)); !errors.Is(err, host.ErrWouldBlock) {
			t.Errorf("Read before Opened: %d, %v", n, err)
		}
		if n, err := p.conn.Write([]byte("x")); n != 0 || err != nil {
			t.Errorf("Write before Opened: %d, %v", n, err)
		}
		if err := p.conn.(host.HalfCloser).CloseWrite(); !errors.Is(err, host.ErrWouldBlock) {
			t.Errorf("CloseWrite before Opened: %v", err)
		}
	})
	receive(t, p.opened)
	if got := receive(t, p.eof); got != "early" {
		t.Errorf("read %q", got)
	}
	on(t, l, func() {
		if n, err := p.conn.Write([]byte("x")); n != 1 || err != nil {
			t.Errorf("Write after Opened: %d, %v", n, err)
		}
	})
}
