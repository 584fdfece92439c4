package oshost

import (
	"net"
	"time"
)

// writeLoop sends what Write took: everything that gathered while the last send
// ran goes in one. When the owner has closed the connection it ends it in order.
func (c *conn) writeLoop() {
	for {
		b, ok := c.awaitBytes()
		if !ok {
			break
		}
		if _, err := c.nc.Write(b); err != nil {
			c.fail(c.host.networkError("connection with", c.remote, err))
			return
		}
	}
	c.leave()
}

// awaitBytes waits until something was taken by Write and returns it. It reports
// false when the connection is over or its owner closed it and nothing is left.
func (c *conn) awaitBytes() ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out) == 0 && !c.released && !c.over {
		c.gathered.Wait()
	}
	if c.over || len(c.out) == 0 {
		return nil, false
	}
	c.out, c.flight = c.flight[:0], c.out
	c.offerRoom()
	return c.flight, true
}

// offerRoom posts Writable if a Write was short and there is room now.
func (c *conn) offerRoom() {
	if c.blocked && !c.writablePosted && !c.released && !c.over && len(c.out) < maxGathered {
		c.writablePosted = true
		c.loop.Post(c.writableFn)
	}
}

func (c *conn) runWritable() {
	c.mu.Lock()
	c.writablePosted = false
	due := c.blocked && !c.over && !c.released && len(c.out) < maxGathered
	if due {
		c.blocked = false
	}
	c.mu.Unlock()
	if due {
		c.handler.Writable()
	}
}

// leave ends a closed connection in order: it sends FIN, and closes the socket
// when the peer's machine has acknowledged everything. Closing it sooner would
// make the kernel send RST, and drop what is still on its way, if the peer has
// sent something that nobody read.
func (c *conn) leave() {
	if !c.isOver() {
		c.nc.CloseWrite()
		c.awaitAcknowledged(time.Now().Add(c.host.options.Linger))
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

// awaitAcknowledged polls: no event tells of an acknowledgement.
func (c *conn) awaitAcknowledged(deadline time.Time) {
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		if n, err := unacknowledged(c.nc); err != nil || n == 0 {
			return
		}
		select {
		case <-c.host.stopping.Done():
			return
		case <-time.After(pause):
		}
	}
}

// reset closes a socket with RST.
func reset(nc *net.TCPConn) {
	nc.SetLinger(0)
	nc.Close()
}
