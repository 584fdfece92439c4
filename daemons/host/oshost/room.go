package oshost

import (
	"errors"
	"net"
	"os"
	"time"
)

// awaitRoom waits for room in the kernel's send buffer whenever a Write was short.
// When the owner has closed the connection it ends it in order.
func (c *conn) awaitRoom() {
	raw, err := c.nc.SyscallConn()
	for err == nil && c.awaitBlocked() {
		err = raw.Write(func(uintptr) bool { return c.offerRoom() })
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // a deadline is Close's
		c.fail(c.host.networkError("connection with", c.remote, err))
	}
	c.leave()
}

// awaitBlocked waits until a Write was short. It reports false when the connection
// is over or its owner closed it.
func (c *conn) awaitBlocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for (!c.blocked || c.writablePosted) && !c.released && !c.over {
		c.wakened.Wait()
	}
	return !c.over && !c.released
}

// offerRoom posts Writable if there is room. It reports whether there is nothing
// to wait for: if not it is called again when something has changed.
func (c *conn) offerRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.released || !c.blocked {
		return true
	}
	if !hasRoom(c.fd) {
		return false
	}
	c.writablePosted = true
	c.loop.Post(c.writableFn)
	return true
}

func (c *conn) runWritable() {
	c.mu.Lock()
	c.writablePosted = false
	due := c.blocked && !c.over && !c.released
	if due {
		c.blocked = false
	}
	c.wakened.Signal()
	c.mu.Unlock()
	if due {
		c.handler.Writable()
	}
}

// leave ends a closed connection in order: it sends FIN, and closes the socket
// when the peer's machine has acknowledged everything. Closing it sooner would
// make the kernel send RST, and drop what is still on its way, if the peer has
// sent something that nobody read. A peer that takes too long is reset.
func (c *conn) leave() {
	if c.isOver() {
		return
	}
	c.nc.CloseWrite()
	if !c.awaitAcknowledged(time.Now().Add(c.host.options.Linger)) {
		c.nc.SetLinger(0)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.shut()
	}
}

func (c *conn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// awaitAcknowledged polls, for no event tells of an acknowledgement. It reports
// false at the deadline.
func (c *conn) awaitAcknowledged(deadline time.Time) bool {
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		if n, err := unacknowledged(c.nc); err != nil || n == 0 {
			return true
		}
		select {
		case <-c.host.stopping.Done():
			return true
		case <-time.After(pause):
		}
	}
	return false
}

// reset closes a socket with RST.
func reset(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}
