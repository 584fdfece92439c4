package netconn

import (
	"errors"
	"fmt"
	"net" //wavetank:allow its types and errors only
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// conn implements net.Conn on a stream of the seam.
type conn struct {
	stack         *Stack
	stream        host.Conn
	local, remote net.Addr
	reads, writes side
	writing       bool  // a Write is under way; others wait, so that they do not mix
	open          bool  // a dialled connection is
	err           error // why it is closed or broken
}

// side is one direction of a connection, as calls wait for it.
type side struct {
	gate     gate
	deadline deadline
}

func newConn(s *Stack, remote net.Addr) *conn {
	c := &conn{stack: s, remote: remote}
	c.reads.deadline.gate = &c.reads.gate
	c.writes.deadline.gate = &c.writes.gate
	return c
}

// events is a conn as the stream sees it.
type events conn

func (e *events) Opened()   { e.open = true; e.writes.gate.open() }
func (e *events) Readable() { e.reads.gate.open() }
func (e *events) Writable() { e.writes.gate.open() }

func (e *events) Closed(err error) { (*conn)(e).end(err) }

// end makes every call fail with err, those that wait included.
func (c *conn) end(err error) {
	c.err = err
	c.reads.gate.open()
	c.writes.gate.open()
}

// awaitOpen waits until a dialled connection is open.
func (c *conn) awaitOpen(t host.Task) error {
	for !c.open {
		if err := c.refusal(&c.writes); err != nil {
			return err
		}
		c.writes.gate.wait(t, "a connection to open")
	}
	return nil
}

// refusal is why no call on this side can succeed now, or nil.
func (c *conn) refusal(s *side) error {
	if c.err != nil {
		return c.err
	}
	return s.deadline.err()
}

// Read implements net.Conn. Only a task of the loop may call it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	return n, opError("read", c.local, c.remote, err)
}

func (c *conn) read(p []byte) (int, error) {
	task := c.stack.loop.Running()
	if task == nil {
		return 0, ErrNoTask
	}
	for {
		if err := c.refusal(&c.reads); err != nil || len(p) == 0 {
			return 0, err
		}
		n, err := c.stream.Read(p)
		if !errors.Is(err, host.ErrWouldBlock) {
			return n, err
		}
		c.reads.gate.wait(task, "bytes to read")
	}
}

// Write implements net.Conn. Only a task of the loop may call it. It returns when
// the machine has taken all of p, which says nothing about the peer. What several
// tasks write at once arrives one after the other.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.write(p)
	return n, opError("write", c.local, c.remote, err)
}

func (c *conn) write(p []byte) (written int, err error) {
	task := c.stack.loop.Running()
	if task == nil {
		return 0, ErrNoTask
	}
	if err := c.beginWrite(task); err != nil {
		return 0, err
	}
	defer c.endWrite()
	for {
		if err := c.refusal(&c.writes); err != nil || written == len(p) {
			return written, err
		}
		n, err := c.stream.Write(p[written:])
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
		c.writes.gate.wait(task, "room to write")
	}
}

// beginWrite waits until nobody else writes.
func (c *conn) beginWrite(t host.Task) error {
	for c.writing {
		if err := c.refusal(&c.writes); err != nil {
			return err
		}
		c.writes.gate.wait(t, "another write to end")
	}
	c.writing = true
	return nil
}

func (c *conn) endWrite() {
	c.writing = false
	c.writes.gate.open()
}

// CloseWrite is that of net.TCPConn: the peer reads io.EOF after what was written.
// Writes that wait fail. Tasks and callbacks of the loop may call it. Error:
// errors.ErrUnsupported if the stream has no half-close.
func (c *conn) CloseWrite() error {
	err := c.err
	if err == nil {
		err = c.shutWrite()
	}
	return opError("close", c.local, c.remote, err)
}

func (c *conn) shutWrite() error {
	stream, ok := c.stream.(host.HalfCloser)
	if !ok {
		return fmt.Errorf("half-close: %w", errors.ErrUnsupported)
	}
	err := stream.CloseWrite()
	c.writes.gate.open()
	return err
}

// Ended reports whether a connection on which nothing is due is of no more use: it is closed
// or broken, its peer has closed it or has sent something all the same, which is lost. It
// never waits. Tasks and callbacks of the loop may call it.
func (c *conn) Ended() bool {
	if c.err != nil {
		return true
	}
	_, err := c.stream.Read(make([]byte, 1))
	return !errors.Is(err, host.ErrWouldBlock)
}

// Close implements net.Conn: what was written still goes out, and calls that wait
// fail. Tasks and callbacks of the loop may call it.
func (c *conn) Close() error {
	if errors.Is(c.err, net.ErrClosed) {
		return opError("close", c.local, c.remote, c.err)
	}
	c.close()
	return nil
}

func (c *conn) close() {
	c.reads.deadline.clear()
	c.writes.deadline.clear()
	c.stream.Close()
	c.end(net.ErrClosed)
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn, like the two below on the machine's wall clock.
// Tasks and callbacks of the loop may call them; calls that wait obey.
func (c *conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.reads, &c.writes) }

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.reads) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writes) }

func (c *conn) setDeadlines(t time.Time, sides ...*side) error {
	if errors.Is(c.err, net.ErrClosed) {
		return opError("set", c.local, c.remote, c.err)
	}
	for _, s := range sides {
		s.deadline.set(c.stack.loop, c.stack.clock, t)
	}
	return nil
}
