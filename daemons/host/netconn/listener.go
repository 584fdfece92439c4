package netconn

import (
	"net" //wavetank:allow its types and errors only
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// backlog is how many connections may wait for Accept, as many as Linux lets wait
// by default (net.core.somaxconn). Further ones are reset.
const backlog = 4096

// listener implements net.Listener.
type listener struct {
	stack    *Stack
	listener host.Listener
	addr     net.Addr
	waiting  []*conn // not yet accepted, the oldest first
	gate     gate
	deadline deadline
	closed   bool
}

func newListener(s *Stack) *listener {
	l := &listener{stack: s}
	l.deadline.gate = &l.gate
	return l
}

// incoming takes a connection that the machine has opened.
func (l *listener) incoming(stream host.Conn) {
	c := newConn(l.stack, net.TCPAddrFromAddrPort(stream.RemoteAddr()))
	c.stream, c.local = stream, net.TCPAddrFromAddrPort(stream.LocalAddr())
	stream.Attach(l.stack.loop, (*events)(c)) // so that it ends with the loop
	if len(l.waiting) == backlog {
		stream.Abort()
		return
	}
	l.waiting = append(l.waiting, c)
	l.gate.open()
}

// Accept implements net.Listener. Only a task of the loop may call it.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, opError("accept", nil, l.addr, err)
	}
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	task := l.stack.loop.Running()
	if task == nil {
		return nil, ErrNoTask
	}
	for {
		if l.closed {
			return nil, net.ErrClosed
		}
		if err := l.deadline.err(); err != nil {
			return nil, err
		}
		if len(l.waiting) > 0 {
			return l.next(), nil
		}
		l.gate.wait(task, "a connection to accept")
	}
}

func (l *listener) next() *conn {
	c := l.waiting[0]
	l.waiting[0] = nil
	l.waiting = l.waiting[1:]
	return c
}

// Close implements net.Listener: connections that nobody has accepted are reset,
// and an Accept that waits fails. Tasks and callbacks of the loop may call it.
func (l *listener) Close() error {
	if l.closed {
		return opError("close", nil, l.addr, net.ErrClosed)
	}
	l.closed = true
	l.deadline.clear()
	l.listener.Close()
	for len(l.waiting) > 0 {
		l.next().stream.Abort()
	}
	l.gate.open()
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.addr }

// SetDeadline is that of net.TCPListener: Accept fails from t on, on the machine's
// wall clock. Tasks and callbacks of the loop may call it.
func (l *listener) SetDeadline(t time.Time) error {
	if l.closed {
		return opError("set", nil, l.addr, net.ErrClosed)
	}
	l.deadline.set(l.stack.loop, l.stack.clock, t)
	return nil
}
