package msgr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/msg"
)

// The acceptor's half of the handshake (Ceph: ProtocolV1::handle_connect_message_2
// in src/msg/async/ProtocolV1.cc).

// Reasons for an acceptor to give up a socket, or to refuse a connect.
var (
	errBadConnect  = errors.New("impossible connect")
	errBadProtocol = errors.New("another protocol version")
)

// greet sends what an acceptor sends unasked: banner, our address, the
// connector's address as we see it.
func (p *protocol) greet() {
	if p.state != StateAccepting {
		return
	}
	p.deadline = p.w.loop.NewTimer(p.expired)
	p.deadline.Reset(p.m.opt.ReadyTimeout)
	if p.struck(PointAccepted) {
		return
	}
	p.state = StateAcceptingWaitBannerAddr
	p.out = append(p.out, banner...)
	p.out = appendAddr(p.out, p.m.Addr())
	p.out = appendAddr(p.out, msg.EntityAddr{IP: p.conn.RemoteAddr()})
	if p.push() {
		p.struck(PointAcceptBannerSent)
	}
}

// readBannerAddr reads the connector's banner and address.
func (p *protocol) readBannerAddr() bool {
	if !p.mustSpeak() {
		return false
	}
	b := p.in.take(len(banner) + addrLen)
	if b == nil {
		return false
	}
	peer, err := parseAddr(b[len(banner):])
	if err != nil {
		p.fault(fmt.Errorf("connector's address: %w", err))
		return false
	}
	if blankIP(peer) {
		peer.IP = netip.AddrPortFrom(p.conn.RemoteAddr().Addr(), peer.IP.Port())
	}
	p.m.mu.Lock()
	p.c.peerAddr = peer
	p.m.mu.Unlock()
	p.state = StateAcceptingWaitConnectMsg
	return !p.struck(PointAcceptIdentified)
}

func (p *protocol) readConnect() bool {
	b := p.in.take(connectLen)
	if b == nil {
		return false
	}
	p.connect = parseConnect(b)
	if err := p.checkConnect(); err != nil {
		p.fault(err)
		return false
	}
	p.state = StateAcceptingWaitConnectMsgAuth
	return true
}

// checkConnect doubts what cannot even be answered.
func (p *protocol) checkConnect() error {
	f := &p.connect
	switch {
	case f.authLen > maxAuthorizerBytes:
		return fmt.Errorf("%w: authorizer of %d bytes", errLongAuthorizer, f.authLen)
	case f.hostType > 0xff:
		return fmt.Errorf("%w: entity type %d", errBadConnect, f.hostType)
	case f.connectSeq > lastConnectSeq:
		return fmt.Errorf("%w: connect with %d", errBadConnectSeq, f.connectSeq)
	}
	return p.countConnect()
}

func (p *protocol) readConnectAuth() bool {
	auth := p.in.take(int(p.connect.authLen))
	if auth == nil && p.connect.authLen > 0 {
		return false
	}
	return !p.struck(PointAcceptConnect) && p.answer(auth)
}

// answer decides about a connect, in the order that Ceph checks.
func (p *protocol) answer(auth []byte) bool {
	f := p.connect
	peer := msg.EntityType(f.hostType)
	p.m.mu.Lock()
	policy, verifier := p.m.policyFor(peer), p.m.auth
	p.m.mu.Unlock()

	if ours := protocolVersion(p.m.cfg.Name.Type, peer, false); f.protocolVersion != ours {
		return p.refuse(policy, tagBadProtoVer, fmt.Errorf("%w: it speaks %d, we %d", errBadProtocol, f.protocolVersion, ours))
	}
	if missing := policy.FeaturesRequired &^ f.features; missing != 0 {
		return p.refuse(policy, tagFeatures, fmt.Errorf("%w: peer lacks features %#x", errMissingFeatures, missing))
	}
	who, err := verifier.VerifyAuthorizer(peer, f.authProtocol, auth)
	if err != nil {
		return p.refuse(policy, tagBadAuthorizer, err)
	}
	if !p.identify(peer, policy, who) {
		return false
	}
	if policy.Lossy && policy.Server && !policy.RegisterLossyClients {
		return p.grant()
	}
	return p.resolve(policy)
}

// identify fills in what the connect said about the peer, while nobody else
// knows the connection: an older session that the socket has taken over keeps
// what it knows. It reports false if the socket is no longer wanted.
func (p *protocol) identify(peer msg.EntityType, policy *policyEntry, who Identity) bool {
	c := p.c
	return c.change(p, func(s *session) {
		if s.replacing {
			return
		}
		c.peerType, c.policy, c.identity = peer, policy, who
		c.peerGlobalID.Store(who.GlobalID)
		s.lossy = policy.Lossy || s.disposable
	})
}

// refuse turns a connect down for what is wrong with it. The socket stays open, as
// Ceph's does: the connector is to close it.
func (p *protocol) refuse(policy *policyEntry, verdict tag, reason error) bool {
	p.m.log.Info("connect refused", "peer", p.c.String(), "state", p.state.String(), "reason", reason)
	return p.turnDown(policy, replyFrame{tag: verdict})
}

// turnDown answers anything but a grant, and waits for the next connect.
func (p *protocol) turnDown(policy *policyEntry, r replyFrame) bool {
	r.features = p.connect.features&p.m.cfg.Features | policy.FeaturesRequired
	r.protocolVersion = protocolVersion(p.m.cfg.Name.Type, msg.EntityType(p.connect.hostType), false)
	p.out = r.append(p.out)
	p.state = StateAcceptingWaitConnectMsg
	p.push()
	return p.state != StateClosed && !p.struck(PointAcceptReplied)
}

// grant gives the connector its session.
func (p *protocol) grant() bool {
	f := p.connect
	r := replyFrame{
		tag:             tagReady,
		features:        p.m.cfg.Features,
		globalSeq:       p.m.nextGlobalSeq(0),
		connectSeq:      f.connectSeq + 1,
		protocolVersion: f.protocolVersion,
		flags:           lossyFlag(p.c.policy.Lossy),
	}
	p.features = f.features & p.m.cfg.Features
	if old := p.c.Features(); old != 0 && p.m.cfg.Defects.ReuseKeepsOldFeatures {
		p.features = old
	}
	var received uint64
	ours := p.c.change(p, func(s *session) {
		if p.features&msg.FeatureReconnectSeq != 0 && !s.fromReset {
			r.tag = tagSeq
		} else {
			s.outSeq, s.inSeq = 0, 0
		}
		s.connectSeq, s.peerGlobalSeq, s.acceptedSeq = r.connectSeq, f.globalSeq, f.globalSeq
		received = s.inSeq
	})
	if !ours || p.struck(PointAcceptGranted) {
		return false
	}
	p.out = r.append(p.out)
	if r.tag == tagReady {
		return p.becomeOpen(eventAccept)
	}
	p.out = binary.LittleEndian.AppendUint64(p.out, received)
	p.state = StateAcceptingWaitSeq
	p.push()
	return p.state != StateClosed && !p.struck(PointAcceptGrantSent)
}

// readSeq learns what the connector has received.
func (p *protocol) readSeq() bool {
	b := p.in.take(seqLen)
	if b == nil {
		return false
	}
	received := binary.LittleEndian.Uint64(b)
	if err := checkSeq("peer has received", received); err != nil {
		p.fault(err)
		return false
	}
	return p.c.change(p, func(s *session) { s.trim(received) }) && !p.struck(PointAcceptSeq) && p.becomeOpen(eventAccept)
}
