package msg

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Sizes of the parts of a message on the wire, in bytes.
const (
	HeaderLen    = 53
	FooterLen    = 21
	FooterLenOld = 13 // without the feature MSG_AUTH, and inside MForward and MRoute
)

// Priorities that Ceph gives its messages.
const (
	PrioLow     uint16 = 64
	PrioDefault uint16 = 127
	PrioHigh    uint16 = 196 // everything that monitors send
	PrioHighest uint16 = 255
)

// Flags of a footer.
const (
	FooterComplete uint8 = 1 << 0
	FooterNoCRC    uint8 = 1 << 1
	FooterSigned   uint8 = 1 << 2
)

// ErrBadCRC: a checksum does not match what it covers.
var ErrBadCRC = errors.New("bad crc")

// Header precedes every message.
type Header struct {
	Seq           uint64 // per direction of a connection, from 1
	Tid           uint64 // a reply repeats the request's
	Type          Type
	Priority      uint16
	Version       uint16
	FrontLen      uint32
	MiddleLen     uint32
	DataLen       uint32
	DataOff       uint16
	Src           EntityName
	CompatVersion uint16
	Reserved      uint16
	CRC           uint32 // as read; Put computes its own
}

// headerCRCAt is where the checksum of what precedes it stands.
const headerCRCAt = HeaderLen - 4

// Put writes the header with its checksum into b, which has HeaderLen bytes.
func (h *Header) Put(b []byte) {
	h.putFields(b)
	binary.LittleEndian.PutUint32(b[headerCRCAt:], wire.CRC32C(b[:headerCRCAt]))
}

// crc is the checksum that Put writes.
func (h *Header) crc() uint32 {
	var b [HeaderLen]byte
	h.Put(b[:])
	return binary.LittleEndian.Uint32(b[headerCRCAt:])
}

func (h *Header) putFields(b []byte) {
	_ = b[HeaderLen-1]
	le := binary.LittleEndian
	le.PutUint64(b[0:], h.Seq)
	le.PutUint64(b[8:], h.Tid)
	le.PutUint16(b[16:], uint16(h.Type))
	le.PutUint16(b[18:], h.Priority)
	le.PutUint16(b[20:], h.Version)
	le.PutUint32(b[22:], h.FrontLen)
	le.PutUint32(b[26:], h.MiddleLen)
	le.PutUint32(b[30:], h.DataLen)
	le.PutUint16(b[34:], h.DataOff)
	b[36] = uint8(h.Src.Type)
	le.PutUint64(b[37:], uint64(h.Src.Num))
	le.PutUint16(b[45:], h.CompatVersion)
	le.PutUint16(b[47:], h.Reserved)
}

// ParseHeader reads a header from the first HeaderLen bytes of b. Errors:
// wire.ErrTruncated, ErrBadCRC.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderLen {
		return Header{}, fmt.Errorf("message header of %d bytes: %w", len(b), wire.ErrTruncated)
	}
	h := parseHeader(b)
	if crc := wire.CRC32C(b[:headerCRCAt]); crc != h.CRC {
		return Header{}, fmt.Errorf("message header has %08x, want %08x: %w", h.CRC, crc, ErrBadCRC)
	}
	return h, nil
}

func parseHeader(b []byte) Header {
	le := binary.LittleEndian
	return Header{
		Seq: le.Uint64(b[0:]), Tid: le.Uint64(b[8:]),
		Type: Type(le.Uint16(b[16:])), Priority: le.Uint16(b[18:]), Version: le.Uint16(b[20:]),
		FrontLen: le.Uint32(b[22:]), MiddleLen: le.Uint32(b[26:]), DataLen: le.Uint32(b[30:]),
		DataOff: le.Uint16(b[34:]),
		Src:     EntityName{Type: EntityType(b[36]), Num: int64(le.Uint64(b[37:]))},

		CompatVersion: le.Uint16(b[45:]), Reserved: le.Uint16(b[47:]), CRC: le.Uint32(b[headerCRCAt:]),
	}
}

// Footer follows every message.
type Footer struct {
	FrontCRC, MiddleCRC, DataCRC uint32
	Sig                          uint64 // 0 with auth none
	Flags                        uint8
}

// Put writes the footer into b, which has FooterLen bytes.
func (f *Footer) Put(b []byte) {
	_ = b[FooterLen-1]
	f.putCRCs(b)
	binary.LittleEndian.PutUint64(b[12:], f.Sig)
	b[20] = f.Flags
}

// PutOld writes the footer without its signature into b, which has FooterLenOld
// bytes.
func (f *Footer) PutOld(b []byte) {
	f.putCRCs(b)
	b[12] = f.Flags
}

func (f *Footer) putCRCs(b []byte) {
	binary.LittleEndian.PutUint32(b[0:], f.FrontCRC)
	binary.LittleEndian.PutUint32(b[4:], f.MiddleCRC)
	binary.LittleEndian.PutUint32(b[8:], f.DataCRC)
}

// ParseFooter reads a footer from the first FooterLen bytes of b, which must
// have as many.
func ParseFooter(b []byte) Footer {
	_ = b[FooterLen-1]
	f := ParseOldFooter(b)
	f.Sig, f.Flags = binary.LittleEndian.Uint64(b[12:]), b[20]
	return f
}

// ParseOldFooter reads a footer without a signature from the first FooterLenOld
// bytes of b, which must have as many.
func ParseOldFooter(b []byte) Footer {
	le := binary.LittleEndian
	return Footer{FrontCRC: le.Uint32(b), MiddleCRC: le.Uint32(b[4:]), DataCRC: le.Uint32(b[8:]), Flags: b[12]}
}
