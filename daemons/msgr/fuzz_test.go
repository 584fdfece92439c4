package msgr_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// memoryFor is how much memory may be taken for n bytes of a stranger, the fake
// network's included: a message of 75 bytes is a few hundred in memory, and a
// header gets room for a section before any of it has come.
func memoryFor(n int) int { return 128*n + 1<<20 }

// besiege lets a stranger pour bytes, a few at a time if chunk says so, and holds
// what every stranger may do to the monitor: cost memory as bytes come, draw from
// the throttles until its socket is gone, and nothing to the others. It does so
// twice, with connections that lend their memory and without: that must make no
// difference.
func besiege(t *testing.T, n int, chunk uint8, attack func(*siege) *rawPeer) (*siege, *rawPeer) {
	t.Helper()
	var sieges [2]*siege
	var strangers [2]*rawPeer
	for i := range sieges {
		w := newWorld()
		w.lends = i == 0
		if chunk > 0 {
			w.chunk = func(n int) int { return min(n, int(chunk)) }
		}
		sieges[i] = newSiegeIn(t, w)
		strangers[i] = sieges[i].withstand(t, n, attack)
	}
	checkSame(t, sieges[0], sieges[1])
	for i, s := range sieges {
		s.w.listeners[strangerAt.IP] = nil
		strangers[i].conn.Close()
		s.w.settle()
		s.checkThrottles(t)
	}
	return sieges[1], strangers[1]
}

func (s *siege) withstand(t *testing.T, n int, attack func(*siege) *rawPeer) (stranger *rawPeer) {
	t.Helper()
	wiretest.CheckAllocated(t, memoryFor(n), func() { stranger = attack(s) })
	for _, c := range s.mon.conns {
		if kept := c.ReceiveBuffer(); kept > 1<<20+4*n {
			t.Errorf("%d bytes kept after %d received", kept, n)
		}
	}
	s.checkBystanders(t)
	return stranger
}

// checkSame: the same was said, and if there was nothing to say the same was
// dispatched, in whatever order: priorities count among what waits. Otherwise that
// depends on how far the dispatch had come: the fault of a lossy session voids what
// waits.
func checkSame(t *testing.T, a, b *siege) {
	t.Helper()
	if x, y := fmt.Sprint(*a.grievances), fmt.Sprint(*b.grievances); x != y {
		t.Errorf("with lent memory the log says\n%s\nwithout\n%s", x, y)
	}
	if len(*a.grievances) > 0 {
		return
	}
	for _, s := range []*siege{a, b} {
		slices.SortStableFunc(s.mon.messages, func(x, y *msg.Message) int { return cmp.Compare(x.Header.Seq, y.Header.Seq) })
	}
	if !slices.Equal(a.mon.tids(), b.mon.tids()) || !slices.Equal(a.mon.events, b.mon.events) {
		t.Fatalf("messages %d and events %q with lent memory, %d and %q without", a.mon.tids(), a.mon.events, b.mon.tids(), b.mon.events)
	}
	for i, m := range a.mon.messages {
		if other := b.mon.messages[i]; !bytes.Equal(m.Data, other.Data) || !bytes.Equal(m.Middle, other.Middle) {
			t.Errorf("message %d has data %x with lent memory, %x without", m.Header.Seq, m.Data, other.Data)
		}
	}
}

// seedsOfConnectors are openings and streams of real connectors and of strangers.
func seedsOfConnectors(f *testing.F) (seeds [][]byte) {
	for _, name := range []string{
		"handshake-mgr-mon", "handshake-client-mon", "handshake-client-mon-command", "handshake-mon-mon-reconnect",
		"handshake-mon-mon-peer-restart", "handshake-mon-mon-race-loser",
	} {
		if b := readVector(f, name).c2s; len(b) < 4096 {
			seeds = append(seeds, b)
		}
	}
	retried := asMon().with(func(c *connectUnit) { c.globalSeq, c.connectSeq = 2, 1 })
	return append(seeds,
		opening(strangerAt, asMon(), asMon(), retried, retried),
		opening(strangerAt, asMgr().with(func(c *connectUnit) { c.features = 0 })),
		opening(strangerAt, asClient().with(func(c *connectUnit) { c.features = 0 }), asClient()),
		append(open(strangerAt, asMon(), 1<<63), ackUnit(7)...),
	)
}

// FuzzAcceptor feeds any bytes to an accepting monitor.
func FuzzAcceptor(f *testing.F) {
	for _, b := range seedsOfConnectors(f) {
		f.Add(b, uint8(0))
	}
	f.Add(append(hello(f), huge(1<<19, 1<<10, 1<<20)...), uint8(7))
	f.Add(append(hello(f), message(pingHeader(1), nil, nil, []byte("x"))...), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, chunk uint8) {
		besiege(t, len(b), chunk, func(s *siege) *rawPeer { return s.dialled(b) })
	})
}

// FuzzConnector feeds any bytes to a monitor that has dialled, as if a monitor
// answered (lossless) or an OSD (lossy).
func FuzzConnector(f *testing.F) {
	for _, lossless := range []bool{true, false} {
		for _, name := range []string{"handshake-mgr-mon", "handshake-client-mon", "handshake-mon-mon-reconnect"} {
			b := bytes.Clone(readVector(f, name).s2c)
			copy(b, accepting(strangerAt))
			f.Add(b[:min(len(b), 4096)], uint8(0), lossless)
		}
		f.Add(append(granting(0), message(pingHeader(1), nil, nil, []byte("x"))...), uint8(3), lossless)
		f.Add(append(granting(9), ackUnit(3)...), uint8(0), lossless)
		for _, tag := range []byte{tagReady, tagResetSession, tagWait, tagRetrySession, tagRetryGlobal, 10, 11, 12, 16} {
			r := grantUnit(tag)
			f.Add(accepting(strangerAt, r, r, grantUnit(tagReady)), uint8(0), lossless)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, chunk uint8, lossless bool) {
		as := msg.EntityOSD
		if lossless {
			as = msg.EntityMon
		}
		besiege(t, len(b), chunk, func(s *siege) *rawPeer { return s.answered(as, b) })
	})
}

// FuzzOpenStream feeds any units to an open session, lossless or lossy. The
// checksums of messages are put right first: the fuzzer seldom finds one.
func FuzzOpenStream(f *testing.F) {
	for _, lossless := range []bool{true, false} {
		for _, name := range []string{"handshake-mgr-mon", "handshake-client-mon-command", "handshake-mon-mon-reconnect"} {
			v := readVector(f, name)
			for _, u := range append(split(v.c2s, v.C2SUnits), split(v.s2c, v.S2CUnits)...) {
				if u.what == "message" && len(u.bytes) < 2048 {
					f.Add(u.bytes, uint8(0), lossless)
				}
			}
		}
		all := append(ackUnit(1), message(pingHeader(1<<40), []byte("front"), []byte("middle"), []byte("data"))...)
		all = append(all, "\x0e\x01\x00\x00\x00\x02\x00\x00\x00\x0f\x01\x00\x00\x00\x02\x00\x00\x00\x09"...)
		f.Add(append(all, message(pingHeader(3), nil, nil, nil)...), uint8(5), lossless)
		f.Add(huge(1<<20, 1<<20, 1<<20), uint8(0), lossless)
		f.Add([]byte{6}, uint8(0), lossless)
	}
	f.Fuzz(func(t *testing.T, b []byte, chunk uint8, lossless bool) {
		c := asMgr()
		if lossless {
			c = asMon()
		}
		b = append(open(strangerAt, c, 0), resealed(b)...)
		besiege(t, len(b), chunk, func(s *siege) *rawPeer { return s.dialled(b) })
	})
}

// FuzzMessage feeds messages whose checksums are right and whose content is
// anything: those that can be read and the one after them are dispatched.
func FuzzMessage(f *testing.F) {
	for _, name := range []string{"handshake-mgr-mon", "handshake-client-mon-command", "handshake-mon-mon-reconnect"} {
		v := readVector(f, name)
		for _, m := range messagesIn(f, append(split(v.c2s, v.C2SUnits), split(v.s2c, v.S2CUnits)...)) {
			e := wire.NewEncoder(nil)
			m.Body.EncodePayload(e, msg.FeaturesAll)
			f.Add(uint16(m.Header.Type), m.Header.Version, m.Header.Priority, e.Bytes(), m.Data)
		}
	}
	f.Fuzz(func(t *testing.T, typ, version, priority uint16, front, data []byte) {
		h := pingHeader(1)
		h.Type, h.Version, h.Priority = msg.Type(typ), version, priority
		b := append(open(strangerAt, asMgr(), 0), message(h, front, nil, data)...)
		b = append(b, message(pingHeader(2), nil, nil, nil)...)
		s, stranger := besiege(t, len(b), 0, func(s *siege) *rawPeer { return s.dialled(b) })
		if n := len(s.mon.messages) - 2; !stranger.closed && n != 2 {
			t.Fatalf("%d messages of 2 on an open connection", n)
		}
	})
}

// FuzzFrames reads any bytes as each of the fixed parts of the protocol: what is
// read is written back as it was, an address in the one way in which it is written.
func FuzzFrames(f *testing.F) {
	for _, name := range []string{"handshake-mgr-mon", "handshake-mon-mon-reconnect"} {
		v := readVector(f, name)
		for _, u := range append(split(v.c2s, v.C2SUnits), split(v.s2c, v.S2CUnits)...) {
			if len(u.bytes) < 200 {
				f.Add(u.bytes)
			}
		}
	}
	for _, a := range []string{"[2001:db8::1]:6789", "0.0.0.0:0"} {
		f.Add(msgr.AppendAddr(nil, msg.EntityAddr{Nonce: 1 << 31, IP: addrPort(a)}))
	}
	wrapped := msgr.AppendAddr(nil, msg.EntityAddr{IP: addrPort("[2001:db8::1]:6789")})
	copy(wrapped[16:], "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x00\x00\x01")
	f.Add(wrapped) // an IPv4 address in an IPv6 one
	f.Add([]byte("\x01\x08\x00\x00\x00\x05\x00\x00\x00admin\x03\x10\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for what, again := range msgr.FramesAgain(b) {
			if !bytes.Equal(again, b[:len(again)]) {
				t.Errorf("%s is written as\n%x, was\n%x", what, again, b[:len(again)])
			}
		}
		if len(b) >= 136 {
			checkOpeningAddr(t, b)
		}
		checkAuthorizer(t, b)
	})
}

func checkOpeningAddr(t *testing.T, b []byte) {
	t.Helper()
	a, err := msgr.ParseAddr(b)
	if err != nil {
		return
	}
	again, err := msgr.ParseAddr(msgr.AppendAddr(nil, a))
	if err != nil || again != a || !a.IP.IsValid() || a.IP.Addr().Is4In6() {
		t.Errorf("%v became %v, error %v", a, again, err)
	}
	if nonce := binary.LittleEndian.Uint32(b[4:]); a.Nonce != nonce {
		t.Errorf("nonce %d, want %d", a.Nonce, nonce)
	}
}

func checkAuthorizer(t *testing.T, b []byte) {
	t.Helper()
	who, err := msgr.AuthNone{Own: msg.EntityMgr}.VerifyAuthorizer(msg.EntityClient, msgr.AuthProtocolNone, b)
	if err != nil {
		return
	}
	owner := msgr.AuthNone{Own: msg.EntityClient, Name: who.Name, GlobalID: who.GlobalID}
	if _, again := owner.GetAuthorizer(msg.EntityMgr); !bytes.Equal(again, b) {
		t.Errorf("authorizer %x is written as %x", b, again)
	}
}
