package msg

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/wire"
)

func anyAddrPort(t *rapid.T) netip.AddrPort {
	port := rapid.Uint16().Draw(t, "port")
	switch rapid.IntRange(0, 2).Draw(t, "family") {
	case 0:
		return netip.AddrPort{}
	case 1:
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "IPv4")
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), port)
	}
	b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "IPv6")
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)).Unmap(), port)
}

func anyAddr(t *rapid.T) EntityAddr {
	return EntityAddr{AddrType(rapid.Uint32Range(0, 4).Draw(t, "type")), rapid.Uint32().Draw(t, "nonce"), anyAddrPort(t)}
}

func anyAddrs(t *rapid.T) AddrVec {
	return rapid.SliceOfN(rapid.Custom(anyAddr), 0, 3).Draw(t, "addresses")
}

func TestAddrVec_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyAddrs(t)
		var e wire.Encoder
		want.Encode(&e, FeaturesAll)
		d := wire.NewDecoder(e.Bytes())
		if got := DecodeAddrVec(d); !got.Equal(want) || d.Err() != nil || d.Remaining() != 0 {
			t.Fatalf("%v, want %v; error %v, %d bytes left", got, want, d.Err(), d.Remaining())
		}
	})
}

// TestAddrVec_legacyPeer: without MSG_ADDR2 only the msgr v1 address survives.
func TestAddrVec_legacyPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v1 := anyAddr(t)
		if v1.Type = AddrLegacy; v1.Nonce == 0 && v1.IsBlank() {
			v1 = EntityAddr{}
		}
		v := AddrVec{{Type: AddrMsgr2, Nonce: 7}, v1, {Type: AddrLegacy, Nonce: 8}}
		if v1 == (EntityAddr{}) {
			v = v[:1]
		}
		var e wire.Encoder
		v.Encode(&e, FeaturesAll&^FeatureMsgAddr2)
		got := DecodeAddrVec(wire.NewDecoder(e.Bytes()))
		if !got.Equal(AddrVec{v1}) || e.Len() != legacyAddrBytes {
			t.Fatalf("%v of %d bytes, want %v", got, e.Len(), v1)
		}
	})
}

func TestEntityAddr_bytes(t *testing.T) {
	ip4 := EntityAddr{AddrLegacy, 123, netip.MustParseAddrPort("10.0.0.1:6789")}
	ip6 := EntityAddr{AddrMsgr2, 1, netip.MustParseAddrPort("[fe80::1]:6789")}
	for _, c := range []struct {
		name     string
		addr     EntityAddr
		features uint64
		want     string
	}{
		{"IPv4", ip4, FeaturesAll, "01" + "0101" + "1c000000" + "01000000" + "7b000000" + "10000000" +
			"0200" + "1a85" + "0a000001" + zeros(8)},
		{"IPv6", ip6, FeaturesAll, "01" + "0101" + "28000000" + "02000000" + "01000000" + "1c000000" +
			"0a00" + "1a85" + "00000000" + "fe80" + zeros(13) + "01" + zeros(4)},
		{"blank", EntityAddr{}, FeaturesAll, "01" + "0101" + "28000000" + zeros(8) + "1c000000" + zeros(28)},
		{"IPv4 legacy", ip4, 0, zeros(4) + "7b000000" + "0002" + "1a85" + "0a000001" + zeros(120)},
		{"IPv6 legacy", ip6, 0, zeros(4) + "01000000" + "000a" + "1a85" + "00000000" + "fe80" + zeros(13) + "01" + zeros(104)},
		{"blank legacy", EntityAddr{}, 0, zeros(136)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e wire.Encoder
			c.addr.Encode(&e, c.features)
			if diff := cmp.Diff(c.want, hex.EncodeToString(e.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := DecodeEntityAddr(wire.NewDecoder(e.Bytes())); got.IP != c.addr.IP || got.Nonce != c.addr.Nonce {
				t.Errorf("decoded %v, want %v", got, c.addr)
			}
		})
	}
}

func zeros(n int) string { return strings.Repeat("00", n) }

func TestDecodeEntityAddr_oddForms(t *testing.T) {
	const head = "01" + "0101"
	for _, c := range []struct {
		name, in string
		want     string // printed
		err      error
	}{
		{"no sockaddr", head + "0c000000" + "01000000" + "07000000" + "00000000", "-", nil},
		{"IPv4 in IPv6", head + "28000000" + "01000000" + "07000000" + "1c000000" +
			"0a00" + "1a85" + zeros(4) + zeros(10) + "ffff" + "0a000001" + zeros(4), "v1:10.0.0.1:6789/7", nil},
		{"unknown family", head + "1c000000" + "01000000" + "07000000" + "10000000" + "0300" + zeros(14), "-", wire.ErrInvalid},
		{"short sockaddr", head + "0d000000" + "01000000" + "07000000" + "01000000" + "02", "-", wire.ErrTruncated},
		{"unknown marker", "07", "-", wire.ErrInvalid},
		{"short legacy", zeros(135), "-", wire.ErrTruncated},
		{"unknown legacy family", zeros(8) + "0007" + zeros(126), "-", wire.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := hex.DecodeString(c.in)
			if err != nil {
				t.Fatal(err)
			}
			d := wire.NewDecoder(b)
			if got := DecodeEntityAddr(d); got.String() != c.want || !errors.Is(d.Err(), c.err) {
				t.Errorf("%v, error %v; want %v, %v", got, d.Err(), c.want, c.err)
			}
		})
	}
}

func TestEntity_text(t *testing.T) {
	for got, want := range map[string]string{
		EntityName{EntityMgr, 4103}.String():             "mgr.4103",
		EntityName{EntityClient, -1}.String():            "client.?",
		AuthName{uint32(EntityClient), "admin"}.String(): "client.admin",
		EntityType(3).String():                           "entity3",
		AddrType(9).String():                             "addrtype9",
		TypeMgrBeacon.String():                           "MMgrBeacon",
		Type(66).String():                                "MMonPaxos",
		Type(9999).String():                              "message9999",
		New(&MonGetVersion{}).String():                   "MMonGetVersion(tid 0)",
		EntityAddr{AddrLegacy, 123, netip.MustParseAddrPort("10.0.0.1:6789")}.String(): "v1:10.0.0.1:6789/123",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
