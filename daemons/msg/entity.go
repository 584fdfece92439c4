package msg

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/wire"
)

// EntityType is the kind of a daemon or client.
type EntityType uint8

// The entity types. (Ceph: src/include/msgr.h.)
const (
	EntityMon    EntityType = 0x01
	EntityMDS    EntityType = 0x02
	EntityOSD    EntityType = 0x04
	EntityClient EntityType = 0x08
	EntityMgr    EntityType = 0x10
)

// String is Ceph's name of the type, "mon".
func (t EntityType) String() string {
	switch t {
	case EntityMon:
		return "mon"
	case EntityMDS:
		return "mds"
	case EntityOSD:
		return "osd"
	case EntityClient:
		return "client"
	case EntityMgr:
		return "mgr"
	}
	return fmt.Sprintf("entity%d", uint8(t))
}

// EntityName is a type and a number: a monitor's rank, an OSD's id, or the
// global id of anybody else; -1 while that is unknown.
type EntityName struct {
	Type EntityType
	Num  int64
}

// String is "mgr.4103", or "mgr.?" while the number is unknown.
func (n EntityName) String() string {
	if n.Num < 0 {
		return n.Type.String() + ".?"
	}
	return fmt.Sprintf("%v.%d", n.Type, n.Num)
}

func (n EntityName) encode(e *wire.Encoder) {
	e.U8(uint8(n.Type))
	e.S64(n.Num)
}

func decodeEntityName(d *wire.Decoder) EntityName {
	return EntityName{Type: EntityType(d.U8()), Num: d.S64()}
}

// AuthName is who somebody is for authentication: an EntityType, in 32 bits as
// on the wire, and an id: "client.admin".
type AuthName struct {
	Type uint32
	ID   string
}

// String is "client.admin".
func (n AuthName) String() string { return EntityType(n.Type).String() + "." + n.ID }

// Encode appends the name: a 32-bit type and the id.
func (n AuthName) Encode(e *wire.Encoder) {
	e.U32(n.Type)
	e.String(n.ID)
}

// DecodeAuthName reads what Encode wrote. The decoder's error is wire.ErrInvalid
// for a type that does not fit an EntityType.
func DecodeAuthName(d *wire.Decoder) AuthName {
	t := d.U32()
	if t > 0xff {
		d.Fail("entity type", wire.ErrInvalid)
	}
	return AuthName{Type: t, ID: d.String()}
}

// AddrType says which protocol an address speaks.
type AddrType uint32

// The address types. (Ceph: src/msg/msg_types.h.)
const (
	AddrNone   AddrType = 0
	AddrLegacy AddrType = 1 // msgr v1
	AddrMsgr2  AddrType = 2
	AddrAny    AddrType = 3
	AddrCIDR   AddrType = 4 // a network; the nonce is the length of its prefix
)

// String is the prefix of a printed address.
func (t AddrType) String() string {
	switch t {
	case AddrNone:
		return "none"
	case AddrLegacy:
		return "v1"
	case AddrMsgr2:
		return "v2"
	case AddrAny:
		return "any"
	case AddrCIDR:
		return "cidr"
	}
	return fmt.Sprintf("addrtype%d", uint32(t))
}

// EntityAddr is the address of one instance of a daemon: the same endpoint with
// another nonce is another process. The zero value is the blank address. Two
// addresses are the same if == says so, provided that an IPv4 address is not
// wrapped in an IPv6 one; decoding unwraps it. A zone is not encoded.
type EntityAddr struct {
	Type  AddrType
	Nonce uint32
	IP    netip.AddrPort
}

// String is "v1:10.0.0.1:6789/123".
func (a EntityAddr) String() string {
	if !a.IP.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%v:%v/%d", a.Type, a.IP, a.Nonce)
}

// IsBlank reports whether the address has no IP.
func (a EntityAddr) IsBlank() bool { return !a.IP.IsValid() }

// Compare orders addresses by type, nonce, IP and port.
func (a EntityAddr) Compare(b EntityAddr) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Nonce, b.Nonce), a.IP.Compare(b.IP))
}

const (
	familyIPv4 = 2
	familyIPv6 = 10 // Linux's AF_INET6

	sockaddrIPv4 = 16
	sockaddrIPv6 = 28

	legacyAddrBytes = 136 // type, nonce and a sockaddr_storage of 128
)

// Encode appends the address: in the form of the feature MSG_ADDR2, or in the
// legacy form for a peer without it.
func (a EntityAddr) Encode(e *wire.Encoder, features uint64) {
	if features&FeatureMsgAddr2 == 0 {
		a.encodeLegacy(e)
		return
	}
	e.U8(1)
	e.Envelope(1, 1, func() {
		e.U32(uint32(a.Type))
		e.U32(a.Nonce)
		e.Framed(func() { a.encodeSockaddr(e) })
	})
}

func (a EntityAddr) encodeSockaddr(e *wire.Encoder) {
	var b [sockaddrIPv6]byte
	ip := a.IP.Addr().Unmap()
	if a.IP.IsValid() {
		binary.BigEndian.PutUint16(b[2:], a.IP.Port())
	}
	switch {
	case ip.Is4():
		binary.LittleEndian.PutUint16(b[:], familyIPv4)
		ip4 := ip.As4()
		copy(b[4:], ip4[:])
		e.Raw(b[:sockaddrIPv4])
		return
	case ip.Is6():
		binary.LittleEndian.PutUint16(b[:], familyIPv6)
		ip16 := ip.As16()
		copy(b[8:], ip16[:])
	}
	e.Raw(b[:])
}

func (a EntityAddr) encodeLegacy(e *wire.Encoder) {
	var b [legacyAddrBytes]byte
	binary.LittleEndian.PutUint32(b[4:], a.Nonce)
	switch ip := a.IP.Addr().Unmap(); {
	case ip.Is4():
		binary.BigEndian.PutUint16(b[8:], familyIPv4)
		binary.BigEndian.PutUint16(b[10:], a.IP.Port())
		ip4 := ip.As4()
		copy(b[12:], ip4[:])
	case ip.Is6():
		binary.BigEndian.PutUint16(b[8:], familyIPv6)
		binary.BigEndian.PutUint16(b[10:], a.IP.Port())
		ip16 := ip.As16()
		copy(b[16:], ip16[:])
	}
	e.Raw(b[:])
}

// DecodeEntityAddr reads an address in either form. The decoder's error is
// wire.ErrInvalid for a family other than IPv4 and IPv6.
func DecodeEntityAddr(d *wire.Decoder) EntityAddr {
	switch marker := d.U8(); marker {
	case 0:
		return decodeLegacyAddr(d)
	case 1:
		return decodeAddr2(d)
	default:
		d.Fail("address marker", wire.ErrInvalid)
		return EntityAddr{}
	}
}

func decodeAddr2(d *wire.Decoder) (a EntityAddr) {
	d.Envelope(1, "address", func(uint8) {
		a.Type, a.Nonce = AddrType(d.U32()), d.U32()
		a.IP = decodeSockaddr(d, d.View())
	})
	return a
}

func decodeSockaddr(d *wire.Decoder, b []byte) netip.AddrPort {
	if len(b) == 0 {
		return netip.AddrPort{}
	}
	if len(b) < 2 {
		d.Fail("sockaddr", wire.ErrTruncated)
		return netip.AddrPort{}
	}
	switch family := binary.LittleEndian.Uint16(b); {
	case family == 0:
		return netip.AddrPort{}
	case family == familyIPv4 && len(b) >= 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:]))
	case family == familyIPv6 && len(b) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])).Unmap(), binary.BigEndian.Uint16(b[2:]))
	}
	d.Fail("sockaddr family", wire.ErrInvalid)
	return netip.AddrPort{}
}

// decodeLegacyAddr reads what follows the marker, the first of the 136 bytes.
func decodeLegacyAddr(d *wire.Decoder) EntityAddr {
	b := d.Raw(legacyAddrBytes - 1)
	if b == nil {
		return EntityAddr{}
	}
	a := EntityAddr{Type: AddrLegacy, Nonce: binary.LittleEndian.Uint32(b[3:])}
	switch binary.BigEndian.Uint16(b[7:]) {
	case 0:
		if a.Nonce == 0 {
			return EntityAddr{}
		}
	case familyIPv4:
		a.IP = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[11:15])), binary.BigEndian.Uint16(b[9:]))
	case familyIPv6:
		a.IP = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[15:31])).Unmap(), binary.BigEndian.Uint16(b[9:]))
	default:
		d.Fail("address family", wire.ErrInvalid)
	}
	return a
}

// AddrVec is the addresses of one instance, one for each protocol it speaks.
type AddrVec []EntityAddr

// Legacy is the address for msgr v1, blank if there is none.
func (v AddrVec) Legacy() EntityAddr {
	for _, a := range v {
		if a.Type == AddrLegacy {
			return a
		}
	}
	return EntityAddr{}
}

// Equal reports whether both have the same addresses in the same order.
func (v AddrVec) Equal(w AddrVec) bool {
	if len(v) != len(w) {
		return false
	}
	for i := range v {
		if v[i] != w[i] {
			return false
		}
	}
	return true
}

// Encode appends the addresses; to a peer without MSG_ADDR2 only the legacy one.
func (v AddrVec) Encode(e *wire.Encoder, features uint64) {
	if features&FeatureMsgAddr2 == 0 {
		v.Legacy().encodeLegacy(e)
		return
	}
	e.U8(2)
	e.U32(uint32(len(v)))
	for _, a := range v {
		a.Encode(e, features)
	}
}

// DecodeAddrVec reads addresses in any form; a single address is a vector of one.
func DecodeAddrVec(d *wire.Decoder) AddrVec {
	switch marker := d.U8(); marker {
	case 0:
		return AddrVec{decodeLegacyAddr(d)}
	case 1:
		return AddrVec{decodeAddr2(d)}
	case 2:
		return wire.List(d, 7, "addresses", func() EntityAddr { return DecodeEntityAddr(d) })
	default:
		d.Fail("address vector marker", wire.ErrInvalid)
		return nil
	}
}

func encodeAddrVecs(e *wire.Encoder, list []AddrVec, features uint64) {
	e.U32(uint32(len(list)))
	for _, v := range list {
		v.Encode(e, features)
	}
}

func decodeAddrVecs(d *wire.Decoder) []AddrVec {
	return wire.List(d, 5, "address vectors", func() AddrVec { return DecodeAddrVec(d) })
}
