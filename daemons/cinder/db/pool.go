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
	task    host.Task
	granted bool
	expired bool
}

// acquire waits for a connection, at most for limit.
func (p *pool) acquire(t host.Task, limit time.Duration) error {
	if p.free > 0 {
		p.free--
		return nil
	}
	mine := &turn{task: t}
	timer := p.loop.NewTimer(func() {
		mine.expired = true
		t.Wake()
	})
	timer.Reset(limit)
	defer timer.Stop()
	p.waiting = append(p.waiting, mine)
	defer p.leave(mine)
	wakes := 0
	for ; !mine.granted && !mine.expired; wakes++ {
		t.ParkFor("a connection of the pool")
	}
	if wakes > 1 { // some were meant for the task itself
		t.Wake()
	}
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
	next.task.Wake()
}
