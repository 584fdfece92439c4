package netconn

import (
	"os" //wavetank:allow ErrDeadlineExceeded only
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// gate is where tasks of one loop wait until something has changed.
type gate struct {
	waiting []host.Task
	opened  uint64 // how many times
}

// wait returns after the next open. what is waited for shows in reports.
func (g *gate) wait(t host.Task, what string) {
	g.waiting = append(g.waiting, t)
	for before := g.opened; g.opened == before; { // Wakes that are not ours change nothing
		t.ParkFor(what)
	}
}

// open lets everybody go on who waits now.
func (g *gate) open() {
	g.opened++
	for _, t := range g.waiting {
		t.Wake()
	}
	clear(g.waiting)
	g.waiting = g.waiting[:0]
}

// deadline is a moment after which a gate's tasks wait no more.
type deadline struct {
	gate   *gate
	timer  host.Timer // nil until there was a deadline
	passed bool
}

// set sets the deadline to t on the machine's wall clock; the zero Time is none.
func (d *deadline) set(loop host.Loop, clock host.Clock, t time.Time) {
	if t.IsZero() {
		d.clear()
		return
	}
	d.in(loop, clock.Until(t))
}

// in sets the deadline to a moment from now.
func (d *deadline) in(loop host.Loop, left time.Duration) {
	d.clear()
	if left <= 0 {
		d.pass()
		return
	}
	if d.timer == nil {
		d.timer = loop.NewTimer(d.pass)
	}
	d.timer.Reset(left)
}

func (d *deadline) clear() {
	d.passed = false
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) pass() {
	d.passed = true
	d.gate.open()
}

// err is os.ErrDeadlineExceeded once the deadline has passed.
func (d *deadline) err() error {
	if d.passed {
		return os.ErrDeadlineExceeded
	}
	return nil
}
