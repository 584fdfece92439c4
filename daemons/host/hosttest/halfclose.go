package hosttest

import (
	"github.com/wavetank/wavetank/daemons/host"
)

func halfCloseChecks() []check {
	return []check{
		{"the peer reads what was written and then EOF", halfCloseDelivers},
		{"the other direction goes on", halfCloseGoesOn},
		{"a full send buffer is delivered to a peer that reads late", halfCloseDeliversLate},
		{"nothing can be written afterwards", halfCloseFails},
		{"writable does not follow", halfCloseWritable},
		{"a connection being dialled cannot be half closed", halfCloseDialling},
		{"both ends may close their side, and still close", halfCloseBoth},
		{"close afterwards resets a peer that goes on writing", halfCloseThenClose},
		{"close afterwards resets a peer whose send buffer was full", halfCloseChoked},
		{"abort afterwards resets the peer", halfCloseThenAbort},
		{"an end that has closed its side is told of a reset", halfCloseReset},
	}
}

// half is the end's connection, if one side of it can be closed; if not the check
// is skipped, so ask first on the test's own goroutine.
func (e *end) half() host.HalfCloser {
	h, ok := e.conn.(host.HalfCloser)
	if !ok {
		e.rig.Skip("connections of this machine cannot be half closed")
	}
	return h
}

// closeWrite closes the sending side after the bytes. It runs on the end's loop.
func (e *end) closeWrite(last string) {
	e.rig.Helper()
	e.send([]byte(last))
	wantsErr(e.rig, "CloseWrite", e.half().CloseWrite(), nil)
}

// halfLink is a link whose near end can be half closed.
func (r *rig) halfLink(setup func(near, far *end)) *link {
	r.Helper()
	l := r.link(setup)
	l.near.half()
	return l
}

func halfCloseDelivers(r *rig) {
	l := r.halfLink(nil)
	l.near.do(func() { l.near.closeWrite("last words") })
	l.far.wantsEOF()
	l.far.wantsReceived("last words")
	r.settle()
	l.near.wantsEvents("opened")
	if n := l.far.count("closed"); n != 0 {
		r.Errorf("far saw %q", l.far.seen())
	}
}

func halfCloseGoesOn(r *rig) {
	const size = 400 << 10
	l := r.halfLink(nil)
	l.near.do(func() { l.near.closeWrite("question") })
	l.far.wantsEOF()
	l.far.do(func() { l.far.send(pattern(0, size, 1)) })
	r.await("the answer arrives", l.near.has(size))
	if err := checkPattern(l.near.got(), 0, 1); err != nil {
		r.Error(err)
	}
	l.far.do(func() { l.far.close(l.far.conn.Close) })
	l.near.wantsEOF()
	l.near.do(func() { l.near.close(l.near.conn.Close) })
}

func halfCloseDeliversLate(r *rig) {
	l := r.halfLink(func(_, far *end) { far.hold = true })
	taken := choke(r, l)
	l.near.do(func() {
		l.near.unsent = nil
		l.near.closeWrite("")
	})
	r.settle()
	l.far.do(func() {
		l.far.hold = false
		l.far.drain()
	})
	l.far.wantsEOF()
	if got := len(l.far.got()); got != taken {
		r.Errorf("%d bytes arrived, %d were taken by Write before CloseWrite", got, taken)
	}
}

func halfCloseFails(r *rig) {
	l := r.halfLink(nil)
	l.near.do(func() {
		l.near.closeWrite("x")
		wantsErr(r, "Write", writeErr(l.near.conn), host.ErrClosed)
		wantsErr(r, "CloseWrite again", l.near.half().CloseWrite(), host.ErrClosed)
		wantsErr(r, "Read", readErr(l.near.conn), host.ErrWouldBlock)
		l.near.close(l.near.conn.Close)
		wantsErr(r, "CloseWrite after Close", l.near.half().CloseWrite(), host.ErrClosed)
	})
	l.far.wantsEOF()
}

func halfCloseWritable(r *rig) {
	l := r.halfLink(func(_, far *end) { far.hold = true })
	choke(r, l)
	before := 0
	l.near.do(func() {
		l.near.unsent = nil
		l.near.closeWrite("")
		before = l.near.count("writable")
	})
	l.far.do(func() {
		l.far.hold = false
		l.far.drain()
	})
	l.far.wantsEOF()
	r.settle()
	if n := l.near.count("writable"); n != before {
		r.Errorf("near saw %d times writable after CloseWrite", n-before)
	}
}

func halfCloseDialling(r *rig) {
	r.halfLink(nil)
	server, client := r.process("server"), r.process("client")
	ln := server.listen(dropConn)
	e := client.newEnd("dialled")
	e.do(func() {
		e.dialHere(ln.Addr())
		wantsErr(r, "CloseWrite", e.half().CloseWrite(), host.ErrWouldBlock)
	})
	r.await("the connection is open", e.saw("opened", 1))
	e.do(func() { e.closeWrite("x") })
}

func halfCloseBoth(r *rig) {
	l := r.halfLink(nil)
	l.near.loop.Post(func() { l.near.closeWrite("a") })
	l.far.do(func() { l.far.closeWrite("b") })
	l.near.wantsEOF()
	l.far.wantsEOF()
	l.near.wantsReceived("b")
	l.far.wantsReceived("a")
	r.settle()
	for _, e := range []*end{l.near, l.far} {
		if e.count("closed") != 0 {
			r.Errorf("%s saw %q", e.name, e.seen())
		}
		e.do(func() { e.close(e.conn.Close) })
	}
	r.settle()
}

func halfCloseThenClose(r *rig) {
	l := r.halfLink(nil)
	l.near.do(func() { l.near.closeWrite("") })
	l.far.wantsEOF()
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	chatter(l.far)
	l.far.wantsClosed(host.ErrReset)
}

func halfCloseChoked(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	l.far.half()
	choke(r, l)
	l.far.do(func() { l.far.closeWrite("") })
	l.near.wantsEOF()
	l.far.do(func() { l.far.close(l.far.conn.Close) })
	chatter(l.near)
	l.near.wantsClosed(host.ErrReset)
}

func halfCloseThenAbort(r *rig) {
	l := r.halfLink(nil)
	l.near.do(func() { l.near.closeWrite("") })
	l.far.wantsEOF()
	l.near.do(func() { l.near.close(l.near.conn.Abort) })
	l.far.wantsClosed(host.ErrReset)
}

func halfCloseReset(r *rig) {
	l := r.halfLink(nil)
	l.near.do(func() { l.near.closeWrite("") })
	l.far.wantsEOF()
	l.far.do(func() { l.far.close(l.far.conn.Abort) })
	l.near.wantsClosed(host.ErrReset)
	l.near.do(func() { wantsErr(r, "CloseWrite", l.near.half().CloseWrite(), host.ErrReset) })
}
