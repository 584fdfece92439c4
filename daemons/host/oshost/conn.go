package oshost

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// conn implements host.Conn on a TCP connection.
//
// Read and Write are system calls that never block, made on the loop; there is no
// buffer between the kernel and the caller. Two goroutines wait for the kernel:
// watch for bytes to come, the end of them and the end of the connection, and
// awaitRoom for room. They and the loop meet under mu. A callback is posted at
// most once at a time, and looks again before it calls the handler: between the
// post and the run its reason may have gone.
type conn struct {
	host *Host

	// Set before the connection is open, by Dial or Attach.
	loop    host.Loop
	handler host.ConnHandler
	cancel  context.CancelFunc // ends the dialling; nil for an accepted one

	// The methods of these names, made once: a method value allocates.
	readableFn, writableFn, closedFn func()

	mu     sync.Mutex
	nc     *net.TCPConn // nil while dialling
	fd     int          // of nc; open as long as not over
	local  netip.AddrPort
	remote netip.AddrPort

	watched  bool  // watch runs, and closes nc in the end
	released bool  // the owner called Close or Abort: no more callbacks
	finished bool  // the owner called CloseWrite: nothing more is written
	over     bool  // nobody may use nc and fd any more
	err      error // why it is over, if the owner did not wish it

	eof            bool // the peer has closed its side, and Read has told
	starved        bool // Read answered ErrWouldBlock and Readable did not follow yet
	readablePosted bool

	blocked        bool      // a Write was short and Writable did not follow yet
	wakened        sync.Cond // awaitRoom waits: blocked, or released or over
	writablePosted bool
}

func newConn(h *Host) *conn {
	c := &conn{host: h, starved: true}
	c.wakened.L = &c.mu
	c.readableFn, c.writableFn, c.closedFn = c.runReadable, c.runWritable, c.runClosed
	return c
}

// newAccepted is a connection that waits for Attach.
func newAccepted(h *Host, nc *net.TCPConn) *conn {
	c := newConn(h)
	c.setSocket(nc)
	c.remote = addrPort(nc.RemoteAddr())
	if !h.adopt(c) {
		c.die()
	}
	return c
}

func (c *conn) setSocket(nc *net.TCPConn) {
	c.nc = nc
	c.fd = descriptor(nc)
	c.local = addrPort(nc.LocalAddr())
}

// LocalAddr implements host.Conn.
func (c *conn) LocalAddr() netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local
}

// RemoteAddr implements host.Conn.
func (c *conn) RemoteAddr() netip.AddrPort { return c.remote }

// Attach implements host.Conn.
func (c *conn) Attach(loop host.Loop, h host.ConnHandler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loop, c.handler = loop, h
	if c.over {
		return
	}
	c.start()
	if isOver(loop) {
		c.release()
	}
}

// isOver reports a loop that was closed.
func isOver(l host.Loop) bool {
	own, ok := l.(*loop)
	return ok && own.over.Load()
}

// servedBy implements socket.
func (c *conn) servedBy(l *loop) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loop == l
}

// open is called by the dialling goroutine when it has succeeded.
func (c *conn) open(nc *net.TCPConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		reset(nc)
		return
	}
	c.setSocket(nc)
	c.loop.Post(c.runOpened)
	c.start()
}

// start begins to wait for the kernel. If the process has just ended nothing does.
func (c *conn) start() {
	c.watched = c.host.spawn(c.watch)
	c.host.spawn(c.awaitRoom)
}

func (c *conn) runOpened() {
	c.mu.Lock()
	skip := c.over || c.released
	c.mu.Unlock()
	if skip {
		return
	}
	c.handler.Opened()
}

// Close implements host.Conn.
func (c *conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.released {
		c.release()
	}
}

// release is Close. The caller holds mu.
func (c *conn) release() {
	c.released = true
	switch {
	case c.over:
	case c.nc == nil || c.handler == nil:
		c.shut()
	default:
		// The kernel sends what it has, then awaitRoom closes; watch throws away what
		// comes meanwhile.
		if c.throwAway() {
			c.nc.SetReadDeadline(longAgo()) // watch goes on with it
		}
		c.nc.SetWriteDeadline(longAgo()) // awaitRoom is not to wait for room
		c.wakened.Signal()
	}
}

// Abort implements host.Conn.
func (c *conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.released = true
	if c.over {
		return
	}
	if c.nc != nil {
		c.nc.SetLinger(0)
	}
	c.shut()
}

// CloseWrite implements host.HalfCloser.
func (c *conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch err := c.failure(); {
	case err != nil:
		return err
	case c.finished:
		return host.ErrClosed
	case c.nc == nil:
		return host.ErrWouldBlock
	}
	if err := c.nc.CloseWrite(); err != nil {
		c.broken(err)
		return c.err
	}
	c.finished, c.blocked = true, false
	return nil
}

// die implements resource: the socket is closed as the operating system closes
// those of a process that ends, without what had not reached it.
func (c *conn) die() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.err = host.ErrStopped
		c.shut()
	}
}

// fail is called when the operating system reports that the connection broke or
// could not be opened.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaks(err)
}

// breaks is fail. The caller holds mu.
func (c *conn) breaks(err error) {
	if c.over {
		return
	}
	c.err = err
	if c.nc != nil {
		// Bytes may be lost: the peer must not take what it got for all.
		c.nc.SetLinger(0)
	}
	c.shut()
	if !c.released {
		c.loop.Post(c.closedFn)
	}
}

// broken is breaks with what a system call said.
func (c *conn) broken(err error) {
	c.breaks(c.host.networkError("connection with", c.remote, err))
}

func (c *conn) runClosed() {
	c.mu.Lock()
	released, err := c.released, c.err
	c.mu.Unlock()
	if !released {
		c.handler.Closed(err)
	}
}

// shut ends the use of the socket and lets everything go that waits for it; the
// goroutine of watch closes it then. The caller holds mu.
func (c *conn) shut() {
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
	switch {
	case c.nc == nil:
	case c.watched:
		c.nc.SetDeadline(longAgo())
	default:
		c.nc.Close()
	}
	c.wakened.Signal()
	c.host.release(c)
}

// longAgo is a deadline that has passed.
func longAgo() time.Time { return time.Unix(1, 0) }

// failure is what Read and Write answer on a connection that has ended, or nil.
func (c *conn) failure() error {
	switch {
	case c.released:
		return host.ErrClosed
	case c.over:
		return c.err
	}
	return nil
}

// Read implements host.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failure(); err != nil {
		return 0, err
	}
	if c.eof {
		return 0, io.EOF
	}
	if c.nc == nil || len(p) == 0 {
		return 0, host.ErrWouldBlock
	}
	n, err := readSocket(c.fd, p)
	switch {
	case n > 0:
		c.starved = false
		return n, nil
	case err == errAgain:
		c.starved = true
		return 0, host.ErrWouldBlock
	case err != nil:
		c.broken(err)
		return 0, c.err
	}
	c.eof = true
	return 0, io.EOF
}

// Write implements host.Conn. While the connection is being dialled it takes
// nothing.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failure(); err != nil {
		return 0, err
	}
	if c.finished {
		return 0, host.ErrClosed
	}
	n := 0
	if c.nc != nil {
		var err error
		if n, err = writeSocket(c.fd, p); err != nil && err != errAgain {
			c.broken(err)
			return n, c.err
		}
	}
	if n < len(p) {
		c.blocked = true
		c.wakened.Signal()
	}
	return n, nil
}
