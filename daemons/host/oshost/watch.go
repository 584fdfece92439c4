package oshost

// watch waits for the kernel to report bytes, their end, or the end of the
// connection, as long as it is not over. Then it closes the socket: nobody else
// may while it waits.
func (c *conn) watch() {
	if raw, err := c.nc.SyscallConn(); err == nil {
		// It ends when look says so or, by a deadline, when the connection is over.
		_ = raw.Read(func(uintptr) bool { return c.look() })
	}
	c.mu.Lock()
	if !c.over {
		c.shut()
	}
	c.mu.Unlock()
	c.nc.Close()
}

// look is called at first and whenever something has happened to the socket. It
// reports whether there is nothing more to wait for.
func (c *conn) look() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
	case c.released:
		c.throwAway()
	case c.starved:
		c.offerBytes()
	default:
		// The loop is not done with what came before. If the connection broke it
		// is to know all the same.
		if err := socketError(c.fd); err != nil {
			c.broken(err)
		}
	}
	return c.over
}

// readable reports whether Read would not answer ErrWouldBlock. It notices if the
// connection broke.
func (c *conn) readable() bool {
	err := peekSocket(c.fd)
	if err != nil && err != errAgain {
		c.broken(err)
	}
	return err == nil
}

// offerBytes posts Readable if the loop was told that there is nothing, and now
// there is.
func (c *conn) offerBytes() {
	if c.starved && !c.readablePosted && c.readable() {
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

// throwAway reads what comes after the owner has closed the connection. Unread, it
// would make the kernel send RST, and drop what is still on its way.
func (c *conn) throwAway() {
	var waste [4096]byte
	for !c.eof && !c.over {
		n, err := readSocket(c.fd, waste[:])
		switch {
		case err == errAgain:
			return
		case err != nil:
			c.broken(err)
		case n == 0:
			c.eof = true
		}
	}
}
