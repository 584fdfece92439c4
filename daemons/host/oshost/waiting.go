package oshost

// The part of a connection that deals with the poller. The caller of all that is
// not a callback holds mu.

// start makes the connection known to the poller.
func (c *conn) start() {
	var err error
	if c.number, err = c.host.poller.add(c); err != nil {
		c.broken(err)
		return
	}
	c.arm()
}

// interest is what the connection waits for; 0 is nothing at all.
//
// A loop that is not done with what came before is not told of bytes, but it is if
// the connection broke. As long as a callback is queued or runs there is nothing
// to wait for: at its end it arms.
func (c *conn) interest() interest {
	switch {
	case c.over || c.number == 0:
		return 0
	case c.released && c.eof:
		return 0
	case c.released:
		return hangup | input // throwAway has more to do
	case c.readablePosted || c.writablePosted:
		return 0
	}
	var want interest
	if c.starved {
		want |= input
	}
	if c.blocked {
		want |= output
	}
	if !c.hungUp {
		want |= hangup
	}
	return want
}

// arm has the poller wait for what the connection waits for. It costs a system
// call unless the poller does already. If it waits for more nothing is lost: it
// reports once in vain.
func (c *conn) arm() {
	want := c.interest()
	if want&^c.armed == 0 {
		return
	}
	first := !c.known
	c.known = true
	c.arming++
	c.armed = want | hangup
	if err := c.host.poller.driver.arm(token{c.number, c.arming}, c.fd, want, first); err != nil {
		c.broken(err)
	}
}

// happened is called by the poller.
func (c *conn) happened(arming uint32, ready interest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || arming != c.arming {
		return // what was armed since will report
	}
	c.armed = 0
	if c.released {
		c.throwAway()
		c.arm()
		return
	}
	if ready&hangup != 0 {
		ready = c.lookAtEnd()
	}
	if ready&input != 0 {
		c.offerBytes()
	}
	if ready&output != 0 {
		c.offerRoom()
	}
	c.arm()
}

// lookAtEnd looks at a connection that broke or was hung up, and returns what the
// loop is to be told of. What has arrived before can still be read.
func (c *conn) lookAtEnd() interest {
	var err error = errAgain
	if c.starved {
		err = peekSocket(c.fd)
	}
	if err == errAgain {
		c.hungUp = true
		err = socketError(c.fd)
	}
	if err != nil {
		c.broken(err)
	}
	return input | output
}

// starves is called when Read finds nothing.
func (c *conn) starves() {
	c.starved = true
	c.doubtful = c.readablePosted || c.armed&input != 0
	c.arm()
}

// offerBytes posts Readable if the loop was told that there is nothing.
func (c *conn) offerBytes() {
	if c.starved && !c.over {
		c.readablePosted = true
		c.loop.Post(c.readableFn)
	}
}

func (c *conn) runReadable() {
	c.mu.Lock()
	due := c.starved && !c.doubtful && !c.over && !c.released
	if due {
		c.starved = false
	}
	c.mu.Unlock()
	if due {
		c.handler.Readable()
	}
	c.mu.Lock()
	c.readablePosted, c.doubtful = false, false
	c.arm()
	c.mu.Unlock()
}

// offerRoom posts Writable if a Write was short.
func (c *conn) offerRoom() {
	if c.blocked && !c.over {
		c.writablePosted = true
		c.loop.Post(c.writableFn)
	}
}

func (c *conn) runWritable() {
	c.mu.Lock()
	due := c.blocked && !c.over && !c.released
	if due {
		c.blocked = false
	}
	c.mu.Unlock()
	if due {
		c.handler.Writable()
	}
	c.mu.Lock()
	c.writablePosted = false
	c.arm()
	c.mu.Unlock()
}
