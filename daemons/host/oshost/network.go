package oshost

import (
	"context"
	"fmt"
	"math/bits"
	"net"
	"net/netip"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

// network implements host.Network with the operating system's TCP.
type network struct {
	host  *Host
	addrs []netip.Addr
	given bool // the addresses were asked for, so dialled connections use them
}

func (n *network) init(h *Host) {
	n.host = h
	n.addrs = slices.Clone(h.options.Addrs)
	n.given = len(n.addrs) > 0
	if !n.given {
		n.addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
}

func (n *network) Addrs() []netip.Addr { return slices.Clone(n.addrs) }

// Listen implements host.Network. The zero Addr means the first address of the
// machine; the unspecified address (0.0.0.0, ::) means every address of the
// operating system's, whatever Options.Addrs says.
func (n *network) Listen(loop host.Loop, addr netip.AddrPort, accept func(host.Conn)) (host.Listener, error) {
	if !addr.Addr().IsValid() {
		addr = netip.AddrPortFrom(n.addrs[0], addr.Port())
	}
	if !addr.Addr().IsUnspecified() && !slices.Contains(n.addrs, addr.Addr()) {
		return nil, fmt.Errorf("%s: listen at %v: %w", n.host.Name(), addr, host.ErrAddrNotAvailable)
	}
	// Keepalive would end a silent connection, which the seam says may hang for
	// ever. SO_REUSEADDR and TCP_NODELAY are what package net does anyway.
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	ln, err := config.Listen(n.host.stopping, "tcp", addr.String())
	if err != nil {
		return nil, n.host.networkError("listen at", addr, err)
	}
	return n.serve(loop, ln.(*net.TCPListener), accept)
}

func (n *network) serve(loop host.Loop, ln *net.TCPListener, accept func(host.Conn)) (host.Listener, error) {
	l := newListener(n.host, loop, ln, accept)
	if !n.host.adopt(l) || !n.host.spawn(l.run) {
		ln.Close()
		return nil, fmt.Errorf("%s: listen at %v: %w", n.host.Name(), l.addr, host.ErrStopped)
	}
	if isOver(loop) {
		l.Close()
		return nil, fmt.Errorf("%s: listen at %v: loop %s: %w", n.host.Name(), l.addr, loop.Name(), host.ErrClosed)
	}
	return l, nil
}

// Dial implements host.Network.
func (n *network) Dial(loop host.Loop, addr netip.AddrPort, h host.ConnHandler) host.Conn {
	c := newConn(n.host)
	c.remote = addr
	c.loop, c.handler, c.opening = loop, h, true
	dialling, cancel := context.WithCancel(n.host.stopping)
	c.cancel = cancel
	if !n.host.adopt(c) || !n.host.spawn(func() { n.connect(dialling, c) }) {
		c.die()
	}
	if isOver(loop) {
		c.Close()
	}
	return c
}

func (n *network) connect(dialling context.Context, c *conn) {
	defer c.cancel()
	dialer := net.Dialer{KeepAlive: -1, LocalAddr: n.source(c.remote), ControlContext: bindLate}
	dialer.SetMultipathTCP(false)
	nc, err := dialer.DialContext(dialling, "tcp", c.remote.String())
	if err != nil {
		c.fail(n.host.networkError("dial", c.remote, err))
		return
	}
	c.open(nc.(*net.TCPConn))
}

// source is where connections to addr come from: nil leaves it to the operating
// system. Of several addresses it is the one that has most of its beginning in
// common with addr, which stands for the route: that of loopback addresses would not
// tell one network from another.
func (n *network) source(addr netip.AddrPort) net.Addr {
	if !n.given {
		return nil
	}
	best, common := netip.Addr{}, -1
	for _, own := range n.addrs {
		if own.Is4() != addr.Addr().Is4() {
			continue
		}
		if c := commonBits(own, addr.Addr()); c > common {
			best, common = own, c
		}
	}
	if common < 0 {
		return nil
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(best, 0))
}

// commonBits is how many bits two addresses of one family begin with in common.
func commonBits(a, b netip.Addr) int {
	x, y := a.AsSlice(), b.AsSlice()
	for i := range x {
		if differ := x[i] ^ y[i]; differ != 0 {
			return 8*i + bits.LeadingZeros8(differ)
		}
	}
	return 8 * len(x)
}
