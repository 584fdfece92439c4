package msgr

// HeldBytes is what is drawn from the dispatch throttle.
func (m *Messenger) HeldBytes() int64 { return m.dispatchThrottle.held.Load() }

// Connections is how many connections have not ended.
func (m *Messenger) Connections() int { return len(m.all) }

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
