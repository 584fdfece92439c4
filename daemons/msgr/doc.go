// Package msgr is the messenger: it carries messages (package msg) between
// daemons over byte streams, as Ceph's AsyncMessenger does, and speaks Ceph's
// messenger protocol version 1 on the wire (banner "ceph v027", auth none).
//
// A daemon makes one [Messenger] per network role, gives it policies and
// dispatchers, binds it if others are to dial it, and starts it:
//
//	m := msgr.New(h, loop, msgr.Config{Name: name, Nonce: h.PID(), Label: "mgr.x", Options: msgr.DefaultOptions()})
//	m.SetDefaultPolicy(msgr.StatelessServer())
//	m.SetPolicy(msg.EntityMon, msgr.LossyClient())
//	m.AddDispatcherTail(d)
//	if err := m.Bind(addr); err != nil { ... }
//	if err := m.Start(); err != nil { ... }
//	c := m.ConnectTo(msg.EntityMon, monAddr)
//	c.Send(msg.New(&msg.MgrBeacon{...}))
//
// # Loops
//
// A messenger has a few worker loops (ms_async_op_threads). Each socket belongs
// to one worker for life; everything about its bytes happens there. Received
// messages and events of connections go through one queue to the daemon's own
// loop, the dispatch loop, where the dispatchers run. [Connection.Send] and the
// other methods of a connection may be called from any loop.
//
// # Connection and socket
//
// A [Connection] is a session with one peer: policy, queues, sequence numbers.
// A protocol (unexported; Ceph's ProtocolV1) is one socket's worth of bytes: a
// state machine named after Ceph's states. A lossy session dies with its socket
// once it was open. A lossless session outlives sockets: what the peer has not
// acknowledged is sent again on the next one, and each message is delivered
// exactly once and in order until the session itself is reset, which is told to
// the dispatchers.
//
// # What a dispatcher sees
//
// Events (connect, accept, reset, remote reset, refused) overtake messages;
// messages are delivered by strict priority and first in, first out inside one
// priority. Messages that arrived on a session which has ended since, or was
// marked down, are discarded.
//
// # What is left out
//
// Message signatures, cephx (CHALLENGE_AUTHORIZER), protocol version 2, several
// addresses per peer. Priorities below "low" are strict here, while Ceph shares
// the queue among them by weight.
package msgr
