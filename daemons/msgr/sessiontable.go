package msgr

import (
	"net/netip"

	"github.com/wavetank/wavetank/daemons/msg"
)

// sessionKey is what tells peers apart: Ceph's conns table is keyed by address
// too.
type sessionKey struct {
	nonce uint32
	ip    netip.AddrPort
}

func keyOf(a msg.EntityAddr) sessionKey {
	return sessionKey{a.Nonce, netip.AddrPortFrom(a.IP.Addr().Unmap(), a.IP.Port())}
}

// ConnectTo is the connection to the peer at addr: the one that exists, or a
// new one, which is dialled at once and goes on trying until it is open or
// marked down. Messages may be sent on it right away. A connection to our own
// address delivers to our own dispatchers, and gets no events.
func (m *Messenger) ConnectTo(peer msg.EntityType, addr msg.EntityAddr) *Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !blankIP(addr) && sameEndpoint(addr, m.addr) {
		return m.loopback()
	}
	if c := m.lookup(addr); c != nil {
		return c
	}
	c := m.dialNew(peer, addr)
	if !m.stopped {
		m.registered[keyOf(addr)] = c
	}
	return c
}

// ConnectAnonymously makes a connection of its own to the peer at addr, beside the
// one that ConnectTo gives and will give. It is for a lossy policy: a peer that knows
// sessions by address would take the two for one. Ceph: the anon argument of
// connect_to.
func (m *Messenger) ConnectAnonymously(peer msg.EntityType, addr msg.EntityAddr) *Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dialNew(peer, addr)
}

// dialNew makes a connection and dials, unless the messenger has been shut down: then
// the connection is dead. m.mu is held.
func (m *Messenger) dialNew(peer msg.EntityType, addr msg.EntityAddr) *Connection {
	c := newConnection(m, m.policyFor(peer))
	c.peerType, c.peerAddr, c.dialled = peer, addr, true
	if m.stopped {
		c.down.Store(true)
		c.closed.Store(true)
		return c
	}
	m.enroll(c)
	c.dial(m.pickWorker())
	return c
}

// loopback is the connection to ourselves. m.mu is held.
func (m *Messenger) loopback() *Connection {
	if m.local == nil {
		m.local = newConnection(m, m.policyFor(m.name.Type))
		m.local.local = true
		m.local.peerType, m.local.peerAddr = m.name.Type, m.addr
		m.local.peerNum.Store(m.name.Num)
		m.local.features.Store(m.cfg.Features)
		m.local.ready.Store(true)
	}
	return m.local
}

// lookup finds the live session with the peer at addr. m.mu is held.
func (m *Messenger) lookup(addr msg.EntityAddr) *Connection {
	c := m.registered[keyOf(addr)]
	if c == nil || c.closed.Load() {
		return nil
	}
	return c
}

// enroll puts c on the list that Shutdown goes through. m.mu is held.
func (m *Messenger) enroll(c *Connection) {
	c.index = len(m.all)
	m.all = append(m.all, c)
}

// register makes c the session with its peer's address, unless there is one:
// then it returns that one.
func (m *Messenger) register(c *Connection) (existing *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.lookup(c.peerAddr); e != nil && e != c {
		return e
	}
	m.registered[keyOf(c.peerAddr)] = c
	return nil
}

// forget removes a connection that has ended.
func (m *Messenger) forget(c *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key := keyOf(c.peerAddr); m.registered[key] == c {
		delete(m.registered, key)
	}
	if c.index >= len(m.all) || m.all[c.index] != c {
		return
	}
	last := len(m.all) - 1
	m.all[c.index] = m.all[last]
	m.all[c.index].index = c.index
	m.all[last] = nil
	m.all = m.all[:last]
}

// policyFor is the policy in force for a type. m.mu is held.
func (m *Messenger) policyFor(peer msg.EntityType) *policyEntry {
	if p := m.policies[peer]; p != nil {
		return p
	}
	return m.defaultPolicy
}

// pickWorker goes round the workers. m.mu is held.
func (m *Messenger) pickWorker() *worker {
	w := m.workers[m.nextWorker%len(m.workers)]
	m.nextWorker++
	return w
}
