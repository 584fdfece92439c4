package msgr_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// hello is how a mgr greets a monitor, up to the open stream, and lengths of
// its parts.
const (
	helloAddr    = 9
	helloConnect = helloAddr + 136
	helloSeq     = helloConnect + 33
	helloEnd     = helloSeq + 8
)

func hello(t testing.TB) []byte {
	return bytes.Clone(readVector(t, "handshake-mgr-mon").c2s[:helloEnd])
}

// message encodes one message with the sections given.
func message(h msg.Header, front, middle, data []byte) []byte {
	h.FrontLen, h.MiddleLen, h.DataLen = uint32(len(front)), uint32(len(middle)), uint32(len(data))
	b := make([]byte, 1+msg.HeaderLen)
	b[0] = 7
	h.Put(b[1:])
	b = append(append(append(b, front...), middle...), data...)
	for _, s := range [][]byte{front, middle, data} {
		b = binary.LittleEndian.AppendUint32(b, wire.CRC32C(s))
	}
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0, msg.FooterComplete)
}

func pingHeader(seq uint64) msg.Header {
	return msg.Header{Type: (&msg.Ping{}).Type(), Seq: seq, Tid: seq, Version: 1, CompatVersion: 1, Priority: 127}
}

// huge is a header that announces sections that never come.
func huge(front, middle, data uint32) []byte {
	h := pingHeader(1)
	h.FrontLen, h.MiddleLen, h.DataLen = front, middle, data
	b := make([]byte, 1+msg.HeaderLen)
	b[0] = 7
	h.Put(b[1:])
	return b
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// TestHostileInput_endsTheConnectionOnly: whatever a peer sends, its connection
// is closed with a reason in the log, its memory is bounded, and the daemon
// serves the next one.
func TestHostileInput_endsTheConnectionOnly(t *testing.T) {
	good := message(pingHeader(1), []byte("front"), []byte("middle"), []byte("data"))
	const front, middle, data = 1 + msg.HeaderLen, 1 + msg.HeaderLen + 5, 1 + msg.HeaderLen + 11
	for _, tc := range []struct {
		name   string
		edit   func(hello []byte) []byte
		reason string
	}{
		{"no banner", func(b []byte) []byte { return flip(b, 3) }, "not a Ceph banner"},
		{"one wrong byte", func([]byte) []byte { return []byte("G") }, "not a Ceph banner"},
		{"protocol version 2", func([]byte) []byte { return []byte("ceph v2\n\x10\x00") }, "not a Ceph banner"},
		{"bad address marker", func(b []byte) []byte { return flip(b, helloAddr) }, "bad address: marker 1"},
		{"bad address family", func(b []byte) []byte { return flip(b, helloAddr+9) }, "bad address: family 3"},
		{"huge authorizer", func(b []byte) []byte { b[helloSeq-2] = 0xff; return b }, "authorizer of 4278190080 bytes"},
		{"odd entity type", func(b []byte) []byte { b[helloConnect+10] = 1; return b }, "entity type 65552"},
		{"unknown tag", func(b []byte) []byte { return append(b, 99) }, "unknown tag 99"},
		{"tag of a reply", func(b []byte) []byte { return append(b, 1) }, "unknown tag 1"},
		{"header", func(b []byte) []byte { return append(b, flip(good, 5)...) }, "bad crc"},
		{"front", func(b []byte) []byte { return append(b, flip(good, front)...) }, "front: bad crc"},
		{"middle", func(b []byte) []byte { return append(b, flip(good, middle)...) }, "middle: bad crc"},
		{"data", func(b []byte) []byte { return append(b, flip(good, data)...) }, "data: bad crc"},
		{"long front", func(b []byte) []byte { return append(b, huge(1<<20+1, 0, 0)...) }, "front of 1048577 bytes"},
		{"long middle", func(b []byte) []byte { return append(b, huge(0, 0xffffffff, 0)...) }, "middle of 4294967295 bytes"},
		{"long data", func(b []byte) []byte { return append(b, huge(0, 0, 1<<20+1)...) }, "data of 1048577 bytes"},
		{"cannot be decoded", func(b []byte) []byte { return append(b, message(authHeader(), []byte{1, 2}, nil, nil)...) }, "decode"},
		{"close", func(b []byte) []byte { return append(b, 6) }, "peer closed the connection"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPair(t, msgr.Options{MaxFrontBytes: 1 << 20, MaxMiddleBytes: 1 << 20, MaxDataBytes: 1 << 20})
			raw := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
			raw.write(tc.edit(hello(t)))
			p.w.settle()
			wantLog(t, p.mon.h, tc.reason)
			if n := strings.Count(p.mon.h.log.String(), "\n"); n != 1 {
				t.Errorf("%d lines in the log, want 1:\n%s", n, p.mon.h.log.String())
			}
			if !raw.closed || p.mon.m.Connections() != 0 || len(p.mon.messages) != 0 || p.mon.m.HeldBytes() != 0 {
				t.Error("the connection lives on")
			}
			p.connect().Send(ping(5, nil))
			p.w.settle()
			wantTids(t, p.mon.journal, 5)
		})
	}
}

func authHeader() msg.Header {
	h := pingHeader(1)
	h.Type = (&msg.Auth{}).Type()
	return h
}

// TestHostileInput_allocatesWithWhatArrives: a header may announce what the
// limits allow, but memory comes with the bytes.
func TestHostileInput_allocatesWithWhatArrives(t *testing.T) {
	p := newPair(t, msgr.Options{})
	raw := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
	raw.write(append(hello(t), huge(32<<20, 0, 128<<20)...))
	p.w.settle()
	if n := p.mon.conns[0].ReceiveBuffer(); n > 200<<10 {
		t.Errorf("%d bytes allocated for none received", n)
	}
	raw.write(make([]byte, 100<<10))
	p.w.settle()
	if n := p.mon.conns[0].ReceiveBuffer(); n > 500<<10 {
		t.Errorf("%d bytes allocated for 100 KiB received", n)
	}
	if raw.closed {
		t.Error("closed:", p.mon.h.log.String())
	}
}

// TestHostileInput_keepalivesNotReadCostNothing: answers to a peer that asks
// and never reads do not pile up.
func TestHostileInput_keepalivesNotReadCostNothing(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.w.window = 1000
	deaf := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
	p.w.settle()
	deaf.conn.h = &deafPeer{}
	deaf.conn.readPosted = true
	p.w.window = 1 << 20
	deaf.write(hello(t))
	p.w.settle()
	p.w.window = 1000
	for range 1000 {
		if n, _ := deaf.conn.Write(bytes.Repeat([]byte{14, 1, 2, 3, 4, 5, 6, 7, 8}, 100)); n == 0 {
			t.Fatal("not read")
		}
		p.w.settle()
	}
	if n := p.mon.conns[0].SendBuffer(); n > 4096 {
		t.Errorf("%d bytes of answers kept", n)
	}
}

type deafPeer struct{ rawPeer }

func (*deafPeer) Readable() {}

// TestAbortedMessage_isSkipped: a sender that gave up in the middle of a
// message says so in the footer. Old duplicates are skipped too.
func TestAbortedMessage_isSkipped(t *testing.T) {
	p := newPair(t, msgr.Options{})
	raw := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
	aborted := message(pingHeader(3), nil, nil, nil)
	aborted[len(aborted)-1] = 0
	noCRC := message(pingHeader(4), nil, nil, []byte("data"))
	noCRC[len(noCRC)-1] |= msg.FooterNoCRC
	noCRC[len(noCRC)-10] ^= 1
	b := hello(t)
	for _, m := range [][]byte{message(pingHeader(2), nil, nil, nil), aborted, message(pingHeader(2), nil, nil, nil), noCRC} {
		b = append(b, m...)
	}
	raw.write(b)
	p.w.settle()
	wantTids(t, p.mon.journal, 2, 4)
	if p.mon.m.HeldBytes() != 0 {
		t.Error("the throttle was not given back")
	}
}

// TestOldFeatures_mean13ByteFootersAndOldTags: a peer without MSG_AUTH,
// RECONNECT_SEQ and KEEPALIVE2 is granted READY.
func TestOldFeatures_meanShortFootersAndReady(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.onMsg = func(c *msgr.Connection, _ *msg.Message) { c.SendKeepalive(); c.Send(ping(9, nil)) }
	raw := p.w.rawFrom(addrPort("10.9.9.9:999"), p.mon.m.Addr().IP)
	b := hello(t)[:helloSeq]
	clear(b[helloConnect : helloConnect+8])
	m := message(pingHeader(1), nil, nil, nil)
	b = append(b, append(m[:len(m)-9], msg.FooterComplete)...)
	raw.write(b)
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
	got := raw.got[9+136+136:]
	if got[0] != 1 {
		t.Fatalf("tag %d, want READY", got[0])
	}
	if want := 26 + 1 + 1 + msg.HeaderLen + msg.FooterLenOld; len(got) != want || got[26] != 9 || got[27] != 7 {
		t.Errorf("%d bytes follow, want %d: %x", len(got), want, got)
	}
}
