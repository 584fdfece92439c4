package netconn

import (
	"context"
	"fmt"
	"net" //wavetank:allow its types and errors only
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Stack is a machine's network stack as package net shows it, to the tasks of one
// loop.
type Stack struct {
	loop    host.Loop
	network host.Network
	clock   host.Clock
}

// New is the network of h for the tasks of loop, which must be one of h's.
func New(h host.Host, loop host.Loop) *Stack {
	return &Stack{loop: loop, network: h.Network(), clock: h.Clock()}
}

// Dial connects to address, an IP address and a port, and waits until that has
// succeeded or failed, which may take the machine minutes. The network is tcp, tcp4
// or tcp6.
func (s *Stack) Dial(network, address string) (net.Conn, error) {
	return s.DialTimeout(network, address, 0)
}

// DialContext is Dial for libraries that have a hook of this type. It looks at ctx
// only before it begins: package context ends contexts by the computer's clock and on
// goroutines of its own.
func (s *Stack) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return s.Dial(network, address)
}

// DialTimeout is Dial with a limit to the waiting; 0 is none. What ends then is an
// [os.ErrDeadlineExceeded].
func (s *Stack) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	addr, err := parse(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	remote := net.TCPAddrFromAddrPort(addr)
	task := s.loop.Running()
	if task == nil {
		return nil, opError("dial", nil, remote, ErrNoTask)
	}
	c := newConn(s, remote)
	if timeout != 0 {
		c.writes.deadline.in(s.loop, timeout)
	}
	c.stream = s.network.Dial(s.loop, addr, (*events)(c))
	if err := c.awaitOpen(task); err != nil {
		c.close()
		return nil, opError("dial", nil, remote, err)
	}
	c.local = net.TCPAddrFromAddrPort(c.stream.LocalAddr())
	c.writes.deadline.clear()
	return c, nil
}

// Listen accepts connections to address, an IP address and a port; ":0" is a free
// port of the machine's first address. It does not wait. The network is tcp, tcp4
// or tcp6.
func (s *Stack) Listen(network, address string) (net.Listener, error) {
	if address == ":0" {
		address = netip.AddrPortFrom(s.network.Addrs()[0], 0).String()
	}
	addr, err := parse(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	l := newListener(s)
	l.listener, err = s.network.Listen(s.loop, addr, l.incoming)
	if err != nil {
		return nil, opError("listen", nil, net.TCPAddrFromAddrPort(addr), err)
	}
	l.addr = net.TCPAddrFromAddrPort(l.listener.Addr())
	return l, nil
}

// parse reads an address. The seam has no resolver, so names are not understood.
func parse(network, address string) (netip.AddrPort, error) {
	fits := func(netip.Addr) bool { return true }
	switch network {
	case "tcp":
	case "tcp4":
		fits = netip.Addr.Is4
	case "tcp6":
		fits = netip.Addr.Is6
	default:
		return netip.AddrPort{}, net.UnknownNetworkError(network)
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: fmt.Sprintf("not an IP address and a port (%v)", err), Addr: address}
	}
	if !fits(addr.Addr()) {
		return netip.AddrPort{}, &net.AddrError{Err: "not an address of " + network, Addr: address}
	}
	return addr, nil
}
