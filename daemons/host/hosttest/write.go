package hosttest

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/host"
)

func writeChecks() []check {
	return []check{
		{"write of nothing takes nothing", writeNothing},
		{"the caller may reuse its bytes after write", writeCopies},
		{"write is short when the peer does not read", writeShort},
		{"writable follows when there is room again", writeWritable},
		{"writable does not come unasked", writeWritableUnasked},
		{"many bytes arrive in order, both ways at once", writeBothWays},
		{"many little writes arrive as one stream", writeLittle},
		{"two connections do not mix", writeTwoConns},
	}
}

func writeNothing(r *rig) {
	l := r.link(nil)
	l.near.do(func() {
		if n, err := l.near.conn.Write(nil); n != 0 || err != nil {
			r.Errorf("Write(nil) = %d, %v", n, err)
		}
	})
	r.settle()
	l.far.wantsEvents()
	l.near.wantsEvents("opened")
}

func writeCopies(r *rig) {
	l := r.link(nil)
	l.near.do(func() {
		p := make([]byte, 6)
		for _, s := range []string{"first ", "second", " third"} {
			copy(p, s)
			if n, err := l.near.conn.Write(p); n != len(p) || err != nil {
				r.Errorf("Write = %d, %v", n, err)
			}
			clear(p)
		}
	})
	r.await("all bytes have arrived", l.far.has(18))
	l.far.wantsReceived("first second third")
}

// choke sends to a peer that does not read until no more is taken, and returns
// how much was.
func choke(r *rig, l *link) int {
	r.Helper()
	const enough = 256 << 20 // no buffer may be as large
	piece := pattern(0, 1<<20, 1)
	fill := func() {
		for len(l.near.unsent) == 0 && l.near.takenBytes() < enough {
			off := l.near.takenBytes() % len(piece)
			l.near.send(piece[off:])
		}
	}
	for {
		before := l.near.takenBytes()
		l.near.do(fill)
		r.settle()
		switch taken := l.near.takenBytes(); {
		case taken >= enough:
			r.Fatalf("Write took %d bytes that nobody read", taken)
		case taken == before:
			return taken
		}
	}
}

func writeShort(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	taken := choke(r, l)
	l.near.do(func() {
		// Writable need not come for every byte of room, but what there is must end.
		piece, more := make([]byte, 1<<20), 0
		for n, err := l.near.conn.Write(piece); n > 0 || err != nil; n, err = l.near.conn.Write(piece) {
			if more += n; err != nil || more > 16<<20 {
				r.Fatalf("Write into a full buffer took %d bytes more, %v", more, err)
			}
		}
	})
	if taken == 0 {
		r.Error("Write took nothing at all")
	}
}

func writeWritable(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	taken := choke(r, l)
	before := l.near.count("writable")
	rest := 0
	l.near.do(func() { rest = len(l.near.unsent) })
	l.far.do(func() {
		l.far.hold = false
		l.far.drain()
	})
	r.await("writable came", l.near.saw("writable", before+1))
	r.await("all bytes have arrived", l.far.has(taken+rest))
	got := l.far.got()
	for off := 0; off < len(got); off += 1 << 20 {
		if err := checkPattern(got[off:min(off+1<<20, len(got))], 0, 1); err != nil {
			r.Fatalf("in the MiB from %d: %v", off, err)
		}
	}
}

func writeWritableUnasked(r *rig) {
	l := r.link(nil)
	for range 10 {
		l.near.do(func() { l.near.send([]byte("0123456789")) })
	}
	r.await("all bytes have arrived", l.far.has(100))
	r.settle()
	l.near.wantsEvents("opened")
}

// pump sends size bytes of a stream in pieces of odd sizes.
func (e *end) pump(size int, salt uint32) {
	sizes := rand.New(rand.NewPCG(uint64(salt), 1))
	off := 0
	e.onRoom = func() {
		for len(e.unsent) == 0 && off < size {
			n := min(1+sizes.IntN(1<<sizes.IntN(18)), size-off)
			e.send(pattern(off, n, salt))
			off += n
		}
	}
	e.onRoom()
}

// checkStream makes the end check a stream as it reads it, in pieces of odd
// sizes, and keep nothing but the count.
func (e *end) checkStream(salt uint32, read *atomic.Int64) {
	sizes := rand.New(rand.NewPCG(uint64(salt), 2))
	e.onReadable = func() {
		for {
			p := e.readBuf[:1+sizes.IntN(1<<sizes.IntN(16))]
			n, err := e.conn.Read(p)
			if bad := checkPattern(p[:n], int(read.Load()), salt); bad != nil {
				e.rig.Errorf("%s: %v", e.name, bad)
				e.close(e.conn.Abort)
				return
			}
			read.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
}

func writeBothWays(r *rig) {
	const size = 8 << 20
	var there, back atomic.Int64
	l := r.link(func(near, far *end) {
		far.checkStream(1, &there)
		near.checkStream(2, &back)
	})
	l.near.do(func() { l.near.pump(size, 1) })
	l.far.do(func() { l.far.pump(size, 2) })
	r.await("all bytes have arrived at both ends", func() bool {
		return r.Failed() || there.Load() == size && back.Load() == size
	})
}

func writeLittle(r *rig) {
	const frames, size = 5000, 84
	var there atomic.Int64
	l := r.link(func(_, far *end) { far.checkStream(3, &there) })
	l.near.do(func() {
		for i := range frames {
			l.near.send(pattern(i*size, size, 3))
		}
	})
	r.await("all frames have arrived", func() bool { return there.Load() == frames*size })
}

func writeTwoConns(r *rig) {
	server, client := r.process("server"), r.process("client")
	const conns, size = 4, 256 << 10
	var arrived [conns]atomic.Int64
	ln := server.listen(func(c host.Conn) {
		e := server.newEnd("accepted")
		e.conn = c
		e.onReadable = func() { e.sortStream(arrived[:]) }
		c.Attach(server.main, e)
	})
	for i := range conns {
		e := client.newEnd("dialled")
		e.onOpened = func() {
			e.send([]byte{byte(i)}) // says which stream follows
			e.pump(size, uint32(i))
		}
		e.dial(ln.Addr())
	}
	r.await("all streams have arrived", func() bool {
		for i := range arrived {
			if arrived[i].Load() != size && !r.Failed() {
				return false
			}
		}
		return true
	})
}

// sortStream reads the number of a stream, and from then on checks that stream.
func (e *end) sortStream(arrived []atomic.Int64) {
	var which [1]byte
	if _, err := e.conn.Read(which[:]); err != nil || int(which[0]) >= len(arrived) {
		e.rig.Errorf("%s: first byte %d, %v", e.name, which[0], err)
		e.close(e.conn.Abort)
		return
	}
	e.checkStream(uint32(which[0]), &arrived[which[0]])
	e.onReadable()
}
