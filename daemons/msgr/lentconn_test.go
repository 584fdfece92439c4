package msgr_test

import "github.com/wavetank/wavetank/daemons/host"

// lentConn is a fakeConn that lends its memory (host.DirectConn), in pieces as
// small as its reads are.
type lentConn struct {
	*fakeConn
	piece int // bytes of the piece that is lent, 0 if it is to be cut
}

// handOut is the connection as its owner sees it.
func (w *world) handOut(c *fakeConn) host.Conn {
	if w.lends {
		return &lentConn{fakeConn: c}
	}
	return c
}

// fake is the connection below.
func fake(c host.Conn) *fakeConn {
	if l, ok := c.(*lentConn); ok {
		return l.fakeConn
	}
	return c.(*fakeConn)
}

// Buffered is what a Read could return.
func (c *lentConn) Buffered() []byte {
	left := len(c.in) - c.first
	if c.failure() != nil || left == 0 {
		return nil
	}
	if c.piece == 0 {
		c.piece = min(left, c.w.chunk(left))
	}
	return c.in[c.first : c.first+c.piece : c.first+c.piece]
}

// Discard reads n bytes and forgets them. They are overwritten: whoever kept a
// view of them will notice.
func (c *lentConn) Discard(n int) {
	if c.failure() != nil || n <= 0 || n > c.piece {
		return
	}
	scratch := make([]byte, n)
	for rest := n; rest > 0; {
		b := c.in[c.first:]
		k, err := c.fakeConn.Read(scratch[:rest])
		if err != nil {
			panic(err)
		}
		for i := range b[:k] {
			b[i] = 0xdb
		}
		rest -= k
	}
	c.piece -= n
}

// Read also ends the piece.
func (c *lentConn) Read(p []byte) (int, error) {
	c.piece = 0
	return c.fakeConn.Read(p)
}

// AvailableBuffer is new memory, which Write copies.
func (c *lentConn) AvailableBuffer(n int) []byte { return make([]byte, 0, n) }
