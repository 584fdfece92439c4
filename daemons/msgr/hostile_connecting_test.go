package msgr_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// verdicts that only hostile tests spell out.
const (
	tagBadProtoVer   = 10
	tagBadAuthorizer = 11
	tagFeatures      = 12
	tagChallenge     = 16
)

// answers are assaults on a connector's handshake, with what an acceptor says.
func answers() []assault {
	reply := func(tag byte, change func(*replyUnit)) []byte {
		r := grantUnit(tag)
		change(&r)
		return accepting(strangerAt, r)
	}
	plain := func(tag byte) []byte { return reply(tag, func(*replyUnit) {}) }
	seq := func(tag byte, n uint32) []byte { return reply(tag, func(r *replyUnit) { r.connectSeq = n }) }
	at := func(offset int, v ...byte) []byte {
		b := accepting(strangerAt)
		copy(b[offset:], v)
		return b
	}
	const ours, seen = 9, 9 + 136
	const banner, wait, auth = msgr.StateConnectingWaitBannerAndIdentify, msgr.StateConnectingWaitConnectReply, msgr.StateConnectingWaitConnectReplyAuth
	return []assault{
		{"banner", []byte("ceph v017"), msgr.ErrBadBanner, banner},
		{"banner, its beginning and then another", []byte("ceph v0\n"), msgr.ErrBadBanner, banner},
		{"its address, marker", at(ours, 1), msgr.ErrBadAddress, banner},
		{"its address, family", at(ours+8, 0, 17), msgr.ErrBadAddress, banner},
		{"our address, marker", at(seen, 255), msgr.ErrBadAddress, banner},
		{"our address, family", at(seen+8, 2, 0), msgr.ErrBadAddress, banner},
		{"another port", at(ours+10, 0, 1), msgr.ErrWrongPeer, banner},
		{"another nonce", at(ours+4, 6), msgr.ErrWrongPeer, banner},
		{"our own address", accepting(besiegedAt), msgr.ErrWrongPeer, banner},
		{"verdict 0", plain(0), msgr.ErrBadReply, auth},
		{"verdict of an open stream", plain(7), msgr.ErrBadReply, auth},
		{"verdict of cephx", plain(tagChallenge), msgr.ErrBadReply, auth},
		{"verdict 255", plain(255), msgr.ErrBadReply, auth},
		{"authorizer reply, one byte too long", reply(tagSeq, func(r *replyUnit) { r.authLen = 4097 }), msgr.ErrLongAuthorizer, wait},
		{"authorizer reply of 4 GiB", reply(tagSeq, func(r *replyUnit) { r.authLen = 1<<32 - 1 }), msgr.ErrLongAuthorizer, wait},
		{"retry with our number", seq(tagRetrySession, 0), msgr.ErrBadConnectSeq, auth},
		{"retry with a number that has no next", seq(tagRetrySession, 1<<32-1), msgr.ErrBadConnectSeq, auth},
		{"retry with a lower number", accepting(strangerAt, replyUnit{tag: tagRetrySession, connectSeq: 1 << 31}, replyUnit{tag: tagRetrySession, connectSeq: 1<<31 - 1}), msgr.ErrBadConnectSeq, auth},
		{"grant of our number", seq(tagReady, 0), msgr.ErrBadConnectSeq, auth},
		{"grant of a far number", seq(tagSeq, 1<<31), msgr.ErrBadConnectSeq, auth},
		{"grant of the last number", seq(tagSeq, 1<<32-1), msgr.ErrBadConnectSeq, auth},
		{"no features", reply(tagReady, func(r *replyUnit) { r.features = 0 }), msgr.ErrMissingFeatures, auth},
		{"one feature missing", reply(tagSeq, func(r *replyUnit) { r.features &^= msg.FeatureMsgAuth }), msgr.ErrMissingFeatures, auth},
		{"wants features nobody has", reply(tagFeatures, func(r *replyUnit) { r.features = 1<<64 - 1 }), msgr.ErrMissingFeatures, auth},
		{"turned down for features", plain(tagFeatures), msgr.ErrTurnedDown, auth},
		{"turned down for the version", plain(tagBadProtoVer), msgr.ErrTurnedDown, auth},
		{"turned down for the version, and why", plain(tagBadProtoVer), msgr.ErrBadProtocol, auth},
		{"turned down for the authorizer", plain(tagBadAuthorizer), msgr.ErrTurnedDown, auth},
		{"turned down for the authorizer, and why", plain(tagBadAuthorizer), msgr.ErrBadAuthorizer, auth},
		{"told to wait", plain(tagWait), msgr.ErrToldToWait, auth},
		{"received 2^63 messages", granting(1 << 63), msgr.ErrBadSeq, msgr.StateConnectingWaitAckSeq},
		{"received 2^64-1 messages", granting(1<<64 - 1), msgr.ErrBadSeq, msgr.StateConnectingWaitAckSeq},
	}
}

// TestHostileAcceptor_endsItsSocketOnly: a stranger that we dial and that does not
// keep to the protocol. It is dialled again later, as anybody.
func TestHostileAcceptor_endsItsSocketOnly(t *testing.T) {
	for kind, as := range map[string]msg.EntityType{"lossy": msg.EntityOSD, "lossless": msg.EntityMon} {
		for _, a := range answers() {
			t.Run(kind+", "+a.name, func(t *testing.T) {
				s := newDiallingSiege(t)
				a.checkEnd(t, s, s.answered(as, a.bytes))
				peers := s.w.listenRaw(strangerAt.IP)
				s.w.run(20 * time.Second)
				if len(*peers) == 0 {
					t.Error("it is not tried again")
				}
				s.checkBystanders(t)
			})
		}
		for _, a := range onceOpen() {
			t.Run(kind+", "+a.name, func(t *testing.T) {
				s := newDiallingSiege(t)
				a.checkEnd(t, s, s.answered(as, append(granting(0), a.bytes...)))
			})
		}
	}
}

// newDiallingSiege is a siege whose monitor wants features of whom it dials.
func newDiallingSiege(t *testing.T) *siege {
	s := newSiege(t)
	for as, p := range map[msg.EntityType]msgr.Policy{msg.EntityMon: msgr.LosslessPeerReuse(), msg.EntityOSD: msgr.LossyClient()} {
		p.FeaturesRequired = msg.FeatureMsgAuth
		s.mon.m.SetPolicy(as, counted(p))
	}
	return s
}

// TestHostileAcceptor_goesRoundForEver: one that always has another objection, and
// does not even wait for our half.
func TestHostileAcceptor_goesRoundForEver(t *testing.T) {
	rising := make([]replyUnit, 5000)
	for i := range rising {
		rising[i] = replyUnit{tag: tagRetrySession, connectSeq: uint32(i + 1)}
	}
	for name, replies := range map[string][]replyUnit{
		"RETRY_GLOBAL":  slices.Repeat([]replyUnit{{tag: tagRetryGlobal, globalSeq: 7}}, 5000),
		"RESET_SESSION": slices.Repeat([]replyUnit{{tag: tagResetSession}}, 5000),
		"RETRY_SESSION": rising,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiege(t)
			stranger := s.answered(msg.EntityMon, accepting(strangerAt, replies...))
			if g := *s.grievances; len(g) != 1 || !errors.Is(g[0].reason, msgr.ErrTooManyConnects) || !stranger.closed {
				t.Errorf("the log says %v, closed: %v", g, stranger.closed)
			}
			if n, most := len(stranger.got), 9+136+100*len(asMon().bytes()); n > most {
				t.Errorf("%d bytes of connects, want %d at most", n, most)
			}
			s.checkBystanders(t)
		})
	}
}

// TestHostileAcceptor_cannotUseUpGlobalSeq: a stranger that asks for a global_seq
// near the end of the numbers costs the other sessions nothing. They break and come
// back, again and again.
func TestHostileAcceptor_cannotUseUpGlobalSeq(t *testing.T) {
	for before := range uint32(8) {
		p := newMons(t, msgr.LosslessPeerReuse())
		c := p.dial(p.a, p.b)
		p.w.settle()
		peers := p.w.listenRaw(strangerAt.IP)
		p.a.m.ConnectTo(msg.EntityMon, strangerAt)
		p.w.settle()
		(*peers)[0].write(accepting(strangerAt, replyUnit{tag: tagRetryGlobal, globalSeq: 1<<32 - 1 - before}))
		p.w.settle()
		delete(p.w.listeners, strangerAt.IP)
		for i := range uint64(6) {
			p.cutTo(p.b)
			c.Send(ping(i+1, nil))
			p.w.run(time.Second)
			wantTids(t, p.b.journal, upTo(i+1)...)
		}
		if strings.Contains(p.a.h.log.String(), "too many connects") {
			t.Errorf("%d below the last number:\n%s", before, p.a.h.log.String())
		}
	}
}

// cutTo breaks all sockets that were dialled to d.
func (p *mons) cutTo(d *daemon) {
	for _, c := range p.conns {
		if c.remote == d.m.Addr().IP && c.peer != nil && !c.closed {
			c.cut()
		}
	}
	p.w.settle()
}

// firstConnect is the connect_seq of the first connect that a stranger was sent.
func firstConnect(got []byte) uint32 { return binary.LittleEndian.Uint32(got[9+136+16:]) }

// TestHostileAcceptor_farConnectSeq: a session that was moved to the end of the
// numbers begins anew when it breaks. No connect has a number without a next one.
func TestHostileAcceptor_farConnectSeq(t *testing.T) {
	const last = 1<<32 - 2
	for _, tc := range []struct{ retry, next uint32 }{
		{1 << 31, 1<<31 + 2}, {last - 3, last - 1}, {last - 2, last}, {last - 1, 0}, {last, 0},
	} {
		s := newSiege(t)
		s.mon.m.SetPolicy(msg.EntityMon, counted(msgr.LosslessClient()))
		granted := grantUnit(tagReady)
		granted.connectSeq = tc.retry + 1
		stranger := s.answered(msg.EntityMon, accepting(strangerAt, replyUnit{tag: tagRetrySession, connectSeq: tc.retry}, granted))
		if len(*s.grievances) != 0 {
			t.Fatal(*s.grievances)
		}
		peers := s.w.listenRaw(strangerAt.IP)
		stranger.conn.cut()
		s.w.run(time.Second)
		(*peers)[0].write(accepting(strangerAt))
		s.w.settle()
		if got := firstConnect((*peers)[0].got); got != tc.next {
			t.Errorf("after %d it connects with %d, want %d", tc.retry, got, tc.next)
		}
		s.checkBystanders(t)
	}
}
