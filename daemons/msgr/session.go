package msgr

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// session is the part of a connection that outlives its sockets, guarded by
// Connection.mu. Whoever wants to change it on behalf of a socket first checks
// that the socket is still the session's: another may have taken its place.
type session struct {
	proto  *protocol // the socket in charge, nil in standby and after the end
	worker *worker   // of the last one
	lossy  bool      // the policy's word, then the acceptor's

	out    priorityQueue[*msg.Message] // not yet written
	resend fifo[*msg.Message]          // written on an earlier socket and not acknowledged; goes first
	sent   fifo[*msg.Message]          // written on this socket and not acknowledged; empty if lossy

	outSeq        uint64 // of the last message written
	inSeq         uint64 // of the last message received
	connectSeq    uint32 // number of this socket in the session
	peerGlobalSeq uint32 // of the attempt that made this socket
	backoff       time.Duration
	keepalive     bool // one is to be sent
	onceOpen      bool
	disposable    bool   // lossy whatever the policies say
	acceptedSeq   uint32 // global_seq that the socket came with, 0 if we dialled it
	replacing     bool   // an accepted socket has taken over and waits for its second connect
	fromReset     bool   // the peer was found to have lost the session; grant with READY
	yields        bool   // if the socket that has taken over breaks before it opens, the peer dials first
}

// idle reports that there is nothing to send.
func (s *session) idle() bool { return s.out.len() == 0 && s.resend.len() == 0 && !s.keepalive }

// outgoing is a message to be written, with the header that it had when it was
// taken: if another socket takes over the session before it is encoded, that one
// numbers it again.
type outgoing struct {
	message *msg.Message
	header  msg.Header
	kept    bool // the session has the message too, until it is acknowledged
}

// perMessage is what a message takes on the wire besides its data, roughly: the
// length of a front is not known before it is encoded.
const perMessage = 160

// take moves up to n messages that go next into batch, numbered. Messages sent
// before keep their numbers, because outSeq was set back when they were
// requeued. It stops before they exceed size bytes; with force the first one may.
func (s *session) take(batch []outgoing, n, size int, force bool) []outgoing {
	for len(batch) < n {
		m, again := s.next()
		if m == nil {
			break
		}
		size -= len(m.Data) + len(m.Middle) + perMessage
		if size < 0 && !force {
			break
		}
		force = false
		if again {
			s.resend.pop()
		} else {
			s.out.pop()
		}
		s.outSeq++
		m.Header.Seq = s.outSeq
		batch = append(batch, outgoing{m, m.Header, !s.lossy})
		if !s.lossy {
			s.sent.push(m)
		}
	}
	return batch
}

// next is the message that goes next, nil if there is none, and whether it was
// sent before.
func (s *session) next() (m *msg.Message, again bool) {
	if s.resend.len() > 0 {
		return s.resend.front(), true
	}
	m, _ = s.out.peek()
	return m, false
}

// acked forgets what the peer says it has received on this socket.
func (s *session) acked(seq uint64) {
	for s.sent.len() > 0 && s.sent.front().Header.Seq <= seq {
		s.sent.pop()
	}
}

// requeue puts what was not acknowledged back in front of everything.
func (s *session) requeue() {
	if s.sent.len() == 0 {
		return
	}
	var again fifo[*msg.Message]
	for _, m := range s.sent.all() {
		again.push(m)
	}
	for _, m := range s.resend.all() {
		again.push(m)
	}
	s.outSeq -= uint64(s.sent.len())
	s.resend, s.sent = again, fifo[*msg.Message]{}
}

// trim forgets what a reconnecting peer says it has received already.
func (s *session) trim(seq uint64) {
	for s.resend.len() > 0 && s.outSeq < seq {
		s.resend.pop()
		s.outSeq++
	}
	s.outSeq = max(s.outSeq, seq)
}

// forgetQueues drops everything that was to be sent and starts counting anew.
func (s *session) forgetQueues() {
	s.out.clear()
	s.resend, s.sent = fifo[*msg.Message]{}, fifo[*msg.Message]{}
	s.outSeq, s.inSeq, s.connectSeq = 0, 0, 0
	s.keepalive = false
}

// nextBackoff is how long to wait before the next attempt.
func (s *session) nextBackoff(o *Options) time.Duration {
	switch {
	case s.backoff == 0:
		s.backoff = o.InitialBackoff
	default:
		s.backoff = min(2*s.backoff, o.MaxBackoff)
	}
	return s.backoff
}

// wake makes the session's worker look at its queues: at once if it is open, by
// dialling if it stands by. Before it is open there is no need. It unlocks c.mu,
// which must be held.
func (c *Connection) wake() {
	s := &c.session
	p := s.proto
	if p == nil {
		if s.worker != nil && !c.policy.Server {
			c.replaceProto(s.worker).startAfter(0)
		}
		c.mu.Unlock()
		return
	}
	post := c.ready.Load() && !p.flushQueued
	if post {
		p.flushQueued = true
	}
	c.mu.Unlock()
	if post {
		p.w.loop.Post(p.flushFn)
	}
}

// replaceProto gives the session a fresh socket-to-be. c.mu is held.
func (c *Connection) replaceProto(w *worker) *protocol {
	p := newProtocol(c, w)
	c.session.proto, c.session.worker, c.session.acceptedSeq = p, w, 0
	return p
}

// dial begins the first attempt.
func (c *Connection) dial(w *worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replaceProto(w).startAfter(0)
}

// serve begins a session on an accepted socket, unless Shutdown has ended it
// already.
func (c *Connection) serve(w *worker, conn host.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		w.refuse(conn)
		return
	}
	c.replaceProto(w).accept(conn)
}

// end is the end of the session. It reports false if that had come before.
func (c *Connection) end() bool {
	c.mu.Lock()
	p := c.session.proto
	ended := c.finish()
	c.mu.Unlock()
	if !ended {
		return false
	}
	c.m.forget(c)
	if p != nil {
		p.w.loop.Post(p.dropFn)
	}
	return true
}

// finish drops all state and makes received messages void. It reports false if
// the session had ended before. c.mu is held.
func (c *Connection) finish() bool {
	if c.closed.Swap(true) {
		return false
	}
	c.ready.Store(false)
	c.generation.Add(1)
	c.session.forgetQueues()
	c.session.proto = nil
	return true
}

// opened makes p's socket the open one, and reports false if p is no longer in
// charge. The event is queued before any message can be.
func (c *Connection) opened(p *protocol, e event) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.session
	if s.proto != p {
		return false
	}
	s.backoff, s.onceOpen, s.fromReset, s.replacing, s.yields = 0, true, false, false, false
	p.inSeq, p.lossy = s.inSeq, s.lossy
	c.features.Store(p.features)
	c.ready.Store(true)
	c.m.queue.tell(e, c)
	return true
}

// remoteReset starts the session over because the peer has lost it. Received
// messages that wait for dispatch are void. c.mu is held.
//
// A session that never was open only counts anew: nothing was sent on it, so
// what is queued need not be lost. Ceph drops and reports that too. It comes up
// when a socket breaks between a grant and its arrival.
func (c *Connection) remoteReset() {
	s := &c.session
	if !s.onceOpen && !c.m.cfg.Defects.FullResetOnZeroCookie {
		s.outSeq, s.inSeq, s.connectSeq = 0, 0, 0
		return
	}
	s.forgetQueues()
	c.generation.Add(1)
	c.m.queue.tell(eventRemoteReset, c)
}

// lost is what the fault of its socket means to a session.
func (c *Connection) lost(p *protocol, was State, waitLong bool) {
	c.mu.Lock()
	if c.closed.Load() || c.session.proto != p {
		c.mu.Unlock()
		return
	}
	c.ready.Store(false)
	s := &c.session
	switch {
	case was.accepting() && !c.dialled && !s.granted():
		c.finish()
		c.mu.Unlock()
		c.m.forget(c)
		return
	case s.lossy && !was.connecting():
		c.finish()
		c.mu.Unlock()
		c.m.forget(c)
		c.m.queue.tell(eventReset, c)
		return
	}
	c.recover(was, waitLong)
	c.mu.Unlock()
}

// granted reports whether the peer may hold the session open although our
// socket is not, or never was: it has a grant.
func (s *session) granted() bool { return !s.lossy && (s.connectSeq > 0 || s.replacing) }

// recover goes on with a session that survives: stand by, dial at once, or dial
// after a back-off. c.mu is held.
//
// Ceph dials at once, too, where each side has dropped its own attempt for the
// other's: both die of that, and as long as nothing but chance keeps the next two
// from crossing, it goes on. Here one side gives the other a back-off's start.
func (c *Connection) recover(was State, waitLong bool) {
	s := &c.session
	if c.m.cfg.Defects.ForgetSent {
		s.sent = fifo[*msg.Message]{}
	}
	s.requeue()
	s.fromReset, s.replacing = false, false
	switch {
	case waitLong:
		s.backoff = c.m.opt.MaxBackoff
		c.replaceProto(s.worker).startAfter(s.backoff)
	case was.connecting():
		if c.m.cfg.Defects.BumpSeqWhileConnecting {
			s.connectSeq++
			s.onceOpen = true
		}
		c.replaceProto(s.worker).startAfter(s.nextBackoff(&c.m.opt))
	case c.policy.Server, c.policy.Standby && s.idle():
		s.proto = nil
	default:
		if s.connectSeq > 0 {
			s.connectSeq = nextConnectSeq(s.connectSeq)
		}
		delay := time.Duration(0)
		if s.yields && was.accepting() {
			delay = s.nextBackoff(&c.m.opt)
		}
		c.replaceProto(s.worker).startAfter(delay)
	}
	s.yields = false
}

// abandon ends an accepted connection whose socket went to an older session.
// Nobody knows it, so its lock is free.
func (c *Connection) abandon() {
	c.mu.Lock()
	c.finish()
	c.mu.Unlock()
}
