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
// marked down, are discarded. A throttle (per peer type, and one for all) leaves
// sockets unread while too much waits for dispatch.
//
// # Bad input
//
// Whatever a peer sends ends its own connection at worst, with one line in the
// log that names the peer, the state of its socket and the reason, an error. A
// connect that is refused is such a line too, and so is a message that nobody
// takes, which ends nothing. Lengths are checked against [Options] before memory
// is taken for them, the memory for a large message grows with the bytes that
// arrive, a socket may connect a hundred times before it is open, and numbers from
// which ours could not be counted on are not believed.
//
// Two things are as in Ceph. What is queued for a peer that does not read is not
// bounded: who sends must watch the session (keepalives, beacons) and mark it
// down. And a message draws from the throttles when its header has come: a peer
// that announces as much as they hold and then sends nothing keeps all others
// waiting until it has been idle for too long.
//
// # Where it differs from Ceph
//
//   - Left out: message signatures, cephx (CHALLENGE_AUTHORIZER), protocol
//     version 2, several addresses per peer.
//   - Priorities below "low" are strict, while Ceph shares the queue among them
//     by weight.
//   - A throttle is released when Dispatch returns, not when the last user of
//     the message lets go of it.
//   - A connection that broke before its handshake was done was never announced,
//     so no reset is either.
//   - Two rare cases around lossless sessions are settled more kindly, see
//     Connection.remoteReset and Connection.judge. A real Ceph daemon on the
//     other side sees nothing that Ceph could not send.
//   - The connection to ourselves has no events, and fast dispatch of its
//     messages happens on the dispatch loop.
package msgr
