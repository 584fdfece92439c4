package msg

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Authentication protocols, in Auth and AuthReply.
const (
	AuthUnknown uint32 = 0
	AuthNone    uint32 = 1
	AuthCephx   uint32 = 2
)

// Auth asks a monitor for a session: the first round names who asks and which
// methods it knows.
type Auth struct {
	Paxos
	Protocol    uint32
	Payload     []byte // see AuthRequest
	MonMapEpoch uint32
}

// Type is TypeAuth.
func (*Auth) Type() Type { return TypeAuth }

// Version is Pacific's.
func (*Auth) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *Auth) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.U32(m.Protocol)
	e.Blob(m.Payload)
	e.U32(m.MonMapEpoch)
}

// DecodePayload implements Body.
func (m *Auth) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.Protocol = d.U32()
	m.Payload = d.Blob()
	if d.Remaining() >= 4 { // absent from very old clients
		m.MonMapEpoch = d.U32()
	}
	return d.Err()
}

// AuthRequest is the payload of the first Auth of a session.
type AuthRequest struct {
	Methods  []uint32 // ascending
	Name     AuthName
	GlobalID uint64 // the one to keep, 0 for a new one
}

// Encode is the payload's bytes.
func (r AuthRequest) Encode() []byte {
	var e wire.Encoder
	e.U8(1)
	e.U32(uint32(len(r.Methods)))
	for _, m := range r.Methods {
		e.U32(m)
	}
	r.Name.Encode(&e)
	e.U64(r.GlobalID)
	return e.Bytes()
}

// Supports reports whether the method is among those offered.
func (r AuthRequest) Supports(method uint32) bool { return slices.Contains(r.Methods, method) }

// ParseAuthRequest reads a payload, of whose bytes it keeps nothing. Errors:
// *wire.Error.
func ParseAuthRequest(b []byte) (AuthRequest, error) {
	d := wire.NewDecoder(b)
	var r AuthRequest
	if d.U8() != 1 {
		d.Fail("auth request version", wire.ErrInvalid)
	}
	r.Methods = wire.List(d, 4, "auth methods", d.U32)
	r.Name = DecodeAuthName(d)
	r.GlobalID = d.U64()
	return r, d.Err()
}

// AuthReply is a monitor's answer to Auth.
type AuthReply struct {
	Protocol uint32
	Result   int32 // 0, or a negative errno
	GlobalID uint64
	Payload  []byte
	Message  string
}

// Type is TypeAuthReply.
func (*AuthReply) Type() Type { return TypeAuthReply }

// Version is Pacific's.
func (*AuthReply) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *AuthReply) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U32(m.Protocol)
	e.S32(m.Result)
	e.U64(m.GlobalID)
	e.Blob(m.Payload)
	e.String(m.Message)
}

// DecodePayload implements Body.
func (m *AuthReply) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Protocol, m.Result, m.GlobalID = d.U32(), d.S32(), d.U64()
	m.Payload, m.Message = d.Blob(), d.String()
	return d.Err()
}

// MonGlobalID asks the leader to raise the highest global id that may be given
// out.
type MonGlobalID struct {
	Paxos
	OldMax uint64
}

// Type is TypeMonGlobalID.
func (*MonGlobalID) Type() Type { return TypeMonGlobalID }

// Version is Pacific's.
func (*MonGlobalID) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonGlobalID) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.U64(m.OldMax)
}

// DecodePayload implements Body.
func (m *MonGlobalID) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.OldMax = d.U64()
	return d.Err()
}
