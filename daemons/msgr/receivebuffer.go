package msgr

import "slices"

// minReceiveBuffer is what every unit but a message fits in; the largest is an
// authorizer.
const minReceiveBuffer = maxAuthorizerBytes

// receiveBuffer holds bytes between the socket and the parser, which works in
// place. It begins small, grows while reads fill it, and never beyond limit.
// Views of it are valid until the next space.
type receiveBuffer struct {
	buf   []byte
	r, w  int // buf[r:w] is not yet parsed
	limit int
	full  bool   // the last read has filled it
	own   []byte // set aside while buf is the connection's memory
	lent  bool
}

// lend puts the connection's memory in the place of the buffer, which is empty.
func (b *receiveBuffer) lend(p []byte) {
	b.own, b.lent = b.buf, true
	b.buf, b.r, b.w = p, 0, len(p)
}

// giveBack ends lend. It tells how much was parsed, and how much was not.
func (b *receiveBuffer) giveBack() (parsed, rest int) {
	parsed, rest = b.r, b.w-b.r
	b.buf, b.r, b.w = b.own, 0, 0
	b.own, b.lent = nil, false
	return parsed, rest
}

func (b *receiveBuffer) len() int { return b.w - b.r }

// peek is the next n bytes, nil if they have not all arrived.
func (b *receiveBuffer) peek(n int) []byte {
	if b.len() < n {
		return nil
	}
	return b.buf[b.r : b.r+n : b.r+n]
}

// take consumes the next n bytes, nil if they have not all arrived.
func (b *receiveBuffer) take(n int) []byte {
	v := b.peek(n)
	if v != nil {
		b.r += n
	}
	return v
}

// space is where to read to: at least one byte, and enough for a unit of want
// bytes in all (want is at most limit).
func (b *receiveBuffer) space(want int) []byte {
	switch {
	case b.r == b.w:
		b.r, b.w = 0, 0
	case b.r > 0 && b.w == len(b.buf):
		b.w = copy(b.buf, b.buf[b.r:b.w])
		b.r = 0
	}
	if b.full || b.w == len(b.buf) || want > len(b.buf) {
		b.grow(max(want, 2*len(b.buf), minReceiveBuffer))
		b.full = false
	}
	return b.buf[b.w:]
}

func (b *receiveBuffer) grow(n int) {
	n = min(n, b.limit)
	b.buf = slices.Grow(b.buf[:b.w], n-b.w)[:n]
}

// added notes that n bytes were read into space.
func (b *receiveBuffer) added(n int) {
	b.w += n
	b.full = b.w == len(b.buf)
}
