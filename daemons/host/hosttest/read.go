package hosttest

import (
	"errors"
	"io"
	"runtime"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func readChecks() []check {
	return []check{
		{"read answers would-block when nothing has arrived", readWouldBlock},
		{"readable comes when bytes arrive", readReadable},
		{"readable comes after attach if bytes were there first", readReadableAfterAttach},
		{"readable is not repeated while it stays true", readReadableIsAnEdge},
		{"readable does not come when there is nothing to read", readReadableIsTrue},
		{"bytes can be read in little pieces", readPieces},
		{"everything sent is read before EOF", readBeforeEOF},
		{"EOF stays EOF", readEOFStays},
		{"EOF is announced by readable", readEOFIsReadable},
		{"EOF does not cause closed", readEOFIsNotClosed},
		{"callbacks of a connection overlap nothing on its loop", readNoOverlap},
	}
}

func readErr(c host.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func writeErr(c host.Conn) error {
	_, err := c.Write([]byte{0})
	return err
}

func wantsErr(r *rig, what string, got, want error) {
	r.Helper()
	if !errors.Is(got, want) {
		r.Errorf("%s: %v, want %v", what, got, want)
	}
}

func readWouldBlock(r *rig) {
	l := r.link(nil)
	l.near.do(func() { wantsErr(r, "Read of the dialled end", readErr(l.near.conn), host.ErrWouldBlock) })
	l.far.do(func() { wantsErr(r, "Read of the accepted end", readErr(l.far.conn), host.ErrWouldBlock) })
	r.settle()
	l.far.wantsEvents()
	l.near.wantsEvents("opened")
}

func readReadable(r *rig) {
	l := r.link(nil)
	sent := 0
	for _, message := range []string{"one", " two", " three"} {
		l.near.do(func() { l.near.send([]byte(message)) })
		sent += len(message)
		r.await("bytes arrive", l.far.has(sent))
	}
	l.far.wantsReceived("one two three")
	if l.far.count("readable") < 3 {
		r.Errorf("far saw %q for three messages with pauses", l.far.seen())
	}
}

func readReadableAfterAttach(r *rig) {
	server, client := r.process("server"), r.process("client")
	far, near := server.newEnd("far"), client.newEnd("near")
	var j journal
	ln := server.listen(func(c host.Conn) {
		far.conn = c
		j.note("accepted")
	})
	near.onOpened = func() { near.send([]byte("first")) }
	near.dial(ln.Addr())
	r.await("the connection was accepted", j.has(1))
	r.settle() // the bytes are there
	far.do(func() { far.conn.Attach(far.loop, far) })
	r.await("readable came", far.saw("readable", 1))
	far.wantsReceived("first")
}

func readReadableIsAnEdge(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	send := func(s string) {
		l.near.do(func() { l.near.send([]byte(s)) })
		r.settle()
	}
	send("one")
	r.await("readable came", l.far.saw("readable", 1))
	send(" two")
	send(" three")
	l.far.wantsEvents("readable")
	l.far.do(func() {
		one := make([]byte, 3)
		if n, err := l.far.conn.Read(one); n != 3 || err != nil {
			r.Errorf("Read: %d, %v", n, err)
		}
	})
	send(" four")
	l.far.wantsEvents("readable")
	l.far.do(l.far.drain)
	l.far.wantsReceived(" two three four")
	send(" five")
	r.await("readable came again", l.far.saw("readable", 2))
	r.settle()
	l.far.wantsEvents("readable", "readable")
}

// readReadableIsTrue reads from other callbacks than Readable, so that what one
// was about to announce may be gone. The ends report an untrue one by themselves.
func readReadableIsTrue(r *rig) {
	l := r.link(nil)
	// Where time passes by itself, bytes arrive during a callback.
	for round := range 20 {
		l.near.loop.Post(func() { l.near.send([]byte("x")) })
		l.far.do(func() {
			l.far.drain()
			spinUntil(l.server, 100*time.Millisecond, func() bool {
				l.far.drain()
				return l.far.has(round + 1)()
			})
		})
		r.await("the byte arrives", l.far.has(round+1))
	}
	// Elsewhere, a timer may come before the callback.
	const rounds = 300
	l.far.do(func() {
		left := rounds
		var t host.Timer
		t = l.far.loop.NewTimer(func() {
			l.far.drain()
			if left--; left > 0 {
				t.Reset(20 * time.Microsecond)
			}
		})
		t.Reset(0)
	})
	for range rounds / 10 {
		l.near.loop.Post(func() { l.near.send([]byte("y")) })
		r.world.Run(200 * time.Microsecond)
	}
	r.await("the bytes arrive", l.far.has(20+rounds/10))
}

func readPieces(r *rig) {
	const size = 10000
	l := r.link(func(_, far *end) {
		next := 0
		far.readSize = func() int { next = next%5 + 1; return next }
	})
	l.near.do(func() { l.near.send(pattern(0, size, 1)) })
	r.await("all bytes have arrived", l.far.has(size))
	if err := checkPattern(l.far.got(), 0, 1); err != nil {
		r.Error(err)
	}
}

func readBeforeEOF(r *rig) {
	const size = 300 << 10
	l := r.link(func(_, far *end) { far.hold = true })
	l.near.do(func() {
		l.near.send(pattern(0, size, 1))
		l.near.close(l.near.conn.Close)
	})
	sent := l.near.takenBytes()
	r.settle()
	l.far.do(func() {
		l.far.hold = false
		l.far.drain()
	})
	l.far.wantsEOF()
	if got := len(l.far.got()); got != sent {
		r.Errorf("%d bytes came before EOF, %d were taken by Write", got, sent)
	}
	if err := checkPattern(l.far.got(), 0, 1); err != nil {
		r.Error(err)
	}
}

func readEOFStays(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	l.far.wantsEOF()
	for range 3 {
		l.far.do(func() { wantsErr(r, "Read after EOF", readErr(l.far.conn), io.EOF) })
		r.world.Run(10 * time.Millisecond)
	}
}

func readEOFIsReadable(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.send([]byte("x")) })
	r.await("the byte arrives", l.far.has(1))
	r.settle()
	before := l.far.count("readable")
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	l.far.wantsEOF()
	if l.far.count("readable") != before+1 {
		r.Errorf("far saw %q", l.far.seen())
	}
}

func readEOFIsNotClosed(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.close(l.near.conn.Close) })
	l.far.wantsEOF()
	r.settle()
	if l.far.count("closed") != 0 {
		_, err := l.far.how()
		r.Errorf("Closed(%v) after EOF", err)
	}
}

func readNoOverlap(r *rig) {
	const size = 64 << 10
	var a alone
	l := r.link(func(_, far *end) {
		far.readSize = func() int { return 100 }
		far.onReadable = func() {
			a.enter()
			runtime.Gosched()
			for range 10 { // not all at once, so that there are many callbacks
				if _, err := far.read(); err != nil {
					a.leave()
					return
				}
			}
			far.loop.Post(far.onReadable)
			a.leave()
		}
	})
	l.server.NewLoop("poster").Post(func() {
		for range 2000 {
			l.far.loop.Post(func() {
				a.enter()
				runtime.Gosched()
				a.leave()
			})
		}
	})
	l.near.do(func() { l.near.send(pattern(0, size, 1)) })
	r.await("all bytes have arrived", l.far.has(size))
	a.wants(r)
}
