package db

import (
	"fmt"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// pool counts the connections in use, so that package database/sql never has to wait
// for one: it would on a channel, and stop the loop. It belongs to the loop.
type pool struct {
	loop    host.Loop
	free    int
	waiting []*turn // the longest wait first
}

// turn is a task that waits for a connection.
type turn struct {
	wait    *host.Wait
	granted bool
}

// acquire waits for a connection, at most for limit.
func (p *pool) acquire(t host.Task, limit time.Duration) error {
	if p.free > 0 {
		p.free--
		return nil
	}
	mine := &turn{wait: host.NewWait(t)}
	timer := p.loop.NewTimer(mine.wait.End)
	timer.Reset(limit)
	defer timer.Stop()
	p.waiting = append(p.waiting, mine)
	defer p.leave(mine)
	mine.wait.For("a connection of the pool")
	if mine.granted {
		return nil
	}
	return fmt.Errorf("%w for %v", ErrPoolTimeout, limit)
}

// leave takes a turn that was not granted out of the queue.
func (p *pool) leave(mine *turn) {
	p.waiting = slices.DeleteFunc(p.waiting, func(other *turn) bool { return other == mine })
}

// release hands a connection on, or back.
func (p *pool) release() {
	if len(p.waiting) == 0 {
		p.free++
		return
	}
	next := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	next.granted = true
	next.wait.End()
}
