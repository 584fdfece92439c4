package sim

import (
	"net/netip"
	"time"
)

// Packet is a piece of a TCP conversation that has arrived, as [Config.OnPacket]
// is told it. The simulator moves streams, not packets: there are no
// acknowledgements, sequence numbers or segment sizes in it, and whoever wants
// some to look at (package cluster/capture) makes them up from these.
//
// What a cut holds back arrives once, after the cut; what a sender drops
// because the connection broke never does. Attempts to connect are the exception:
// each is told at the moment it reaches its target or would have reached it, so
// that unanswered ones show.
type Packet struct {
	// At is the true wall time, free of any machine's clock error.
	At time.Time
	// Conn numbers the connection, or the attempt. It is unique in a run.
	Conn uint32
	// From and To are the two ends. The first packet of a connection is its
	// PacketSYN, so that one's From is the end that dialled.
	From, To netip.AddrPort
	// Kind says what arrived.
	Kind PacketKind
	// Taken says that the receiving machine's TCP has the connection and took
	// the packet, so that it would acknowledge it. A machine without power, a
	// connection that is reset and bytes for a closed socket do not.
	Taken bool
	// Data are the bytes of a PacketData. They are the simulator's and must not
	// be kept.
	Data []byte
}

// PacketKind says what a Packet is.
type PacketKind uint8

// The kinds of a Packet.
const (
	PacketData PacketKind = iota // bytes of the stream
	PacketSYN                    // an attempt to connect, the first one or a repetition
	PacketOpen                   // SYN-ACK, the answer of a listener
	PacketFIN                    // the sender will send no more
	PacketRST                    // the connection is broken, or nobody listens
)

// packet is what a segment of this kind is told as.
func (k segmentKind) packet() PacketKind {
	return [...]PacketKind{
		segmentData: PacketData, segmentOpen: PacketOpen, segmentFIN: PacketFIN, segmentRST: PacketRST,
	}[k]
}

func (s *Sim) packet(p Packet) {
	p.At = epoch.Add(s.Now())
	s.config.OnPacket(p)
}

// captureSYN tells of an attempt to connect. The event after the last repetition
// is the moment of giving up: nothing is sent then, unless it is answered.
func (c *conn) captureSYN(attempt uint64, target *nic) {
	s := c.proc.sim()
	if attempt <= synRetries || attempt&lateSYN == 0 && s.reachable(c.proc.host, target) {
		s.packet(Packet{Conn: c.id, From: c.local, To: c.remote, Kind: PacketSYN})
	}
}

// capture tells of a segment that is about to be handed to the far end. It comes
// before that, because the bytes then belong to the reader.
func (d *pipe) capture(s segment) {
	d.link.sim.packet(Packet{
		Conn: connection(d.from, d.to), From: d.from.local, To: d.to.local,
		Kind: s.kind.packet(), Taken: d.to.takes(s.kind), Data: s.buf,
	})
}

// captureReset tells of a middlebox that sends RST to both ends of a connection,
// each in the name of the other.
func (s *Sim) captureReset(c *conn) {
	id := connection(c, c.peer)
	s.packet(Packet{Conn: id, From: c.local, To: c.peer.local, Kind: PacketRST})
	s.packet(Packet{Conn: id, From: c.peer.local, To: c.local, Kind: PacketRST})
}

// connection is what the packets of two ends are numbered with: the end that
// dialled, which is the older one.
func connection(a, b *conn) uint32 { return min(a.id, b.id) }

// takes reports whether this end's machine would acknowledge a segment.
func (c *conn) takes(kind segmentKind) bool {
	if c.vanished || c.err != nil || c.out.reset {
		return false
	}
	return kind != segmentRST && (kind != segmentData || !c.closed)
}
