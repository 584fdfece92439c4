package msgr

import (
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
	scheduled bool
	stopped   bool
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
	q.messages.clear()
}

// drain dispatches a bounded number of events and messages on the dispatch
// loop. Whatever arrives meanwhile takes its place by priority.
func (q *dispatchQueue) drain() {
	for range q.m.opt.DispatchBatch {
		if !q.one() {
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

// dispatch offers a message round, unless its session has ended since. The
// throttles get back what it drew.
func (q *dispatchQueue) dispatch(d delivery) {
	defer q.m.releaseCost(d)
	if d.c.generation.Load() != d.generation || d.c.down.Load() {
		return
	}
	list := q.m.dispatchers.Load()
	if d.c.local {
		if f := list.fastFor(d.message); f != nil {
			f.FastDispatch(d.c, d.message)
			return
		}
	}
	if !list.dispatch(d.c, d.message) {
		q.m.log.Info("unhandled message", "type", d.message.Header.Type.String(), "peer", d.c.String())
	}
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
