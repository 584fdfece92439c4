package msgr

import (
	"bytes"

	"github.com/wavetank/wavetank/daemons/msg"
)

// HeldBytes is what is drawn from the dispatch throttle.
func (m *Messenger) HeldBytes() int64 { return m.dispatchThrottle.held.Load() }

// Connections is how many connections have not ended.
func (m *Messenger) Connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}

// ReceiveBuffer is the size of the connection's receive buffer and sections.
func (c *Connection) ReceiveBuffer() int {
	p := c.session.proto
	if p == nil {
		return 0
	}
	return cap(p.in.buf) + cap(p.front) + cap(p.middle) + cap(p.data)
}

// CompareAddrs is the order that decides races.
var CompareAddrs = compareAddrs

// SendBuffer is the size of what is encoded and not taken by the socket.
func (c *Connection) SendBuffer() int { return len(c.session.proto.out) }

// Unacked is how many messages are kept until the peer acknowledges them.
func (c *Connection) Unacked() int { return c.session.sent.len() + c.session.resend.len() }

// PriorityQueue lets tests use the queue.
type PriorityQueue[T any] struct{ q priorityQueue[T] }

// Push, Pop and Len are the queue's.
func (p *PriorityQueue[T]) Push(priority uint16, v T) { p.q.push(priority, v) }

// Pop takes the next item.
func (p *PriorityQueue[T]) Pop() (T, bool) { return p.q.pop() }

// Len is the number of items.
func (p *PriorityQueue[T]) Len() int { return p.q.len() }

// Bands is how many bands are kept.
func (p *PriorityQueue[T]) Bands() int { return len(p.q.bands) }

// Cap is the room in the first band.
func (p *PriorityQueue[T]) Cap() int { return cap(p.q.bands[0].items) }

// Parts of the opening exchange.
var (
	AppendAddr      = appendAddr
	ParseAddr       = parseAddr
	ProtocolVersion = protocolVersion
)

// Drawn is what is drawn from the throttles: messages and bytes from those of all
// policies, bytes from that of the dispatch queue.
func (m *Messenger) Drawn() (messages, bytes, dispatch int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.policies {
		messages += p.messages.held.Load()
		bytes += p.bytes.held.Load()
	}
	messages += m.defaultPolicy.messages.held.Load()
	bytes += m.defaultPolicy.bytes.held.Load()
	return messages, bytes, m.dispatchThrottle.held.Load()
}

// FramesAgain reads b as each of the fixed units and writes it again, where b is
// long enough for it.
func FramesAgain(b []byte) map[string][]byte {
	again := map[string][]byte{}
	if len(b) >= connectLen {
		again["connect"] = parseConnect(b).append(nil)
	}
	if len(b) >= connectReplyLen {
		again["connect reply"] = parseReply(b).append(nil)
	}
	if len(b) >= msg.FooterLenOld {
		f := parseFooter(b[:msg.FooterLenOld])
		again["old footer"] = appendFooter(nil, &f, msg.FooterLenOld)
	}
	if len(b) >= msg.FooterLen && bytes.Equal(b[12:20], make([]byte, 8)) { // no signature
		f := parseFooter(b[:msg.FooterLen])
		again["footer"] = appendFooter(nil, &f, msg.FooterLen)
	}
	return again
}
