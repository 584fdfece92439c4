package msgr

// Defects are bugs planted on purpose, modelled on ones that Ceph had, so that a
// test of the messenger can show that it would find them. The zero value has
// none; nothing but such a test sets one. Each is consulted in one place.
type Defects struct {
	// BumpSeqWhileConnecting takes an attempt that failed in the handshake for a
	// session that broke: the next one claims to continue it. (BUG-41)
	BumpSeqWhileConnecting bool
	// NoReadyTimeout waits for ever for an acceptor that says nothing. (BUG-45)
	NoReadyTimeout bool
	// AckWithoutWake notes a keepalive to be answered, but does not write the
	// answer until something else is written. (BUG-48)
	AckWithoutWake bool
	// RetryOnZeroSeq answers RETRY_SESSION from a session in standby whose
	// connect_seq is 0, and RESET_SESSION to the retry. (BUG-50)
	RetryOnZeroSeq bool
	// FullResetOnZeroCookie loses what is queued when one side has granted a
	// session and the other never learned of it. The name is that of the cookie
	// which plays the part of connect_seq in version 2. (BUG-42)
	FullResetOnZeroCookie bool
	// ReuseKeepsOldFeatures goes on with the features of the socket before, when
	// a session changes over to another one. (BUG-52)
	ReuseKeepsOldFeatures bool
	// DeliverAfterMarkDown dispatches what waits in the queue when its connection
	// is marked down.
	DeliverAfterMarkDown bool
	// ForgetSent does not send again what an earlier socket was given.
	ForgetSent bool
	// KeepHeldOnFault does not give the throttles back what a message drew whose
	// socket broke before it was complete.
	KeepHeldOnFault bool
	// TakeAnyInstance takes whoever answers at an IP address and port for the daemon that
	// was dialled, whatever its nonce says.
	TakeAnyInstance bool
}
