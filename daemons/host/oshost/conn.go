package oshost

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// noSocket stands for the descriptor of a connection that is being dialled.
const noSocket = -1

// conn implements host.Conn on a TCP connection.
//
// Read and Write are system calls that never block, made on the loop; there is no
// buffer between the kernel and the caller. When the loop has to wait the host's
// poller does it for it (see interest), and posts a callback. A callback is posted
// at most once at a time, and looks again before it calls the handler: between the
// post and the run its reason may have gone.
type conn struct {
	host *Host

	// Set before the connection is open, by Dial or Attach.
	loop    host.Loop
	handler host.ConnHandler
	cancel  context.CancelFunc // ends the dialling; nil for an accepted one

	// The methods of these names, made once: a method value allocates.
	readableFn, writableFn, closedFn func()

	// mu is held during system calls, so that nobody closes the socket meanwhile.
	// While the loop reads and writes along the poller has nothing to say, and so
	// nobody waits.
	mu     sync.Mutex
	fd     int // the socket, or noSocket; open as long as not over
	local  netip.AddrPort
	remote netip.AddrPort

	opening bool // dialled, and Opened was not called yet

	number uint32   // the poller's, or 0
	known  bool     // it was armed before
	armed  interest // what the poller waits for, none if it has reported
	arming uint32   // how many times it was armed
	hungUp bool     // both directions have ended, and nothing more will

	released bool  // the owner called Close or Abort: no more callbacks
	finished bool  // the owner called CloseWrite: nothing more is written
	over     bool  // the socket is closed, or will never be opened
	err      error // why it is over, if the owner did not wish it

	eof            bool // the peer has closed its side, and Read has told
	starved        bool // Read answered ErrWouldBlock and Readable did not follow yet
	readablePosted bool // or Readable runs
	doubtful       bool // Read answered so after the poller may have seen bytes

	blocked        bool // a Write was short and Writable did not follow yet
	writablePosted bool // or Writable runs
}

func newConn(h *Host) *conn {
	c := &conn{host: h, fd: noSocket, starved: true}
	c.readableFn, c.writableFn, c.closedFn = c.runReadable, c.runWritable, c.runClosed
	return c
}

// newAccepted is a connection that waits for Attach.
func newAccepted(h *Host, nc *net.TCPConn) (*conn, error) {
	c := newConn(h)
	if err := c.setSocket(nc); err != nil {
		return nil, err
	}
	c.remote = addrPort(nc.RemoteAddr())
	if !h.adopt(c) {
		c.die()
	}
	return c, nil
}

func (c *conn) setSocket(nc *net.TCPConn) (err error) {
	c.local = addrPort(nc.LocalAddr())
	c.fd, err = takeOver(nc)
	return err
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
		nc.SetLinger(0)
		nc.Close()
		return
	}
	if err := c.setSocket(nc); err != nil {
		c.breaks(c.host.networkError("dial", c.remote, err))
		return
	}
	c.loop.Post(c.runOpened)
	c.start()
}

func (c *conn) runOpened() {
	c.mu.Lock()
	c.opening = false
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
	case c.fd == noSocket || c.handler == nil:
		c.shut()
	default:
		c.leave()
	}
}

// Abort implements host.Conn.
func (c *conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.released = true
	if !c.over {
		c.reset()
	}
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
	case c.opening:
		return host.ErrWouldBlock
	}
	if err := finishSocket(c.fd); err != nil {
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

// fail is called when the connection broke or could not be opened.
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
	c.reset() // bytes may be lost: the peer must not take what it got for all
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

// reset is shut with RST. The caller holds mu.
func (c *conn) reset() {
	if c.fd != noSocket {
		resetOnClose(c.fd)
	}
	c.shut()
}

// shut closes the socket, or ends the dialling. The caller holds mu.
func (c *conn) shut() {
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
	if c.number != 0 {
		c.host.poller.forget(c.number)
	}
	if c.fd != noSocket {
		closeSocket(c.fd)
	}
	c.host.release(c)
}

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
	if c.opening || len(p) == 0 {
		return 0, host.ErrWouldBlock
	}
	n, err := readSocket(c.fd, p)
	switch {
	case n > 0:
		c.starved = false
		return n, nil
	case err == errAgain:
		c.starves()
		return 0, host.ErrWouldBlock
	case err != nil:
		c.broken(err)
		return 0, c.err
	}
	c.eof, c.starved = true, false
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
	if !c.opening {
		var err error
		if n, err = writeSocket(c.fd, p); err != nil && err != errAgain {
			c.broken(err)
			return n, c.err
		}
	}
	if n < len(p) {
		c.blocked = true
		c.arm()
	}
	return n, nil
}
