package msgr

// Fault points at the positions of the protocol (see [host.Host.Point]). A fault
// that strikes at one breaks the socket right there, as if the machine had shut
// it down: what was written before still goes out, what comes after does not.
//
// The names say who is where: "connect" is the side that dials, "accept" the
// side that is dialled, "open" both after the handshake.
const (
	// A connector: about to dial; let in by TCP, before its banner; after it; the
	// acceptor's banner and addresses were read, before its own address; after a
	// connect was sent (the first and each repetition); a reply was read and not
	// yet obeyed; a grant was obeyed and the session is not open; the acceptor's
	// sequence number was read, before its own is sent; open.
	PointConnectDial       = "msgr.connect.dial"
	PointConnectLetIn      = "msgr.connect.let_in"
	PointConnectBannerSent = "msgr.connect.banner_sent"
	PointConnectIdentified = "msgr.connect.identified"
	PointConnectSent       = "msgr.connect.connect_sent"
	PointConnectReply      = "msgr.connect.reply"
	PointConnectGranted    = "msgr.connect.granted"
	PointConnectSeq        = "msgr.connect.seq"
	PointConnectOpen       = "msgr.connect.open"

	// An acceptor: about to send its banner; after it; the connector's address was
	// read; a connect was read and not yet judged; the socket has taken over an
	// older session, which the connector has not been told; any reply but a grant
	// was sent; the session was granted, which is not yet sent; the grant was
	// sent; the connector's sequence number was read; open.
	PointAccepted         = "msgr.accept.accepted"
	PointAcceptBannerSent = "msgr.accept.banner_sent"
	PointAcceptIdentified = "msgr.accept.identified"
	PointAcceptConnect    = "msgr.accept.connect"
	PointAcceptReplaced   = "msgr.accept.replaced"
	PointAcceptReplied    = "msgr.accept.replied"
	PointAcceptGranted    = "msgr.accept.granted"
	PointAcceptGrantSent  = "msgr.accept.grant_sent"
	PointAcceptSeq        = "msgr.accept.seq"
	PointAcceptOpen       = "msgr.accept.open"

	// Open, receiving: a message's header was read; its throttles were drawn from;
	// part of its data was read (of a message too large for the receive buffer);
	// all of it was read and checked, and it does not count as received yet; it
	// counts as received, and the ack is not sent; an ack was read and nothing is
	// done about it yet; a keepalive was read and not answered.
	PointHeader    = "msgr.open.header"
	PointThrottled = "msgr.open.throttled"
	PointData      = "msgr.open.data"
	PointMessage   = "msgr.open.message"
	PointBeforeAck = "msgr.open.before_ack"
	PointAck       = "msgr.open.ack"
	PointKeepalive = "msgr.open.keepalive"
	// Open, sending: messages are encoded and count as sent, and nothing of them
	// was written; everything that was queued is written.
	PointEncoded = "msgr.open.encoded"
	PointWritten = "msgr.open.written"
)

// Points are the names of all fault points of a messenger, in the order of the
// protocol: the connector's, the acceptor's, those of an open socket.
func Points() []string {
	return []string{
		PointConnectDial, PointConnectLetIn, PointConnectBannerSent, PointConnectIdentified,
		PointConnectSent, PointConnectReply, PointConnectGranted, PointConnectSeq, PointConnectOpen,
		PointAccepted, PointAcceptBannerSent, PointAcceptIdentified, PointAcceptConnect,
		PointAcceptReplaced, PointAcceptReplied, PointAcceptGranted, PointAcceptGrantSent,
		PointAcceptSeq, PointAcceptOpen,
		PointHeader, PointThrottled, PointData, PointMessage, PointBeforeAck, PointAck,
		PointKeepalive, PointEncoded, PointWritten,
	}
}

// struck reports whether a fault strikes at the point. Then the socket is broken
// and the caller has to leave it alone.
func (p *protocol) struck(point string) bool {
	if !p.m.host.Point(point) {
		return false
	}
	p.fault(errInjected)
	return true
}
