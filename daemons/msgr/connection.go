package msgr

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Connection is a session with one peer. Its methods may be called from any
// loop of the process unless they say otherwise. The facts about the peer
// (type, address, authorizer) are fixed when a dispatcher first sees the
// connection.
type Connection struct {
	// Priv belongs to the dispatchers: what they know about the peer. It is
	// touched on the dispatch loop only.
	Priv any

	m     *Messenger
	index int  // in Messenger.all, guarded by Messenger.mu
	local bool // to ourselves

	dialled  bool // by ConnectTo, so it keeps trying
	peerType msg.EntityType
	peerAddr msg.EntityAddr
	identity Identity
	policy   *policyEntry

	closed        atomic.Bool   // the session has ended
	down          atomic.Bool   // ended by us: not a word to the dispatchers
	ready         atomic.Bool   // open right now
	generation    atomic.Uint32 // of the session: received messages of an earlier one are void
	features      atomic.Uint64
	peerNum       atomic.Int64
	peerGlobalID  atomic.Uint64
	lastKeepalive atomic.Int64 // monotonic
	lastAck       atomic.Int64 // monotonic

	held      int           // messages held back on purpose, guarded by the dispatch queue's mutex
	heldUntil time.Duration // when the last of them is due, guarded as well

	mu      sync.Mutex // guards what follows; may be held while the dispatch queue's is taken
	session session
}

func newConnection(m *Messenger, policy *policyEntry) *Connection {
	c := &Connection{m: m, policy: policy}
	c.session.lossy = policy.Lossy
	c.peerNum.Store(-1)
	return c
}

// Send queues a message and takes ownership of it: neither it nor its body may
// be changed afterwards. It never blocks. On a session that has ended the
// message is dropped; otherwise it is written as soon as the connection is open
// and the socket takes it. Higher priorities go first. A message of a [msg.Pool] is
// released once it is sent, unless the session may have to send it again.
func (c *Connection) Send(m *msg.Message) {
	if c.local {
		c.sendToSelf(m)
		return
	}
	c.mu.Lock()
	if c.closed.Load() {
		c.mu.Unlock()
		return
	}
	c.session.out.push(m.Header.Priority, m)
	c.wake()
}

// sendToSelf delivers without a socket.
func (c *Connection) sendToSelf(m *msg.Message) {
	m.Header.Src = c.m.Name()
	c.m.queue.deliver([]delivery{{c: c, message: m, generation: c.generation.Load()}})
}

// SendTo is ConnectTo and [Connection.Send].
func (m *Messenger) SendTo(peer msg.EntityType, addr msg.EntityAddr, message *msg.Message) {
	m.ConnectTo(peer, addr).Send(message)
}

// SendKeepalive asks the peer for a sign of life, see
// [Connection.LastKeepaliveAck]. If the connection is not open yet it is sent
// when it is.
func (c *Connection) SendKeepalive() {
	if c.local {
		c.lastAck.Store(int64(c.m.host.Clock().Monotonic()))
		return
	}
	c.mu.Lock()
	if c.closed.Load() {
		c.mu.Unlock()
		return
	}
	c.session.keepalive = true
	c.wake()
}

// LastKeepaliveAck is the monotonic time at which the peer's last answer to
// SendKeepalive arrived, 0 if none ever did.
func (c *Connection) LastKeepaliveAck() time.Duration { return time.Duration(c.lastAck.Load()) }

// LastKeepalive is the monotonic time at which the peer last asked us for a
// sign of life, 0 if it never did.
func (c *Connection) LastKeepalive() time.Duration { return time.Duration(c.lastKeepalive.Load()) }

// MarkDown ends the session without a word to the dispatchers: what is queued
// is dropped, and messages of the connection that were received and not yet
// dispatched are discarded. Calling it again, or on a dead connection, does
// nothing.
func (c *Connection) MarkDown() {
	if c.local {
		return
	}
	c.down.Store(true)
	c.end()
}

// stop is MarkDown, but the dispatchers are told that the session is gone, unless
// they never heard of it.
func (c *Connection) stop() {
	if !c.end() {
		return
	}
	c.mu.Lock()
	known := c.dialled || c.session.onceOpen
	c.mu.Unlock()
	if known {
		c.m.queue.tell(eventReset, c)
	}
}

// MarkDisposable makes the session lossy: it ends with the next fault of an open
// socket. A monitor does so with the session of a peer that it has left behind.
func (c *Connection) MarkDisposable() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.disposable, c.session.lossy = true, true
}

// PeerAddr is the peer's address as it announces it.
func (c *Connection) PeerAddr() msg.EntityAddr { return c.peerAddr }

// PeerAddrs is PeerAddr as a vector.
func (c *Connection) PeerAddrs() msg.AddrVec { return msg.AddrVec{c.peerAddr} }

// PeerType is the peer's entity type.
func (c *Connection) PeerType() msg.EntityType { return c.peerType }

// PeerName is the entity that the peer's last message came from; its number is
// -1 before the first.
func (c *Connection) PeerName() msg.EntityName {
	return msg.EntityName{Type: c.peerType, Num: c.peerNum.Load()}
}

// PeerIdentity is what the Authorizer made of the peer's authorizer, blank if it
// showed none.
func (c *Connection) PeerIdentity() Identity { return c.identity }

// PeerGlobalID is what the peer's authorizer said or [Connection.SetPeerGlobalID]
// set, 0 at first.
func (c *Connection) PeerGlobalID() uint64 { return c.peerGlobalID.Load() }

// SetPeerGlobalID notes the global id that authentication gave the peer.
func (c *Connection) SetPeerGlobalID(id uint64) { c.peerGlobalID.Store(id) }

// Features are the feature bits that both sides have, 0 before the connection
// was first open.
func (c *Connection) Features() uint64 { return c.features.Load() }

// HasFeature reports whether both sides have all the bits.
func (c *Connection) HasFeature(bits uint64) bool { return c.Features()&bits == bits }

// IsConnected reports whether the connection is open right now.
func (c *Connection) IsConnected() bool { return c.ready.Load() }

// IsLoopback reports whether this is the connection to ourselves.
func (c *Connection) IsLoopback() bool { return c.local }

// Messenger is the messenger that the connection belongs to.
func (c *Connection) Messenger() *Messenger { return c.m }

// String names the peer for logs: "mon v1:10.0.0.1:6789/0", without its type as
// long as a connector has not told it.
func (c *Connection) String() string {
	if c.peerType == 0 {
		return c.peerAddr.String()
	}
	return fmt.Sprintf("%v %v", c.peerType, c.peerAddr)
}
