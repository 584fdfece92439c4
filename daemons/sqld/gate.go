package sqld

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// gate is where tasks of one loop wait until something has changed.
type gate struct {
	loop    host.Loop
	waiting []*visitor // the longest wait first
}

// visitor is a task that waits.
type visitor struct {
	task    host.Task
	through bool
	expired bool
}

// wait returns true after the next open, and false after limit. what is waited for shows
// in reports.
func (g *gate) wait(t host.Task, limit time.Duration, what string) bool {
	if limit <= 0 {
		return false
	}
	v := &visitor{task: t}
	timer := g.loop.NewTimer(func() {
		v.expired = true
		t.Wake()
	})
	timer.Reset(limit)
	defer timer.Stop()
	g.waiting = append(g.waiting, v)
	for !v.through && !v.expired { // Wakes that are not ours change nothing
		t.ParkFor(what)
	}
	return v.through
}

// open lets everybody go on who waits now.
func (g *gate) open() {
	for _, v := range g.waiting {
		v.through = true
		v.task.Wake()
	}
	clear(g.waiting)
	g.waiting = g.waiting[:0]
}

// openOne lets the one go on who waits longest.
func (g *gate) openOne() {
	for len(g.waiting) > 0 {
		v := g.waiting[0]
		g.waiting = append(g.waiting[:0], g.waiting[1:]...)
		if v.expired {
			continue
		}
		v.through = true
		v.task.Wake()
		return
	}
}
