package sim

import "time"

// link is the path from one host to another, one direction of it.
type link struct {
	sim      *Sim
	from, to *Host
	delays   *Stream
	cut      bool
	held     []heldEvent
	holds    int  // arrivals and attempts held back so far
	local    bool // a host's path to itself
	extra    time.Duration
}

// heldEvent is an arrival that a cut keeps back.
type heldEvent struct {
	target target
	kind   eventKind
	arg    uint64
	since  instant
}

const loopbackDelay = 5 * time.Microsecond

// link finds the path between two hosts; it is made when first used, with a
// stream of its own, so that the order in which links come up changes nothing.
func (s *Sim) link(from, to *Host) *link {
	if from == to {
		return &from.loopback
	}
	key := [2]uint32{from.id, to.id}
	l := s.links[key]
	if l == nil {
		l = &link{sim: s, from: from, to: to, delays: NewStream(s.config.Seed, "link/"+from.name+">"+to.name)}
		s.links[key] = l
	}
	return l
}

func (l *link) reverse() *link { return l.sim.link(l.to, l.from) }

// delayDraw is the one-way delay of the next thing to cross.
func (l *link) delayDraw() time.Duration {
	if l.local {
		return loopbackDelay
	}
	return l.sim.config.Delay + l.extra + time.Duration(l.delays.int64N(int64(l.sim.config.Jitter)))
}

// hold keeps an arrival back if the link is cut.
func (l *link) hold(t target, kind eventKind, arg uint64) bool {
	if !l.cut {
		return false
	}
	l.holds++
	l.held = append(l.held, heldEvent{target: t, kind: kind, arg: arg, since: l.sim.kernel.now()})
	return true
}

// Cut stops everything that goes from one host to another, what is in flight
// included, until [Sim.Heal]. Nothing is lost, for TCP would send it again;
// attempts to connect go unanswered. The other direction is not touched, though
// a connection needs both to open.
func (s *Sim) Cut(from, to *Host) {
	l := s.link(from, to)
	if l.local || l.cut {
		return
	}
	l.cut = true
	s.trace.link(l, "cut")
}

// Heal undoes [Sim.Cut]. What was held arrives when TCP's next retransmission
// would have come: the longer the cut, the longer the wait after it.
func (s *Sim) Heal(from, to *Host) {
	l := s.link(from, to)
	if !l.cut {
		return
	}
	l.cut = false
	s.trace.link(l, "heal")
	held := l.held
	l.held = nil
	for _, e := range held {
		d := nextRetransmission(e.since, s.kernel.now()) + l.delayDraw()
		s.kernel.after(d, e.target, e.kind, l.from.id, e.arg)
	}
}

// SetDelay adds extra to the delay of everything that will go from one host to
// another; 0 takes it back.
func (s *Sim) SetDelay(from, to *Host, extra time.Duration) {
	s.link(from, to).extra = extra
	s.trace.link(s.link(from, to), "delay "+extra.String())
}

// Held counts what cuts from one host to another have kept back so far: pieces
// of streams, and attempts to connect.
func (s *Sim) Held(from, to *Host) int { return s.link(from, to).holds }

// TCP's retransmission timer as Linux sets it on a fast link: 200 ms, doubled
// each time, at most 120 s (TCP_RTO_MIN and TCP_RTO_MAX of the kernel).
const (
	rtoMin = 200 * time.Millisecond
	rtoMax = 120 * time.Second
)

// nextRetransmission is how long after now a segment first sent at since is sent
// again.
func nextRetransmission(since, now instant) time.Duration {
	at, rto := since, rtoMin
	for at < now {
		at += int64(rto)
		rto = min(2*rto, rtoMax)
	}
	return time.Duration(at - now)
}

// Reset breaks every connection between two hosts, as a middlebox does that
// sends RST both ways. It reports how many it broke.
func (s *Sim) Reset(a, b *Host) int {
	if a.process == nil {
		return 0
	}
	var broken []*conn
	for _, c := range a.process.conns {
		if c.err == nil && c.peer != nil && c.peer.proc.host == b {
			broken = append(broken, c)
		}
	}
	for _, c := range broken {
		if s.config.OnPacket != nil {
			s.captureReset(c)
		}
		c.peer.breakOff()
		c.breakOff()
	}
	if len(broken) > 0 {
		s.trace.link(s.link(a, b), "reset")
	}
	return len(broken)
}
