package msg

import "github.com/wavetank/wavetank/daemons/wire"

// What a MonElection does.
const (
	ElectionPropose int32 = 1
	ElectionAck     int32 = 2
	ElectionNak     int32 = 3
	ElectionVictory int32 = 4
)

// MonElection is a step in the election of a leader. (Ceph:
// src/messages/MMonElection.h.)
type MonElection struct {
	FSID           wire.UUID
	Op             int32  // ElectionPropose, ...
	Epoch          uint32 // odd while electing
	Map            *MonMap
	Quorum         []int32 // ranks, ascending; of a victory
	QuorumFeatures uint64
	Sharing        []byte // in a victory: the leader's commands
	MonFeatures    uint64
	Metadata       map[string]string  // of the sender, in an ack
	Release        uint8              // 16 is Pacific
	Scoring        *ConnectionTracker // nil from a sender that keeps none
	Strategy       uint8              // 1 classic
}

// Type is TypeMonElection.
func (*MonElection) Type() Type { return TypeMonElection }

// Version is Pacific's.
func (*MonElection) Version() (head, compat uint16) { return 9, 5 }

// EncodePayload implements Body.
func (m *MonElection) EncodePayload(e *wire.Encoder, features uint64) {
	e.UUID(m.FSID)
	e.S32(m.Op)
	e.U32(m.Epoch)
	encodeOptionalMonMap(e, m.Map, features)
	encodeRanks(e, m.Quorum)
	e.U64(m.QuorumFeatures)
	e.U64(0) // two versions that old releases wrote
	e.U64(0)
	e.Blob(m.Sharing)
	encodeMonFeature(e, m.MonFeatures)
	e.StringMap(m.Metadata)
	e.U8(m.Release)
	e.Framed(func() {
		if m.Scoring != nil {
			m.Scoring.encode(e)
		}
	})
	e.U8(m.Strategy)
}

// DecodePayload implements Body.
func (m *MonElection) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 5 {
		d.Fail("election version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.FSID, m.Op, m.Epoch = d.UUID(), d.S32(), d.U32()
	m.Map, m.Quorum = decodeOptionalMonMap(d), decodeRanks(d, "quorum")
	m.QuorumFeatures, _, _ = d.U64(), d.U64(), d.U64()
	m.Sharing, m.Strategy = d.Blob(), strategyClassic
	if version >= 6 {
		m.MonFeatures = decodeMonFeature(d)
	}
	if version >= 7 {
		m.Metadata = d.StringMap()
	}
	if version >= 8 {
		m.Release = d.U8()
	}
	if version >= 9 {
		m.decodeScoring(d)
		m.Strategy = d.U8()
	}
	return d.Err()
}

func (m *MonElection) decodeScoring(d *wire.Decoder) {
	d.Framed("scoring", func() {
		if d.Remaining() > 0 {
			t := decodeConnectionTracker(d)
			m.Scoring = &t
		}
	})
}
