package oshost

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// maxPending is how many accepted connections wait for the loop; more wait in
// the kernel's backlog.
const maxPending = 128

// acceptPause is how long to wait after accept(2) failed for want of something,
// such as descriptors.
const acceptPause = 10 * time.Millisecond

// listener implements host.Listener.
type listener struct {
	host    *Host
	loop    host.Loop
	ln      *net.TCPListener
	addr    netip.AddrPort
	accept  func(host.Conn)
	deliver func() // deliverNext, made once

	mu      sync.Mutex
	room    sync.Cond // for the goroutine of run: pending shrank, or closed
	pending []*conn   // accepted by the kernel, not yet handed to accept
	closed  bool
}

func newListener(h *Host, loop host.Loop, ln *net.TCPListener, accept func(host.Conn)) *listener {
	l := &listener{host: h, loop: loop, ln: ln, addr: addrPort(ln.Addr()), accept: accept}
	l.room.L = &l.mu
	l.deliver = l.deliverNext
	return l
}

// addrPort is a as the seam writes addresses: without the IPv6 form of IPv4.
func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (l *listener) Addr() netip.AddrPort { return l.addr }

// Close implements host.Listener. A call of accept that has begun on another
// loop may still be running when it returns.
func (l *listener) Close() {
	for _, c := range l.shut() {
		c.Abort()
	}
	l.host.release(l)
}

func (l *listener) servedBy(o *loop) bool { return l.loop == o }

// die implements resource. The pending connections are resources themselves.
func (l *listener) die() { l.shut() }

// shut closes the socket and returns the connections nobody will be handed.
func (l *listener) shut() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.ln.Close()
	l.room.Signal()
	orphans := l.pending
	l.pending = nil
	return orphans
}

// run accepts until the listener is closed.
func (l *listener) run() {
	for {
		c, err := l.next()
		if err == nil {
			l.enqueue(c)
			continue
		}
		if l.isClosed() {
			return
		}
		l.host.log.Warn("accept failed", "addr", l.addr, "err", err)
		select {
		case <-l.host.stopping.Done():
			return
		case <-time.After(acceptPause):
		}
	}
}

func (l *listener) next() (*conn, error) {
	nc, err := l.ln.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return newAccepted(l.host, nc)
}

func (l *listener) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

func (l *listener) enqueue(c *conn) {
	l.mu.Lock()
	for len(l.pending) >= maxPending && !l.closed {
		l.room.Wait()
	}
	if l.closed {
		l.mu.Unlock()
		c.Abort()
		return
	}
	l.pending = append(l.pending, c)
	l.loop.Post(l.deliver)
	l.mu.Unlock()
}

// deliverNext hands one connection over. It runs on the loop.
func (l *listener) deliverNext() {
	l.mu.Lock()
	if len(l.pending) == 0 {
		l.mu.Unlock()
		return
	}
	c := l.pending[0]
	l.pending[0] = nil
	l.pending = l.pending[1:]
	l.room.Signal()
	l.mu.Unlock()
	l.accept(c)
}
