package msg

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// FuzzAddrs decodes any bytes as one address and as a vector. What decodes is
// encoded and decoded to the same again, in the form of MSG_ADDR2 and, but for the
// type, in the legacy form.
func FuzzAddrs(f *testing.F) {
	for _, a := range someAddrs() {
		for _, features := range []uint64{FeaturesAll, 0} {
			var one, list wire.Encoder
			a.Encode(&one, features)
			AddrVec{a, {Type: AddrMsgr2, Nonce: 2}}.Encode(&list, features)
			f.Add(one.Bytes())
			f.Add(wrapped(one.Bytes(), a))
			f.Add(list.Bytes())
		}
	}
	f.Add([]byte("\x02\xff\xff\xff\x7f"))                                                             // a vector that cannot be
	f.Add([]byte("\x01\x01\x01\x0d\x00\x00\x00\x01\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00\x02")) // half a family
	f.Fuzz(func(t *testing.T, b []byte) {
		var list AddrVec
		d := wire.NewDecoder(b)
		wiretest.CheckAllocated(t, memoryFor(len(b)), func() { list = DecodeAddrVec(d) })
		if d.Err() == nil {
			checkAddrVec(t, list)
		}
		d = wire.NewDecoder(b)
		if a := DecodeEntityAddr(d); d.Err() == nil {
			checkAddr(t, a)
		}
	})
}

// wrapped is an address whose IPv6 address is made one that wraps an IPv4 address.
func wrapped(b []byte, a EntityAddr) []byte {
	six, four := a.IP.Addr().As16(), netip.MustParseAddr("::ffff:10.0.0.1").As16()
	return bytes.Replace(b, six[:], four[:], 1)
}

func someAddrs() []EntityAddr {
	four, six := netip.MustParseAddrPort("10.0.0.1:6789"), netip.MustParseAddrPort("[2001:db8::1]:6789")
	return []EntityAddr{
		{}, {Type: AddrNone, Nonce: 9}, {Type: AddrLegacy, Nonce: 9},
		{Type: AddrLegacy, IP: four}, {Type: AddrAny, Nonce: 1<<32 - 1, IP: six},
	}
}

func checkAddrVec(t *testing.T, list AddrVec) {
	t.Helper()
	var e wire.Encoder
	list.Encode(&e, FeaturesAll)
	d := wire.NewDecoder(e.Bytes())
	if again := DecodeAddrVec(d); d.Err() != nil || d.Remaining() != 0 || !again.Equal(list) {
		t.Errorf("%v became %v, error %v, %d bytes left", list, again, d.Err(), d.Remaining())
	}
	for _, a := range list {
		checkAddr(t, a)
	}
}

func checkAddr(t *testing.T, a EntityAddr) {
	t.Helper()
	for _, features := range []uint64{FeaturesAll, 0} {
		var e wire.Encoder
		a.Encode(&e, features)
		d := wire.NewDecoder(e.Bytes())
		again := DecodeEntityAddr(d)
		if features == 0 {
			again.Type = a.Type
		}
		if d.Err() != nil || d.Remaining() != 0 || again != a {
			t.Errorf("%v became %v, error %v, %d bytes left", a, again, d.Err(), d.Remaining())
		}
		if text := again.String(); text != a.String() {
			t.Errorf("%v is printed as %q", a, text)
		}
	}
}
