package msgr

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
)

// The connector's half of the handshake (Ceph: ProtocolV1::handle_server_banner_and_identify
// to handle_ack_seq in src/msg/async/ProtocolV1.cc).

// Reasons for a connector to give up a socket.
var (
	errWrongPeer       = errors.New("another daemon than expected answers there")
	errTurnedDown      = errors.New("turned down")
	errBadReply        = errors.New("impossible connect reply")
	errToldToWait      = errors.New("told to wait")
	errMissingFeatures = errors.New("features are missing")
)

// refused tells the dispatchers that nobody listens at the address.
func (c *Connection) refused(p *protocol) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session.proto == p {
		c.m.queue.tell(eventRefused, c)
	}
}

// readBannerAndIdentify reads the acceptor's banner, its address, and ours as
// it sees it; then it introduces us.
func (p *protocol) readBannerAndIdentify() bool {
	if !p.mustSpeak() {
		return false
	}
	b := p.in.take(len(banner) + 2*addrLen)
	if b == nil {
		return false
	}
	peer, err := parseAddr(b[len(banner):])
	if err != nil {
		p.fault(fmt.Errorf("acceptor's address: %w", err))
		return false
	}
	seen, err := parseAddr(b[len(banner)+addrLen:])
	if err != nil {
		p.fault(fmt.Errorf("our address: %w", err))
		return false
	}
	if !p.isExpected(peer) {
		p.fault(fmt.Errorf("%w: %v", errWrongPeer, peer))
		return false
	}
	p.m.learn(seen)
	if p.struck(PointConnectIdentified) {
		return false
	}
	p.out = appendAddr(p.out, p.m.Addr())
	return p.sendConnect()
}

// isExpected compares the acceptor's claim with what was dialled. The nonce
// tells a restarted daemon from the one in the map. A peer that does not know
// its IP yet is forgiven.
func (p *protocol) isExpected(peer msg.EntityAddr) bool {
	want := p.c.peerAddr
	if p.m.cfg.Defects.TakeAnyInstance {
		want.Nonce = peer.Nonce
	}
	if blankIP(peer) {
		return peer.IP.Port() == want.IP.Port() && peer.Nonce == want.Nonce
	}
	return sameEndpoint(peer, want)
}

// sendConnect proposes a session, or to go on with ours. It is repeated on the
// same socket when the acceptor asks for other numbers.
func (p *protocol) sendConnect() bool {
	if err := p.countConnect(); err != nil {
		p.fault(err)
		return false
	}
	protocol, auth := p.m.authorizer().GetAuthorizer(p.c.peerType)
	p.c.mu.Lock()
	f := connectFrame{
		features:        p.m.cfg.Features,
		hostType:        uint32(p.m.cfg.Name.Type),
		globalSeq:       p.globalSeq,
		connectSeq:      p.c.session.connectSeq,
		protocolVersion: protocolVersion(p.m.cfg.Name.Type, p.c.peerType, true),
		authProtocol:    protocol,
		authLen:         uint32(len(auth)),
		flags:           lossyFlag(p.c.session.lossy),
	}
	p.c.mu.Unlock()
	p.connect = f
	p.out = append(f.append(p.out), auth...)
	p.state = StateConnectingWaitConnectReply
	p.push()
	return p.state != StateClosed && !p.struck(PointConnectSent)
}

func lossyFlag(lossy bool) uint8 {
	if lossy {
		return flagLossy
	}
	return 0
}

func (p *protocol) readReply() bool {
	b := p.in.take(connectReplyLen)
	if b == nil {
		return false
	}
	p.reply = parseReply(b)
	if p.reply.authLen > maxAuthorizerBytes {
		p.fault(fmt.Errorf("%w: authorizer reply of %d bytes", errLongAuthorizer, p.reply.authLen))
		return false
	}
	p.state = StateConnectingWaitConnectReplyAuth
	return true
}

// readReplyAuth skips the authorizer's reply: with auth none there is nothing
// to check.
func (p *protocol) readReplyAuth() bool {
	if p.in.take(int(p.reply.authLen)) == nil && p.reply.authLen > 0 {
		return false
	}
	return !p.struck(PointConnectReply) && p.obeyReply(p.reply)
}

// obeyReply does what the acceptor decided.
func (p *protocol) obeyReply(r replyFrame) bool {
	switch r.tag {
	case tagReady, tagSeq:
		return p.granted(r)
	case tagRetryGlobal:
		p.globalSeq = p.m.nextGlobalSeq(r.globalSeq)
		return p.sendConnect()
	case tagRetrySession:
		return p.retrySession(r)
	case tagResetSession:
		return p.resetSession()
	case tagWait:
		p.giveUp(errToldToWait, true)
	case tagFeatures:
		p.fault(fmt.Errorf("%w, %w: we lack features %#x", errTurnedDown, errMissingFeatures, r.features&^p.m.cfg.Features))
	case tagBadProtoVer:
		p.fault(fmt.Errorf("%w, %w: it speaks protocol version %d, we %d", errTurnedDown, errBadProtocol, r.protocolVersion, p.connect.protocolVersion))
	case tagBadAuthorizer:
		p.fault(fmt.Errorf("%w: %w", errTurnedDown, errBadAuthorizer))
	default:
		p.fault(fmt.Errorf("%w: tag %d", errBadReply, r.tag))
	}
	return false
}

// retrySession proposes the session again, by the number the acceptor expects.
// Ceph aborts if that is not above ours.
func (p *protocol) retrySession(r replyFrame) bool {
	if r.connectSeq <= p.connect.connectSeq || r.connectSeq > lastConnectSeq {
		p.fault(fmt.Errorf("%w: retry session %d after %d", errBadConnectSeq, r.connectSeq, p.connect.connectSeq))
		return false
	}
	if !p.c.change(p, func(s *session) { s.connectSeq = r.connectSeq }) {
		return false
	}
	return p.sendConnect()
}

// resetSession starts over: the acceptor knows nothing of our session.
func (p *protocol) resetSession() bool {
	if !p.c.change(p, func(*session) { p.c.remoteReset() }) {
		return false
	}
	return p.sendConnect()
}

// granted opens the session, after an exchange of sequence numbers if the
// acceptor asks for it.
func (p *protocol) granted(r replyFrame) bool {
	if r.connectSeq != p.connect.connectSeq+1 {
		p.fault(fmt.Errorf("%w: granted session %d after %d", errBadConnectSeq, r.connectSeq, p.connect.connectSeq))
		return false
	}
	if missing := p.c.policy.FeaturesRequired &^ r.features; missing != 0 {
		p.fault(fmt.Errorf("%w: peer lacks features %#x", errMissingFeatures, missing))
		return false
	}
	p.features = r.features & p.connect.features
	ours := p.c.change(p, func(s *session) {
		s.connectSeq, s.lossy = r.connectSeq, r.flags&flagLossy != 0 || s.disposable
		s.peerGlobalSeq = r.globalSeq
		if r.tag == tagReady {
			s.requeue()
			s.outSeq, s.inSeq = 0, 0
		}
	})
	switch {
	case !ours || p.struck(PointConnectGranted):
		return false
	case r.tag == tagReady:
		return p.becomeOpen(eventConnect)
	}
	p.state = StateConnectingWaitAckSeq
	return true
}

// readAckSeq learns what the acceptor has received and says what we have.
func (p *protocol) readAckSeq() bool {
	b := p.in.take(seqLen)
	if b == nil {
		return false
	}
	received := binary.LittleEndian.Uint64(b)
	if err := checkSeq("peer has received", received); err != nil {
		p.fault(err)
		return false
	}
	var ours uint64
	if !p.c.change(p, func(s *session) { s.trim(received); ours = s.inSeq }) {
		return false
	}
	if p.struck(PointConnectSeq) {
		return false
	}
	p.out = binary.LittleEndian.AppendUint64(p.out, ours)
	return p.becomeOpen(eventConnect)
}

// change runs f on the session if p's socket is still in charge of it, else it
// drops the socket and reports false.
func (c *Connection) change(p *protocol, f func(*session)) bool {
	c.mu.Lock()
	inCharge := c.session.proto == p
	if inCharge {
		f(&c.session)
	}
	c.mu.Unlock()
	if !inCharge {
		p.drop()
	}
	return inCharge
}
