package msgr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Sizes and constants of the opening exchange (Ceph: src/include/msgr.h).
const (
	banner          = "ceph v027"
	addrLen         = 136 // entity_addr in its legacy form
	connectLen      = 33
	connectReplyLen = 26
	seqLen          = 8
	stampLen        = 8

	flagLossy = 1 // of connect and connect_reply

	familyIPv4 = 2
	familyIPv6 = 10
)

// tag is the first byte of a unit in the stream, or the verdict of a
// connect_reply.
type tag uint8

const (
	tagReady         tag = 1
	tagResetSession  tag = 2
	tagWait          tag = 3
	tagRetrySession  tag = 4
	tagRetryGlobal   tag = 5
	tagClose         tag = 6
	tagMsg           tag = 7
	tagAck           tag = 8
	tagKeepalive     tag = 9
	tagBadProtoVer   tag = 10
	tagBadAuthorizer tag = 11
	tagFeatures      tag = 12
	tagSeq           tag = 13
	tagKeepalive2    tag = 14
	tagKeepalive2Ack tag = 15
)

// Errors that end a socket. They reach the log, not a caller.
var (
	errBadBanner  = errors.New("not a Ceph banner")
	errBadAddress = errors.New("bad address")
)

// connectFrame is what a connector proposes.
type connectFrame struct {
	features        uint64
	hostType        uint32
	globalSeq       uint32
	connectSeq      uint32
	protocolVersion uint32
	authProtocol    uint32
	authLen         uint32
	flags           uint8
}

func (f connectFrame) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, f.features)
	b = binary.LittleEndian.AppendUint32(b, f.hostType)
	b = binary.LittleEndian.AppendUint32(b, f.globalSeq)
	b = binary.LittleEndian.AppendUint32(b, f.connectSeq)
	b = binary.LittleEndian.AppendUint32(b, f.protocolVersion)
	b = binary.LittleEndian.AppendUint32(b, f.authProtocol)
	b = binary.LittleEndian.AppendUint32(b, f.authLen)
	return append(b, f.flags)
}

// parseConnect reads connectLen bytes.
func parseConnect(b []byte) connectFrame {
	return connectFrame{
		features:        binary.LittleEndian.Uint64(b),
		hostType:        binary.LittleEndian.Uint32(b[8:]),
		globalSeq:       binary.LittleEndian.Uint32(b[12:]),
		connectSeq:      binary.LittleEndian.Uint32(b[16:]),
		protocolVersion: binary.LittleEndian.Uint32(b[20:]),
		authProtocol:    binary.LittleEndian.Uint32(b[24:]),
		authLen:         binary.LittleEndian.Uint32(b[28:]),
		flags:           b[32],
	}
}

// replyFrame is what the acceptor answers.
type replyFrame struct {
	tag             tag
	features        uint64
	globalSeq       uint32
	connectSeq      uint32
	protocolVersion uint32
	authLen         uint32
	flags           uint8
}

func (f replyFrame) append(b []byte) []byte {
	b = append(b, byte(f.tag))
	b = binary.LittleEndian.AppendUint64(b, f.features)
	b = binary.LittleEndian.AppendUint32(b, f.globalSeq)
	b = binary.LittleEndian.AppendUint32(b, f.connectSeq)
	b = binary.LittleEndian.AppendUint32(b, f.protocolVersion)
	b = binary.LittleEndian.AppendUint32(b, f.authLen)
	return append(b, f.flags)
}

// parseReply reads connectReplyLen bytes.
func parseReply(b []byte) replyFrame {
	return replyFrame{
		tag:             tag(b[0]),
		features:        binary.LittleEndian.Uint64(b[1:]),
		globalSeq:       binary.LittleEndian.Uint32(b[9:]),
		connectSeq:      binary.LittleEndian.Uint32(b[13:]),
		protocolVersion: binary.LittleEndian.Uint32(b[17:]),
		authLen:         binary.LittleEndian.Uint32(b[21:]),
		flags:           b[25],
	}
}

// appendAddr writes an address in the legacy form that the opening exchange
// always uses: 4 zero bytes, nonce, then a sockaddr_storage with the family
// big-endian. A blank address is written as 0.0.0.0.
func appendAddr(b []byte, a msg.EntityAddr) []byte {
	start := len(b)
	b = append(b, make([]byte, addrLen)...)
	f := b[start:]
	binary.LittleEndian.PutUint32(f[4:], a.Nonce)
	binary.BigEndian.PutUint16(f[10:], a.IP.Port())
	ip := a.IP.Addr().Unmap()
	if ip.Is6() {
		binary.BigEndian.PutUint16(f[8:], familyIPv6)
		v6 := ip.As16()
		copy(f[16:], v6[:])
		return b
	}
	binary.BigEndian.PutUint16(f[8:], familyIPv4)
	if ip.Is4() {
		v4 := ip.As4()
		copy(f[12:], v4[:])
	}
	return b
}

// parseAddr reads addrLen bytes. The result's IP is always valid.
func parseAddr(b []byte) (msg.EntityAddr, error) {
	if b[0] != 0 {
		return msg.EntityAddr{}, fmt.Errorf("%w: marker %d", errBadAddress, b[0])
	}
	a := msg.EntityAddr{Type: msg.AddrLegacy, Nonce: binary.LittleEndian.Uint32(b[4:])}
	port := binary.BigEndian.Uint16(b[10:])
	switch family := binary.BigEndian.Uint16(b[8:]); family {
	case 0:
		a.IP = netip.AddrPortFrom(netip.IPv4Unspecified(), port)
	case familyIPv4:
		a.IP = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), port)
	case familyIPv6:
		a.IP = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[16:32])).Unmap(), port)
	default:
		return msg.EntityAddr{}, fmt.Errorf("%w: family %d", errBadAddress, family)
	}
	return a, nil
}

// appendStamp writes the timestamp of a KEEPALIVE2.
func appendStamp(b []byte, t wire.UTime) []byte {
	b = binary.LittleEndian.AppendUint32(b, t.Sec)
	return binary.LittleEndian.AppendUint32(b, t.Nsec)
}

// appendFooter writes a footer of n bytes: msg.FooterLen, or msg.FooterLenOld,
// which lacks the signature.
func appendFooter(b []byte, f *msg.Footer, n int) []byte {
	b = binary.LittleEndian.AppendUint32(b, f.FrontCRC)
	b = binary.LittleEndian.AppendUint32(b, f.MiddleCRC)
	b = binary.LittleEndian.AppendUint32(b, f.DataCRC)
	if n == msg.FooterLen {
		b = binary.LittleEndian.AppendUint64(b, f.Sig)
	}
	return append(b, f.Flags)
}

// parseFooter reads a footer of either length.
func parseFooter(b []byte) msg.Footer {
	return msg.Footer{
		FrontCRC:  binary.LittleEndian.Uint32(b),
		MiddleCRC: binary.LittleEndian.Uint32(b[4:]),
		DataCRC:   binary.LittleEndian.Uint32(b[8:]),
		Flags:     b[len(b)-1],
	}
}

// blankIP reports whether the address has no IP yet.
func blankIP(a msg.EntityAddr) bool {
	return !a.IP.Addr().IsValid() || a.IP.Addr().IsUnspecified()
}

// sameEndpoint compares what the opening exchange can tell: IP, port and nonce.
func sameEndpoint(a, b msg.EntityAddr) bool {
	return a.Nonce == b.Nonce && a.IP.Port() == b.IP.Port() && a.IP.Addr().Unmap() == b.IP.Addr().Unmap()
}

// compareAddrs orders addresses as Ceph does when two peers dial each other:
// as the raw memory of type and nonce (little-endian), family, port
// (big-endian), IPv4 address. With equal nonces the port counts before the IP.
func compareAddrs(a, b msg.EntityAddr) int {
	x, y := addrMemory(a), addrMemory(b)
	return bytes.Compare(x[:], y[:])
}

func addrMemory(a msg.EntityAddr) (m [32]byte) {
	binary.LittleEndian.PutUint32(m[0:], uint32(a.Type))
	binary.LittleEndian.PutUint32(m[4:], a.Nonce)
	binary.BigEndian.PutUint16(m[10:], a.IP.Port())
	ip := a.IP.Addr().Unmap()
	if ip.Is6() {
		binary.LittleEndian.PutUint16(m[8:], familyIPv6)
		v6 := ip.As16()
		copy(m[16:], v6[:])
		return m
	}
	binary.LittleEndian.PutUint16(m[8:], familyIPv4)
	if ip.Is4() {
		v4 := ip.As4()
		copy(m[12:], v4[:])
	}
	return m
}
