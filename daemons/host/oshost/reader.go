package oshost

import "io"

// readLoop fills the receive buffer until the connection ends.
func (c *conn) readLoop() {
	for {
		space, ok := c.awaitRoom()
		if !ok {
			return
		}
		n, err := c.nc.Read(space)
		c.received(n)
		switch {
		case err == io.EOF:
			c.receivedAll()
			return
		case err != nil:
			c.fail(c.host.networkError("connection with", c.remote, err))
			return
		}
	}
}

// awaitRoom waits until there is space in the receive buffer and returns it.
// Once the owner has closed the connection there always is.
func (c *conn) awaitRoom() ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.full() && !c.released {
		c.stalled = true
	}
	for c.stalled && !c.over {
		c.room.Wait()
	}
	if c.released {
		c.in.head, c.in.size = 0, 0
	}
	return c.in.free(), !c.over
}

// endStall lets a stalled reader go on when half of the buffer is empty. Sooner
// would mean a system call for every little Read.
func (c *conn) endStall() {
	if c.stalled && c.in.size <= maxReceive/2 {
		c.stalled = false
		c.room.Signal()
	}
}

func (c *conn) received(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.commit(n)
	c.offerBytes()
}

func (c *conn) receivedAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eof = true
	c.offerBytes()
}

func (c *conn) readable() bool { return c.in.size > 0 || c.eof }

// offerBytes posts Readable if the loop was told that there is nothing, and now
// there is.
func (c *conn) offerBytes() {
	if c.starved && !c.readablePosted && !c.released && c.readable() {
		c.readablePosted = true
		c.loop.Post(c.readableFn)
	}
}

func (c *conn) runReadable() {
	c.mu.Lock()
	c.readablePosted = false
	due := c.starved && !c.over && !c.released && c.readable()
	if due {
		c.starved = false
	}
	c.mu.Unlock()
	if due {
		c.handler.Readable()
	}
}
