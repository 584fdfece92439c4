package oshost

import (
	"errors"
	"os"
	"time"
)

// watch waits for the kernel to report bytes, their end, or the end of the
// connection, as long as it is not over. Then it closes the socket: nobody else
// may while it waits.
func (c *conn) watch() {
	raw, err := c.nc.SyscallConn()
	for c.goesOn(err) {
		err = raw.Read(func(uintptr) bool { return c.look() })
	}
	c.nc.Close()
}

// goesOn reports whether there is something to watch. A deadline that has passed
// means that somebody wants look to be called, or that the connection is over.
func (c *conn) goesOn(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.broken(err)
	}
	if !c.over {
		c.nc.SetReadDeadline(time.Time{})
	}
	return !c.over
}

// look is called at first and whenever something has happened to the socket. It
// reports whether there is nothing more to wait for.
func (c *conn) look() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
	case c.released:
		for c.throwAway() { // in between others get their turn
			c.mu.Unlock()
			c.mu.Lock()
		}
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
		c.lookAgain()
	}
}

// lookAgain is for a handler that has left something unread: that the connection
// broke meanwhile may have come with the very event that it was called for.
func (c *conn) lookAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.released || c.starved {
		return
	}
	if err := socketError(c.fd); err != nil {
		c.broken(err)
	}
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
