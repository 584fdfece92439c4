package oshost

import "time"

// leave ends the connection in order: the kernel sends what it has and FIN, and
// the socket is closed when the peer's machine has acknowledged everything.
// Closing it sooner would make the kernel send RST, and drop what is still on its
// way, if the peer has sent something that nobody read. A peer that takes too long
// is reset. The caller holds mu.
func (c *conn) leave() {
	_ = finishSocket(c.fd) // if it fails hasLeft notices
	if !c.hasLeft(false) && !c.host.spawn(c.awaitAcknowledged) {
		c.shut()
	}
	c.arm()
}

// awaitAcknowledged polls, for no event tells of an acknowledgement.
func (c *conn) awaitAcknowledged() {
	deadline := time.Now().Add(c.host.options.Linger)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-c.host.stopping.Done():
			return
		case <-time.After(pause):
		}
		c.mu.Lock()
		left := c.hasLeft(!time.Now().Before(deadline))
		c.mu.Unlock()
		if left {
			return
		}
	}
}

// hasLeft closes the socket if everything is acknowledged and nothing unread, or if
// that can never be; with a reset if it is late. It reports whether the connection
// is over.
func (c *conn) hasLeft(late bool) bool {
	more := c.throwAway()
	if c.over {
		return true
	}
	n, err := unacknowledged(c.fd)
	switch {
	case n == 0 && !more || err != nil || socketError(c.fd) != nil:
		c.shut()
	case late:
		c.reset()
	}
	return c.over
}

// throwAway reads some of what comes after the owner has closed the connection, and
// reports whether there may be more. Unread, it would make the kernel send RST, and
// drop what is still on its way.
func (c *conn) throwAway() bool {
	var waste [4096]byte
	for range 64 {
		if c.eof || c.over {
			return false
		}
		n, err := readSocket(c.fd, waste[:])
		switch {
		case err == errAgain:
			return false
		case err != nil:
			c.broken(err)
		case n == 0:
			c.eof = true
		}
	}
	return true
}
