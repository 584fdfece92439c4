package oshost

import (
	"fmt"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// interest is a set of things that may happen to a socket.
type interest uint8

const (
	// hangup: the connection broke, or both its directions have ended. Whoever
	// waits for anything waits for this too.
	hangup interest = 1 << iota
	// input: a read would not block.
	input
	// output: there is room to write.
	output
)

// token names one arming of one connection. What is reported for an older one is
// out of date.
type token struct {
	conn   uint32 // given by poller.add
	arming uint32 // counted by the connection
}

// event says that something happened which a connection waited for.
type event struct {
	token
	ready interest
}

// driver waits for sockets, as an EventDriver does in Ceph.
type driver interface {
	// arm waits for what is wanted of the socket fd, in place of what the
	// connection of t waited for before; first says that there was nothing
	// before. One event comes, at once if something is the case already, and then
	// none until arm is called again.
	arm(t token, fd int, want interest, first bool) error
	// forget is called before the socket of a connection is closed. An event may
	// still come.
	forget(conn uint32)
	// run hands over what happens until close is called. events belongs to the
	// driver.
	run(handle func(events []event)) error
	// close ends run. No connection calls arm or forget any more.
	close()
}

// poller waits for the sockets of all connections of a process, with one
// goroutine. It begins with the first connection. A connection is armed only when
// its loop waits: one that reads and writes along costs the poller nothing.
//
// A connection calls the poller under its own lock, so the poller holds no lock
// while it calls a connection.
type poller struct {
	host   *Host
	driver driver // set once

	mu    sync.Mutex
	over  error  // why there are no more connections, or nil
	last  uint32 // the number given last
	conns map[uint32]*conn

	due []*conn // those of the events under way; belongs to the goroutine
}

func (p *poller) init(h *Host) {
	p.host = h
	p.conns = make(map[uint32]*conn)
}

// add gives a connection its number, which is never 0.
func (p *poller) add(c *conn) (uint32, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil {
		return 0, p.over
	}
	if p.driver == nil {
		if err := p.start(); err != nil {
			return 0, err
		}
	}
	for {
		p.last++
		if _, taken := p.conns[p.last]; p.last != 0 && !taken {
			p.conns[p.last] = c
			return p.last, nil
		}
	}
}

// start starts the driver. The caller holds mu.
func (p *poller) start() error {
	d, err := newDriver(p.host.options.pollOnly)
	if err != nil {
		return err
	}
	if !p.host.spawn(func() { p.run(d) }) {
		d.close()
		d.run(nil) // gives up what it holds
		return host.ErrStopped
	}
	p.driver = d
	return nil
}

func (p *poller) run(d driver) {
	if err := d.run(p.handle); err != nil {
		p.fail(err)
	}
}

// forget is called when the socket of a connection is about to be closed.
func (p *poller) forget(number uint32) {
	p.mu.Lock()
	delete(p.conns, number)
	p.mu.Unlock()
	p.driver.forget(number)
}

// handle tells the connections what happened to their sockets.
func (p *poller) handle(events []event) {
	p.due = p.due[:0]
	p.mu.Lock()
	for _, e := range events {
		p.due = append(p.due, p.conns[e.conn])
	}
	p.mu.Unlock()
	for i, c := range p.due {
		if c != nil { // else it was closed meanwhile
			c.happened(events[i].arming, events[i].ready)
		}
		p.due[i] = nil
	}
}

// fail breaks every connection: nobody waits for them any more.
func (p *poller) fail(err error) {
	err = fmt.Errorf("%s: wait for sockets: %w", p.host.Name(), err)
	p.mu.Lock()
	p.over = err
	var all []*conn
	for _, c := range p.conns {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		c.fail(err)
	}
}

// close ends the poller, after all connections: see [Host.Exit].
func (p *poller) close() {
	p.mu.Lock()
	p.over = host.ErrStopped
	d := p.driver
	p.mu.Unlock()
	if d != nil {
		d.close()
	}
}
