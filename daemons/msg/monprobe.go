package msg

import "github.com/wavetank/wavetank/daemons/wire"

// What a MonProbe does.
const (
	MonProbeRequest         int32 = 1
	MonProbeReply           int32 = 2
	MonProbeMissingFeatures int32 = 6
)

// MonProbe is how monitors find each other before they elect a leader. (Ceph:
// src/messages/MMonProbe.h.)
type MonProbe struct {
	FSID                  wire.UUID
	Op                    int32 // MonProbeRequest, ...
	Name                  string
	Quorum                []int32 // ranks, ascending
	Map                   *MonMap // nil in a request
	HasEverJoined         bool
	PaxosFirst, PaxosLast uint64
	RequiredFeatures      uint64
	Release               uint8 // 16 is Pacific
	Leader                int32 // rank, -1 if unknown
}

// Type is TypeMonProbe.
func (*MonProbe) Type() Type { return TypeMonProbe }

// Version is Pacific's.
func (*MonProbe) Version() (head, compat uint16) { return 8, 5 }

// EncodePayload implements Body.
func (m *MonProbe) EncodePayload(e *wire.Encoder, features uint64) {
	e.UUID(m.FSID)
	e.S32(m.Op)
	e.String(m.Name)
	encodeRanks(e, m.Quorum)
	encodeOptionalMonMap(e, m.Map, features)
	e.Bool(m.HasEverJoined)
	e.U64(m.PaxosFirst)
	e.U64(m.PaxosLast)
	e.U64(m.RequiredFeatures)
	e.U8(m.Release)
	e.S32(m.Leader)
}

// DecodePayload implements Body.
func (m *MonProbe) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 5 {
		d.Fail("probe version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.FSID, m.Op, m.Name = d.UUID(), d.S32(), d.String()
	m.Quorum = decodeRanks(d, "quorum")
	m.Map = decodeOptionalMonMap(d)
	m.HasEverJoined, m.PaxosFirst, m.PaxosLast = d.Bool(), d.U64(), d.U64()
	m.Leader = -1
	if version >= 6 {
		m.RequiredFeatures = d.U64()
	}
	if version >= 7 {
		m.Release = d.U8()
	}
	if version >= 8 {
		m.Leader = d.S32()
	}
	return d.Err()
}

// encodeOptionalMonMap appends the map as a blob, an empty one for nil.
func encodeOptionalMonMap(e *wire.Encoder, m *MonMap, features uint64) {
	e.Framed(func() {
		if m != nil {
			m.Encode(e, features)
		}
	})
}

func decodeOptionalMonMap(d *wire.Decoder) (m *MonMap) {
	d.Framed("monmap", func() {
		if d.Remaining() > 0 {
			m = &MonMap{}
			m.Decode(d)
		}
	})
	return m
}
