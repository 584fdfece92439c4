package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Flags of an OSDFailure. Without OSDFailed it takes an earlier report back.
const (
	OSDFailed          uint8 = 1 << 0
	OSDFailedImmediate uint8 = 1 << 1 // known for certain: its connection was refused
)

// OSDFailure reports to the monitors that an OSD does not answer heartbeats, or
// does again. (Ceph: src/messages/MOSDFailure.h.)
type OSDFailure struct {
	Paxos
	FSID        wire.UUID
	Target      int32 // the OSD's id
	TargetAddrs AddrVec
	Epoch       uint32
	Flags       uint8 // OSDFailed | ...
	FailedFor   int32 // seconds
}

// Type is TypeOSDFailure.
func (*OSDFailure) Type() Type { return TypeOSDFailure }

// Version is Pacific's.
func (*OSDFailure) Version() (head, compat uint16) { return 4, 4 }

// EncodePayload implements Body.
func (m *OSDFailure) EncodePayload(e *wire.Encoder, features uint64) {
	m.Paxos.encode(e)
	e.UUID(m.FSID)
	e.S32(m.Target)
	m.TargetAddrs.Encode(e, features)
	e.U32(m.Epoch)
	e.U8(m.Flags)
	e.S32(m.FailedFor)
}

// DecodePayload implements Body.
func (m *OSDFailure) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 4 {
		d.Fail("osd failure version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Paxos.decode(d)
	m.FSID, m.Target, m.TargetAddrs = d.UUID(), d.S32(), DecodeAddrVec(d)
	m.Epoch, m.Flags, m.FailedFor = d.U32(), d.U8(), d.S32()
	return d.Err()
}
