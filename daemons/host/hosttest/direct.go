package hosttest

import (
	"bytes"
	"errors"
	"math/rand/v2"

	"github.com/wavetank/wavetank/daemons/host"
)

func directChecks() []check {
	return []check{
		{"buffered is what read returns next", directBuffered},
		{"discard counts as read", directDiscard},
		{"discard of more than there is has no effect", directDiscardTooMuch},
		{"discard makes room for the peer", directDiscardMakesRoom},
		{"nothing is buffered after close, and discard is harmless", directAfterClose},
		{"an available buffer is empty and has the room asked for", directRoom},
		{"write of an available buffer arrives", directWrite},
		{"an available buffer may be written in part, or not at all", directWriteOther},
		{"many bytes through borrowed memory, both ways at once", directBothWays},
	}
}

// direct is the end's connection, if its memory can be used; if not the check is
// skipped, so ask first on the test's own goroutine.
func (e *end) direct() host.DirectConn {
	d, ok := e.conn.(host.DirectConn)
	if !ok {
		e.rig.Skip("connections of this machine lend no memory")
	}
	return d
}

// unread is a link whose far end does not read what near has sent.
func (r *rig) unread(sent string) *link {
	l := r.link(func(_, far *end) { far.hold = true })
	l.far.direct()
	l.near.do(func() { l.near.send([]byte(sent)) })
	r.await("readable came", l.far.saw("readable", 1))
	r.settle()
	return l
}

func (r *rig) wantsBuffered(e *end, want string) {
	r.Helper()
	if got := e.direct().Buffered(); string(got) != want {
		r.Errorf("Buffered = %q, want %q", got, want)
	}
}

func directBuffered(r *rig) {
	l := r.unread("some bytes")
	l.far.do(func() {
		r.wantsBuffered(l.far, "some bytes")
		r.wantsBuffered(l.far, "some bytes")
		l.far.readSize = func() int { return 5 }
		l.far.read()
		r.wantsBuffered(l.far, "bytes")
		l.far.drain()
		r.wantsBuffered(l.far, "")
	})
	l.far.wantsReceived("some bytes")
}

func directDiscard(r *rig) {
	l := r.unread("some bytes")
	l.far.do(func() {
		l.far.direct().Discard(5)
		r.wantsBuffered(l.far, "bytes")
		l.far.direct().Discard(5)
		r.wantsBuffered(l.far, "")
		if err := readErr(l.far.conn); !errors.Is(err, host.ErrWouldBlock) {
			r.Errorf("Read = %v, want %v", err, host.ErrWouldBlock)
		}
	})
	l.near.do(func() { l.near.send([]byte("more")) })
	r.await("readable came again", l.far.saw("readable", 2))
	l.far.do(func() { r.wantsBuffered(l.far, "more") })
}

func directDiscardTooMuch(r *rig) {
	l := r.unread("some bytes")
	l.far.do(func() {
		for _, n := range []int{-1, 0, 11} {
			l.far.direct().Discard(n)
		}
		r.wantsBuffered(l.far, "some bytes")
	})
}

func directDiscardMakesRoom(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	l.far.direct()
	choke(r, l)
	writable := l.near.count("writable")
	l.far.do(func() {
		l.far.onReadable = func() {
			for b := l.far.direct().Buffered(); len(b) > 0; b = l.far.direct().Buffered() {
				l.far.direct().Discard(len(b))
			}
			readErr(l.far.conn) // asks for Readable
		}
		l.far.onReadable()
	})
	r.await("there is room again", l.near.saw("writable", writable+1))
}

func directAfterClose(r *rig) {
	l := r.unread("some bytes")
	l.far.do(func() {
		d := l.far.direct()
		l.far.close(l.far.conn.Close)
		r.wantsBuffered(l.far, "")
		d.Discard(3)
		if b := d.AvailableBuffer(1); b != nil {
			r.Error("AvailableBuffer of a closed connection has room")
		}
	})
}

func directRoom(r *rig) {
	l := r.link(nil)
	l.near.direct()
	l.near.do(func() {
		for _, n := range []int{1, 1000, 60000} {
			if b := l.near.direct().AvailableBuffer(n); b == nil || len(b) != 0 || cap(b) < n {
				r.Errorf("AvailableBuffer(%d) has length %d and capacity %d", n, len(b), cap(b))
			}
		}
		if b := l.near.direct().AvailableBuffer(1 << 30); b != nil {
			r.Errorf("AvailableBuffer(1 GiB) has capacity %d", cap(b))
		}
	})
}

func directWrite(r *rig) {
	l := r.link(nil)
	l.near.direct()
	want := pattern(0, 40000, 3)
	l.near.do(func() {
		b := append(l.near.direct().AvailableBuffer(len(want)), want...)
		if n, err := l.near.conn.Write(b); n != len(b) || err != nil {
			r.Errorf("Write = %d, %v", n, err)
		}
		l.near.send([]byte("end"))
	})
	r.await("all bytes have arrived", l.far.has(len(want)+3))
	l.far.wantsReceived(string(want) + "end")
}

func directWriteOther(r *rig) {
	l := r.link(nil)
	l.near.direct()
	l.near.do(func() {
		d := l.near.direct()
		_ = append(d.AvailableBuffer(100), "unwanted"...)
		l.near.send([]byte("instead "))
		b := append(d.AvailableBuffer(100), "abcdef"...)
		l.near.send(b[:3])
		b = append(d.AvailableBuffer(100), "xyz"...)
		l.near.send(b)
		l.near.send([]byte(" end"))
	})
	r.await("all bytes have arrived", l.far.has(18))
	l.far.wantsReceived("instead abcxyz end")
}

// borrower moves a pattern by borrowed memory, with a draw of how much at a time.
type borrower struct {
	e     *end
	rand  *rand.Rand
	want  []byte // to be sent
	fresh []byte // encoded into borrowed memory and not yet taken
}

func (b *borrower) send() {
	for len(b.want) > 0 || len(b.fresh) > 0 {
		if len(b.fresh) == 0 {
			n := min(len(b.want), 1+b.rand.IntN(50000))
			b.fresh = append(b.e.direct().AvailableBuffer(n), b.want[:n]...)
			b.want = b.want[n:]
		}
		n, err := b.e.conn.Write(b.fresh)
		b.fresh = b.fresh[n:]
		if err != nil || len(b.fresh) > 0 {
			return
		}
	}
}

func (b *borrower) receive() {
	for {
		p := b.e.direct().Buffered()
		if len(p) == 0 || b.rand.IntN(4) == 0 {
			if _, err := b.e.read(); err != nil {
				return
			}
			continue
		}
		p = p[:1+b.rand.IntN(len(p))]
		b.e.mu.Lock()
		b.e.received = append(b.e.received, p...)
		b.e.mu.Unlock()
		b.e.direct().Discard(len(p))
	}
}

func directBothWays(r *rig) {
	const size = 3 << 20
	l := r.link(nil)
	l.near.direct()
	ends := []*end{l.near, l.far}
	for i, e := range ends {
		b := &borrower{e: e, rand: rand.New(rand.NewPCG(uint64(i), 1)), want: pattern(0, size, uint32(i))}
		e.do(func() {
			e.onReadable = b.receive
			e.onRoom = b.send
			b.send()
		})
	}
	for i, e := range ends {
		r.await("all bytes have arrived", e.has(size))
		if !bytes.Equal(e.got(), pattern(0, size, uint32(1-i))) {
			r.Errorf("%s received other bytes than were sent", e.name)
		}
	}
}
