package msgr

import (
	"encoding/binary"
	"math"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Follower reads along on one connection between two messengers and says where the
// units of the protocol begin, in both directions. It takes part in nothing, checks
// no checksums and keeps no bytes but the first ones of a unit whose name it does
// not know yet. Its zero value stands at the beginning of a connection.
//
// A message is named by Ceph's class ("MMgrMap"), a map's with its epoch as number.
// The other units are "banner" (with the addresses), "connect",
// "connect_reply.READY" and so on, "seq", "ack", "keepalive", "keepalive2",
// "keepalive2_ack" and "close". The number of connect is its connect_seq.
type Follower struct {
	connector, acceptor followed
	connect             connectFrame // the last one
	verdict             tag          // of the last reply since; 0 is none
	features            uint64       // of both, by connect and reply
}

// followed is one direction.
type followed struct {
	state followState
	at    int64 // bytes so far
	skip  int64 // bytes to come of a unit that was named
	begun int   // bytes of the unit that is to be named
	start [1 + msg.HeaderLen + longestPrefix]byte
}

type followState uint8

const (
	followBanner followState = iota
	followConnect
	followReply
	followVerdict // the connector waits for a reply
	followSeq
	followOpen
	followLost
)

// Wrote is told what one of the two has written, in order, the connector (who
// dialled) or the acceptor, and as soon as it has, for what one says depends on
// what the other has said. It calls mark for each unit that it can name now, with
// how many bytes of that direction came before it, and returns up to which byte
// everything has a name. math.MaxInt64 means that this is no stream of the protocol,
// or not any more: no marks follow.
func (f *Follower) Wrote(connector bool, p []byte, mark func(at int64, unit string, number uint64)) (known int64) {
	s := &f.acceptor
	if connector {
		s = &f.connector
	}
	for len(p) > 0 && s.state != followLost {
		if s.skip > 0 {
			n := min(s.skip, int64(len(p)))
			s.skip -= n
			s.at += n
			p = p[n:]
			continue
		}
		n := copy(s.start[s.begun:f.wanted(s)], p)
		s.begun += n
		s.at += int64(n)
		p = p[n:]
		if s.begun == f.wanted(s) {
			f.name(s, connector, mark)
		}
	}
	if s.state == followLost {
		return math.MaxInt64
	}
	return s.at + s.skip - int64(s.begun)
}

// wanted is how many bytes of a unit must be there to name it, as far as those
// that are there tell.
func (f *Follower) wanted(s *followed) int {
	switch s.state {
	case followBanner:
		return len(banner)
	case followConnect:
		return connectLen
	case followVerdict:
		if f.verdict != tagReady && f.verdict != tagSeq {
			return connectLen
		}
	case followReply:
		return connectReplyLen
	case followOpen:
		if s.begun > msg.HeaderLen {
			h, _ := msg.ParseHeader(s.start[1:])
			return 1 + msg.HeaderLen + min(prefixLen(h.Type), int(h.FrontLen))
		}
		if s.begun > 0 && tag(s.start[0]) == tagMsg {
			return 1 + msg.HeaderLen
		}
	}
	return 1
}

// name names the unit whose first bytes are there.
func (f *Follower) name(s *followed, connector bool, mark func(int64, string, uint64)) {
	b := s.start[:s.begun]
	unit, number, length := "", uint64(0), 0
	if s.state == followVerdict {
		f.heed(s)
	}
	switch s.state {
	case followBanner:
		unit, length = f.banner(s, b, connector)
	case followConnect:
		f.connect, f.verdict = parseConnect(b), 0
		unit, number, length = "connect", uint64(f.connect.connectSeq), connectLen+int(f.connect.authLen)
		s.state = followVerdict
	case followReply:
		unit, length = f.reply(s, parseReply(b))
	case followSeq:
		unit, length = "seq", seqLen
		s.state = followOpen
	case followOpen:
		unit, number, length = f.open(b)
	}
	switch {
	case unit != "":
		mark(s.at-int64(s.begun), unit, number)
		s.skip, s.begun = int64(length-s.begun), 0
	case s.begun == f.wanted(s):
		s.state = followLost
	}
}

// heed lets a connector do what the last reply told it.
func (f *Follower) heed(s *followed) {
	switch f.verdict {
	case tagReady:
		s.state = followOpen
	case tagSeq:
		s.state = followSeq
	case 0:
		s.state = followLost
	default:
		s.state = followConnect
	}
}

func (f *Follower) banner(s *followed, b []byte, connector bool) (unit string, length int) {
	switch {
	case string(b) != banner:
		return "", 0
	case connector:
		s.state = followConnect
		return "banner", len(banner) + addrLen
	}
	s.state = followReply
	return "banner", len(banner) + 2*addrLen
}

func (f *Follower) reply(s *followed, r replyFrame) (unit string, length int) {
	f.verdict, f.features = r.tag, r.features&f.connect.features
	switch r.tag {
	case tagReady:
		s.state = followOpen
	case tagSeq:
		s.state = followSeq
	}
	return replyName(r.tag), connectReplyLen + int(r.authLen)
}

// replyName is the name of a connect_reply by its tag, as Ceph calls that; empty
// if it can be none.
func replyName(t tag) string {
	switch t {
	case tagReady:
		return "connect_reply.READY"
	case tagSeq:
		return "connect_reply.SEQ"
	case tagResetSession:
		return "connect_reply.RESETSESSION"
	case tagWait:
		return "connect_reply.WAIT"
	case tagRetrySession:
		return "connect_reply.RETRY_SESSION"
	case tagRetryGlobal:
		return "connect_reply.RETRY_GLOBAL"
	case tagBadProtoVer:
		return "connect_reply.BADPROTOVER"
	case tagBadAuthorizer:
		return "connect_reply.BADAUTHORIZER"
	case tagFeatures:
		return "connect_reply.FEATURES"
	}
	return ""
}

// open names a unit of the open stream. The name is empty if more bytes are
// wanted, or if there is no such unit.
func (f *Follower) open(b []byte) (unit string, number uint64, length int) {
	switch tag(b[0]) {
	case tagMsg:
		return f.message(b)
	case tagAck:
		return "ack", 0, 1 + seqLen
	case tagKeepalive:
		return "keepalive", 0, 1
	case tagKeepalive2:
		return "keepalive2", 0, 1 + stampLen
	case tagKeepalive2Ack:
		return "keepalive2_ack", 0, 1 + stampLen
	case tagClose:
		return "close", 0, 1
	}
	return "", 0, 0
}

func (f *Follower) message(b []byte) (unit string, number uint64, length int) {
	if len(b) < 1+msg.HeaderLen {
		return "", 0, 0
	}
	h, err := msg.ParseHeader(b[1:])
	if err != nil || len(b) < 1+msg.HeaderLen+min(prefixLen(h.Type), int(h.FrontLen)) {
		return "", 0, 0
	}
	footer := msg.FooterLenOld
	if f.features&msg.FeatureMsgAuth != 0 {
		footer = msg.FooterLen
	}
	length = 1 + msg.HeaderLen + int(h.FrontLen) + int(h.MiddleLen) + int(h.DataLen) + footer
	return h.Type.String(), epoch(h.Type, b[1+msg.HeaderLen:]), length
}

// Before the epoch in the encoding of a map stand its version and length, in
// MMonMap also the length of the whole and the fsid.
const (
	mgrMapPrefix  = 6 + 4
	monMapPrefix  = 4 + 6 + 16 + 4
	longestPrefix = monMapPrefix
)

// prefixLen is how much of a message's front must be there to tell its number.
func prefixLen(t msg.Type) int {
	switch t {
	case msg.TypeMgrMap:
		return mgrMapPrefix
	case msg.TypeMonMap:
		return monMapPrefix
	}
	return 0
}

// epoch is the number of a message that carries a map, else 0.
func epoch(t msg.Type, front []byte) uint64 {
	n := prefixLen(t)
	if n == 0 || len(front) < n {
		return 0
	}
	return uint64(binary.LittleEndian.Uint32(front[n-4 : n]))
}
