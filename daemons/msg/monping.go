package msg

import "github.com/wavetank/wavetank/daemons/wire"

// What a MonPing does.
const (
	MonPingRequest uint8 = 1
	MonPingReply   uint8 = 2
)

// MonPing is exchanged by monitors about once a second, to score how well they
// reach each other. (Ceph: src/messages/MMonPing.h.)
type MonPing struct {
	Op      uint8 // MonPingRequest or MonPingReply
	Stamp   wire.UTime
	Tracker ConnectionTracker
	Pad     uint32 // bytes of padding, sent as zeros
}

// Type is TypeMonPing.
func (*MonPing) Type() Type { return TypeMonPing }

// Version is Pacific's.
func (*MonPing) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body. A Pad above 64 KiB counts as 64 KiB.
func (m *MonPing) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U8(m.Op)
	e.Time(m.Stamp)
	e.Framed(func() { m.Tracker.encode(e) })
	pad := min(m.Pad, pingPadMax)
	e.U32(pad)
	encodePad(e, pad)
}

// DecodePayload implements Body.
func (m *MonPing) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Op, m.Stamp = d.U8(), d.Time()
	d.Framed("tracker", func() { m.Tracker = decodeConnectionTracker(d) })
	m.Pad = d.U32()
	decodePad(d, m.Pad)
	return d.Err()
}

// ConnectionTracker is one monitor's view of who reaches whom. (Ceph:
// src/mon/ConnectionTracker.h.)
type ConnectionTracker struct {
	Rank     int32  // of the owner
	Epoch    uint32 // of the elections
	Version  uint64
	HalfLife float64 // of a score, in seconds
	Reports  map[int32]ConnectionReport
}

// ConnectionReport is what one monitor says of its peers.
type ConnectionReport struct {
	Rank         int32
	Current      map[int32]bool    // by the peer's rank: reachable now
	History      map[int32]float64 // by the peer's rank: score, 0 to 1
	Epoch        uint32
	EpochVersion uint64
}

func (t *ConnectionTracker) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.S32(t.Rank)
		e.U32(t.Epoch)
		e.U64(t.Version)
		e.F64(t.HalfLife)
		wire.PutMap(e, t.Reports, e.S32, func(r ConnectionReport) { r.encode(e) })
	})
}

func decodeConnectionTracker(d *wire.Decoder) (t ConnectionTracker) {
	d.Envelope(1, "connection tracker", func(uint8) {
		t.Rank, t.Epoch, t.Version, t.HalfLife = d.S32(), d.U32(), d.U64(), d.F64()
		t.Reports = wire.Map(d, 10, "connection reports", d.S32,
			func() ConnectionReport { return decodeConnectionReport(d) })
	})
	return t
}

func (r *ConnectionReport) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.S32(r.Rank)
		wire.PutMap(e, r.Current, e.S32, e.Bool)
		wire.PutMap(e, r.History, e.S32, e.F64)
		e.U32(r.Epoch)
		e.U64(r.EpochVersion)
	})
}

func decodeConnectionReport(d *wire.Decoder) (r ConnectionReport) {
	d.Envelope(1, "connection report", func(uint8) {
		r.Rank = d.S32()
		r.Current = wire.Map(d, 5, "reachable peers", d.S32, d.Bool)
		r.History = wire.Map(d, 12, "scores", d.S32, d.F64)
		r.Epoch, r.EpochVersion = d.U32(), d.U64()
	})
	return r
}
