package msgr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// assault is what a stranger sends, and how its socket must end for it.
type assault struct {
	name  string
	bytes []byte
	want  error
	state msgr.State
}

// checkEnd: the one line in the log names the stranger, the state and the error,
// the stranger's socket is closed, and nobody else has noticed.
func (a assault) checkEnd(t *testing.T, s *siege, stranger *rawPeer) {
	t.Helper()
	if len(*s.grievances) != 1 {
		t.Fatalf("the log has %d lines, want 1: %v", len(*s.grievances), *s.grievances)
	}
	g := (*s.grievances)[0]
	if !errors.Is(g.reason, a.want) || g.state != a.state.String() || g.line != "connection fault" {
		t.Errorf("the log says %q in state %q, reason %v; want %v in %v", g.line, g.state, g.reason, a.want, a.state)
	}
	if !strings.Contains(g.peer, "10.9.9.9:999") && !strings.Contains(g.peer, strangerAt.IP.String()) {
		t.Errorf("the log names peer %q", g.peer)
	}
	if !stranger.closed {
		t.Error("the socket is still open")
	}
	s.checkThrottles(t)
	s.checkBystanders(t)
	s.checkThrottles(t)
}

// beforeOpen are assaults on an acceptor's handshake.
func beforeOpen() []assault {
	addr := opening(strangerAt)[len("ceph v027"):]
	family := func(hi, lo byte) []byte {
		b := slices.Concat([]byte("ceph v027"), addr)
		b[9+8], b[9+9] = hi, lo
		return b
	}
	connect := func(c connectUnit) []byte { return opening(strangerAt, c) }
	changed := func(change func(*connectUnit)) []byte { return connect(asMgr().with(change)) }
	const banner, address = msgr.StateAcceptingWaitBannerAddr, msgr.StateAcceptingWaitBannerAddr
	const waitConnect, seq = msgr.StateAcceptingWaitConnectMsg, msgr.StateAcceptingWaitSeq
	return []assault{
		{"banner, one wrong byte", []byte("C"), msgr.ErrBadBanner, banner},
		{"banner, another version", []byte("ceph v026"), msgr.ErrBadBanner, banner},
		{"banner, its beginning and then another", []byte("ceph v0\n"), msgr.ErrBadBanner, banner},
		{"banner of msgr v2", []byte("ceph v2\n\x10\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), msgr.ErrBadBanner, banner},
		{"banner twice", []byte("ceph v027ceph v027" + strings.Repeat("\x00", 136)), msgr.ErrBadAddress, address},
		{"address, marker of a new one", slices.Concat([]byte("ceph v027\x01"), addr[1:]), msgr.ErrBadAddress, address},
		{"address, marker of a vector", slices.Concat([]byte("ceph v027\x02"), addr[1:]), msgr.ErrBadAddress, address},
		{"address, unix family", family(0, 1), msgr.ErrBadAddress, address},
		{"address, little-endian IPv4", family(2, 0), msgr.ErrBadAddress, address},
		{"address, little-endian IPv6", family(10, 0), msgr.ErrBadAddress, address},
		{"address, family 65535", family(255, 255), msgr.ErrBadAddress, address},
		{"authorizer, one byte too long", changed(func(c *connectUnit) { c.authLenMore = 4097 }), msgr.ErrLongAuthorizer, waitConnect},
		{"authorizer of 4 GiB", changed(func(c *connectUnit) { c.authLenMore = 1<<32 - 1 }), msgr.ErrLongAuthorizer, waitConnect},
		{"entity type 256", changed(func(c *connectUnit) { c.hostType = 256 }), msgr.ErrBadConnect, waitConnect},
		{"entity type of 32 bits", changed(func(c *connectUnit) { c.hostType = 1<<32 - 1 }), msgr.ErrBadConnect, waitConnect},
		{"connect_seq without a next, lossy", changed(func(c *connectUnit) { c.connectSeq = 1<<32 - 1 }), msgr.ErrBadConnectSeq, waitConnect},
		{"connect_seq without a next, lossless", connect(asMon().with(func(c *connectUnit) { c.connectSeq = 1<<32 - 1 })), msgr.ErrBadConnectSeq, waitConnect},
		{"received 2^63 messages, lossy", open(strangerAt, asMgr(), 1<<63), msgr.ErrBadSeq, seq},
		{"received 2^64-1 messages, lossless", open(strangerAt, asMon(), 1<<64-1), msgr.ErrBadSeq, seq},
	}
}

// onceOpen are assaults on an open stream.
func onceOpen() []assault {
	good := message(pingHeader(1), []byte("front"), []byte("middle"), []byte("data"))
	const front, middle, data = 1 + msg.HeaderLen, 1 + msg.HeaderLen + 5, 1 + msg.HeaderLen + 11
	header := func(change func(*msg.Header)) msg.Header {
		h := pingHeader(1)
		change(&h)
		return h
	}
	auth := header(func(h *msg.Header) { h.Type = msg.TypeAuth })
	beacon := header(func(h *msg.Header) { h.Type, h.Version, h.CompatVersion = msg.TypeMgrBeacon, 99, 99 })
	subscribe := header(func(h *msg.Header) { h.Type, h.Version = msg.TypeMonSubscribe, 3 })
	const idle, inHeader, ack = msgr.StateOpen, msgr.StateOpenMessageHeader, msgr.StateOpenTagAck
	const small, footer = msgr.StateOpenMessageReadFront, msgr.StateOpenMessageReadFooterAndDispatch
	large := message(pingHeader(1), nil, nil, make([]byte, 100<<10))
	return []assault{
		{"tag 0", []byte{0}, msgr.ErrBadTag, idle},
		{"tag of a grant", []byte{tagSeq}, msgr.ErrBadTag, idle},
		{"tag of cephx", []byte{16}, msgr.ErrBadTag, idle},
		{"tag 255", []byte{255}, msgr.ErrBadTag, idle},
		{"header, wrong checksum", flip(good, 5), msg.ErrBadCRC, inHeader},
		{"header, its checksum wrong", flip(good, msg.HeaderLen), msg.ErrBadCRC, inHeader},
		{"front, one byte too long", huge(1<<20+1, 0, 0), msgr.ErrTooLarge, inHeader},
		{"middle of 4 GiB", huge(0, 1<<32-1, 0), msgr.ErrTooLarge, inHeader},
		{"data of 2 GiB", huge(0, 0, 1<<31), msgr.ErrTooLarge, inHeader},
		{"all sections of 4 GiB", huge(1<<32-1, 1<<32-1, 1<<32-1), msgr.ErrTooLarge, inHeader},
		{"front, wrong checksum", flip(good, front), msg.ErrBadCRC, small},
		{"middle, wrong checksum", flip(good, middle), msg.ErrBadCRC, small},
		{"data, wrong checksum", flip(good, data), msg.ErrBadCRC, small},
		{"large message, wrong checksum", flip(large, 90<<10), msg.ErrBadCRC, footer},
		{"sections that end early", message(auth, []byte{1, 2}, nil, nil), wire.ErrTruncated, small},
		{"a count that cannot be", message(subscribe, []byte("\xff\xff\xff\xff"), nil, nil), wire.ErrTooLong, small},
		{"a message for newer daemons", message(beacon, nil, nil, nil), msg.ErrUnsupportedVersion, small},
		{"message number 2^63", message(pingHeader(1<<63), nil, nil, nil), msgr.ErrBadSeq, inHeader},
		{"message number 2^64-1", message(pingHeader(1<<64-1), nil, nil, nil), msgr.ErrBadSeq, inHeader},
		{"acknowledges 2^63 messages", ackUnit(1 << 63), msgr.ErrBadSeq, ack},
		{"acknowledges 2^64-1 messages", ackUnit(1<<64 - 1), msgr.ErrBadSeq, ack},
		{"the end", []byte{6}, msgr.ErrPeerClosed, idle},
		{"the end, in what follows a message", append(bytes.Clone(good), 6), msgr.ErrPeerClosed, idle},
	}
}

// TestHostileConnector_endsItsSocketOnly: a stranger that dials us and does not
// keep to the protocol.
func TestHostileConnector_endsItsSocketOnly(t *testing.T) {
	for _, a := range beforeOpen() {
		t.Run(a.name, func(t *testing.T) {
			s := newSiege(t)
			a.checkEnd(t, s, s.dialled(a.bytes))
		})
	}
	for kind, c := range map[string]connectUnit{"lossy": asMgr(), "lossless": asMon()} {
		for _, a := range onceOpen() {
			t.Run(kind+", "+a.name, func(t *testing.T) {
				s := newSiege(t)
				a.checkEnd(t, s, s.dialled(append(open(strangerAt, c, 0), a.bytes...)))
			})
			t.Run(kind+", lent memory, "+a.name, func(t *testing.T) {
				w := newWorld()
				w.lends = true
				s := newSiegeIn(t, w)
				a.checkEnd(t, s, s.dialled(append(open(strangerAt, c, 0), a.bytes...)))
			})
		}
	}
}

// TestHostileConnector_halfAnythingTimesOut: a stranger that stops in the middle
// of its opening, wherever that is.
func TestHostileConnector_halfAnythingTimesOut(t *testing.T) {
	whole := open(strangerAt, asMon(), 0)
	for _, n := range []int{0, 1, 8, 9, 10, 144, 145, 146, 177, 178, len(whole) - 8, len(whole) - 1} {
		s := newSiege(t)
		stranger := s.dialled(whole[:n])
		s.w.run(11 * time.Second)
		if len(*s.grievances) != 1 || !errors.Is((*s.grievances)[0].reason, msgr.ErrReadyTimeout) || !stranger.closed {
			t.Errorf("after %d bytes: %v, closed: %v", n, *s.grievances, stranger.closed)
		}
		s.checkBystanders(t)
	}
}

// TestHostileConnector_isRefused: a connect that can be answered, with no. The
// connector may try again on the same socket, as with Ceph, until its time is up.
func TestHostileConnector_isRefused(t *testing.T) {
	mon := func(protocol uint32, auth string) connectUnit {
		return asMon().with(func(c *connectUnit) { c.authProtocol, c.auth = protocol, []byte(auth) })
	}
	const (
		badProtoVer, badAuthorizer, features = 10, 11, 12

		good = "\x01\x01\x00\x00\x00\x01\x00\x00\x00z\x00\x00\x00\x00\x00\x00\x00\x00"
	)
	for _, tc := range []struct {
		name    string
		connect connectUnit
		verdict byte
		want    error
	}{
		{"no features", asClient().with(func(c *connectUnit) { c.features = 0 }), features, msgr.ErrMissingFeatures},
		{"one feature missing", asClient().with(func(c *connectUnit) { c.features &^= msg.FeatureMsgAddr2 }), features, msgr.ErrMissingFeatures},
		{"only features nobody has", asClient().with(func(c *connectUnit) { c.features = ^msg.FeaturesAll }), features, msgr.ErrMissingFeatures},
		{"protocol version", asMgr().with(func(c *connectUnit) { c.protocolVersion = 1<<32 - 1 }), badProtoVer, msgr.ErrBadProtocol},
		{"no authorizer", mon(0, ""), badAuthorizer, msgr.ErrBadAuthorizer},
		{"authorizer of cephx", mon(2, good), badAuthorizer, msgr.ErrBadAuthorizer},
		{"empty authorizer", mon(1, ""), badAuthorizer, msgr.ErrBadAuthorizer},
		{"half an authorizer", mon(1, good[:3]), badAuthorizer, wire.ErrTruncated},
		{"authorizer with more", mon(1, good+"\x00"), badAuthorizer, msgr.ErrBadAuthorizer},
		{"authorizer of another version", mon(1, "\x02"+good[1:]), badAuthorizer, msgr.ErrBadAuthorizer},
		{"authorizer of zeros", mon(1, strings.Repeat("\x00", 4096)), badAuthorizer, msgr.ErrBadAuthorizer},
		{"authorizer with a long id", mon(1, good[:5]+"\xff\xff\xff\xff"+good[9:]), badAuthorizer, wire.ErrTooLong},
		{"authorizer of no entity", mon(1, "\x01\x00\x01"+good[3:]), badAuthorizer, wire.ErrInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSiege(t)
			stranger := s.dialled(opening(strangerAt, tc.connect))
			const waits = "accepting, wait connect auth"
			if g := *s.grievances; len(g) != 1 || !errors.Is(g[0].reason, tc.want) || g[0].state != waits || !strings.Contains(g[0].peer, "10.0.0.66:6800") {
				t.Errorf("the log says %v, want %v in state %v", g, tc.want, waits)
			}
			if reply := stranger.got[281:]; len(reply) != 26 || reply[0] != tc.verdict {
				t.Errorf("answered %x, want tag %d", reply, tc.verdict)
			}
			if tc.verdict == features && binary.LittleEndian.Uint64(stranger.got[282:])&msg.FeaturesAll != msg.FeaturesAll {
				t.Error("the answer does not say which features are required")
			}
			s.checkBystanders(t)
			s.w.run(11 * time.Second)
			if g := *s.grievances; len(g) != 2 || !errors.Is(g[1].reason, msgr.ErrReadyTimeout) || !stranger.closed {
				t.Errorf("then the log says %v", g)
			}
			s.checkBystanders(t)
			s.checkThrottles(t)
		})
	}
}

// TestHostileConnector_mayHaveEveryFeature: what nobody has is ignored.
func TestHostileConnector_mayHaveEveryFeature(t *testing.T) {
	s := newSiege(t)
	c := asClient().with(func(c *connectUnit) { c.features = 1<<64 - 1 })
	stranger := s.dialled(append(open(strangerAt, c, 0), message(pingHeader(1), nil, nil, nil)...))
	if n := len(s.mon.messages); n != 1 || len(*s.grievances) != 0 || stranger.closed {
		t.Fatalf("%d messages, log %v", n, *s.grievances)
	}
	if got := s.mon.froms[0].Features(); got != msg.FeaturesAll {
		t.Errorf("features %#x", got)
	}
	s.checkBystanders(t)
}

// TestHostileConnector_goesRoundForEver: one that connects again and again and
// reads nothing is cut off before the answers fill our memory.
func TestHostileConnector_goesRoundForEver(t *testing.T) {
	for name, c := range map[string]connectUnit{
		"refused":       asClient().with(func(c *connectUnit) { c.features = 0 }),
		"not a session": asMon().with(func(c *connectUnit) { c.connectSeq = 9 }),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiege(t)
			stranger := s.dialled(opening(strangerAt, slices.Repeat([]connectUnit{c}, 5000)...))
			g := append([]grievance{{}}, *s.grievances...)
			if last := g[len(g)-1]; !errors.Is(last.reason, msgr.ErrTooManyConnects) || len(g) > 102 || !stranger.closed {
				t.Errorf("%d lines in the log, the last is %v", len(g)-1, last)
			}
			if n := len(stranger.got); n > 281+100*26 {
				t.Errorf("%d bytes of answers", n)
			}
			s.checkBystanders(t)
		})
	}
}
