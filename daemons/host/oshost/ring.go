package oshost

// The receive buffer of a connection begins small, for most connections carry
// little, and grows each time it was full, as the kernel's own does.
const (
	minReceive = 16 << 10
	maxReceive = 256 << 10
)

// ring is a bounded queue of bytes. Bytes may be written into the slice that
// free returned while others are read; everything else needs a lock.
type ring struct {
	buf  []byte
	head int // where the oldest byte is
	size int // how many bytes are queued
}

func (r *ring) full() bool { return r.size == len(r.buf) && r.size >= maxReceive }

// free is contiguous space behind the newest byte: empty only if full.
func (r *ring) free() []byte {
	if r.size == len(r.buf) {
		r.grow()
	}
	tail := r.head + r.size
	if tail < len(r.buf) {
		return r.buf[tail:]
	}
	return r.buf[tail-len(r.buf) : r.head]
}

func (r *ring) grow() {
	if len(r.buf) >= maxReceive {
		return
	}
	bigger := make([]byte, max(minReceive, 4*len(r.buf)))
	n := copy(bigger, r.buf[r.head:])
	copy(bigger[n:], r.buf[:r.head])
	r.buf, r.head = bigger, 0
}

// commit queues the first n bytes of what free returned.
func (r *ring) commit(n int) { r.size += n }

// front is the oldest bytes, as many as lie in one piece.
func (r *ring) front() []byte { return r.buf[r.head:min(r.head+r.size, len(r.buf))] }

// discard forgets the oldest n bytes.
func (r *ring) discard(n int) {
	r.size -= n
	if r.head += n; r.head >= len(r.buf) {
		r.head -= len(r.buf)
	}
}

// read moves queued bytes to p.
func (r *ring) read(p []byte) int {
	n := copy(p[:min(len(p), r.size)], r.buf[r.head:])
	n += copy(p[n:min(len(p), r.size)], r.buf)
	r.discard(n)
	return n
}
