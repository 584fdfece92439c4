package msgr

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// From a message's header to the dispatch queue: what it draws from the
// throttles before its body is read, in Ceph's order (ProtocolV1::throttle_message
// to throttle_dispatch_queue), and how it is handed on when it is complete.

// cost is what a message draws from the byte throttles.
func (p *protocol) cost() int64 {
	h := &p.header
	return int64(h.FrontLen) + int64(h.MiddleLen) + int64(h.DataLen)
}

func (p *protocol) throttleMessage() bool {
	if !p.c.policy.messages.take(1) {
		return p.pause()
	}
	p.held.message = true
	p.state = StateOpenMessageThrottleBytes
	return true
}

func (p *protocol) throttleBytes() bool {
	if !p.c.policy.bytes.take(p.cost()) {
		return p.pause()
	}
	p.held.bytes = p.cost()
	p.state = StateOpenMessageThrottleDispatchQueue
	return true
}

func (p *protocol) throttleDispatchQueue() bool {
	if !p.m.dispatchThrottle.take(p.cost()) {
		return p.pause()
	}
	p.held.dispatch = p.cost()
	p.state = StateOpenMessageReadFront
	return !p.struck(PointThrottled)
}

// pause leaves the socket unread for a moment; TCP makes the peer wait.
func (p *protocol) pause() bool {
	p.pauseFor(throttleRetry)
	return false
}

func (p *protocol) pauseFor(d time.Duration) {
	if p.retry == nil {
		p.retry = p.w.loop.NewTimer(p.resume)
	}
	p.paused = true
	p.retry.Reset(d)
}

func (p *protocol) resume() {
	p.paused = false
	p.pump()
}

// releaseHeld gives back what an unfinished message drew.
func (p *protocol) releaseHeld() {
	if p.held.message {
		p.c.policy.messages.release(1)
	}
	p.c.policy.bytes.release(p.held.bytes)
	p.m.dispatchThrottle.release(p.held.dispatch)
	p.held = draws{}
}

// hand passes a message on: to a fast dispatcher at once, else to the batch.
// From here on it is the delivery that holds what was drawn.
func (p *protocol) hand(m *msg.Message) bool {
	d := delivery{c: p.c, message: m, cost: p.held.bytes}
	p.held = draws{}
	if n := m.Header.Src.Num; p.c.peerNum.Load() != n {
		p.c.peerNum.Store(n)
	}
	p.ackDue = !p.lossy
	if f := p.m.dispatchers.Load().fastFor(m); f != nil {
		return p.handFast(f, d)
	}
	p.w.batch = append(p.w.batch, d)
	return true
}

// show lets those who want to see messages that are about to count as received.
// Others will come again on another socket, or never.
func (p *protocol) show(batch ...delivery) {
	pre := p.m.dispatchers.Load().pre
	if len(pre) == 0 {
		return
	}
	for i := range batch {
		if !p.inCharge() {
			return
		}
		for _, f := range pre {
			f.FastPreprocess(p.c, batch[i].message)
		}
	}
}

// inCharge reports whether the session is still p's socket's.
func (p *protocol) inCharge() bool {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.c.session.proto == p
}

func (p *protocol) handFast(f FastDispatcher, d delivery) bool {
	p.commit()
	p.show(d)
	ours := p.c.change(p, func(s *session) {
		s.inSeq = p.inSeq
		d.generation = p.c.generation.Load()
	})
	if ours && p.delaysPeer() && p.m.queue.hold(d, f) {
		return true
	}
	defer p.m.releaseCost(d)
	if !ours {
		return false
	}
	f.FastDispatch(p.c, d.message)
	return p.state != StateClosed
}

// commit counts the batch as received and queues it, in one step: a session
// that has moved to another socket is sent the messages again, so they must not
// be delivered from this one.
func (p *protocol) commit() {
	batch := p.w.batch
	if len(batch) == 0 {
		return
	}
	p.show(batch...)
	c := p.c
	c.mu.Lock()
	if c.session.proto == p {
		c.session.inSeq = p.inSeq
		generation := c.generation.Load()
		for i := range batch {
			batch[i].generation = generation
		}
		p.deliver(batch)
	} else {
		for i := range batch {
			p.m.releaseCost(batch[i])
		}
	}
	c.mu.Unlock()
	clear(batch)
	p.w.batch = batch[:0]
}

// deliver queues a batch, but for what is to be held back.
func (p *protocol) deliver(batch []delivery) {
	if p.delaysPeer() {
		batch = slices.DeleteFunc(batch, func(d delivery) bool { return p.m.queue.hold(d, nil) })
	}
	p.m.queue.deliver(batch)
}
