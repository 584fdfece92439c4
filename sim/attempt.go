package sim

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Linux sends SYN again after 1, 2, 4 ... s and gives up after the sixth
// repetition (tcp_syn_retries = 6), 127 s after the first.
const (
	synRetryFirst = time.Second
	synRetries    = 6
	synPatience   = synRetryFirst<<(synRetries+1) - synRetryFirst
)

// lateSYN marks a SYN that a stall has kept back. The next one was sent meanwhile,
// so this one is not sent again.
const lateSYN = 1 << 8

// fire is an attempt to connect arriving at its target, or the news that nobody
// listens there.
func (c *conn) fire(kind eventKind, attempt uint64) {
	if c.closed || c.err != nil || !c.dialling || c.peer != nil { // nobody cares any more
		return
	}
	s := c.proc.sim()
	target := s.byAddr[c.remote.Addr()]
	if s.config.OnPacket != nil && kind == eventSYN {
		c.captureSYN(attempt, target)
	}
	switch {
	case attempt&^lateSYN > synRetries:
		s.counts.TimedOut++
		c.fail(host.ErrTimeout)
	case !s.reachable(c.proc.host, target):
		s.counts.AttemptsHeld++
		s.countAttempt(c.proc.host, target)
		c.retry(attempt)
	case kind == eventRefused:
		if s.link(target.subnet, target.host, c.proc.host).hold(c, kind, attempt) {
			c.retry(attempt)
		} else {
			c.refused()
		}
	case s.link(target.subnet, c.proc.host, target.host).hold(c, kind, attempt|lateSYN):
		c.retry(attempt)
	default:
		c.arriveAt(target, attempt)
	}
}

// arriveAt is an attempt that has reached the machine it went to.
func (c *conn) arriveAt(target *nic, attempt uint64) {
	s := c.proc.sim()
	switch l := target.host.listener(c.remote); {
	case l == nil:
		s.kernel.after(s.link(target.subnet, target.host, c.proc.host).transit(0), c, eventRefused, c.id, attempt)
	case len(l.backlog) > s.config.Backlog:
		s.counts.SYNsDropped++
		s.trace.dropped(l, c)
		c.retry(attempt)
	default:
		l.connect(c, target.subnet)
	}
}

// refused: RST has answered the attempt.
func (c *conn) refused() {
	s := c.proc.sim()
	if s.config.OnPacket != nil {
		s.packet(Packet{Conn: c.id, From: c.remote, To: c.local, Kind: PacketRST})
	}
	s.counts.Refused++
	c.fail(host.ErrRefused)
}

// countAttempt books a swallowed attempt on the cuts that swallowed it.
func (s *Sim) countAttempt(from *Host, to *nic) {
	if to == nil || from.on(to.subnet) == nil {
		return
	}
	for _, l := range [...]*Link{s.link(to.subnet, from, to.host), s.link(to.subnet, to.host, from)} {
		if l.cut {
			l.counts.Held++
		}
	}
}

// reachable reports whether an attempt to connect can be answered.
func (s *Sim) reachable(from *Host, to *nic) bool {
	return to != nil && !to.host.down && (from == to.host || from.on(to.subnet) != nil) &&
		!s.link(to.subnet, from, to.host).cut && !s.link(to.subnet, to.host, from).cut
}

// retry sends the attempt again when Linux would.
func (c *conn) retry(attempt uint64) {
	if attempt&lateSYN == 0 {
		c.proc.sim().kernel.after(synRetryFirst<<attempt, c, eventSYN, c.id, attempt+1)
	}
}

// attemptAgain goes on with an attempt whose answer was lost with the machine that
// gave it: the next SYN is sent when Linux would.
func (c *conn) attemptAgain() {
	c.peer, c.in, c.out = nil, nil, nil
	k, attempt, at := c.proc.sim().kernel, uint64(0), c.dialled
	for at <= k.now() && attempt <= synRetries {
		at += int64(synRetryFirst) << attempt
		attempt++
	}
	k.add(at, c, eventSYN, c.id, attempt)
}
