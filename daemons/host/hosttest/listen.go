package hosttest

import (
	"errors"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/host"
)

func listenChecks() []check {
	return []check{
		{"a machine has an address", networkAddrs},
		{"port zero picks a free port", listenPicksPort},
		{"a port that is in use is refused", listenInUse},
		{"an address of another machine is refused", listenForeignAddress},
		{"accept runs once per connection", acceptOnce},
		{"close stops listening", listenerCloseRefuses},
		{"after close the port is free again", listenerCloseFreesPort},
		{"accept is not called after close", listenerCloseStopsAccept},
		{"close may be repeated and come from another loop", listenerCloseTwice},
		{"close leaves accepted connections alone", listenerCloseKeepsConns},
		{"the accepted end has the addresses of both", acceptedAddresses},
		{"nothing is lost before attach", attachLate},
		{"an accepted connection may be attached to another loop", attachElsewhere},
		{"the end of the process frees the port", killFreesPort},
	}
}

func networkAddrs(r *rig) {
	a, b := r.process("a"), r.process("b")
	for _, p := range []*process{a, b} {
		p.do(func() {
			addrs := p.Network().Addrs()
			if len(addrs) == 0 || !addrs[0].IsValid() {
				r.Errorf("%s has the addresses %v", p.Name(), addrs)
			}
		})
	}
}

func dropConn(c host.Conn) {}

func listenPicksPort(r *rig) {
	p := r.process("a")
	one, two := p.listen(dropConn).Addr(), p.listen(dropConn).Addr()
	if one.Port() == 0 || two.Port() == 0 || one == two {
		r.Errorf("two listeners at port 0 got %v and %v", one, two)
	}
	if one.Addr() != p.address().Addr() {
		r.Errorf("asked for %v, listens at %v", p.address(), one)
	}
}

// listenError is what a second Listen says.
func (p *process) listenError(addr netip.AddrPort) error {
	var err error
	p.do(func() {
		var ln host.Listener
		if ln, err = p.Network().Listen(p.main, addr, dropConn); err == nil {
			ln.Close()
		}
	})
	return err
}

func listenInUse(r *rig) {
	p := r.process("a")
	ln := p.listen(dropConn)
	if err := p.listenError(ln.Addr()); !errors.Is(err, host.ErrAddrInUse) {
		r.Errorf("second Listen at %v: %v, want ErrAddrInUse", ln.Addr(), err)
	}
}

func listenForeignAddress(r *rig) {
	a, b := r.process("a"), r.process("b")
	foreign := b.address()
	if foreign == a.address() {
		r.Skip("both machines have the same address")
	}
	if err := a.listenError(foreign); !errors.Is(err, host.ErrAddrNotAvailable) {
		r.Errorf("Listen at %v: %v, want ErrAddrNotAvailable", foreign, err)
	}
}

func acceptOnce(r *rig) {
	server, client := r.process("server"), r.process("client")
	const n = 20
	var accepted atomic.Int32
	ln := server.listen(func(c host.Conn) {
		accepted.Add(1)
		e := server.newEnd("accepted")
		e.conn = c
		c.Attach(server.main, e)
	})
	var opened []func() bool
	for i := range n {
		e := client.newEnd("dialled " + strconv.Itoa(i))
		opened = append(opened, e.saw("opened", 1))
		e.dial(ln.Addr())
	}
	for _, cond := range opened {
		r.await("a connection is open", cond)
	}
	r.await("all were accepted", func() bool { return accepted.Load() >= n })
	r.settle()
	if got := accepted.Load(); got != n {
		r.Errorf("accept ran %d times for %d connections", got, n)
	}
}

func listenerCloseRefuses(r *rig) {
	server, client := r.process("server"), r.process("client")
	ln := server.listen(dropConn)
	server.do(ln.Close)
	e := client.newEnd("dialled")
	e.dial(ln.Addr())
	e.wantsClosed(host.ErrRefused)
}

func listenerCloseFreesPort(r *rig) {
	p := r.process("a")
	ln := p.listen(dropConn)
	p.do(ln.Close)
	if err := p.listenError(ln.Addr()); err != nil {
		r.Errorf("Listen at the port of a closed listener: %v", err)
	}
}

// listenerCloseStopsAccept dials often and closes in the first accept: whatever
// else had arrived by then must be reset or refused, not handed over.
func listenerCloseStopsAccept(r *rig) {
	server, client := r.process("server"), r.process("client")
	const n = 20
	var accepted atomic.Int32
	var ln host.Listener
	addr := server.address()
	var ends []*end
	server.do(func() {
		var err error
		ln, err = server.Network().Listen(server.main, addr, func(c host.Conn) {
			accepted.Add(1)
			ln.Close()
			e := server.newEnd("accepted")
			e.conn = c
			c.Attach(server.main, e)
		})
		if err != nil {
			r.Errorf("Listen: %v", err)
			return
		}
		addr = ln.Addr()
	})
	client.do(func() {
		for i := range n {
			e := client.newEnd("dialled " + strconv.Itoa(i))
			e.dialHere(addr)
			ends = append(ends, e)
		}
	})
	closed := func() (n int) {
		for _, e := range ends {
			n += e.count("closed")
		}
		return
	}
	r.await("all connections but one are closed", func() bool { return closed() >= n-1 })
	r.settle()
	if accepted.Load() != 1 || closed() != n-1 {
		r.Errorf("of %d connections %d were accepted and %d closed", n, accepted.Load(), closed())
	}
	for _, e := range ends {
		if _, err := e.how(); err != nil && !errors.Is(err, host.ErrReset) && !errors.Is(err, host.ErrRefused) {
			r.Errorf("%s: closed with %v, want ErrReset or ErrRefused", e.name, err)
		}
	}
}

func listenerCloseTwice(r *rig) {
	p := r.process("a")
	other := p.NewLoop("other")
	ln := p.listen(dropConn)
	p.on(other, ln.Close)
	p.on(other, ln.Close)
	p.do(ln.Close)
	if err := p.listenError(ln.Addr()); err != nil {
		r.Errorf("Listen after Close: %v", err)
	}
}

func listenerCloseKeepsConns(r *rig) {
	l := r.link(nil)
	l.server.do(l.listener.Close)
	l.near.do(func() { l.near.send([]byte("still here")) })
	r.await("bytes arrive", l.far.has(10))
	l.far.wantsReceived("still here")
}

func acceptedAddresses(r *rig) {
	l := r.link(nil)
	var local, remote netip.AddrPort
	l.near.do(func() { local, remote = l.near.conn.LocalAddr(), l.near.conn.RemoteAddr() })
	l.far.do(func() {
		if got := l.far.conn.LocalAddr(); got != remote {
			r.Errorf("accepted end: LocalAddr %v, the other end's RemoteAddr %v", got, remote)
		}
		if got := l.far.conn.RemoteAddr(); got != local {
			r.Errorf("accepted end: RemoteAddr %v, the other end's LocalAddr %v", got, local)
		}
	})
	if remote != l.listener.Addr() {
		r.Errorf("RemoteAddr %v, dialled %v", remote, l.listener.Addr())
	}
	if local.Addr() != l.client.address().Addr() || local.Port() == 0 {
		r.Errorf("LocalAddr %v of machine %v", local, l.client.address().Addr())
	}
}

func attachLate(r *rig) {
	server, client := r.process("server"), r.process("client")
	far, near := server.newEnd("far"), client.newEnd("near")
	var accepted atomic.Bool
	ln := server.listen(func(c host.Conn) {
		far.conn = c
		accepted.Store(true)
	})
	near.onOpened = func() {
		near.send([]byte("early bytes"))
		near.close(near.conn.Close)
	}
	near.dial(ln.Addr())
	r.await("the connection was accepted", accepted.Load)
	r.settle()
	far.wantsEvents()
	far.do(func() { far.conn.Attach(far.loop, far) })
	far.wantsEOF()
	far.wantsReceived("early bytes")
}

func attachElsewhere(r *rig) {
	l := r.link(func(_, far *end) { far.loop = far.process.NewLoop("worker") })
	l.near.do(func() { l.near.send([]byte("question")) })
	r.await("bytes arrive", l.far.has(8))
	l.far.do(func() { l.far.send([]byte("answer")) })
	r.await("bytes come back", l.near.has(6))
	l.server.do(l.server.main.Close) // the loop of accept is not the connection's
	l.near.do(func() { l.near.send([]byte(" again")) })
	r.await("more bytes arrive", l.far.has(14))
	l.far.wantsReceived("question again")
}

func killFreesPort(r *rig) {
	p := r.process("a")
	addr := p.listen(dropConn).Addr()
	if err := r.start(p.machine).listenError(addr); err != nil {
		r.Errorf("Listen at the port of a killed process: %v", err)
	}
}
