package msgr

import (
	"errors"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// dispatchQueue is the one queue between the workers and the dispatch loop.
// Ceph: DispatchQueue in src/msg/DispatchQueue.h, without its thread.
type dispatchQueue struct {
	m       *Messenger
	loop    host.Loop
	drainFn func()

	mu        sync.Mutex
	events    fifo[occurrence]
	messages  priorityQueue[delivery]
	line      *delayLine // nil until something is held back on purpose
	scheduled bool
	stopped   bool

	// The rest belongs to the dispatch loop.
	halt   host.Timer // of a delay that was injected, made when needed
	halted bool       // the delay has come before the event that is next
}

// occurrence is an event on its way to the dispatchers.
type occurrence struct {
	event event
	c     *Connection
}

// delivery is a message on its way to the dispatchers.
type delivery struct {
	c          *Connection
	message    *msg.Message
	cost       int64  // bytes drawn from the throttles
	generation uint32 // of c when the message arrived
}

// current reports whether the session that brought the message lives on.
func (d *delivery) current() bool {
	if d.c.m.cfg.Defects.DeliverAfterMarkDown {
		return true
	}
	return d.c.generation.Load() == d.generation && !d.c.down.Load()
}

func (q *dispatchQueue) init(m *Messenger, loop host.Loop) {
	q.m, q.loop, q.drainFn = m, loop, q.drain
}

// tell queues an event.
func (q *dispatchQueue) tell(e event, c *Connection) {
	q.mu.Lock()
	if q.stopped {
		q.mu.Unlock()
		return
	}
	q.events.push(occurrence{e, c})
	q.schedule()
}

// deliver queues messages of one connection.
func (q *dispatchQueue) deliver(batch []delivery) {
	q.mu.Lock()
	if q.stopped {
		q.mu.Unlock()
		for i := range batch {
			q.m.releaseCost(batch[i])
		}
		return
	}
	for i := range batch {
		q.messages.push(batch[i].message.Header.Priority, batch[i])
	}
	q.schedule()
}

// schedule unlocks the queue and sees to it that drain will run.
func (q *dispatchQueue) schedule() {
	post := !q.scheduled
	q.scheduled = true
	q.mu.Unlock()
	if post {
		q.loop.Post(q.drainFn)
	}
}

// stop drops everything, for good.
func (q *dispatchQueue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.events = fifo[occurrence]{}
	for d, ok := q.messages.pop(); ok; d, ok = q.messages.pop() {
		q.m.releaseCost(d)
	}
	if q.line != nil {
		q.line.clear()
	}
	q.loop.Post(q.stopTimers)
}

// stopTimers runs on the dispatch loop.
func (q *dispatchQueue) stopTimers() {
	if q.halt != nil {
		q.halt.Stop()
	}
	if q.line != nil && q.line.timer != nil {
		q.line.timer.Stop()
	}
}

// drain dispatches a bounded number of events and messages on the dispatch
// loop. Whatever arrives meanwhile takes its place by priority.
func (q *dispatchQueue) drain() {
	for range q.m.opt.DispatchBatch {
		if q.halts() || !q.one() {
			return
		}
	}
	q.loop.Post(q.drainFn)
}

// one dispatches the next event or else the next message.
func (q *dispatchQueue) one() bool {
	q.mu.Lock()
	if o, ok := q.events.pop(); ok {
		q.mu.Unlock()
		q.handle(o)
		return true
	}
	d, ok := q.messages.pop()
	if !ok {
		q.scheduled = false
	}
	q.mu.Unlock()
	if ok {
		q.dispatch(d)
	}
	return ok
}

// handle tells the dispatchers about an event, unless the connection was marked
// down since.
func (q *dispatchQueue) handle(o occurrence) {
	if !o.c.down.Load() {
		q.m.dispatchers.Load().tell(o.event, o.c)
	}
}

// dispatch offers a message to the dispatchers, unless its session has ended since.
// The throttles get back what it drew.
func (q *dispatchQueue) dispatch(d delivery) {
	if d.current() {
		q.offer(d)
	}
	q.m.releaseCost(d)
}

func (q *dispatchQueue) offer(d delivery) {
	list := q.m.dispatchers.Load()
	if d.c.local {
		for _, f := range list.pre {
			f.FastPreprocess(d.c, d.message)
		}
		if f := list.fastFor(d.message); f != nil {
			f.FastDispatch(d.c, d.message)
			return
		}
	}
	if !list.dispatch(d.c, d.message) {
		q.m.log.Info("unhandled message", "type", d.message.Header.Type.String(), "peer", d.c.String(),
			"state", StateOpen.String(), "reason", unhandled(d.message))
	}
}

// Reasons for a message that nobody takes. Its connection goes on: a daemon need
// not know everything that others send it.
var (
	errUnknownType = errors.New("unknown message type")
	errUnhandled   = errors.New("no dispatcher takes it")
)

func unhandled(m *msg.Message) error {
	if _, unknown := m.Body.(*msg.Unknown); unknown {
		return errUnknownType
	}
	return errUnhandled
}

// releaseCost gives the throttles back what a message drew from them.
func (m *Messenger) releaseCost(d delivery) {
	if d.c.local {
		return
	}
	d.c.policy.messages.release(1)
	d.c.policy.bytes.release(d.cost)
	m.dispatchThrottle.release(d.cost)
}
