package msgr

import (
	"errors"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Faults and delays on purpose, by the options that Ceph has for it
// (ms_inject_* in src/common/options.cc). Unlike fault points they strike on any
// machine. Their random numbers come from streams of their own.

// errInjected: a socket was broken on purpose.
var errInjected = errors.New("injected failure")

// breaks reports whether a read or write is to find its socket broken.
func (w *worker) breaks() bool {
	n := w.m.opt.InjectSocketFailures
	return n > 0 && w.m.host.Rand(w.loop.Name()+"/inject").IntN(n) == 0
}

// stalls reports whether the handshake halts before the unit it waits for is
// looked at; once in each state that it goes through.
func (p *protocol) stalls() bool {
	if p.m.opt.InjectInternalDelays == 0 || p.stalled == p.state {
		return false
	}
	p.stalled = p.state
	p.pauseFor(p.m.opt.InjectInternalDelays)
	return true
}

// halts puts off each event, once.
func (q *dispatchQueue) halts() bool {
	if q.m.opt.InjectInternalDelays == 0 {
		return false
	}
	q.mu.Lock()
	event := q.events.len() > 0
	q.mu.Unlock()
	if q.halted = event && !q.halted; !q.halted {
		return false
	}
	if q.halt == nil {
		q.halt = q.loop.NewTimer(q.drainFn)
	}
	q.halt.Reset(q.m.opt.InjectInternalDelays)
	return true
}

// delaysPeer reports whether messages of the socket's peer may be held back.
func (p *protocol) delaysPeer() bool {
	return p.m.opt.InjectDelayProbability > 0 && p.m.opt.InjectDelayType&p.c.peerType != 0
}

// delayLine holds received messages back, each connection's in order. Its
// entries are guarded by the dispatch queue's mutex, its timer belongs to the
// dispatch loop. Ceph has one per connection and empties it at a fault; here the
// messages come out when they are due, fault or not.
type delayLine struct {
	q       *dispatchQueue
	rand    host.Rand
	entries []delayed // by due, and then in order of arrival
	timer   host.Timer
}

// delayed is a message that is held back.
type delayed struct {
	delivery delivery
	fast     FastDispatcher // nil: by the queue
	due      time.Duration  // monotonic
}

// hold holds a message back if it is to be delayed, or if one of its connection
// is, and reports whether it did. fast is nil for one that goes by the queue.
func (q *dispatchQueue) hold(d delivery, fast FastDispatcher) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return false
	}
	if q.line == nil {
		q.line = &delayLine{q: q, rand: q.m.host.Rand(q.m.cfg.Label + "/inject_delay")}
	}
	now := q.m.host.Clock().Monotonic()
	due := max(d.c.heldUntil, now+q.line.draw(&q.m.opt))
	if due <= now && d.c.held == 0 {
		return false
	}
	d.c.heldUntil = due
	d.c.held++
	q.line.add(delayed{d, fast, due})
	return true
}

// clear drops everything. The queue's mutex is held.
func (l *delayLine) clear() {
	for _, d := range l.entries {
		l.q.m.releaseCost(d.delivery)
	}
	l.entries = nil
}

// draw is how long a message is to be held back, or 0.
func (l *delayLine) draw(opt *Options) time.Duration {
	const parts = 10000
	if float64(l.rand.IntN(parts)) >= opt.InjectDelayProbability*parts {
		return 0
	}
	return opt.InjectDelayMax / parts * time.Duration(l.rand.IntN(parts))
}

// add puts a message in its place.
func (l *delayLine) add(d delayed) {
	at := len(l.entries)
	for at > 0 && l.entries[at-1].due > d.due {
		at--
	}
	l.entries = slices.Insert(l.entries, at, d)
	if at == 0 {
		l.q.loop.Post(l.release)
	}
}

// release lets go of what is due. It runs on the dispatch loop.
func (l *delayLine) release() {
	if l.timer == nil {
		l.timer = l.q.loop.NewTimer(l.release)
	}
	now := l.q.m.host.Clock().Monotonic()
	for {
		d, wait := l.next(now)
		if d == nil {
			if wait > 0 {
				l.timer.Reset(wait)
			}
			return
		}
		l.q.handOver(d)
	}
}

// next removes a message that is due; without one it is nil, and how long until
// the first is, 0 if none waits.
func (l *delayLine) next(now time.Duration) (*delayed, time.Duration) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	switch {
	case len(l.entries) == 0:
		return nil, 0
	case l.entries[0].due > now:
		return nil, l.entries[0].due - now
	}
	d := l.entries[0]
	l.entries = slices.Delete(l.entries, 0, 1)
	return &d, 0
}

// handOver delivers a message that was held back. Until that is done no other of
// its connection passes by the line.
func (q *dispatchQueue) handOver(d *delayed) {
	defer q.handedOver(d)
	if d.fast == nil {
		q.deliver([]delivery{d.delivery})
		return
	}
	defer q.m.releaseCost(d.delivery)
	if d.delivery.current() {
		d.fast.FastDispatch(d.delivery.c, d.delivery.message)
	}
}

func (q *dispatchQueue) handedOver(d *delayed) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.delivery.c.held--
}
