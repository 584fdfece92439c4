package hosttest

import (
	"errors"
	"io"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func closeChecks() []check {
	return []check{
		{"close delivers what was written", closeDelivers},
		{"close delivers a full send buffer to a peer that reads late", closeDeliversLate},
		{"close delivers though the peer's bytes were never read", closeWithUnread},
		{"no callback follows close", closeSilence},
		{"no callback follows abort", abortSilence},
		{"no callback follows a close inside a callback", closeInCallback},
		{"read and write fail after close", closeFails},
		{"read and write fail after abort", abortFails},
		{"a peer that goes on writing after close is reset", closeResetsWriter},
		{"a peer whose send buffer was full is reset too", closeResetsChoked},
		{"abort resets the peer", abortResets},
		{"a reset connection answers with the error", abortAnswers},
		{"closed is the last callback", closedIsLast},
		{"both ends may close", closeBoth},
		{"the end that read EOF may still close", closeAfterEOF},
		{"closing a loop closes its connections", closeWithLoop},
		{"closing a loop closes its listeners", closeListenerWithLoop},
		{"a closed loop gets no new sockets", closedLoopIsDeaf},
	}
}

func closeDelivers(r *rig) {
	l := r.link(nil)
	l.near.do(func() {
		l.near.send([]byte("last words"))
		l.near.close(l.near.conn.Close)
	})
	l.far.wantsEOF()
	l.far.wantsReceived("last words")
}

func closeDeliversLate(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	taken := choke(r, l)
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	r.settle()
	l.far.do(func() {
		l.far.hold = false
		l.far.drain()
	})
	l.far.wantsEOF()
	if got := len(l.far.got()); got != taken {
		r.Errorf("%d bytes arrived, %d were taken by Write before Close", got, taken)
	}
}

func closeWithUnread(r *rig) {
	const size = 400 << 10
	l := r.link(func(near, _ *end) { near.hold = true })
	l.far.do(func() { l.far.send(pattern(0, size, 1)) })
	r.await("readable came", l.near.saw("readable", 1))
	r.settle()
	l.near.do(func() {
		l.near.send([]byte("last words"))
		l.near.close(l.near.conn.Close)
	})
	l.far.wantsEOF()
	l.far.wantsReceived("last words")
}

func closeSilence(r *rig) { silence(r, host.Conn.Close) }
func abortSilence(r *rig) { silence(r, host.Conn.Abort) }

// silence has the peer send and close while and after the end is closed. Both
// ends report callbacks that come too late by themselves.
func silence(r *rig, how func(host.Conn)) {
	l := r.link(nil)
	l.far.do(func() { l.far.send([]byte("a")) })
	l.near.do(func() {
		// A full send buffer would call for Writable later.
		for len(l.near.unsent) == 0 && l.near.takenBytes() < 16<<20 {
			l.near.send(make([]byte, 1<<20))
		}
		l.near.close(func() { how(l.near.conn) })
	})
	l.far.do(func() { l.far.send([]byte("b")) })
	r.settle()
	l.far.do(func() {
		if l.far.count("closed") == 0 {
			l.far.send([]byte("c"))
			l.far.close(l.far.conn.Close)
		}
	})
	r.settle()
}

func closeInCallback(r *rig) {
	l := r.link(nil)
	l.far.do(func() {
		l.far.onReadable = func() {
			l.far.read()
			l.far.close(l.far.conn.Close)
		}
	})
	l.near.do(func() {
		l.near.send([]byte("first"))
		l.near.send([]byte("second"))
	})
	r.await("readable came", l.far.saw("readable", 1))
	r.settle()
	l.far.wantsEvents("readable")
}

func closeFails(r *rig) { fails(r, host.Conn.Close) }
func abortFails(r *rig) { fails(r, host.Conn.Abort) }

func fails(r *rig, how func(host.Conn)) {
	l := r.link(func(near, _ *end) { near.hold = true })
	l.far.do(func() { l.far.send([]byte("unread")) })
	r.await("readable came", l.near.saw("readable", 1))
	l.near.do(func() {
		l.near.close(func() { how(l.near.conn) })
		wantsErr(r, "Read", readErr(l.near.conn), host.ErrClosed)
		wantsErr(r, "Write", writeErr(l.near.conn), host.ErrClosed)
	})
	r.settle()
	l.near.do(func() {
		wantsErr(r, "Read later", readErr(l.near.conn), host.ErrClosed)
		wantsErr(r, "Write later", writeErr(l.near.conn), host.ErrClosed)
	})
}

// chatter writes a little every few milliseconds until that fails.
func chatter(e *end) {
	e.do(func() {
		var t host.Timer
		t = e.loop.NewTimer(func() {
			e.send([]byte("still here"))
			if e.count("closed") == 0 {
				t.Reset(5 * time.Millisecond)
			}
		})
		t.Reset(0)
	})
}

func closeResetsWriter(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	chatter(l.far)
	l.far.wantsClosed(host.ErrReset)
	l.far.do(func() {
		wantsErr(r, "Write", writeErr(l.far.conn), host.ErrReset)
		wantsErr(r, "Read", readErr(l.far.conn), host.ErrReset)
	})
}

// closeResetsChoked: with a window full of what the other end never read nothing more
// can be sent that would be answered with RST. So the window must open.
func closeResetsChoked(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	choke(r, l)
	l.far.do(func() { l.far.close(l.far.conn.Close) })
	chatter(l.near)
	l.near.wantsClosed(host.ErrReset)
}

func abortResets(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.close(l.near.conn.Abort) })
	l.far.wantsClosed(host.ErrReset)
}

func abortAnswers(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	l.near.do(func() { l.near.send([]byte("unread")) })
	r.await("readable came", l.far.saw("readable", 1))
	l.near.do(func() { l.near.close(l.near.conn.Abort) })
	l.far.wantsClosed(host.ErrReset)
	l.far.do(func() {
		wantsErr(r, "Read", readErr(l.far.conn), host.ErrReset)
		wantsErr(r, "Write", writeErr(l.far.conn), host.ErrReset)
		l.far.close(l.far.conn.Close)
		wantsErr(r, "Read after Close", readErr(l.far.conn), host.ErrClosed)
	})
}

func closedIsLast(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	choke(r, l)
	l.far.do(func() { l.far.close(l.far.conn.Abort) })
	l.near.wantsClosed(host.ErrReset)
	r.settle() // near reports what comes after
	if seen := l.near.seen(); seen[len(seen)-1] != "closed" || l.near.count("closed") != 1 {
		r.Errorf("near saw %q", seen)
	}
}

func closeBoth(r *rig) {
	l := r.link(nil)
	l.near.loop.Post(func() {
		l.near.send([]byte("a"))
		l.near.close(l.near.conn.Close)
	})
	l.far.do(func() {
		l.far.send([]byte("b"))
		l.far.close(l.far.conn.Close)
	})
	r.settle()
	l.near.do(func() { wantsErr(r, "Read", readErr(l.near.conn), host.ErrClosed) })
}

func closeAfterEOF(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	l.far.wantsEOF()
	l.far.do(func() { l.far.close(l.far.conn.Close) })
	r.settle()
}

// endedSomehow is what the peer of a process that was killed sees: the sockets
// are closed in order if all was read, and reset if not.
func (e *end) endedSomehow() {
	e.rig.Helper()
	e.rig.await(e.name+" has noticed", e.ended)
	read, closed := e.how()
	if closed != nil && !errors.Is(closed, host.ErrReset) || closed == nil && !errors.Is(read, io.EOF) {
		e.rig.Errorf("%s: Read ended with %v, Closed with %v; want EOF or ErrReset", e.name, read, closed)
	}
}

func closeWithLoop(r *rig) {
	l := r.link(nil)
	l.near.do(func() {
		l.near.send([]byte("last words"))
		l.near.close(l.near.loop.Close)
	})
	l.far.wantsEOF()
	l.far.wantsReceived("last words")
}

func closeListenerWithLoop(r *rig) {
	p := r.process("far")
	loop := p.NewLoop("listener")
	var at netip.AddrPort
	p.on(loop, func() {
		ln, err := p.Network().Listen(loop, netip.AddrPort{}, func(host.Conn) {})
		wantsErr(r, "Listen", err, nil)
		at = ln.Addr()
		loop.Close()
	})
	e := r.process("near").newEnd("dialled")
	e.dial(at)
	e.wantsClosed(host.ErrRefused)
}

func closedLoopIsDeaf(r *rig) {
	p := r.process("a")
	loop := p.NewLoop("closed")
	loop.Close()
	p.do(func() {
		_, err := p.Network().Listen(loop, netip.AddrPort{}, func(host.Conn) {})
		wantsErr(r, "Listen", err, host.ErrClosed)
		c := p.Network().Dial(loop, netip.AddrPortFrom(p.Network().Addrs()[0], 1), nil)
		wantsErr(r, "Write", writeErr(c), host.ErrClosed)
	})
}
