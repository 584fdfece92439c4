package msgr

import (
	"errors"
	"fmt"
	"math"
)

// The numbers that peers tell each other, and where they end. No daemon gets so
// far by counting, but whoever claims such a number must not make ours wrap
// around: what depends on their order would stand on its head, for other sessions
// too.

// Reasons to give up a socket.
var (
	errBadSeq          = errors.New("impossible sequence number")
	errBadConnectSeq   = errors.New("impossible connect_seq")
	errTooManyConnects = errors.New("too many connects on one socket")
)

// seqLimit is above every sequence number of a message. Ceph begins below 2^31.
const seqLimit = 1 << 63

// checkSeq doubts a sequence number that the peer has told us.
func checkSeq(what string, seq uint64) error {
	if seq >= seqLimit {
		return fmt.Errorf("%w: %s %d", errBadSeq, what, seq)
	}
	return nil
}

// lastConnectSeq is the highest connect_seq of a connect: its grant needs one more.
const lastConnectSeq = math.MaxUint32 - 1

// nextConnectSeq is the number of a session's next socket. After the last one it
// begins anew with 0, as a peer does that has lost the session.
func nextConnectSeq(n uint32) uint32 {
	if n >= lastConnectSeq {
		return 0
	}
	return n + 1
}

// retry asks the connector for the number after ours, or to begin anew if there is
// none. A RETRY_SESSION that is not above the connector's number aborts a Ceph
// daemon.
func (s *session) retry() replyFrame {
	if next := nextConnectSeq(s.connectSeq); next > 0 {
		return replyFrame{tag: tagRetrySession, connectSeq: next}
	}
	return replyFrame{tag: tagResetSession}
}

// maxConnects bounds how often connector and acceptor may go round on one socket.
// A few times are usual; a peer that never comes to an end, or does not even wait
// for our half, would fill our memory with answers.
const maxConnects = 100

// countConnect counts a connect on p's socket.
func (p *protocol) countConnect() error {
	if p.connects++; p.connects > maxConnects {
		return fmt.Errorf("%w: %d", errTooManyConnects, p.connects)
	}
	return nil
}
