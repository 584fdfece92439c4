package msgr

// State is where a socket is in the protocol. The names are those of Ceph's
// AsyncConnection (STATE_CONNECTING_WAIT_BANNER_AND_IDENTIFY and so on).
type State uint8

// The states of a connector's socket up to open, of an acceptor's up to open,
// of an open one, and the ends.
const (
	StateNone State = iota

	StateStartConnect // waits out a back-off before it dials
	StateConnecting   // dialled, TCP has not answered
	StateConnectingWaitBannerAndIdentify
	StateConnectingWaitConnectReply
	StateConnectingWaitConnectReplyAuth
	StateConnectingWaitAckSeq

	StateAccepting
	StateAcceptingWaitBannerAddr
	StateAcceptingWaitConnectMsg
	StateAcceptingWaitConnectMsgAuth
	StateAcceptingWaitSeq

	StateOpen // idle: the next byte is a tag
	StateOpenKeepalive2
	StateOpenKeepalive2Ack
	StateOpenTagAck
	StateOpenMessageHeader
	StateOpenMessageThrottleMessage
	StateOpenMessageThrottleBytes
	StateOpenMessageThrottleDispatchQueue
	StateOpenMessageReadFront
	StateOpenMessageReadMiddle
	StateOpenMessageReadData
	StateOpenMessageReadFooterAndDispatch

	StateClosed
)

// String is the state's name in words.
func (s State) String() string {
	switch s {
	case StateNone:
		return "none"
	case StateStartConnect:
		return "start connect"
	case StateConnecting:
		return "connecting"
	case StateConnectingWaitBannerAndIdentify:
		return "connecting, wait banner and identify"
	case StateConnectingWaitConnectReply:
		return "connecting, wait connect reply"
	case StateConnectingWaitConnectReplyAuth:
		return "connecting, wait connect reply auth"
	case StateConnectingWaitAckSeq:
		return "connecting, wait ack seq"
	case StateAccepting:
		return "accepting"
	case StateAcceptingWaitBannerAddr:
		return "accepting, wait banner and address"
	case StateAcceptingWaitConnectMsg:
		return "accepting, wait connect"
	case StateAcceptingWaitConnectMsgAuth:
		return "accepting, wait connect auth"
	case StateAcceptingWaitSeq:
		return "accepting, wait seq"
	case StateOpen:
		return "open"
	case StateOpenKeepalive2:
		return "open, keepalive2"
	case StateOpenKeepalive2Ack:
		return "open, keepalive2 ack"
	case StateOpenTagAck:
		return "open, ack"
	case StateOpenMessageHeader:
		return "open, message header"
	case StateOpenMessageThrottleMessage:
		return "open, message throttle"
	case StateOpenMessageThrottleBytes:
		return "open, bytes throttle"
	case StateOpenMessageThrottleDispatchQueue:
		return "open, dispatch queue throttle"
	case StateOpenMessageReadFront:
		return "open, read front"
	case StateOpenMessageReadMiddle:
		return "open, read middle"
	case StateOpenMessageReadData:
		return "open, read data"
	case StateOpenMessageReadFooterAndDispatch:
		return "open, read footer and dispatch"
	case StateClosed:
		return "closed"
	}
	return "unknown"
}

// connecting reports a connector that has not reached open.
func (s State) connecting() bool { return s >= StateStartConnect && s <= StateConnectingWaitAckSeq }

// accepting reports an acceptor that has not reached open.
func (s State) accepting() bool { return s >= StateAccepting && s <= StateAcceptingWaitSeq }

// open reports a socket on which messages flow.
func (s State) open() bool { return s >= StateOpen && s < StateClosed }
