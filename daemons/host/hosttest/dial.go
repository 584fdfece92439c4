package hosttest

import (
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func dialChecks() []check {
	return []check{
		{"opened is the first callback of a dialled connection", dialOpened},
		{"an accepted connection is not told that it is open", acceptedIsNotOpened},
		{"dial is refused where nobody listens", dialRefused},
		{"a refused connection answers with the error", dialRefusedAnswers},
		{"no callback runs inside dial", dialIsNotACall},
		{"local address is zero until open", dialLocalAddr},
		{"close while dialling ends in silence", dialThenClose},
		{"abort while dialling ends in silence", dialThenAbort},
		{"nothing can be read or written after giving up", dialGivenUp},
		{"a machine can dial itself", dialOneself},
		{"a connection lives on the loop that dialled", dialOnAnotherLoop},
	}
}

// dialOpened has bytes arrive as soon as the connection is open, and before.
func dialOpened(r *rig) {
	server, client := r.process("server"), r.process("client")
	far, near := server.newEnd("far"), client.newEnd("near")
	ln := server.listen(func(c host.Conn) {
		far.conn = c
		c.Attach(server.main, far)
		far.send([]byte("welcome"))
	})
	near.dial(ln.Addr())
	r.await("bytes arrive", near.has(7))
	if seen := near.seen(); seen[0] != "opened" || near.count("opened") != 1 {
		r.Errorf("dialled end saw %q", seen)
	}
}

func acceptedIsNotOpened(r *rig) {
	l := r.link(nil)
	r.settle()
	l.far.wantsEvents()
}

// unused is an address of p's machine where nobody listens.
func (p *process) unused() netip.AddrPort {
	ln := p.listen(dropConn)
	p.do(ln.Close)
	return ln.Addr()
}

func dialRefused(r *rig) {
	server, client := r.process("server"), r.process("client")
	e := client.newEnd("dialled")
	e.dial(server.unused())
	e.wantsClosed(host.ErrRefused)
	r.settle()
	e.wantsEvents("closed")
}

func dialRefusedAnswers(r *rig) {
	server, client := r.process("server"), r.process("client")
	e := client.newEnd("dialled")
	e.dial(server.unused())
	e.wantsClosed(host.ErrRefused)
	e.do(func() {
		wantsErr(r, "Read", readErr(e.conn), host.ErrRefused)
		wantsErr(r, "Write", writeErr(e.conn), host.ErrRefused)
		e.close(e.conn.Close)
		wantsErr(r, "Read after Close", readErr(e.conn), host.ErrClosed)
	})
	r.settle()
}

func dialIsNotACall(r *rig) {
	server, client := r.process("server"), r.process("client")
	ln := server.listen(func(c host.Conn) { c.Attach(server.main, server.newEnd("accepted")) })
	nobody := server.unused()
	for _, addr := range []netip.AddrPort{ln.Addr(), nobody} {
		e := client.newEnd("dialled")
		e.do(func() {
			e.dialHere(addr)
			spin(client, time.Millisecond)
			if seen := e.seen(); len(seen) != 0 {
				r.Errorf("inside Dial: %q", seen)
			}
		})
		r.await("a callback came", func() bool { return len(e.seen()) > 0 })
	}
}

func dialLocalAddr(r *rig) {
	server, client := r.process("server"), r.process("client")
	ln := server.listen(func(c host.Conn) { c.Attach(server.main, server.newEnd("accepted")) })
	e := client.newEnd("dialled")
	e.onOpened = func() {
		if !e.conn.LocalAddr().IsValid() {
			r.Error("LocalAddr is zero in Opened")
		}
	}
	e.dial(ln.Addr())
	r.await("the connection is open", e.saw("opened", 1))

	refused := client.newEnd("refused")
	addr := server.unused()
	refused.do(func() {
		refused.dialHere(addr)
		if got := refused.conn.LocalAddr(); got != (netip.AddrPort{}) {
			r.Errorf("LocalAddr is %v before the connection is open", got)
		}
		if got := refused.conn.RemoteAddr(); got != addr {
			r.Errorf("RemoteAddr is %v, dialled %v", got, addr)
		}
	})
	refused.wantsClosed(host.ErrRefused)
}

func dialThenClose(r *rig) { dialThenGiveUp(r, host.Conn.Close) }
func dialThenAbort(r *rig) { dialThenGiveUp(r, host.Conn.Abort) }

func dialThenGiveUp(r *rig, giveUp func(host.Conn)) {
	server, client := r.process("server"), r.process("client")
	ln := server.listen(func(c host.Conn) {
		e := server.newEnd("accepted")
		e.conn = c
		c.Attach(server.main, e)
	})
	nobody := server.unused()
	var ends []*end
	client.do(func() {
		for range 5 {
			for _, addr := range []netip.AddrPort{ln.Addr(), nobody} {
				e := client.newEnd("dialled")
				e.dialHere(addr)
				e.close(func() { giveUp(e.conn) })
				ends = append(ends, e)
			}
		}
	})
	r.settle()
	for _, e := range ends {
		e.wantsEvents()
	}
}

func dialGivenUp(r *rig) {
	server, client := r.process("server"), r.process("client")
	ln := server.listen(dropConn)
	e := client.newEnd("dialled")
	e.do(func() {
		e.dialHere(ln.Addr())
		e.close(e.conn.Close)
		wantsErr(r, "Read", readErr(e.conn), host.ErrClosed)
		wantsErr(r, "Write", writeErr(e.conn), host.ErrClosed)
	})
	r.settle()
}

func dialOneself(r *rig) {
	p := r.process("a")
	far, near := p.newEnd("far"), p.newEnd("near")
	ln := p.listen(func(c host.Conn) {
		far.conn = c
		c.Attach(p.main, far)
	})
	near.onOpened = func() { near.send([]byte("to myself")) }
	near.dial(ln.Addr())
	r.await("bytes arrive", far.has(9))
	far.wantsReceived("to myself")
}

func dialOnAnotherLoop(r *rig) {
	l := r.link(func(near, _ *end) { near.loop = near.process.NewLoop("worker") })
	l.client.do(l.client.main.Close)
	l.far.do(func() { l.far.send([]byte("hello")) })
	r.await("bytes arrive", l.near.has(5))
	l.near.wantsReceived("hello")
}
