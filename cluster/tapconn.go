package cluster

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// tapConn decorates host.Conn. While the direction towards it is cut, or a hold has
// struck in it, it reads nothing and reports nothing, so that what the peer sends waits
// in the real socket; the other direction is the business of the peer's tapConn. All its
// methods run on the connection's loop.
type tapConn struct {
	tap     *tap
	loop    host.Loop
	handler host.ConnHandler
	peer    *tcpHost // nil for an address outside the world
	remote  netip.AddrPort
	inner   host.Conn // nil while an attempt to connect waits for a heal

	patience host.Timer // of an attempt that waits
	open     bool
	done     bool // closed by its owner, or Closed was reported
	choking  bool // the owner was told less than it wanted before the dial

	held                     []byte // read and not handed on yet
	heldOpened, heldReadable bool
	heldClosed               error

	follower msgr.Follower  // reads along, for holds
	arrived  []followedUnit // that were read and not handed on yet
	handed   int64          // bytes handed on
	holder   *tcpHold       // keeps back what comes next
}

// followedUnit is a unit of the messengers' protocol and the number of bytes before it.
type followedUnit struct {
	at     int64
	name   string
	number uint64
}

func (c *tapConn) dial() { c.inner = c.tap.Host.Network().Dial(c.loop, c.remote, c) }

// awaitHeal keeps an attempt to connect back, as TCP does by repeating SYN.
func (c *tapConn) awaitHeal() {
	if c.done || c.inner != nil {
		return
	}
	c.patience = c.loop.NewTimer(func() { c.close(fmt.Errorf("dial %v: %w", c.remote, host.ErrTimeout)) })
	c.patience.Reset(connectTimeout)
}

// healed looks again at what was held. It is posted to the loop by the world.
func (c *tapConn) healed() {
	if c.holder != nil && c.holder.isOver() {
		c.holder = nil
	}
	switch {
	case c.done || c.loop == nil || c.blind():
	case c.inner == nil:
		if c.tap.world.connectable(c.tap.self, c.peer) {
			if c.patience != nil {
				c.patience.Stop()
			}
			c.dial()
		}
	default:
		c.release()
	}
}

func (c *tapConn) release() {
	if c.heldOpened {
		c.heldOpened = false
		c.Opened()
	}
	if c.heldReadable && !c.done {
		c.heldReadable = false
		c.handler.Readable()
	}
	if c.heldClosed != nil && !c.done {
		c.close(c.heldClosed)
	}
}

// broken ends the connection as RST does. It is posted to the loop by the world.
func (c *tapConn) broken() {
	if c.done || c.inner == nil || !c.open {
		return
	}
	err := fmt.Errorf("%v to %v: %w", c.inner.LocalAddr(), c.RemoteAddr(), host.ErrReset)
	c.finish() // before the peer can know
	c.inner.Abort()
	c.handler.Closed(err)
}

func (c *tapConn) close(err error) {
	c.finish()
	c.handler.Closed(err)
}

func (c *tapConn) finish() {
	c.done = true
	if c.patience != nil {
		c.patience.Stop()
	}
	c.tap.forget(c)
}

// blind reports whether the direction towards this end is cut, or held.
func (c *tapConn) blind() bool { return c.holder != nil || c.tap.world.isCut(c.peer, c.tap.self) }

func (c *tapConn) hold() { c.tap.world.countHeld(c.peer, c.tap.self) }

// Opened, Readable, Writable and Closed implement host.ConnHandler towards the
// real connection.
func (c *tapConn) Opened() {
	if c.blind() {
		c.heldOpened = true
		c.hold()
		return
	}
	c.open = true
	c.handler.Opened()
	if c.choking && !c.done {
		c.choking = false
		c.handler.Writable()
	}
}

func (c *tapConn) Readable() {
	if c.blind() {
		c.heldReadable = true
		c.hold()
		return
	}
	c.handler.Readable()
}

func (c *tapConn) Writable() { c.handler.Writable() }

func (c *tapConn) Closed(err error) {
	if c.blind() {
		c.heldClosed = err
		c.hold()
		return
	}
	c.close(err)
}

func (c *tapConn) LocalAddr() netip.AddrPort {
	if c.inner == nil {
		return netip.AddrPort{}
	}
	return c.inner.LocalAddr()
}

func (c *tapConn) RemoteAddr() netip.AddrPort {
	if c.inner == nil {
		return c.remote
	}
	return c.inner.RemoteAddr()
}

func (c *tapConn) Attach(l host.Loop, h host.ConnHandler) {
	c.tap.mu.Lock()
	c.loop, c.handler = l, h
	c.tap.mu.Unlock()
	c.inner.Attach(l, c)
}

func (c *tapConn) Read(p []byte) (int, error) {
	if c.done {
		return 0, host.ErrClosed
	}
	if c.inner == nil {
		return 0, host.ErrWouldBlock
	}
	if c.blind() {
		c.holdBytes(p)
		return 0, host.ErrWouldBlock
	}
	n := copy(p, c.held)
	c.held = c.held[n:]
	if n == 0 {
		var err error
		if n, err = c.read(p); err != nil || n == 0 {
			return n, err
		}
	}
	pass := c.passing(n)
	if pass < n {
		c.held, c.heldReadable = append(slices.Clone(p[pass:n]), c.held...), true
	}
	if c.handed += int64(pass); pass == 0 {
		return 0, host.ErrWouldBlock
	}
	return pass, nil
}

// read reads from the real connection, with an eye on the units that arrive.
func (c *tapConn) read(p []byte) (int, error) {
	n, err := c.inner.Read(p)
	c.follower.Wrote(!c.dialled(), p[:max(n, 0)], func(at int64, name string, number uint64) {
		c.arrived = append(c.arrived, followedUnit{at, name, number})
	})
	return n, err
}

// dialled reports whether this end has opened the connection.
func (c *tapConn) dialled() bool { return c.remote.IsValid() }

// passing is how many of the next n bytes may be handed on: those before the first unit
// that a hold is about. It holds the connection there. Of a unit whose first bytes were
// handed on before they could be named the rest is held.
func (c *tapConn) passing(n int) int {
	for len(c.arrived) > 0 {
		u := c.arrived[0]
		if u.at >= c.handed+int64(n) {
			break
		}
		c.arrived = c.arrived[1:]
		if c.holder = c.tap.world.holdOf(c.peer, c.tap.self, u); c.holder != nil {
			return int(max(u.at-c.handed, 0))
		}
	}
	return n
}

// holdBytes keeps back what had arrived when the cut came. With that the real
// connection will tell of what comes next.
func (c *tapConn) holdBytes(p []byte) {
	if c.heldReadable {
		return
	}
	n, err := c.read(p)
	if errors.Is(err, host.ErrWouldBlock) {
		return
	}
	c.held = append(c.held, p[:n]...)
	c.heldReadable = true
	c.hold()
}

func (c *tapConn) Write(p []byte) (int, error) {
	if c.done {
		return 0, host.ErrClosed
	}
	if c.inner == nil || !c.open {
		c.choking = true
		return 0, nil
	}
	n, err := c.inner.Write(p)
	c.follower.Wrote(c.dialled(), p[:max(n, 0)], func(int64, string, uint64) {})
	if err != nil && c.blind() { // that news must not cross the cut either
		c.heldClosed, c.choking = err, true
		return 0, nil
	}
	return n, err
}

// CloseWrite implements host.HalfCloser.
func (c *tapConn) CloseWrite() error {
	switch {
	case c.done:
		return host.ErrClosed
	case c.inner == nil || !c.open:
		return host.ErrWouldBlock
	}
	half, ok := c.inner.(host.HalfCloser)
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

func (c *tapConn) Close() {
	if c.done {
		return
	}
	c.finish()
	if c.inner != nil {
		c.inner.Close()
	}
}

func (c *tapConn) Abort() {
	if c.done {
		return
	}
	c.finish()
	if c.inner != nil {
		c.inner.Abort()
	}
}

// post runs fn on the connection's loop, if it has one yet.
func (c *tapConn) post(fn func()) {
	c.tap.mu.Lock()
	l := c.loop
	c.tap.mu.Unlock()
	if l != nil {
		l.Post(fn)
	}
}
