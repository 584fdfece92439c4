package msgr_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// TestConnector_doubtsTheAcceptor: an acceptor that cannot be right is given up
// with a reason, and tried again after the back-off.
func TestConnector_doubtsTheAcceptor(t *testing.T) {
	const reply = 281
	put32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	set := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = v; return b }
	}
	for _, tc := range []struct {
		name   string
		edit   func(s2c []byte) []byte
		reason string
	}{
		{"no banner", set(0, 'x'), "not a Ceph banner"},
		{"its address", set(9, 7), "acceptor's address: bad address: marker 7"},
		{"our address", set(9+136, 7), "our address: bad address: marker 7"},
		{"another port", set(9+11, 1), "another daemon than expected"},
		{"another nonce", set(9+4, 1), "another daemon than expected"},
		{"unknown verdict", set(reply, 77), "impossible connect reply: tag 77"},
		{"CHALLENGE_AUTHORIZER", set(reply, 16), "impossible connect reply: tag 16"},
		{"grant of another session", put32(reply+13, 5), "granted session 5 after 0"},
		{"long authorizer reply", put32(reply+21, 5000), "authorizer reply of 5000 bytes"},
		{"features missing", put32(reply+1, 0), "peer lacks features 0x800000"},
		{"BADPROTOVER", set(reply, 10), "it speaks protocol version 15"},
		{"retry without a later session", set(reply, tagRetrySession), "retry session 0 after 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			d := w.daemon("mgr", "127.0.0.1", msgr.Config{Name: mgrName(1), Nonce: 3})
			d.m.SetDefaultPolicy(msgr.Policy{FeaturesRequired: msg.FeatureMsgAuth})
			v := readVector(t, "handshake-mgr-mon")
			at := addrIn(v.s2c[9:])
			peers := w.listenRaw(at.IP)
			d.m.ConnectTo(msg.EntityMon, at)
			w.settle()
			if tc.name[:5] == "retry" {
				binary.LittleEndian.PutUint32(v.s2c[reply+13:], 0)
			}
			(*peers)[0].write(tc.edit(v.s2c[:reply+26+8]))
			w.run(100 * time.Millisecond)
			wantLog(t, d.h, tc.reason)
			wantEvents(t, d)
			if !(*peers)[0].closed {
				t.Error("the socket is still open")
			}
			w.run(time.Second)
			if len(*peers) < 2 {
				t.Error("it is not tried again")
			}
		})
	}
}

// TestConnector_forgivesAnAcceptorWithoutIP: one bound to every address does
// not know which one it is reached by.
func TestConnector_forgivesAnAcceptorWithoutIP(t *testing.T) {
	w := newWorld()
	d := w.daemon("mgr", "127.0.0.1", msgr.Config{Name: mgrName(1), Nonce: 3})
	v := readVector(t, "handshake-mgr-mon")
	at := addrIn(v.s2c[9:])
	peers := w.listenRaw(at.IP)
	d.m.ConnectTo(msg.EntityMon, at)
	w.settle()
	clear(v.s2c[9+12 : 9+16])
	(*peers)[0].write(v.s2c)
	w.settle()
	wantEvents(t, d, "connect")
}

func TestAddresses_areCarriedInBothFamilies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := msg.EntityAddr{Type: msg.AddrLegacy, Nonce: rapid.Uint32().Draw(t, "nonce")}
		ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
		if rapid.Bool().Draw(t, "six") {
			ip = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6"))).Unmap()
		}
		a.IP = netip.AddrPortFrom(ip, rapid.Uint16().Draw(t, "port"))
		b := msgr.AppendAddr(nil, a)
		got, err := msgr.ParseAddr(b)
		if err != nil || len(b) != 136 || msgr.CompareAddrs(got, a) != 0 || got.IP.Port() != a.IP.Port() || got.IP.Addr().Unmap() != ip {
			t.Fatalf("%v became %v in %d bytes: %v", a, got, len(b), err)
		}
	})
}

// TestProtocolVersion_isCephs: seen on real sockets, but for mds to mds.
func TestProtocolVersion_isCephs(t *testing.T) {
	const mon, mds, osd, mgr, client = msg.EntityMon, msg.EntityMDS, msg.EntityOSD, msg.EntityMgr, msg.EntityClient
	for _, tc := range []struct {
		from, to msg.EntityType
		want     uint32
	}{
		{mon, mon, 13}, {mgr, mon, 15}, {osd, mon, 15}, {client, mon, 15}, {osd, osd, 10}, {mds, osd, 24},
		{client, osd, 24}, {client, mds, 32}, {client, mgr, 0}, {mon, mgr, 0}, {osd, mgr, 0}, {mds, mds, 36},
	} {
		if got := msgr.ProtocolVersion(tc.from, tc.to, true); got != tc.want {
			t.Errorf("%v to %v: connector says %d, want %d", tc.from, tc.to, got, tc.want)
		}
		if got := msgr.ProtocolVersion(tc.to, tc.from, false); got != tc.want {
			t.Errorf("%v to %v: acceptor says %d, want %d", tc.from, tc.to, got, tc.want)
		}
	}
}
