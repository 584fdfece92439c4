package msg

import (
	"time"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Span is a length of time as Ceph encodes a duration: both parts have the sign
// of the whole. (Ceph: src/common/ceph_time.h.)
type Span struct{ Sec, Nsec int32 }

// SpanOf is t as a Span; it holds 68 years either way.
func SpanOf(t time.Duration) Span {
	return Span{Sec: int32(t / time.Second), Nsec: int32(t % time.Second)}
}

// Duration is the span as a time.Duration.
func (s Span) Duration() time.Duration {
	return time.Duration(s.Sec)*time.Second + time.Duration(s.Nsec)
}

func (s Span) encode(e *wire.Encoder) {
	e.S32(s.Sec)
	e.S32(s.Nsec)
}

func decodeSpan(d *wire.Decoder) Span { return Span{Sec: d.S32(), Nsec: d.S32()} }

// What an OSDPing says.
const (
	OSDPingYouDied uint8 = 2
	OSDPingRequest uint8 = 4
	OSDPingReply   uint8 = 5
)

// OSDPing is the heartbeat between OSDs. (Ceph: src/messages/MOSDPing.h.)
type OSDPing struct {
	FSID          wire.UUID
	MapEpoch      uint32
	Op            uint8      // OSDPingRequest, ...
	Stamp         wire.UTime // when the request was sent, repeated in the reply
	Pad           uint32     // bytes of padding, sent as zeros
	UpFrom        uint32     // epoch in which the sender came up
	MonoPingStamp Span       // Stamp by the pinging OSD's monotonic clock
	MonoSendStamp Span       // when this was sent, by its sender's monotonic clock
	DeltaUB       *Span      // the sender's upper bound on the clocks' difference, nil if it has none
}

// Type is TypeOSDPing.
func (*OSDPing) Type() Type { return TypeOSDPing }

// Version is Pacific's.
func (*OSDPing) Version() (head, compat uint16) { return 5, 4 }

// EncodePayload implements Body. A Pad above 64 KiB counts as 64 KiB.
func (m *OSDPing) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.U32(m.MapEpoch)
	e.U8(m.Op)
	e.Time(m.Stamp)
	pad := min(m.Pad, pingPadMax)
	e.U32(pad)
	e.U32(m.UpFrom)
	m.MonoPingStamp.encode(e)
	m.MonoSendStamp.encode(e)
	e.Bool(m.DeltaUB != nil)
	if m.DeltaUB != nil {
		m.DeltaUB.encode(e)
	}
	encodePad(e, pad)
}

// DecodePayload implements Body.
func (m *OSDPing) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 4 {
		d.Fail("osd ping version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.FSID, m.MapEpoch, m.Op, m.Stamp, m.Pad = d.UUID(), d.U32(), d.U8(), d.Time(), d.U32()
	if version >= 5 {
		m.UpFrom, m.MonoPingStamp, m.MonoSendStamp = d.U32(), decodeSpan(d), decodeSpan(d)
		if d.Bool() {
			delta := decodeSpan(d)
			m.DeltaUB = &delta
		}
	}
	decodePad(d, m.Pad)
	return d.Err()
}
