package msg

import (
	"encoding/binary"
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Nested is a whole message inside another one, sections still encoded.
type Nested struct {
	Header              Header // kept as it was, checksum included
	Footer              Footer // in the old form
	Front, Middle, Data []byte
}

// NestedOf encodes m for a reader with the given features; the result shares the
// middle and data of m. Lengths and checksums are filled in, as in captured
// messages, although no reader checks them.
func NestedOf(m *Message, features uint64) Nested {
	var e wire.Encoder
	m.Body.EncodePayload(&e, features)
	n := Nested{Header: m.Header, Front: e.Bytes(), Middle: m.Middle, Data: m.Data}
	n.Header.FrontLen = uint32(len(n.Front))
	n.Header.MiddleLen = uint32(len(n.Middle))
	n.Header.DataLen = uint32(len(n.Data))
	n.Header.CRC = n.Header.crc()
	n.Footer = Footer{
		FrontCRC: wire.CRC32C(n.Front), MiddleCRC: wire.CRC32C(n.Middle), DataCRC: wire.CRC32C(n.Data),
		Flags: FooterComplete,
	}
	return n
}

// Decode makes the message, which keeps the middle and data of n. Errors: those of
// the function Decode.
func (n *Nested) Decode(features uint64) (*Message, error) {
	m, err := Decode(n.Header, n.Front, n.Middle, n.Data, features)
	if err != nil {
		return nil, fmt.Errorf("nested message: %w", err)
	}
	return m, nil
}

func (n *Nested) encodeTo(e *wire.Encoder) {
	var header [HeaderLen]byte
	n.Header.putFields(header[:])
	binary.LittleEndian.PutUint32(header[headerCRCAt:], n.Header.CRC)
	e.Raw(header[:])
	var footer [FooterLenOld]byte
	n.Footer.PutOld(footer[:])
	e.Raw(footer[:])
	e.Blob(n.Front)
	e.Blob(n.Middle)
	e.Blob(n.Data)
}

func (n *Nested) decodeFrom(d *wire.Decoder) {
	header, footer := d.Raw(HeaderLen), d.Raw(FooterLenOld)
	if d.Err() != nil {
		return
	}
	n.Header = parseHeader(header)
	n.Footer = ParseOldFooter(footer)
	n.Front, n.Middle, n.Data = d.Blob(), d.Blob(), d.Blob()
}

// Forward takes a client's message from a peon to the leader, with what the
// leader must know of the client. (Ceph: src/messages/MForward.h.)
type Forward struct {
	Tid          uint64 // of the peon, repeated in Route
	ClientType   EntityType
	ClientAddrs  AddrVec
	ClientSocket EntityAddr
	Caps         string // "allow *"
	Msg          Nested
	ConFeatures  uint64
	ClientName   AuthName
}

// Type is TypeForward.
func (*Forward) Type() Type { return TypeForward }

// Version is Pacific's.
func (*Forward) Version() (head, compat uint16) { return 4, 4 }

// EncodePayload implements Body.
func (m *Forward) EncodePayload(e *wire.Encoder, features uint64) {
	e.U64(m.Tid)
	e.U8(uint8(m.ClientType))
	m.ClientAddrs.Encode(e, features)
	m.ClientSocket.Encode(e, features)
	e.Envelope(4, 4, func() { e.String(m.Caps) })
	m.Msg.encodeTo(e)
	e.U64(m.ConFeatures)
	m.ClientName.Encode(e)
}

// DecodePayload implements Body.
func (m *Forward) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 4 { // without ClientSocket, which stands in the middle
		d.Fail("forward version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Tid, m.ClientType = d.U64(), EntityType(d.U8())
	m.ClientAddrs, m.ClientSocket = DecodeAddrVec(d), DecodeEntityAddr(d)
	d.Envelope(4, "caps", func(uint8) { m.Caps = d.String() })
	m.Msg.decodeFrom(d)
	m.ConFeatures, m.ClientName = d.U64(), DecodeAuthName(d)
	return d.Err()
}

// Route takes the leader's answer back to the peon that has the client. Without
// a message it says that there will be no answer. (Ceph: src/messages/MRoute.h.)
type Route struct {
	Tid             uint64 // of the Forward
	Dest            EntityName
	DestAddr        EntityAddr
	Msg             *Nested // nil: no reply
	SendOSDMapFirst uint32
}

// Type is TypeRoute.
func (*Route) Type() Type { return TypeRoute }

// Version is Pacific's.
func (*Route) Version() (head, compat uint16) { return 3, 3 }

// EncodePayload implements Body.
func (m *Route) EncodePayload(e *wire.Encoder, features uint64) {
	e.U64(m.Tid)
	m.Dest.encode(e)
	m.DestAddr.Encode(e, features)
	e.Bool(m.Msg != nil)
	if m.Msg != nil {
		m.Msg.encodeTo(e)
	}
	e.U32(m.SendOSDMapFirst)
}

// DecodePayload implements Body.
func (m *Route) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 3 { // always with a message, and no flag that says so
		d.Fail("route version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Tid, m.Dest, m.DestAddr = d.U64(), decodeEntityName(d), DecodeEntityAddr(d)
	if d.Bool() {
		m.Msg = &Nested{}
		m.Msg.decodeFrom(d)
	}
	m.SendOSDMapFirst = d.U32()
	return d.Err()
}
