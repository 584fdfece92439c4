package sim

import (
	"slices"
	"time"
)

// Link is one direction of the path from one host to another on one network:
// what is sent there is delayed, queued, and kept back by what is wrong with the
// path. Its methods are those faults; [Sim.Link] finds one. A host's path to
// itself is a Link on which no fault has an effect.
//
// Bytes of a live connection are never lost on a link, for TCP would send them
// again: loss shows as delay, and in the end as a connection that is given up
// (see [Config.UserTimeout]).
type Link struct {
	sim      *Sim
	network  *subnet
	from, to *Host
	draws    *Stream
	plain    bool // none of what follows applies, but for splits and extra
	local    bool // a host's path to itself
	blocked  bool // cut or stalled: nothing arrives
	cut      bool
	stalled  bool
	lossy    bool // it was cut since it was last open
	mss      int  // the most bytes of a segment; 0 is no limit but maxSegment
	splits   *Stream
	conns    int // that were opened in this direction
	extra    time.Duration
	shape    *shape // nil as long as no fault has given it another one
	held     []heldEvent
	unacked  []*pipe // of the other direction: acknowledgements did not get through here
	counts   LinkCounts
}

// LinkCounts are what happened to what crossed a link, so far.
type LinkCounts struct {
	Held      uint64 // arrivals and attempts to connect that a cut kept back
	Stalled   uint64 // arrivals and attempts that a stall kept back
	Swallowed uint64 // times that a segment was too large for the path
	Shaped    uint64 // segments with another delay than Config gives, or that had to queue
}

// linkKey names a link.
type linkKey struct {
	network  int
	from, to uint32
}

// heldEvent is an arrival that is kept back.
type heldEvent struct {
	target    target
	kind      eventKind
	arg       uint64
	since     instant
	lost      bool // TCP must send it again; if not it waits in line
	swallowed bool // it was too large
}

const loopbackDelay = 5 * time.Microsecond

// link finds the path between two hosts; it is made when first used, with a
// stream of its own, so that the order in which links come up changes nothing.
func (s *Sim) link(n *subnet, from, to *Host) *Link {
	if from == to {
		return &from.loopback
	}
	key := linkKey{n.index, from.id, to.id}
	l := s.links[key]
	if l == nil {
		l = s.newLink(n, from, to)
		s.links[key] = l
	}
	return l
}

func (s *Sim) newLink(n *subnet, from, to *Host) *Link {
	name := from.name + ">" + to.name
	if n.index > 0 {
		name += "/" + n.name
	}
	l := &Link{sim: s, network: n, from: from, to: to, draws: s.stream("link/" + name)}
	if s.config.Split > 0 {
		l.mss, l.splits = s.config.Split, s.stream("split/"+name)
	}
	l.plain = true
	l.reconsider()
	return l
}

// Link is the path from one host to another on the first network that both are
// on; nil if there is none.
func (s *Sim) Link(from, to *Host) *Link {
	if links := s.Links(from, to); len(links) > 0 {
		return links[0]
	}
	return nil
}

// Links are the paths from one host to another, one for each network that both
// are on, in the order of the networks of from.
func (s *Sim) Links(from, to *Host) []*Link { return from.LinksTo(to) }

// LinksTo are the paths from the machine to another one, as [Sim.Links].
func (h *Host) LinksTo(to *Host) []*Link {
	if h == to {
		return []*Link{&h.loopback}
	}
	var links []*Link
	for _, n := range h.nics {
		if to.on(n.subnet) != nil {
			links = append(links, h.sim.link(n.subnet, h, to))
		}
	}
	return links
}

// Links are the paths between the machine and all others, in both directions.
func (h *Host) Links() []*Link {
	var links []*Link
	for _, other := range h.sim.hosts {
		if other == h {
			continue
		}
		for _, l := range h.LinksTo(other) {
			links = append(links, l, l.reverse())
		}
	}
	return links
}

// LinkOn is the path from one host to another on a network; nil if one of them
// is not on it.
func (s *Sim) LinkOn(network string, from, to *Host) *Link {
	for _, l := range s.Links(from, to) {
		if l.network != nil && l.network.name == network {
			return l
		}
	}
	return nil
}

// Network is the name of the network that the link is part of; empty for a host's
// path to itself.
func (l *Link) Network() string {
	if l.local {
		return ""
	}
	return l.network.name
}

// Counts are the link's counters so far.
func (l *Link) Counts() LinkCounts { return l.counts }

// countConnection numbers a connection that has been opened, from 1.
func (l *Link) countConnection() int {
	l.conns++
	if l.local {
		return l.conns
	}
	return l.conns + l.reverse().conns
}

func (l *Link) reverse() *Link { return l.sim.link(l.network, l.to, l.from) }

// transit is how long something of n bytes is under way that is sent now.
func (l *Link) transit(n int) time.Duration {
	switch {
	case l.plain:
		return l.sim.config.Delay + l.extra + time.Duration(l.draws.int64N(int64(l.sim.config.Jitter)))
	case l.local:
		return loopbackDelay
	case l.shape != nil:
		return l.shaped(n)
	}
	return l.usualDelay()
}

// usualDelay is the one-way delay that Config gives, and what SetDelay adds.
func (l *Link) usualDelay() time.Duration {
	return l.sim.config.Delay + l.extra + time.Duration(l.draws.int64N(int64(l.sim.config.Jitter)))
}

// piece is how many of n bytes that are written go into one segment, if there is a
// limit.
func (l *Link) piece(n int) int {
	if l.splits == nil {
		return min(n, l.mss)
	}
	return min(n, 1+l.splits.IntN(l.mss))
}

// hold keeps an arrival back if nothing arrives on the link.
func (l *Link) hold(t target, kind eventKind, arg uint64) bool {
	if !l.blocked {
		return false
	}
	if l.cut {
		l.counts.Held++
	} else {
		l.counts.Stalled++
	}
	l.held = append(l.held, heldEvent{target: t, kind: kind, arg: arg, since: l.sim.kernel.now(), lost: l.cut})
	return true
}

// swallow keeps an arrival back that is too large to pass.
func (l *Link) swallow(d *pipe, arg uint64, since instant) {
	l.counts.Swallowed++
	l.held = append(l.held, heldEvent{target: d, kind: eventDeliver, arg: arg, since: since, lost: true, swallowed: true})
}

// forget takes a pipe's delivery out of what is kept back.
func (l *Link) forget(d *pipe) {
	l.held = slices.DeleteFunc(l.held, func(e heldEvent) bool { return e.target == d && e.kind == eventDeliver })
}

// reconsider opens or blocks the link after something about it has changed.
func (l *Link) reconsider() {
	blocked := l.cut || l.stalled || l.from.clogged || l.to.clogged
	switch {
	case blocked == l.blocked:
	case blocked:
		l.blocked = true
		l.sim.blocked++
		l.loseAcks()
	default:
		l.blocked = false
		l.sim.blocked--
		l.promiseAcks()
		l.lossy = false
		l.release(func(e heldEvent) bool { return true })
	}
	l.plain = !l.blocked && l.shape == nil
}

// release lets go of what was kept back and now may pass: what was lost arrives
// when it is sent again, the rest at once.
func (l *Link) release(pass func(heldEvent) bool) {
	held := l.held
	l.held = nil
	for _, e := range held {
		if !pass(e) {
			l.held = append(l.held, e)
			continue
		}
		wait := time.Duration(0)
		if e.lost {
			wait = nextRetransmission(e.since, l.sim.kernel.now()) + l.transit(0)
		}
		event := l.sim.kernel.after(wait, e.target, e.kind, l.from.id, e.arg)
		if d, ok := e.target.(*pipe); ok && e.kind == eventDeliver {
			d.pending, d.swallowed = event, false
		}
	}
}
