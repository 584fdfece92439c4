package capture

import (
	"net/netip"

	"github.com/wavetank/wavetank/sim"
)

// MSS is how many bytes of a stream one packet carries at most: what is left of
// an Ethernet frame by the headers that Linux sends by default.
const MSS = 1448

// conversation is one connection, or the attempt to open one. Its first end is
// the one that dialled.
type conversation struct {
	ends   [2]end
	opened bool // SYN-ACK was written
	broken bool // RST was
}

// end is what TCP at one end of a connection would know.
type end struct {
	addr netip.AddrPort
	next uint32 // sequence number of its next byte; SYN had the one before its first
	ack  uint32 // what it expects next, all before is acknowledged
	id   uint16 // IP identification of its next packet
}

func newConversation(p sim.Packet, initial *sim.Stream) *conversation {
	draw := initial.Uint64()
	return &conversation{ends: [2]end{
		{addr: p.From, next: uint32(draw >> 32)},
		{addr: p.To, next: uint32(draw)},
	}}
}

// arrived emits the segments that show p.
func (c *conversation) arrived(p sim.Packet, emit func(segment)) {
	from, to := &c.ends[0], &c.ends[1]
	if p.From != from.addr {
		from, to = to, from
	}
	switch p.Kind {
	case sim.PacketSYN:
		emit(from.synchronize(to, flagSYN))
	case sim.PacketOpen:
		c.open(p.Taken, emit)
	case sim.PacketRST:
		c.reset(from, to, emit)
	case sim.PacketData:
		c.stream(p.Data, from, to, emit)
		c.acknowledge(p.Taken, from, to, emit)
	case sim.PacketFIN:
		c.finish(from, to, emit)
		c.acknowledge(p.Taken, from, to, emit)
	}
}

// open emits the listener's answer to SYN and the dialler's to that. The dialler
// may hang up before the answer has reached it; then open has been called
// already when it does.
func (c *conversation) open(taken bool, emit func(segment)) {
	if c.opened {
		return
	}
	c.opened = true
	dialler, listener := &c.ends[0], &c.ends[1]
	listener.ack = dialler.next
	emit(listener.synchronize(dialler, flagSYN|flagACK))
	c.acknowledge(taken, listener, dialler, emit)
}

// reset emits RST. In answer to SYN it has no number of its own and acknowledges
// what it refuses (RFC 9293, 3.5.2); from a dialler that has no answer yet it
// can acknowledge nothing.
func (c *conversation) reset(from, to *end, emit func(segment)) {
	s := from.segment(to, flagRST|flagACK, nil)
	switch {
	case c.opened:
	case from == &c.ends[1]:
		s.seq, s.ack = 0, to.next
	default:
		s.flags = flagRST
	}
	c.broken = true
	emit(s)
}

func (c *conversation) stream(data []byte, from, to *end, emit func(segment)) {
	for len(data) > 0 {
		n := min(len(data), MSS)
		flags := flagACK
		if n == len(data) {
			flags |= flagPSH
		}
		emit(from.segment(to, flags, data[:n]))
		from.next += uint32(n)
		data = data[n:]
	}
}

func (c *conversation) finish(from, to *end, emit func(segment)) {
	if !c.broken {
		c.open(true, emit)
	}
	emit(from.segment(to, flagFIN|flagACK, nil))
	from.next++ // FIN counts as a byte
}

// acknowledge emits the answer of the end to, if its machine took what arrived.
func (c *conversation) acknowledge(taken bool, from, to *end, emit func(segment)) {
	if !taken {
		return
	}
	to.ack = from.next
	emit(to.segment(from, flagACK, nil))
}

// synchronize is e's SYN, the same each time it is sent.
func (e *end) synchronize(to *end, flags flags) segment {
	s := e.segment(to, flags, nil)
	s.seq--
	return s
}

// segment is what e sends next.
func (e *end) segment(to *end, flags flags, data []byte) segment {
	e.id++
	return segment{
		from: e.addr, to: to.addr, id: e.id, seq: e.next, ack: e.ack, flags: flags, data: data,
	}
}
