package rpc

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// maxBacklog is how many bytes may wait for a peer that does not read them.
const maxBacklog = 16 << 20

// leastRead is how much room there is for what comes, at least.
const leastRead = 2 << 10

// end is whoever owns a link. Its methods run on the link's loop.
type end interface {
	// opened: the dialled link is open.
	opened()
	// received: a frame has come.
	received(*frame)
	// broken: there is no link any more. Nothing follows.
	broken(error)
}

// link is frames over a connection, with heartbeats either way.
type link struct {
	h     host.Host
	owner end
	conn  host.Conn
	opt   Options
	beat  host.Timer

	in, out []byte
	heard   time.Duration // when anything was last received
	sent    bool          // anything since the last beat
	open    bool
	done    bool
}

// newLink is a link that is to be given its connection.
func newLink(h host.Host, loop host.Loop, opt Options, owner end) *link {
	l := &link{h: h, owner: owner, opt: opt, heard: h.Clock().Monotonic()}
	l.beat = loop.NewTimer(l.onBeat)
	l.beat.Reset(opt.beatEvery())
	return l
}

// send queues a frame. What cannot be sent breaks the link. Error: ErrTooLarge.
func (l *link) send(f *frame) error {
	if l.done {
		return nil
	}
	out, err := appendFrame(l.out, f)
	if err != nil {
		return err
	}
	l.out, l.sent = out, true
	if len(l.out) > maxBacklog {
		l.fail(fmt.Errorf("the peer does not read: %d bytes wait", len(l.out)))
		return nil
	}
	l.flush()
	return nil
}

func (l *link) flush() {
	if !l.open || len(l.out) == 0 {
		return
	}
	n, err := l.conn.Write(l.out)
	if err != nil {
		l.fail(err)
		return
	}
	l.out = append(l.out[:0], l.out[n:]...)
}

func (l *link) onBeat() {
	switch silent := l.h.Clock().Monotonic() - l.heard; {
	case l.done:
		return
	case silent >= l.opt.HeartbeatTimeout:
		l.fail(fmt.Errorf("nothing heard for %v", silent))
		return
	case !l.sent && l.open:
		_ = l.send(&frame{Op: opBeat}) // is not too large
	}
	l.sent = false
	l.beat.Reset(l.opt.beatEvery())
}

// fail breaks the link and tells its owner.
func (l *link) fail(err error) {
	if l.done {
		return
	}
	l.end()
	l.conn.Abort()
	l.owner.broken(err)
}

// close ends the link in order, without a word to its owner.
func (l *link) close() {
	if l.done {
		return
	}
	l.end()
	l.conn.Close()
}

func (l *link) end() {
	l.done = true
	l.beat.Stop()
}

// Opened implements host.ConnHandler.
func (l *link) Opened() {
	l.open = true
	l.heard = l.h.Clock().Monotonic()
	l.owner.opened()
	l.flush()
}

// Readable implements host.ConnHandler.
func (l *link) Readable() {
	for !l.done {
		l.in = slices.Grow(l.in, leastRead)
		n, err := l.conn.Read(l.in[len(l.in):cap(l.in)])
		l.in = l.in[:len(l.in)+n]
		if n > 0 {
			l.heard = l.h.Clock().Monotonic()
			l.take()
		}
		switch {
		case errors.Is(err, host.ErrWouldBlock):
			return
		case err == nil || l.done:
		case errors.Is(err, io.EOF):
			l.fail(errors.New("the peer has closed the connection"))
		default:
			l.fail(err)
		}
	}
}

// take hands out the frames that are there.
func (l *link) take() {
	rest := l.in
	for !l.done {
		f, after, err := cutFrame(rest)
		if err != nil {
			l.fail(err)
			return
		}
		if f == nil {
			break
		}
		rest = after
		l.owner.received(f)
	}
	l.in = append(l.in[:0], rest...)
}

// Writable implements host.ConnHandler.
func (l *link) Writable() { l.flush() }

// Closed implements host.ConnHandler.
func (l *link) Closed(err error) { l.fail(err) }

var _ host.ConnHandler = (*link)(nil)
