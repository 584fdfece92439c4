package rpc

import (
	"slices"
	"time"
)

// queue is messages in order, and who takes turns to have them.
type queue struct {
	name      string
	transient bool
	max       int
	ready     [][]byte
	consumers []*peer
	turn      int           // of the consumers
	idleSince time.Duration // when the last consumer left
}

// put appends a message. Error: ErrRejected.
func (q *queue) put(body []byte) error {
	if len(q.ready) >= q.max {
		return ErrRejected
	}
	q.ready = append(q.ready, body)
	q.deliver()
	return nil
}

// deliver hands out what can be handed out.
func (q *queue) deliver() {
	for len(q.ready) > 0 {
		p := q.next()
		if p == nil {
			return
		}
		body := q.ready[0]
		q.ready = q.ready[1:]
		p.deliver(q, body)
	}
}

// next is the consumer whose turn it is of those that are ready, or nil.
func (q *queue) next() *peer {
	for range q.consumers {
		p := q.consumers[q.turn%len(q.consumers)]
		q.turn++
		if p.ready() {
			return p
		}
	}
	return nil
}

func (q *queue) leave(p *peer, now time.Duration) {
	q.consumers = slices.DeleteFunc(q.consumers, func(c *peer) bool { return c == p })
	if len(q.consumers) == 0 {
		q.idleSince = now
	}
}
