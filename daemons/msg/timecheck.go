package msg

import "github.com/wavetank/wavetank/daemons/wire"

// What a TimeCheck2 does.
const (
	TimeCheckPing   int32 = 1
	TimeCheckPong   int32 = 2
	TimeCheckReport int32 = 3
)

// TimeCheck2 is how the leader measures the clocks of its peons, and tells them
// what it found. (Ceph: src/messages/MTimeCheck2.h.)
type TimeCheck2 struct {
	Op        int32  // TimeCheckPing, ...
	Epoch     uint64 // of the election
	Round     uint64
	Stamp     wire.UTime        // in a pong: the peon's clock
	Skews     map[int32]float64 // seconds by rank, in a report
	Latencies map[int32]float64 // seconds by rank, in a report
}

// Type is TypeTimeCheck2.
func (*TimeCheck2) Type() Type { return TypeTimeCheck2 }

// Version is Pacific's.
func (*TimeCheck2) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *TimeCheck2) EncodePayload(e *wire.Encoder, _ uint64) {
	e.S32(m.Op)
	e.U64(m.Epoch)
	e.U64(m.Round)
	e.Time(m.Stamp)
	wire.PutMap(e, m.Skews, e.S32, e.F64)
	wire.PutMap(e, m.Latencies, e.S32, e.F64)
}

// DecodePayload implements Body.
func (m *TimeCheck2) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Op, m.Epoch, m.Round, m.Stamp = d.S32(), d.U64(), d.U64(), d.Time()
	m.Skews = wire.Map(d, 12, "skews", d.S32, d.F64)
	m.Latencies = wire.Map(d, 12, "latencies", d.S32, d.F64)
	return d.Err()
}
