package oshost

import (
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// maxGathered is how many bytes Write takes while the writer is busy. As many
// again may be on their way to the kernel, so a connection holds at most twice
// this.
const maxGathered = 512 << 10

// conn implements host.Conn on a TCP connection.
//
// The loop's side (Read, Write, Close) and the two goroutines (readLoop,
// writeLoop) meet under mu and never wait for each other there. A callback is
// posted at most once at a time, and looks again before it calls the handler:
// between the post and the run its reason may have gone.
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
	local  netip.AddrPort
	remote netip.AddrPort

	released bool  // the owner called Close or Abort: no more callbacks
	over     bool  // the socket is closed
	err      error // why it is over, if the owner did not wish it

	in             ring
	room           sync.Cond // the reader waits: stalled ended, or released or over
	stalled        bool      // the reader found in full
	eof            bool      // the peer has closed its side
	starved        bool      // Read answered ErrWouldBlock and Readable did not follow yet
	readablePosted bool

	out            []byte    // taken by Write, waiting for the writer
	flight         []byte    // what the writer is sending
	gathered       sync.Cond // the writer waits: out has bytes, or released or over
	blocked        bool      // a Write was short and Writable did not follow yet
	writablePosted bool
}

func newConn(h *Host) *conn {
	c := &conn{host: h, starved: true}
	c.room.L = &c.mu
	c.gathered.L = &c.mu
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

// start begins to read and write. If the process has just ended neither does.
func (c *conn) start() {
	c.host.spawn(c.readLoop)
	c.host.spawn(c.writeLoop)
}

func (c *conn) runOpened() {
	c.mu.Lock()
	skip := c.over || c.released
	c.mu.Unlock()
	if skip {
		return
	}
	c.handler.Opened()
	c.mu.Lock()
	c.offerRoom()
	c.mu.Unlock()
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
		// The writer sends what is left and closes; the reader throws away what
		// comes meanwhile.
		c.nc.SetWriteDeadline(time.Now().Add(c.host.options.Linger))
		c.wakeAll()
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

func (c *conn) runClosed() {
	c.mu.Lock()
	released, err := c.released, c.err
	c.mu.Unlock()
	if !released {
		c.handler.Closed(err)
	}
}

// shut closes the socket and lets everything go that waits for it. The caller
// holds mu.
func (c *conn) shut() {
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
	if c.nc != nil {
		c.nc.Close()
	}
	c.wakeAll()
	c.host.release(c)
}

func (c *conn) wakeAll() {
	c.stalled = false
	c.room.Signal()
	c.gathered.Signal()
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
	if c.in.size > 0 {
		n := c.in.read(p)
		c.endStall()
		return n, nil
	}
	if c.eof {
		return 0, io.EOF
	}
	c.starved = true
	return 0, host.ErrWouldBlock
}

// Buffered implements host.DirectConn.
func (c *conn) Buffered() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure() != nil {
		return nil
	}
	return c.in.front()
}

// Discard implements host.DirectConn.
func (c *conn) Discard(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure() == nil && n > 0 && n <= len(c.in.front()) {
		c.in.discard(n)
		c.endStall()
	}
}

// AvailableBuffer implements host.DirectConn: the memory is the end of what waits
// for the writer. If the writer takes that meanwhile Write copies.
func (c *conn) AvailableBuffer(n int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure() != nil || c.nc == nil || n > maxGathered-len(c.out) {
		return nil
	}
	c.out = slices.Grow(c.out, n)
	return c.out[len(c.out):len(c.out):min(cap(c.out), maxGathered)]
}

// gather adds p to what waits for the writer. If p is from AvailableBuffer it is
// in its place already.
func (c *conn) gather(p []byte) {
	at := len(c.out)
	if at+len(p) <= cap(c.out) && &c.out[:at+1][at] == &p[0] {
		c.out = c.out[:at+len(p)]
		return
	}
	c.out = append(c.out, p...)
}

// Write implements host.Conn. While the connection is being dialled it takes
// nothing.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failure(); err != nil {
		return 0, err
	}
	n := 0
	if c.nc != nil {
		n = min(len(p), maxGathered-len(c.out))
	}
	if n > 0 {
		if len(c.out) == 0 {
			c.gathered.Signal()
		}
		c.gather(p[:n])
	}
	if n < len(p) {
		c.blocked = true
	}
	return n, nil
}
